/* failnth.so - makes the Nth call that changes the file system fail, for a program run with LD_PRELOAD.
 *
 * FAILNTH_AT=n counts openat (for writing), write, fsync, syncfs, renameat, mkdirat and symlinkat of the whole process;
 * the n-th fails with FAILNTH_ERRNO (ENOSPC unless given). FAILNTH_TOLD names a file that is created when it happened. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_int calls;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int its_turn(void)
{
        const char *at = getenv("FAILNTH_AT"), *told = getenv("FAILNTH_TOLD"), *code = getenv("FAILNTH_ERRNO");
        if (!at || atomic_fetch_add(&calls, 1) + 1 != atoi(at))
                return 0;
        if (told)
                close(REAL(open)(told, O_CREAT | O_WRONLY, 0600));
        errno = code ? atoi(code) : ENOSPC;
        return 1;
}

int openat(int dir, const char *path, int flags, ...)
{
        va_list ap;
        va_start(ap, flags);
        mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
        va_end(ap);
        if ((flags & (O_CREAT | O_WRONLY | O_RDWR)) && its_turn())
                return -1;
        return REAL(openat)(dir, path, flags, mode);
}

int openat64(int dir, const char *path, int flags, ...)
{
        va_list ap;
        va_start(ap, flags);
        mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
        va_end(ap);
        return openat(dir, path, flags, mode);
}

ssize_t write(int fd, const void *p, size_t n)
{
        if (fd > 2 && its_turn())
                return -1;
        return REAL(write)(fd, p, n);
}

int fsync(int fd) { return its_turn() ? -1 : REAL(fsync)(fd); }
int syncfs(int fd) { return its_turn() ? -1 : REAL(syncfs)(fd); }
int renameat(int a, const char *x, int b, const char *y) { return its_turn() ? -1 : REAL(renameat)(a, x, b, y); }
int mkdirat(int dir, const char *name, mode_t mode) { return its_turn() ? -1 : REAL(mkdirat)(dir, name, mode); }
int symlinkat(const char *target, int dir, const char *name) { return its_turn() ? -1 : REAL(symlinkat)(target, dir, name); }
