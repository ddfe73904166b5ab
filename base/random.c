#include "base/random.h"
#include "base/cleanup.h"

#include <fcntl.h>
#include <sys/random.h>

/* The device comes first: it is on every host, while a filter that kills for an unknown call leaves no second try. A
 * system without devices (an empty root) has a kernel with the call. */
bool random_bytes(void *p, size_t n)
{
        AUTO_FD int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && read(fd, p, n) == (ssize_t)n)
                return true;
        return getrandom(p, n, 0) == (ssize_t)n;
}
