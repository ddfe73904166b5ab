#include "isobuilder/directory.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
        SECTOR = 2048,
        FIRST_DESCRIPTOR = 16,
        MOST_DESCRIPTORS = 32,
        MOST_FOLDERS = 100000,
        MOST_ENTRIES = 1000000,
        DEEPEST = 64,
        LARGEST_FOLDER = 16 << 20,
        LONGEST_PATH = 4096,
        LARGEST_USE = 64 << 10, /* system use area of one record, with all its continuations */
        MULTI_EXTENT = 0x80,
        FOLDER = 0x02,
};

struct walk {
        int fd;
        uint64_t image_size;
        bool joliet;
        size_t skip; /* bytes before the system use entries, as SP says */
        bool rock_ridge;
        unsigned char *seen; /* a bit for every sector; owned */
        size_t n_folders, n_entries;
        bool (*each)(void *, const struct directory_entry *, struct err *);
        void *arg;
};

static uint32_t le32(const unsigned char *p) { return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24; }

static bool damaged(struct err *e, const char *what)
{
        return err_set(e, ERR_INPUT, _("its directory is damaged: %s"), what);
}

static bool read_at(const struct walk *w, uint64_t offset, void *to, size_t n)
{
        return offset <= w->image_size && n <= w->image_size - offset &&
               pread(w->fd, to, n, (off_t)offset) == (ssize_t)n;
}

/* --- names --- */

