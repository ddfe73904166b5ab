#include "isobuilder/stamp.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#define DELTA_LINE "xenroll-delta 1\n"

struct prepared {
        char *name; /* owned */
        int fd;     /* owned */
        struct slot_map map;
        unsigned char page[SLOT_PAGE]; /* the map itself, as it stands in the image */
        unsigned char *behind;         /* what lies behind the slot; owned */
        size_t behind_len;
};

enum { MOST_BEHIND = 16 << 20, LARGEST_HEAD = 512 };

/* --- the base --- */

void prepared_free(struct prepared *p)
{
        if (!p)
                return;
        cleanup_fd(&p->fd);
        free(p->behind);
        free(p->name);
        free(p);
}

const struct slot_map *prepared_map(const struct prepared *p) { return &p->map; }
int prepared_fd(const struct prepared *p) { return p->fd; }

static bool read_tail(struct prepared *p, struct err *e)
{
        uint64_t n = p->map.image_size - slot_end(&p->map);
        if (n > MOST_BEHIND)
                return err_rule(e, XR_SLOT_MAP_WRONG, p->name, NULL);
        p->behind_len = (size_t)n;
        p->behind = malloc(n ? (size_t)n : 1);
        if (!p->behind)
                file_out_of_memory();
        if (pread(p->fd, p->page, SLOT_PAGE, (off_t)p->map.at) != SLOT_PAGE ||
                pread(p->fd, p->behind, (size_t)n, (off_t)slot_end(&p->map)) != (ssize_t)n)
                return err_sys(e, _("reading %s"), p->name);
        return true;
}

static bool open_base(struct prepared *p, int dir, struct err *e)
{
        struct stat st;
        bool found;
        p->fd = openat(dir, p->name, O_RDONLY | O_CLOEXEC);
        if (p->fd < 0 || fstat(p->fd, &st) < 0)
                return err_sys(e, _("opening %s"), p->name);
        if (!slot_read(p->fd, (uint64_t)st.st_size, p->name, &p->map, &found, e))
                return false;
        if (!found || p->map.image_size != (uint64_t)st.st_size)
                return err_rule(e, XR_SLOT_MAP_WRONG, p->name, NULL);
        return read_tail(p, e);
}

struct prepared *prepared_open(int dir, const char *name, struct err *e)
{
        struct prepared *p = calloc(1, sizeof(*p));
        if (!p || !(p->name = strdup(name)))
                file_out_of_memory();
        p->fd = -1;
        if (open_base(p, dir, e))
                return p;
        prepared_free(p);
        return NULL;
}

/* --- stamping --- */

bool stamp_fits(const struct prepared *p, size_t n) { return n <= p->map.slot_size; }

static void hash_image(const struct prepared *p, struct bytes pack, unsigned char sum[32])
{
        struct digest *d = digest_new(&p->map.before);
        digest_add(d, p->page, SLOT_PAGE);
        digest_add(d, pack.ptr, pack.len);
        digest_add_zeros(d, p->map.slot_size - pack.len);
        digest_add(d, p->behind, p->behind_len);
        digest_finish(d, sum);
}

bool stamp(const struct prepared *p, struct bytes pack, struct overlay *out, struct err *e)
{
        if (!stamp_fits(p, pack.len))
                return err_set(e, ERR_INPUT, _("%zu bytes do not fit into a slot of %llu"), pack.len,
                        (unsigned long long)p->map.slot_size);
        *out = (struct overlay){ .fd = fcntl(p->fd, F_DUPFD_CLOEXEC, 0),
                .size = p->map.image_size,
                .at = slot_begin(&p->map),
                .bytes = STR_MAX(SLOT_LARGEST),
                .sha256_known = true };
        if (out->fd < 0)
                return err_sys(e, _("opening %s"), p->name);
        str_addn(&out->bytes, pack.ptr, pack.len);
        hash_image(p, pack, out->sha256);
        return str_ok(&out->bytes, p->name, e);
}

