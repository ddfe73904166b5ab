#include "isobuilder/stick.h"
#include "isobuilder/stick_io.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "isobuilder/partition.h"
#include "isobuilder/report_fat.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum { EDGE = 1 << 20, SECTOR = PARTITION_SECTOR };

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }
static uint64_t up(uint64_t n, uint64_t unit) { return (n + unit - 1) / unit * unit; }
static uint64_t tail_at(const struct stick *s) { return s->device->size - EDGE; }

void stick_clear(struct stick *s)
{
        cleanup_fd(&s->fd);
        str_clear(&s->image_head);
        str_clear(&s->head);
        str_clear(&s->tail);
        str_clear(&s->reports);
        str_clear(&s->warning);
        *s = (struct stick)STICK_INIT;
}

uint64_t stick_least(const struct overlay *image)
{
        uint64_t whole = up(image->size, SECTOR);
        return whole > 2 * EDGE ? whole : 2 * EDGE;
}

bool stick_bootable(const struct overlay *image, const char *name, struct err *e)
{
        unsigned char first[SECTOR];
        if (image->size < sizeof(first))
                return err_refuse(e, XR_STICK_NOT_HYBRID, name, NULL);
        if (!overlay_read(image, first, sizeof(first), 0, e))
                return err_ctx(e, "%s", name);
        return partition_boots(first, sizeof(first)) ? true : err_refuse(e, XR_STICK_NOT_HYBRID, name, NULL);
}

static bool cannot_open(const struct device *d, struct err *e)
{
        if (errno == EBUSY)
                return err_refuse(e, XR_STICK_IN_USE, d->path, _("the kernel does not say by what"), NULL);
        if (errno == EROFS)
                return err_refuse(e, XR_STICK_READ_ONLY, d->path, NULL);
        if (errno == ENOMEDIUM)
                return err_refuse(e, XR_STICK_NO_MEDIUM, d->path, NULL);
        if (errno != EACCES && errno != EPERM)
                return err_sys(e, _("opening %s"), d->path);
        err_rule(e, XR_STICK_OPEN, d->path, strerror(errno), NULL);
        e->kind = ERR_WORLD;
        return false;
}

bool stick_open(struct stick *s, struct err *e)
{
        const struct device *d = s->device;
        enum { WAY = O_RDWR | O_EXCL | O_CLOEXEC };
        s->direct = true;
        s->fd = open(d->path, WAY | O_DIRECT);
        if (s->fd < 0 && errno == EINVAL) {
                s->direct = false;
                s->fd = open(d->path, WAY);
        }
        if (s->fd < 0)
                return cannot_open(d, e);
        struct stat st;
        uint64_t size = 0;
        bool same = fstat(s->fd, &st) == 0 && S_ISBLK(st.st_mode) && st.st_rdev == makedev(d->major, d->minor) &&
                    ioctl(s->fd, BLKGETSIZE64, &size) == 0 && size == d->size;
        return same ? true : err_refuse(e, XR_STICK_CHANGED, d->path, NULL);
}

/* The image's own bytes in a range, zeros behind its end. */
static bool image_bytes(const struct overlay *image, char *to, size_t n, uint64_t offset, struct err *e)
{
        size_t inside = offset < image->size ? least(n, image->size - offset) : 0;
        memset(to + inside, 0, n - inside);
        return !inside || overlay_read(image, to, inside, offset, e);
}

static bool edge_of_image(struct str *edge, const struct overlay *image, uint64_t offset, struct err *e)
{
        AUTO_FREE char *bytes = malloc(EDGE);
        if (!bytes)
                file_out_of_memory();
        if (!image_bytes(image, bytes, EDGE, offset, e))
                return false;
        str_addn(edge, bytes, EDGE);
        return str_ok(edge, _("the image"), e);
}

static void no_reports(struct stick *s, const char *why)
{
        const char *args[RULE_ARGS] = { s->device->path, why };
        rule_expand(&s->warning, _(rule_row(XR_STICK_TABLE)->message), args);
}

