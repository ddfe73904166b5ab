#include "postinstall/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

int64_t clock_wall(void) { return time(NULL); }

/* A suspended machine has grown older too. */
int64_t clock_steady(void)
{
        struct timespec t;
        if (clock_gettime(CLOCK_BOOTTIME, &t) < 0)
                clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void clock_sleep(int64_t milliseconds)
{
        struct timespec t = { .tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000 };
        while (milliseconds > 0 && nanosleep(&t, &t) < 0 && errno == EINTR)
                ;
}

/* From the kernel where it has some: all hosts of a school are switched on in the same second. getrandom() is newer
 * than the kernels of 6.5 and 7.0. */
uint32_t clock_random(uint32_t below)
{
        uint32_t n = 0;
        int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
        if (fd < 0 || read(fd, &n, sizeof(n)) != sizeof(n))
                n = (uint32_t)clock_steady() ^ (uint32_t)getpid() * 2654435761u;
        if (fd >= 0)
                close(fd);
        return below ? n % below : 0;
}