static void add_utf8(struct str *out, unsigned c)
{
        if (c < 0x80)
                str_addc(out, (char)c);
        else if (c < 0x800)
                str_addf(out, "%c%c", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
        else
                str_addf(out, "%c%c%c", 0xe0 | c >> 12, 0x80 | (c >> 6 & 0x3f), 0x80 | (c & 0x3f));
}

static void joliet_name(const unsigned char *p, size_t n, struct str *out)
{
        for (size_t i = 0; i + 1 < n; i += 2) {
                unsigned c = (unsigned)p[i] << 8 | p[i + 1];
                if (c == ';')
                        break;
                add_utf8(out, c);
        }
}

static void plain_name(const unsigned char *p, size_t n, struct str *out)
{
        const unsigned char *end = memchr(p, ';', n);
        n = end ? (size_t)(end - p) : n;
        if (n && p[n - 1] == '.')
                n--;
        str_addn(out, (const char *)p, n);
}

/* What Rock Ridge says of one record. */
struct rock_ridge {
        struct str name;
        bool link, relocated, more; /* more: the name goes on in the next NM */
};

/* Entries of one area; a CE entry among them names where the next area lies. */
static void use_entries(const unsigned char *p, size_t n, struct rock_ridge *r, uint64_t next[2])
{
        next[1] = 0;
        for (size_t length; n >= 4; p += length, n -= length) {
                length = p[2];
                if (length < 4 || length > n || !memcmp(p, "ST", 2))
                        return;
                if (!memcmp(p, "NM", 2) && length >= 5 && !(p[4] & 6))
                        str_addn(&r->name, (const char *)p + 5, length - 5);
                else if (!memcmp(p, "SL", 2))
                        r->link = true;
                else if (!memcmp(p, "CL", 2) || !memcmp(p, "RE", 2))
                        r->relocated = true;
                else if (!memcmp(p, "CE", 2) && length >= 28) {
                        next[0] = (uint64_t)le32(p + 4) * SECTOR + le32(p + 12);
                        next[1] = le32(p + 20);
                }
        }
}

static bool read_rock_ridge(
        const struct walk *w, const unsigned char *use, size_t n, struct rock_ridge *r, struct err *e)
{
        unsigned char area[SECTOR];
        uint64_t next[2], total = 0;
        use_entries(use, n, r, next);
        while (next[1]) {
                total += next[1];
                if (next[1] > sizeof(area) || total > LARGEST_USE || !read_at(w, next[0], area, (size_t)next[1]))
                        return damaged(e, _("a name goes on outside the image"));
                use_entries(area, (size_t)next[1], r, next);
        }
        return true;
}

/* A path component that could lead elsewhere, or that no file system would give. */
static bool is_safe(struct bytes name)
{
        if (!name.len || memchr(name.ptr, '/', name.len) || memchr(name.ptr, '\0', name.len))
                return false;
        return !(name.len == 1 && name.ptr[0] == '.') && !(name.len == 2 && !memcmp(name.ptr, "..", 2));
}

/* --- folders --- */

struct record { /* one, or several that together are one file */
        uint64_t offset, size;
        bool folder, more;
};

static bool walk_folder(struct walk *w, uint32_t sector, uint64_t size, struct str *path, int depth, struct err *e);

/* One bit a sector: a folder that begins where another one did leads in a circle. */
static bool note_folder(struct walk *w, uint32_t sector, struct err *e)
{
        if (sector >= w->image_size / SECTOR)
                return damaged(e, _("a folder lies outside the image"));
        if (w->seen[sector / 8] & 1 << sector % 8)
                return damaged(e, _("a folder contains itself"));
        if (++w->n_folders > MOST_FOLDERS)
                return damaged(e, _("it has too many folders"));
        w->seen[sector / 8] |= (unsigned char)(1 << sector % 8);
        return true;
}

/* The record's name is at the end of path. Extents of one file lie one behind the other, or it is not ours to judge. */
static bool take(
        struct walk *w, const unsigned char *p, struct record *r, bool link, struct str *path, int depth, struct err *e)
{
        uint64_t offset = (uint64_t)le32(p + 2) * SECTOR, size = le32(p + 10);
        if (r->more && offset != r->offset + r->size)
                return damaged(e, _("a file lies in several places"));
        r->offset = r->more ? r->offset : offset;
        r->size = r->more ? r->size + size : size;
        r->folder = p[25] & FOLDER;
        r->more = p[25] & MULTI_EXTENT;
        if (r->more)
                return true;
        if (r->size && (r->offset > w->image_size || r->size > w->image_size - r->offset))
                return damaged(e, _("a file lies outside the image"));
        if (++w->n_entries > MOST_ENTRIES)
                return damaged(e, _("it has too many files"));
        struct directory_entry entry = { str_text(path), r->offset, r->size, r->folder, link };
        if (!w->each(w->arg, &entry, e))
                return false;
        return !r->folder || walk_folder(w, le32(p + 2), r->size, path, depth + 1, e);
}

static bool take_record(
        struct walk *w, const unsigned char *p, struct record *r, struct str *path, int depth, struct err *e)
{
        size_t length = p[0];
        if (length < 34 || 33u + p[32] > length)
                return damaged(e, _("a record is cut short"));
        size_t name = p[32], before = path->len, use = 33 + name + !(name & 1);
        struct rock_ridge rr = { .name = STR_MAX(LONGEST_PATH) };
        if (name == 1 && p[33] <= 1) /* the folder itself, and the one above */
                return true;
        bool fine = true;
        if (!w->joliet && w->rock_ridge && use + w->skip < length)
                fine = read_rock_ridge(w, p + use + w->skip, length - use - w->skip, &rr, e);
        if (fine && !rr.relocated) {
                if (!rr.name.len)
                        (w->joliet ? joliet_name : plain_name)(p + 33, name, &rr.name);
                str_addf(path, "%s", before ? "/" : "");
                str_addn(path, str_text(&rr.name), rr.name.len);
                fine = !is_safe(str_bytes(&rr.name))    ? damaged(e, _("a name is not allowed"))
                       : path->failed || rr.name.failed ? damaged(e, _("a path is too long"))
                                                        : take(w, p, r, rr.link, path, depth, e);
                path->len = before;
                if (path->ptr)
                        path->ptr[before] = '\0';
        }
        str_clear(&rr.name);
        return fine;
}

/* Records never cross a sector's end; a zero length skips to the next sector. */
static bool walk_records(
        struct walk *w, const unsigned char *folder, size_t size, struct str *path, int depth, struct err *e)
{
        struct record r = { .more = false };
        for (size_t at = 0; at < size;) {
                size_t left = SECTOR - at % SECTOR, length = folder[at];
                if (!length) {
                        at += left;
                        continue;
                }
                if (length > left || length > size - at)
                        return damaged(e, _("a record is cut short"));
                if (!take_record(w, folder + at, &r, path, depth, e))
                        return false;
                at += length;
        }
        return true;
}

static bool walk_folder(struct walk *w, uint32_t sector, uint64_t size, struct str *path, int depth, struct err *e)
{
        if (depth > DEEPEST)
                return damaged(e, _("its folders are too deep"));
        if (size > LARGEST_FOLDER)
                return damaged(e, _("a folder is too large"));
        if (!note_folder(w, sector, e))
                return false;
        AUTO_FREE unsigned char *folder = malloc(size ? (size_t)size : 1);
        if (!folder)
                file_out_of_memory();
        if (!read_at(w, (uint64_t)sector * SECTOR, folder, (size_t)size))
                return damaged(e, _("a folder lies outside the image"));
        return walk_records(w, folder, (size_t)size, path, depth, e);
}

/* --- the root --- */

/* The root's first record begins its system use area with SP where there is Rock Ridge. */
static void find_rock_ridge(struct walk *w, const unsigned char *root)
{
        unsigned char dir[SECTOR];
        if (w->joliet || !read_at(w, (uint64_t)le32(root + 2) * SECTOR, dir, sizeof(dir)))
                return;
        size_t length = dir[0], use = 33u + dir[32] + !(dir[32] & 1);
        w->rock_ridge = use + 7 <= length && !memcmp(dir + use, "SP\7\1\xbe\xef", 6);
        w->skip = w->rock_ridge ? dir[use + 6] : 0;
}

static bool is_joliet(const unsigned char *d)
{
        return d[0] == 2 && d[88] == '%' && d[89] == '/' && (d[90] == '@' || d[90] == 'C' || d[90] == 'E');
}

static bool find_root(const struct walk *w, unsigned char root[34])
{
        unsigned char d[SECTOR];
        for (int i = 0; i < MOST_DESCRIPTORS; i++) {
                if (!read_at(w, (uint64_t)(FIRST_DESCRIPTOR + i) * SECTOR, d, sizeof(d)) || memcmp(d + 1, "CD001", 5) ||
                        d[0] == 255)
                        return false;
                if (w->joliet ? is_joliet(d) : d[0] == 1) {
                        memcpy(root, d + 156, 34);
                        return true;
                }
        }
        return false;
}

bool directory_walk(int fd, uint64_t image_size, enum tree tree,
        bool (*each)(void *, const struct directory_entry *, struct err *), void *arg, struct err *e)
{
        struct walk w = { .fd = fd, .image_size = image_size, .joliet = tree == TREE_JOLIET, .each = each, .arg = arg };
        unsigned char root[34];
        AUTO_STR path = STR_MAX(LONGEST_PATH);
        if (!find_root(&w, root))
                return damaged(e, _("it has none"));
        find_rock_ridge(&w, root);
        w.seen = calloc(image_size / SECTOR / 8 + 1, 1);
        if (!w.seen)
                file_out_of_memory();
        bool fine = walk_folder(&w, le32(root + 2), le32(root + 10), &path, 0, e);
        free(w.seen);
        return fine;
}

struct search {
        const char *path;
        uint64_t *offset, *size;
        bool *found;
};

static bool compare(void *arg, const struct directory_entry *entry, struct err *e)
{
        struct search *s = arg;
        (void)e;
        if (!entry->folder && !entry->link && !strcmp(entry->path, s->path)) {
                *s->offset = entry->offset;
                *s->size = entry->size;
                *s->found = true;
        }
        return true;
}

bool directory_find(
        int fd, uint64_t image_size, const char *path, uint64_t *offset, uint64_t *size, bool *found, struct err *e)
{
        struct search s = { path, offset, size, found };
        *found = false;
        return directory_walk(fd, image_size, TREE_PRIMARY, compare, &s, e);
}
