#include "pxe/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

void notify_manager(const char *state)
{
        const char *path = getenv("NOTIFY_SOCKET");
        struct sockaddr_un to = { .sun_family = AF_UNIX };
        size_t n = path ? strlen(path) : 0;
        if (n < 2 || n >= sizeof(to.sun_path) || (*path != '/' && *path != '@'))
                return;
        memcpy(to.sun_path, path, n);
        if (*path == '@')
                to.sun_path[0] = '\0'; /* an abstract name */
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return;
        /* Nobody there is no reason to stop serving. */
        if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to,
                    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0)
                say_line(SAY_WARNING, "the service manager does not listen");
        close(fd);
}

void say_line(enum log_level level, const char *line)
{
        char stamp[16] = "";
        time_t now = time(NULL);
        struct tm tm;
        if (getenv("JOURNAL_STREAM"))
                snprintf(stamp, sizeof(stamp), "<%d>", (int)level);
        else
                strftime(stamp, sizeof(stamp), "%H:%M:%S ", localtime_r(&now, &tm));
        fprintf(stderr, "%s%s\n", stamp, line);
}
