#include "isobuilder/initrd.h"
#include "isobuilder/directory.h"
#include "isobuilder/overlay.h"
#include "isobuilder/slot.h"
#include "base/file.h"
#include "base/i18n.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define HOME "xenroll"

enum { NEWC_HEADER = 110, SECTOR = 2048 };

bool initrd_takes(enum compression c)
{
        return c == COMPRESSION_GZIP || c == COMPRESSION_BZIP2 || c == COMPRESSION_XZ || c == COMPRESSION_NONE;
}

/* --- a small newc archive in memory --- */

struct cpio {
        struct archive *archive; /* owned */
        struct str bytes;
        int64_t when;
        bool enough; /* what is still written to it is dropped */
};

static la_ssize_t collect(struct archive *a, void *arg, const void *p, size_t n)
{
        (void)a;
        struct cpio *c = arg;
        if (!c->enough)
                str_addn(&c->bytes, p, n);
        return (la_ssize_t)n;
}

static bool cpio_failed(struct cpio *c, struct err *e)
{
        return err_set(e, ERR_WORLD, "cpio: %s", archive_error_string(c->archive));
}

static bool cpio_begin(struct cpio *c, int64_t when, struct err *e)
{
        *c = (struct cpio){ .archive = archive_write_new(), .bytes = STR_MAX(16 << 20), .when = when };
        if (!c->archive)
                file_out_of_memory();
        archive_write_set_format_cpio_newc(c->archive);
        archive_write_set_bytes_per_block(c->archive, 0); /* nothing is held back */
        return archive_write_open(c->archive, c, NULL, collect, NULL) == ARCHIVE_OK ? true : cpio_failed(c, e);
}

static bool cpio_head(struct cpio *c, const char *path, mode_t mode, uint64_t size, struct err *e)
{
        struct archive_entry *entry = archive_entry_new();
        if (!entry)
                file_out_of_memory();
        archive_entry_set_pathname(entry, path);
        archive_entry_set_mode(entry, mode);
        archive_entry_set_size(entry, (la_int64_t)size);
        archive_entry_set_mtime(entry, c->when, 0);
        archive_entry_set_nlink(entry, 1);
        bool fine = archive_write_header(c->archive, entry) == ARCHIVE_OK;
        archive_entry_free(entry);
        return fine || cpio_failed(c, e);
}

static bool cpio_file(struct cpio *c, const struct pack_file *f, struct err *e)
{
        AUTO_STR path = STR_MAX(4096);
        str_addf(&path, HOME "/%s", f->name);
        if (!str_ok(&path, f->name, e) || !cpio_head(c, str_text(&path), S_IFREG | 0444, f->content.len, e))
                return false;
        return archive_write_data(c->archive, str_text(&f->content), f->content.len) == (la_ssize_t)f->content.len ||
               cpio_failed(c, e);
}

/* The end mark, then the finished bytes stay in c->bytes. */
static bool cpio_end(struct cpio *c, struct err *e)
{
        bool fine = archive_write_close(c->archive) == ARCHIVE_OK || cpio_failed(c, e);
        archive_write_free(c->archive);
        c->archive = NULL;
        return fine && str_ok(&c->bytes, "cpio", e);
}

static void cpio_clear(struct cpio *c)
{
        if (c->archive)
                archive_write_free(c->archive);
        str_clear(&c->bytes);
}

/* --- the parts of the new install.img, one behind the other --- */

static bool put(int fd, uint64_t at, struct bytes b, struct err *e)
{
        return pwrite(fd, b.ptr, b.len, (off_t)at) == (ssize_t)b.len ? true
                                                                     : err_sys(e, _("writing %s"), "install.img");
}

static uint64_t up(uint64_t n, uint64_t step) { return (n + step - 1) / step * step; }

