/* web_pair.h - what test programs share that run one of our web servers in one process and, in another, a part that
 * answers it. What fails ends the program with code 3. */
#pragma once
#include "base/file.h"
#include "pxe/backend.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

static inline _Noreturn void die(const char *what, const char *why)
{
        fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, why);
        exit(3);
}

static inline bool below(const char *path, const char *prefix) { return !strncmp(path, prefix, strlen(prefix)); }

/* "ADDRESS:PORT", of which the colon is written over. */
static inline int listen_at(char *address)
{
        char *port = strrchr(address, ':');
        struct sockaddr_in a = { .sin_family = AF_INET };
        if (!port)
                die(address, "no port");
        *port++ = '\0';
        a.sin_port = htons((uint16_t)atoi(port));
        int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
        if (inet_pton(AF_INET, address, &a.sin_addr) != 1 || bind(s, (struct sockaddr *)&a, sizeof(a)) < 0 ||
                listen(s, 511) < 0)
                die(address, strerror(errno));
        return s;
}

/* Of a key or a certificate; kept until the end. */
static inline const char *content(const char *file)
{
        static struct str texts[2] = { STR_MAX(1 << 16), STR_MAX(1 << 16) };
        static size_t n;
        struct err e = ERR_INIT;
        if (!file_read(AT_FDCWD, file, 1 << 16, &texts[n], &e))
                die(file, e.text);
        return str_text(&texts[n++]);
}

static inline void make_lines(int ours[], int theirs[], size_t n)
{
        struct err e = ERR_INIT;
        for (size_t i = 0; i < n; i++) {
                int pair[2];
                if (!backend_pair(pair, &e))
                        die("lines", e.text);
                ours[i] = pair[0];
                theirs[i] = pair[1];
        }
}

static inline void close_lines(const int lines[], size_t n)
{
        for (size_t i = 0; i < n; i++)
                close(lines[i]);
}

/* For the server's ready: arg is the other's pid_t. */
static inline void tell_ready(void *arg)
{
        pid_t *parent = arg;
        dprintf(1, "ready %d %d\n", (int)getpid(), (int)*parent);
}

/* The part that answers ends when its web server does: a SIGTERM is passed on. */
static pid_t web_process;

static inline void stop_web(int signal) { kill(web_process, signal); }

static inline void end_with(pid_t web)
{
        struct sigaction stop = { .sa_handler = stop_web, .sa_flags = SA_RESTART };
        web_process = web;
        sigaction(SIGTERM, &stop, NULL);
        signal(SIGPIPE, SIG_IGN);
}

static inline int web_code(void)
{
        int status;
        while (waitpid(web_process, &status, 0) < 0 && errno == EINTR) {
        }
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
