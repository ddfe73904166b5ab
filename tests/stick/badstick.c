/* badstick.so - a stick that fails, for a program run with LD_PRELOAD: only reads and writes of block devices are touched.
 *
 * BADSTICK=how        where             what
 * write:ERRNO:BYTE    a write over BYTE fails with ERRNO
 * read:ERRNO:BYTE     a read of BYTE fails, once something has been written
 * fsync:ERRNO:N       the Nth fsync fails
 * lie:BYTE            reading BYTE gives another value, once something has been written
 * drop:BYTE           a write over BYTE is not done, and said to be
 * wrap:BYTE           the disk is only BYTE large, whatever it claims: what lies behind comes out at the beginning
 * die:N               half of the Nth write is done, then the process is killed
 * nodirect            O_DIRECT is refused
 * slow:MS             every write takes so long */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_int writes, syncs;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int is_disk(int fd)
{
        struct stat st;
        return fstat(fd, &st) == 0 && S_ISBLK(st.st_mode);
}

/* The numbers behind "kind:"; 0 when BADSTICK says something else. */
static int asked(const char *kind, long long *a, long long *b)
{
        const char *how = getenv("BADSTICK");
        size_t n = strlen(kind);
        if (!how || strncmp(how, kind, n) || (how[n] && how[n] != ':'))
                return 0;
        char *end = NULL;
        *a = how[n] ? strtoll(how + n + 1, &end, 10) : 0;
        *b = end && *end == ':' ? strtoll(end + 1, NULL, 10) : 0;
        return 1;
}

static int covers(off_t at, size_t n, long long byte) { return byte >= at && byte < at + (long long)n; }

int open(const char *path, int flags, ...)
{
        va_list ap;
        va_start(ap, flags);
        mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
        va_end(ap);
        long long a, b;
        if (flags & O_DIRECT && asked("nodirect", &a, &b)) {
                errno = EINVAL;
                return -1;
        }
        return REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
        va_list ap;
        va_start(ap, flags);
        mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
        va_end(ap);
        return open(path, flags, mode);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
        long long a, b;
        if (!is_disk(fd))
                return REAL(pwrite)(fd, p, n, at);
        int turn = atomic_fetch_add(&writes, 1) + 1;
        if (asked("write", &a, &b) && covers(at, n, b)) {
                errno = (int)a;
                return -1;
        }
        if (asked("drop", &a, &b) && covers(at, n, a))
                return (ssize_t)n;
        if (asked("slow", &a, &b))
                usleep((useconds_t)a * 1000);
        if (asked("wrap", &a, &b) && at >= a)
                at -= a;
        if (asked("die", &a, &b) && turn == a) {
                if (n / 1024)
                        REAL(pwrite)(fd, p, n / 1024 * 512, at);
                kill(getpid(), SIGKILL);
        }
        return REAL(pwrite)(fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at) { return pwrite(fd, p, n, at); }

ssize_t pread(int fd, void *p, size_t n, off_t at)
{
        long long a, b;
        if (!is_disk(fd) || !writes)
                return REAL(pread)(fd, p, n, at);
        if (asked("read", &a, &b) && covers(at, n, b)) {
                errno = (int)a;
                return -1;
        }
        off_t from = asked("wrap", &a, &b) && at >= a ? at - a : at;
        ssize_t got = REAL(pread)(fd, p, n, from);
        if (got > 0 && asked("lie", &a, &b) && covers(at, (size_t)got, a))
                ((char *)p)[a - at] ^= 0x40;
        return got;
}

ssize_t pread64(int fd, void *p, size_t n, off64_t at) { return pread(fd, p, n, at); }

int fsync(int fd)
{
        long long a, b;
        if (is_disk(fd) && asked("fsync", &a, &b) && atomic_fetch_add(&syncs, 1) + 1 == b) {
                errno = (int)a;
                return -1;
        }
        return REAL(fsync)(fd);
}
