#include "postinstall/journal.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* A line of the file is "CHECKSUM TEXT\n". The checksum goes on from the line before, so that a line whose predecessor
 * is missing is not sound either: what the file says is always a beginning of what was written. */
enum {
        SUM = 16,        /* hex digits */
        FRAME = SUM + 2, /* and the blank and the line feed */
        MOST_BYTES = 1 << 20,
};

struct journal {
        int fd;
        char *name;
        uint64_t sum;
        size_t size;
        bool broken;
};

/* FNV-1a. One changed byte always changes it, for every step is reversible. */
static uint64_t sum_on(uint64_t sum, const char *text, size_t n)
{
        for (size_t i = 0; i < n; i++)
                sum = (sum ^ (unsigned char)text[i]) * 1099511628211u;
        return sum;
}

static const uint64_t first_sum = 14695981039346656037u;

static void sum_print(uint64_t sum, char out[SUM + 1]) { snprintf(out, SUM + 1, "%016" PRIx64, sum); }

/* Length of the sound line at the beginning of text, its line feed included; 0 when there is none. */
static size_t sound_line(const char *text, size_t n, uint64_t *sum)
{
        const char *end = memchr(text, '\n', n < FRAME + JOURNAL_LONGEST ? n : FRAME + JOURNAL_LONGEST);
        if (!end || end - text < SUM + 1 || text[SUM] != ' ')
                return 0;
        const char *line = text + SUM + 1;
        size_t len = (size_t)(end - line);
        char want[SUM + 1];
        uint64_t next = sum_on(*sum, line, len + 1);
        sum_print(next, want);
        if (memcmp(text, want, SUM) != 0 || memchr(line, '\0', len))
                return 0;
        *sum = next;
        return len + FRAME;
}

/* Tells every sound line; how many bytes they are, and the sum behind the last. */
static size_t tell(char *text, size_t n, uint64_t *sum, void (*each)(void *arg, const char *line), void *arg)
{
        size_t at = 0;
        for (size_t line; (line = sound_line(text + at, n - at, sum)); at += line) {
                text[at + line - 1] = '\0';
                if (each)
                        each(arg, text + at + SUM + 1);
        }
        return at;
}

static bool too_large(const char *name, struct err *e)
{
        char most[16];
        snprintf(most, sizeof(most), "%d", MOST_BYTES);
        err_rule(e, XR_JOURNAL_TOO_LARGE, name, most, NULL);
        e->kind = ERR_WORLD;
        return false;
}

/* Hears what is sound in the file; size: of the whole file. */
static bool hear(int fd, const char *name, void (*each)(void *arg, const char *line), void *arg, size_t *sound,
        size_t *size, uint64_t *sum, struct err *e)
{
        struct stat st;
        if (fstat(fd, &st) < 0)
                return err_sys(e, _("reading %s"), name);
        if (!S_ISREG(st.st_mode))
                return err_set(e, ERR_WORLD, _("%s is not a regular file"), name);
        if (st.st_size > MOST_BYTES)
                return too_large(name, e);
        *size = (size_t)st.st_size;
        AUTO_FREE char *text = malloc(*size + 1);
        if (!text)
                file_out_of_memory();
        for (size_t at = 0; at < *size;) {
                ssize_t n = pread(fd, text + at, *size - at, (off_t)at);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return err_sys(e, _("reading %s"), name);
                if (n == 0)
                        *size = at;
                at += (size_t)n;
        }
        *sum = first_sum;
        *sound = tell(text, *size, sum, each, arg);
        return true;
}

/* The name must be on disk before the first line counts, and a torn tail be gone before the next line follows it. */
static bool settle(struct journal *j, int dir, size_t size, struct err *e)
{
        if (size > j->size && (ftruncate(j->fd, (off_t)j->size) < 0 || fsync(j->fd) < 0))
                return err_sys(e, _("writing %s"), j->name);
        AUTO_FD int here = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (here < 0 || fsync(here) < 0)
                return err_sys(e, _("writing the directory to disk"));
        return true;
}

struct journal *journal_open(
        int dir, const char *name, void (*each)(void *arg, const char *line), void *arg, struct err *e)
{
        struct journal *j = calloc(1, sizeof(*j));
        char *copy = strdup(name);
        if (!j || !copy)
                file_out_of_memory();
        *j = (struct journal){ .name = copy };
        /* O_NONBLOCK: a FIFO must not hang us before fstat has looked at it. */
        j->fd = openat(dir, name, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
        size_t size = 0;
        if (j->fd < 0)
                err_sys(e, _("opening %s"), name);
        else if (hear(j->fd, name, each, arg, &j->size, &size, &j->sum, e) && settle(j, dir, size, e))
                return j;
        journal_close(j);
        return NULL;
}

bool journal_read(int dir, const char *name, void (*each)(void *arg, const char *line), void *arg, struct err *e)
{
        AUTO_FD int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        size_t sound, size;
        uint64_t sum;
        return fd < 0 ? err_sys(e, _("opening %s"), name) : hear(fd, name, each, arg, &sound, &size, &sum, e);
}

void journal_close(struct journal *j)
{
        if (!j)
                return;
        if (j->fd >= 0)
                close(j->fd);
        free(j->name);
        free(j);
}

/* What could not be made durable is not to be heard later either. */
static bool take_back(struct journal *j, struct err *e)
{
        err_sys(e, _("writing %s"), j->name);
        if (ftruncate(j->fd, (off_t)j->size) < 0 || fsync(j->fd) < 0) {
                /* Half a line is cut off when the journal is opened again; this one takes no more. */
        }
        return false;
}

static bool append(struct journal *j, const char *line, size_t n, struct err *e)
{
        char frame[FRAME + JOURNAL_LONGEST + 1];
        uint64_t sum = sum_on(sum_on(j->sum, line, n), "\n", 1);
        sum_print(sum, frame);
        snprintf(frame + SUM, sizeof(frame) - SUM, " %s\n", line);
        if (!file_write_all(j->fd, frame, n + FRAME) || fsync(j->fd) < 0)
                return take_back(j, e);
        j->size += n + FRAME;
        j->sum = sum;
        return true;
}

bool journal_add(struct journal *j, const char *line, struct err *e)
{
        size_t n = strlen(line);
        if (j->broken)
                return err_set(e, ERR_WORLD, _("%s takes no more lines after a failure"), j->name);
        j->broken = true;
        if (n > JOURNAL_LONGEST || memchr(line, '\n', n)) {
                err_rule(e, XR_JOURNAL_LINE, j->name, NULL);
                e->kind = ERR_WORLD;
                return false;
        }
        if (j->size + n + FRAME > MOST_BYTES)
                return too_large(j->name, e);
        if (!append(j, line, n, e))
                return false;
        j->broken = false;
        return true;
}
