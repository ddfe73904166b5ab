#include "isobuilder/efiboot.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/proc.h"
#include "base/rule.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

enum { LARGEST_CONFIG = 256 << 10 };

/* mtools reads an image by name: the descriptor's name in the child. Dates inside follow from `when` alone. */
static bool mtools(const char *const *argv, int image, int file, int64_t when, struct str *out, struct err *e)
{
        char epoch[48];
        snprintf(epoch, sizeof(epoch), "SOURCE_DATE_EPOCH=%lld", (long long)when);
        const char *env[] = { "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC0", "MTOOLS_SKIP_CHECK=1", "MTOOLSRC=/dev/null",
                "HOME=/nonexistent", epoch, NULL };
        struct proc p = { .argv = argv, .env = env, .out = out, .pass_fds = { image, file }, .deadline_ms = 10000 };
        return proc_run(&p, e);
}

static int memory_file(const char *name, struct bytes content, struct err *e)
{
        int fd = memfd_create(name, MFD_CLOEXEC);
        if (fd >= 0 && file_write_all(fd, content.ptr, content.len))
                return fd;
        err_sys(e, _("copying %s into memory"), name);
        if (fd >= 0)
                close(fd);
        return -1;
}

static void fd_name(char name[32], int fd) { snprintf(name, 32, "/proc/self/fd/%d", fd); }

static bool is_grub_config(struct bytes path)
{
        const char *slash = memrchr(path.ptr, '/', path.len), *file = slash ? slash + 1 : path.ptr;
        size_t n = path.len - (size_t)(file - path.ptr);
        return n >= 8 && !strncasecmp(file, "grub", 4) && !strncasecmp(file + n - 4, ".cfg", 4);
}

bool efiboot_list(struct bytes image, struct str *paths, struct err *e)
{
        char name[32];
        AUTO_STR list = STR_MAX(1 << 20);
        AUTO_FD int fd = memory_file("efiboot.img", image, e);
        if (fd < 0)
                return false;
        fd_name(name, fd);
        const char *argv[] = { "mdir", "-b", "-/", "-i", name, "::", NULL };
        if (!mtools(argv, fd, 0, 0, &list, e))
                return false;
        for (const char *at = str_text(&list), *end; *at; at = *end ? end + 1 : end) {
                end = strchrnul(at, '\n');
                const char *start = !strncmp(at, "::/", 3) ? at + 3 : at;
                struct bytes path = bytes_of(start, end > start ? (size_t)(end - start) : 0);
                if (path.len && is_grub_config(path))
                        str_addf(paths, "%s%.*s", paths->len ? "\n" : "", (int)path.len, path.ptr);
        }
        return str_ok(&list, "efiboot.img", e) && str_ok(paths, "efiboot.img", e);
}

bool efiboot_read(struct bytes image, const char *path, struct str *out, struct err *e)
{
        char name[32], inner[160];
        AUTO_FD int fd = memory_file("efiboot.img", image, e);
        if (fd < 0)
                return false;
        fd_name(name, fd);
        snprintf(inner, sizeof(inner), "::%s", path);
        const char *argv[] = { "mtype", "-i", name, inner, NULL };
        return mtools(argv, fd, 0, 0, out, e) && str_ok(out, path, e);
}

bool efiboot_replace(int fd, const char *path, struct bytes text, int64_t when, struct err *e)
{
        char name[32], source[32], inner[160];
        AUTO_FD int file = memory_file("grub.cfg", text, e);
        if (file < 0)
                return false;
        struct timespec times[2] = { { .tv_sec = when }, { .tv_sec = when } };
        if (futimens(file, times) < 0)
                return err_sys(e, _("setting a file's date"));
        fd_name(name, fd);
        fd_name(source, file);
        snprintf(inner, sizeof(inner), "::%s", path);
        const char *copy[] = { "mcopy", "-o", "-m", "-i", name, source, inner, NULL };
        if (mtools(copy, fd, file, when, NULL, e))
                return true;
        if (!proc_have("mcopy"))
                return false;
        AUTO_STR why = STR_MAX(sizeof(e->text));
        str_add(&why, e->text);
        return err_rule(e, XR_EFIBOOT_FULL, "efiboot.img", str_text(&why), NULL);
}