/* An archive with nothing in it: what begins with it is no gzip file to a loader. */
static bool put_empty(int fd, int64_t when, uint64_t *at, struct err *e)
{
        OWN(cpio_clear) struct cpio c;
        if (!cpio_begin(&c, when, e) || !cpio_end(&c, e) || !put(fd, 0, str_bytes(&c.bytes), e))
                return false;
        *at = up(c.bytes.len, SLOT_PAGE);
        return true;
}

static bool put_original(const struct medium *m, int fd, uint64_t *at, struct err *e)
{
        uint64_t offset, size;
        bool found;
        if (!directory_find(m->fd, m->size, "install.img", &offset, &size, &found, e))
                return false;
        if (!found)
                return err_set(e, ERR_INPUT, _("its directory is damaged: %s"), "install.img");
        struct overlay original = { .fd = m->fd, .size = m->size };
        if (lseek(fd, (off_t)*at, SEEK_SET) < 0)
                return err_sys(e, _("writing %s"), "install.img");
        *at += size;
        return overlay_send(&original, fd, offset, size, NULL, NULL, e);
}

static bool put_files(const struct medium *m, const struct pack_files *files, int fd, uint64_t *at, struct err *e)
{
        OWN(cpio_clear) struct cpio c;
        if (!cpio_begin(&c, m->volume_date, e) || !cpio_head(&c, HOME, S_IFDIR | 0755, 0, e))
                return false;
        for (size_t i = 0; i < files->n; i++)
                if (!cpio_file(&c, &files->items[i], e))
                        return false;
        *at = up(*at, SLOT_PAGE);
        if (!cpio_end(&c, e) || !put(fd, *at, str_bytes(&c.bytes), e))
                return false;
        *at += c.bytes.len;
        return true;
}

/* Its header stands right before a full page; the content are zeros, and the end mark follows. */
static bool put_slot(const struct medium *m, uint64_t size, int fd, uint64_t *at, uint64_t *slot, struct err *e)
{
        OWN(cpio_clear) struct cpio head = { 0 }, tail = { 0 };
        const uint64_t header = up(NEWC_HEADER + sizeof(HOME "/" SLOT_FILE), 4);
        if (!cpio_begin(&head, m->volume_date, e) || !cpio_head(&head, HOME "/" SLOT_FILE, S_IFREG | 0444, size, e))
                return false;
        head.enough = true; /* only the header is wanted */
        if (!cpio_end(&head, e) || !cpio_begin(&tail, m->volume_date, e) || !cpio_end(&tail, e))
                return false;
        *slot = up(*at + header, SLOT_PAGE);
        *at = *slot + size;
        return put(fd, *slot - header, bytes_of(str_text(&head.bytes), header), e) &&
               put(fd, *at, str_bytes(&tail.bytes), e);
}

static bool put_all(const struct medium *m, const struct pack_files *files, uint64_t slot_size, int fd, uint64_t *slot,
        struct err *e)
{
        uint64_t at = 0;
        if (m->install_img == COMPRESSION_GZIP && !put_empty(fd, m->volume_date, &at, e))
                return false;
        if (!put_original(m, fd, &at, e) || !put_files(m, files, fd, &at, e) ||
                !put_slot(m, slot_size, fd, &at, slot, e))
                return false;
        return ftruncate(fd, (off_t)up(at, SECTOR)) == 0 ? true : err_sys(e, _("writing %s"), "install.img");
}

bool initrd_write(const struct medium *m, const struct pack_files *files, uint64_t slot_size, int dir, const char *name,
        uint64_t *slot, struct err *e)
{
        AUTO_FD int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return err_sys(e, _("creating %s"), name);
        struct timespec when[2] = { { .tv_sec = m->volume_date }, { .tv_sec = m->volume_date } };
        if (!put_all(m, files, slot_size, fd, slot, e))
                return false;
        return fchmod(fd, 0444) == 0 && futimens(fd, when) == 0 ? true : err_sys(e, _("writing %s"), name);
}
