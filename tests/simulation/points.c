/* Every change to a file of the host is a moment at which the simulation may kill the process, cut the power, or
 * refuse. The calls arrive here through the linker's --wrap. */
#include "tests/simulation/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

bool points_on;

/* The whole name of what a descriptor or a folder and a name mean. */
static void whole_name(int fd, const char *name, char out[512])
{
        char link[64];
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        ssize_t n = name && *name == '/' ? 0 : readlink(link, out, 255);
        out[n < 0 ? 0 : n] = '\0';
        if (name)
                snprintf(out + strlen(out), 256, "%s%s", n ? "/" : "", name);
}

/* 0, or the errno that the call shall fail with. */
static int report(enum point point, int64_t n, int64_t *allowed, const char *from, const char *to)
{
        struct wire answer;
        AUTO_STR names = STR_MAX(2048);
        str_addn(&names, from, strlen(from) + 1);
        if (to)
                str_addn(&names, to, strlen(to) + 1);
        child_ask((struct wire){ .kind = WIRE_POINT, .a = point, .b = n }, str_bytes(&names), &answer, NULL);
        if (allowed)
                *allowed = answer.b;
        return (int)answer.a;
}

static int report_at(enum point point, int fd, const char *name)
{
        char path[512];
        if (!points_on)
                return 0;
        whole_name(fd, name, path);
        return report(point, 0, NULL, path, NULL);
}

static int fails(int code)
{
        errno = code;
        return code ? -1 : 0;
}

static bool is_file(int fd)
{
        struct stat s;
        return fstat(fd, &s) == 0 && S_ISREG(s.st_mode);
}

ssize_t __real_write(int, const void *, size_t);
ssize_t __wrap_write(int, const void *, size_t);
ssize_t __wrap_write(int fd, const void *p, size_t n)
{
        char path[512];
        int64_t allowed = (int64_t)n;
        if (!points_on || !is_file(fd))
                return __real_write(fd, p, n);
        whole_name(fd, NULL, path);
        int code = report(POINT_WRITE, (int64_t)n, &allowed, path, NULL);
        return code ? fails(code) : __real_write(fd, p, (size_t)allowed);
}

int __real_fsync(int);
int __wrap_fsync(int);
int __wrap_fsync(int fd) { return fails(report_at(POINT_SYNC, fd, NULL)) ? -1 : __real_fsync(fd); }

int __real_fdatasync(int);
int __wrap_fdatasync(int);
int __wrap_fdatasync(int fd) { return fails(report_at(POINT_SYNC, fd, NULL)) ? -1 : __real_fdatasync(fd); }

int __real_ftruncate64(int, off_t);
int __wrap_ftruncate64(int, off_t);
int __wrap_ftruncate64(int fd, off_t n)
{
        char path[512];
        if (!points_on)
                return __real_ftruncate64(fd, n);
        whole_name(fd, NULL, path);
        return fails(report(POINT_TRUNCATE, n, NULL, path, NULL)) ? -1 : __real_ftruncate64(fd, n);
}

int __real_renameat(int, const char *, int, const char *);
int __wrap_renameat(int, const char *, int, const char *);
int __wrap_renameat(int a, const char *from, int b, const char *to)
{
        char old[512], new[512];
        if (!points_on)
                return __real_renameat(a, from, b, to);
        whole_name(a, from, old);
        whole_name(b, to, new);
        return fails(report(POINT_RENAME, 0, NULL, old, new)) ? -1 : __real_renameat(a, from, b, to);
}

int __real_unlinkat(int, const char *, int);
int __wrap_unlinkat(int, const char *, int);
int __wrap_unlinkat(int dir, const char *name, int flags)
{
        if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                return -1;
        return fails(report_at(POINT_UNLINK, dir, name)) ? -1 : __real_unlinkat(dir, name, flags);
}

int __real_mkdirat(int, const char *, mode_t);
int __wrap_mkdirat(int, const char *, mode_t);
int __wrap_mkdirat(int dir, const char *name, mode_t mode)
{
        if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                return fails(EEXIST);
        return fails(report_at(POINT_MKDIR, dir, name)) ? -1 : __real_mkdirat(dir, name, mode);
}

int __real_openat64(int, const char *, int, ...);
int __wrap_openat64(int, const char *, int, ...);
int __wrap_openat64(int dir, const char *name, int flags, ...)
{
        mode_t mode = 0;
        if (flags & O_CREAT) {
                va_list ap;
                va_start(ap, flags);
                mode = va_arg(ap, mode_t);
                va_end(ap);
        }
        bool writes = (flags & O_ACCMODE) != O_RDONLY && !(flags & O_DIRECTORY);
        bool makes = flags & O_CREAT && faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0;
        /* Opening for writing what is there changes nothing, but a read-only disk refuses that too. */
        char path[512];
        if (points_on && (writes || makes)) {
                whole_name(dir, name, path);
                if (fails(report(POINT_CREATE, makes ? 1 : flags & O_TRUNC ? 2 : 0, NULL, path, NULL)))
                        return -1;
        }
        return __real_openat64(dir, name, flags, mode);
}

/* Names of drafts: no two alike, yet the same ones in every run of a seed. */
bool __real_random_bytes(void *, size_t);
bool __wrap_random_bytes(void *, size_t);
bool __wrap_random_bytes(void *p, size_t n)
{
        if (!points_on)
                return __real_random_bytes(p, n);
        for (size_t i = 0; i < n; i++)
                ((unsigned char *)p)[i] = (unsigned char)chance_next(&child_chance);
        return true;
}

int __wrap_usleep(useconds_t);
int __wrap_usleep(useconds_t us)
{
        struct wire answer;
        child_ask((struct wire){ .kind = WIRE_SLEEP, .a = us / 1000 }, bytes_of("", 0), &answer, NULL);
        return 0;
}