static bool add_reports(struct stick *s, struct err *e)
{
        uint64_t at = up(s->image->size, EDGE), end = tail_at(s) / EDGE * EDGE;
        uint64_t bytes = end > at ? least(end - at, REPORT_FAT_MOST) : 0;
        struct err why = ERR_INIT;
        if (bytes < REPORT_FAT_LEAST) {
                no_reports(s, _("less than 8 MiB are left behind the image"));
                return true;
        }
        if (!partition_add((unsigned char *)s->head.ptr, EDGE, (unsigned char *)s->tail.ptr, EDGE, s->device->size / SECTOR, at / SECTOR,
                           bytes / SECTOR, &why)) {
                no_reports(s, why.text);
                return true;
        }
        s->reports_at = at;
        return report_fat_make(bytes, at / SECTOR, &s->reports, e);
}

bool stick_prepare(struct stick *s, struct err *e)
{
        if (!edge_of_image(&s->image_head, s->image, 0, e) || !edge_of_image(&s->tail, s->image, tail_at(s), e))
                return false;
        str_addn(&s->head, s->image_head.ptr, s->image_head.len);
        return str_ok(&s->head, _("the image"), e) && add_reports(s, e);
}

/* What stands between first and last MiB: the rest of the image, and the beginning of the FAT. */
struct run {
        uint64_t at, end;               /* multiples of a sector */
        const struct str *bytes;        /* NULL: of the image */
};

static size_t body_runs(const struct stick *s, struct run runs[2])
{
        uint64_t image_end = least(up(s->image->size, SECTOR), tail_at(s));
        size_t n = 0;
        if (image_end > EDGE)
                runs[n++] = (struct run){ EDGE, image_end, NULL };
        if (s->reports_at)
                runs[n++] = (struct run){ s->reports_at, s->reports_at + s->reports.len, &s->reports };
        return n;
}

static uint64_t body_bytes(const struct stick *s)
{
        struct run runs[2];
        uint64_t sum = 0;
        for (size_t i = 0, n = body_runs(s, runs); i < n; i++)
                sum += runs[i].end - runs[i].at;
        return sum;
}

/* Both passes hash the same things in the same order. */
struct pass {
        struct stick *stick;
        struct stick_io *io;
        struct stick_hash image, rest;  /* the image's bytes; the FAT's */
        bool reading;
        uint64_t done, total;
};

static bool pass_piece(struct pass *p, const struct run *r, uint64_t at, size_t n, struct err *e)
{
        struct stick *s = p->stick;
        if (p->reading) {
                if (!stick_io_read(p->io, at, n, e))
                        return false;
        } else if (r->bytes)
                memcpy(p->io->buffer, r->bytes->ptr + (at - r->at), n);
        else if (!image_bytes(s->image, p->io->buffer, n, at, e))
                return false;
        if (r->bytes)
                stick_hash_add(&p->rest, p->io->buffer, n);
        else
                stick_hash_add(&p->image, p->io->buffer, least(n, s->image->size - at));
        return p->reading || stick_io_write(p->io, at, n, e);
}

static bool pass_body(struct pass *p, struct err *e)
{
        struct run runs[2];
        const char *step = p->reading ? _("reading back") : _("writing");
        for (size_t i = 0, n = body_runs(p->stick, runs); i < n; i++)
                for (uint64_t at = runs[i].at; at < runs[i].end;) {
                        size_t piece = least(runs[i].end - at, STICK_IO_BUFFER);
                        if (!pass_piece(p, &runs[i], at, piece, e))
                                return false;
                        at += piece;
                        p->done += piece;
                        progress_rows_to(p->stick->progress, p->stick->row, p->stick->device->path, step, p->done, p->total);
                }
        return true;
}

/* The first MiB is hashed as the image has it. What the stick gets there is that, but for the partition tables, and is compared
 * byte by byte when it is written; so is the image's part of the last MiB, which it has only where no table changes. */
static bool pass_run(struct pass *p, struct err *e)
{
        const struct stick *s = p->stick;
        stick_hash_start(&p->image);
        stick_hash_start(&p->rest);
        stick_hash_add(&p->image, s->image_head.ptr, least(EDGE, s->image->size));
        if (!pass_body(p, e))
                return false;
        if (s->image->size > tail_at(s))
                stick_hash_add(&p->image, s->tail.ptr, s->image->size - tail_at(s));
        stick_hash_end(&p->image);
        stick_hash_end(&p->rest);
        return true;
}

