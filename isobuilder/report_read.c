#include "isobuilder/report_read.h"
#include "isobuilder/partition.h"
#include "isobuilder/report_fat.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD = 1 << 20, STEP = 1 << 20, DEADLINE = 20000 /* ms */ };

struct telling {
        bool (*each)(void *arg, const char *name, struct bytes text, struct err *e);
        void *arg;
};

/* What the installer's hooks call their files; nothing that steers a shell, a terminal or mtools. */
static bool is_report(const char *name)
{
        size_t n = strlen(name);
        return n > 12 && n < 200 && !strncmp(name, "xenroll-", 8) && !strcmp(name + n - 4, ".txt") &&
               strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == n;
}

/* --- a folder --- */

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static bool tell_file(int dir, const char *name, const struct telling *t, struct err *e)
{
        AUTO_STR text = STR_MAX(LARGEST_REPORT);
        return file_read(dir, name, LARGEST_REPORT, &text, e) && t->each(t->arg, name, str_bytes(&text), e);
}

static bool read_folder(int folder, const struct telling *t, struct err *e)
{
        char *names[MOST_REPORTS];
        size_t n = 0;
        int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *d = copy < 0 ? NULL : fdopendir(copy);
        for (struct dirent *entry; d && n < MOST_REPORTS && (entry = readdir(d));)
                if (is_report(entry->d_name) && !(names[n++] = strdup(entry->d_name)))
                        file_out_of_memory();
        if (d)
                closedir(d);
        qsort(names, n, sizeof(*names), by_name);
        bool fine = d || err_sys(e, _("reading the folder"));
        for (size_t i = 0; i < n; i++) {
                fine = fine && tell_file(folder, names[i], t, e);
                free(names[i]);
        }
        return fine;
}

/* --- a stick --- */

static bool has_label(const unsigned char *sector)
{
        return !memcmp(sector + 43, REPORT_FAT_LABEL "    ", 11) || !memcmp(sector + 71, REPORT_FAT_LABEL "    ", 11);
}

/* Where the reports' partition begins and how long it is; 0 bytes: there is none. */
static void find_partition(int disk, uint64_t *at, uint64_t *bytes)
{
        AUTO_FREE unsigned char *head = malloc(HEAD);
        struct partition list[PARTITION_LIST];
        unsigned char sector[PARTITION_SECTOR];
        if (!head)
                file_out_of_memory();
        ssize_t got = pread(disk, head, HEAD, 0);
        *at = *bytes = 0;
        if (got >= PARTITION_SECTOR && has_label(head)) {
                *bytes = REPORT_FAT_MOST;
                return;
        }
        size_t n = got < PARTITION_SECTOR ? 0 : partition_list(head, (size_t)got, list);
        for (size_t i = 0; i < n; i++)
                if (list[i].first < INT64_MAX / PARTITION_SECTOR && list[i].count < INT64_MAX / PARTITION_SECTOR &&
                        pread(disk, sector, sizeof(sector), (off_t)(list[i].first * PARTITION_SECTOR)) ==
                                sizeof(sector) &&
                        has_label(sector)) {
                        *at = list[i].first * PARTITION_SECTOR;
                        *bytes = list[i].count * PARTITION_SECTOR;
                }
}

static bool copy_partition(int disk, uint64_t at, uint64_t bytes, int image, struct err *e)
{
        AUTO_FREE char *buffer = malloc(STEP);
        if (!buffer)
                file_out_of_memory();
        bytes = bytes > REPORT_FAT_MOST ? REPORT_FAT_MOST : bytes;
        for (uint64_t done = 0; done < bytes;) {
                size_t want = bytes - done < STEP ? (size_t)(bytes - done) : STEP;
                ssize_t got = pread(disk, buffer, want, (off_t)(at + done));
                if (got < 0)
                        return err_sys(e, _("reading the stick"));
                if (!got)
                        return true;
                if (!file_write_all(image, buffer, (size_t)got))
                        return err_sys(e, _("copying %s into memory"), REPORT_FAT_LABEL);
                done += (uint64_t)got;
        }
        return true;
}

static bool mtools(const char *const *argv, int image, struct str *out, struct err *e)
{
        static const char *const env[] = { "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC0", "MTOOLS_SKIP_CHECK=1",
                "MTOOLSRC=/dev/null", "HOME=/nonexistent", NULL };
        struct proc p = { .argv = argv, .env = env, .pass_fds = { image }, .deadline_ms = DEADLINE, .out = out };
        return proc_run(&p, e);
}

static bool tell_inner(int image, const char *name, const struct telling *t, struct err *e)
{
        char from[32], inner[256];
        AUTO_STR text = STR_MAX(LARGEST_REPORT);
        snprintf(from, sizeof(from), "/proc/self/fd/%d", image);
        snprintf(inner, sizeof(inner), "::%s", name);
        const char *const argv[] = { "mcopy", "-n", "-i", from, inner, "-", NULL };
        return mtools(argv, image, &text, e) && str_ok(&text, name, e) && t->each(t->arg, name, str_bytes(&text), e);
}

/* A partition that is too damaged for mtools holds no reports that could be read. */
static bool read_image(int image, const struct telling *t, struct err *e)
{
        char from[32], *rest = NULL;
        AUTO_STR list = STR_MAX(1 << 20);
        snprintf(from, sizeof(from), "/proc/self/fd/%d", image);
        const char *const argv[] = { "mdir", "-b", "-i", from, "::", NULL };
        if (!mtools(argv, image, &list, e)) {
                e->kind = ERR_INPUT;
                return false;
        }
        size_t n = 0;
        for (char *line = list.len ? strtok_r(list.ptr, "\r\n", &rest) : NULL; line && n < MOST_REPORTS;
                line = strtok_r(NULL, "\r\n", &rest)) {
                const char *name = strncmp(line, "::/", 3) ? line : line + 3;
                if (is_report(name) && (n++, !tell_inner(image, name, t, e)))
                        return false;
        }
        return true;
}

static bool read_stick(int disk, const struct telling *t, struct err *e)
{
        uint64_t at, bytes;
        AUTO_FD int image = memfd_create("reports", MFD_CLOEXEC);
        if (image < 0)
                return err_sys(e, _("copying %s into memory"), REPORT_FAT_LABEL);
        find_partition(disk, &at, &bytes);
        if (!bytes)
                return err_set(e, ERR_INPUT, _("it has no partition for reports, as sticks of xenroll have"));
        return copy_partition(disk, at, bytes, image, e) && read_image(image, t, e);
}

/* --- whichever it is --- */

bool report_read(const char *path, bool (*each)(void *arg, const char *name, struct bytes text, struct err *e),
        void *arg, struct err *e)
{
        const struct telling t = { each, arg };
        struct stat s;
        AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &s) < 0) {
                err_sys(e, _("reading %s"), path);
                e->kind = ERR_INPUT;
                return false;
        }
        if (S_ISDIR(s.st_mode))
                return read_folder(fd, &t, e);
        if (S_ISBLK(s.st_mode) || (S_ISREG(s.st_mode) && s.st_size > LARGEST_REPORT))
                return read_stick(fd, &t, e);
        return tell_file(AT_FDCWD, path, &t, e);
}