static int create(int dir, const char *name)
{
        return openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static void sum_of(struct bytes b, char hex[65])
{
        struct digest *d = digest_new(NULL);
        unsigned char sum[32];
        digest_add(d, b.ptr, b.len);
        digest_finish(d, sum);
        digest_hex(sum, hex);
}

bool stamp_write_delta(const struct prepared *p, const struct overlay *o, int dir, const char *name, struct err *e)
{
        AUTO_STR text = STR_MAX(SLOT_LARGEST + LARGEST_HEAD);
        char image[65], pack[65];
        digest_hex(o->sha256, image);
        sum_of(str_bytes(&o->bytes), pack);
        str_addf(&text, DELTA_LINE "base %s\nimage %s\npack %s\nbytes %zu\n\n", p->map.key, image, pack, o->bytes.len);
        str_addn(&text, str_text(&o->bytes), o->bytes.len);
        AUTO_FD int fd = str_ok(&text, name, e) ? create(dir, name) : -1;
        return fd >= 0 && file_write_all(fd, str_text(&text), text.len) ? true : err_sys(e, _("writing %s"), name);
}

bool stamp_write_image(const struct overlay *o, int dir, const char *name, bool *shared, struct err *e)
{
        AUTO_FD int fd = create(dir, name);
        if (fd < 0)
                return err_sys(e, _("creating %s"), name);
        *shared = ioctl(fd, FICLONE, o->fd) == 0;
        if (!*shared)
                return overlay_send(o, fd, 0, o->size, NULL, NULL, e) ? true : err_ctx(e, "%s", name);
        return pwrite(fd, str_text(&o->bytes), o->bytes.len, (off_t)o->at) == (ssize_t)o->bytes.len
                       ? true
                       : err_sys(e, _("writing %s"), name);
}

/* --- reading a delta --- */

static bool take(const char **at, const char *end, const char *key, char value[65])
{
        size_t n = strlen(key);
        const char *stop = memchr(*at, '\n', (size_t)(end - *at));
        if (!stop || (size_t)(stop - *at) < n + 1 || memcmp(*at, key, n) || (*at)[n] != ' ' ||
                (size_t)(stop - *at) - n - 1 > 64)
                return false;
        snprintf(value, 65, "%.*s", (int)((size_t)(stop - *at) - n - 1), *at + n + 1);
        *at = stop + 1;
        return true;
}

bool delta_parse(struct bytes text, struct delta *d)
{
        char image[65], said[65], sum[65], number[65];
        const char *at = text.ptr + strlen(DELTA_LINE), *end = text.ptr + text.len;
        *d = (struct delta){ .pack = { NULL, 0 } };
        if (text.len < strlen(DELTA_LINE) || memcmp(text.ptr, DELTA_LINE, strlen(DELTA_LINE)))
                return false;
        if (!take(&at, end, "base", d->key) || !take(&at, end, "image", image) || !take(&at, end, "pack", said) ||
                !take(&at, end, "bytes", number))
                return false;
        if (at == end || *at++ != '\n' || strlen(image) != 64 || !digest_unhex(image, d->sha256))
                return false;
        d->pack = bytes_of(at, (size_t)(end - at));
        char have[24];
        snprintf(have, sizeof(have), "%zu", d->pack.len);
        sum_of(d->pack, sum);
        return !strcmp(have, number) && !strcmp(sum, said);
}

bool stamp_read_delta(const struct prepared *p, int dir, const char *name, struct overlay *out, struct err *e)
{
        AUTO_STR text = STR_MAX(SLOT_LARGEST + LARGEST_HEAD);
        struct delta d;
        if (!file_read(dir, name, SLOT_LARGEST + LARGEST_HEAD, &text, e))
                return false;
        if (!delta_parse(str_bytes(&text), &d) || !stamp_fits(p, d.pack.len))
                return err_rule(e, XR_DELTA_DAMAGED, name, NULL);
        if (strcmp(d.key, p->map.key))
                return err_rule(e, XR_DELTA_OTHER_BASE, name, p->name, NULL);
        if (!stamp(p, d.pack, out, e))
                return false;
        return !memcmp(out->sha256, d.sha256, sizeof(d.sha256)) ? true
                                                                : err_rule(e, XR_DELTA_OTHER_BASE, name, p->name, NULL);
}