static bool image_damaged(const struct stick *s, const unsigned char *is, struct err *e)
{
        char got[65], want[65];
        stick_hash_text(is, got);
        stick_hash_text(s->image->sha256, want);
        err_rule(e, XR_STICK_IMAGE_DAMAGED, got, want, NULL);
        e->kind = ERR_WORLD;
        return false;
}

static bool write_body(struct stick *s, struct stick_io *io, struct err *e)
{
        struct pass out = { .stick = s, .io = io, .total = body_bytes(s) }, back = out;
        back.reading = true;
        bool fine = pass_run(&out, e) && stick_io_flush(io, e);
        if (fine && s->image->sha256_known && memcmp(out.image.digest, s->image->sha256, 32))
                fine = image_damaged(s, out.image.digest, e);
        fine = fine && pass_run(&back, e);
        if (fine && (memcmp(out.image.digest, back.image.digest, 32) || memcmp(out.rest.digest, back.rest.digest, 32)))
                fine = stick_io_differs(io, e);
        memcpy(s->sha256, back.image.digest, 32);
        stick_hash_clear(&out.image);
        stick_hash_clear(&out.rest);
        stick_hash_clear(&back.image);
        stick_hash_clear(&back.rest);
        return fine;
}

/* From the end to the beginning: the last sector to be written is the one that makes it boot. */
static bool write_head(struct stick *s, struct stick_io *io, struct err *e)
{
        static const struct { size_t at, end; } pieces[] = { { 65536, EDGE }, { SECTOR, 65536 }, { 0, SECTOR } };
        for (size_t i = 0; i < COUNT(pieces); i++)
                if (!stick_io_put(io, pieces[i].at, s->head.ptr + pieces[i].at, pieces[i].end - pieces[i].at, e))
                        return false;
        return true;
}

static bool zero_edges(struct stick *s, struct stick_io *io, struct err *e)
{
        return stick_io_zero(io, 0, EDGE, e) && stick_io_flush(io, e) && stick_io_zero(io, tail_at(s), EDGE, e) && stick_io_flush(io, e);
}

bool stick_write(struct stick *s, struct err *e)
{
        OWN(stick_io_clear) struct stick_io io = { 0 };
        stick_io_init(&io, s->fd, s->device->path, s->direct);
        bool fine = zero_edges(s, &io, e) && write_body(s, &io, e) && stick_io_put(&io, tail_at(s), s->tail.ptr, EDGE, e);
        if (fine && !write_head(s, &io, e)) {
                /* It may boot now, and nobody knows what. */
                struct err ignored = ERR_INIT;
                fine = stick_io_zero(&io, 0, EDGE, &ignored) && stick_io_flush(&io, &ignored) && false;
        }
        if (fine)
                ioctl(s->fd, BLKRRPART);
        return fine;
}

/* What a fatal signal says: made in advance, because then other threads hold locks. */
enum { MOST_STICKS = 64 };
static struct {
        atomic_bool incomplete;
        char sentence[200];
} last[MOST_STICKS];

static void say_incomplete(void)
{
        for (size_t i = 0; i < MOST_STICKS; i++)
                if (last[i].incomplete && write(STDERR_FILENO, last[i].sentence, strlen(last[i].sentence)) < 0) {
                        /* nobody left to tell */
                }
}

static void *write_one(void *arg)
{
        struct stick *s = arg;
        bool fine = stick_write(s, &s->error);
        if (fine && s->row < MOST_STICKS)
                last[s->row].incomplete = false;
        progress_rows_leave(s->progress, s->row);
        return NULL;
}

void stick_write_all(struct stick **sticks, size_t n)
{
        pthread_t threads[MOST_STICKS];
        bool started[MOST_STICKS] = { false };
        for (size_t i = 0; i < n && i < MOST_STICKS; i++) {
                snprintf(last[i].sentence, sizeof(last[i].sentence), _("xenroll: %s is incomplete and does not boot; write it again\n"),
                        sticks[i]->device->path);
                last[i].incomplete = true;
                sticks[i]->row = i;
        }
        draft_last_words(say_incomplete);
        for (size_t i = 0; i < n && i < MOST_STICKS; i++)
                started[i] = pthread_create(&threads[i], NULL, write_one, sticks[i]) == 0;
        for (size_t i = 0; i < n && i < MOST_STICKS; i++) {
                if (started[i])
                        pthread_join(threads[i], NULL);
                else
                        write_one(sticks[i]);
        }
        draft_last_words(NULL);
}
