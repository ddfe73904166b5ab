#include "pxe/iso_files.h"
#include "base/file.h"
#include "base/str.h"
#include "isobuilder/directory.h"

#include <string.h>
#include <sys/random.h>

enum { MOST_TEXT = 64 << 20 };

struct iso_files {
        struct iso_file *items; /* in the order of the image; owned */
        size_t n, cap;
        struct str text;   /* all paths, each with its NUL */
        uint32_t *buckets; /* item + 1, 0 for none; a power of two, at most half full; owned */
        size_t mask;
        uint64_t seed; /* names are foreign: nobody can choose them to meet in one bucket */
};

static uint64_t hash(const struct iso_files *f, const char *path)
{
        uint64_t h = f->seed;
        for (; *path; path++)
                h = (h ^ (unsigned char)*path) * 0x100000001b3u;
        return h ^ h >> 32;
}

/* Paths move while the text grows: until the end an item keeps where its path begins, in path itself. */
static bool take(void *arg, const struct directory_entry *entry, struct err *e)
{
        struct iso_files *f = arg;
        if (entry->folder || entry->link)
                return true;
        if (f->n == f->cap) {
                f->cap = f->cap ? f->cap * 2 : 256;
                struct iso_file *grown = realloc(f->items, f->cap * sizeof(*grown));
                if (!grown)
                        file_out_of_memory();
                f->items = grown;
        }
        f->items[f->n++] = (struct iso_file){ (const char *)(uintptr_t)f->text.len, entry->offset, entry->size };
        str_addn(&f->text, entry->path, strlen(entry->path) + 1);
        return str_ok(&f->text, "paths", e);
}

static uint32_t *bucket_of(const struct iso_files *f, const char *path)
{
        size_t at = hash(f, path) & f->mask;
        while (f->buckets[at] && strcmp(f->items[f->buckets[at] - 1].path, path) != 0)
                at = (at + 1) & f->mask;
        return &f->buckets[at];
}

static void build_index(struct iso_files *f)
{
        size_t n = 16;
        while (n < f->n * 2)
                n *= 2;
        f->mask = n - 1;
        f->buckets = calloc(n, sizeof(*f->buckets));
        if (!f->buckets)
                file_out_of_memory();
        for (size_t i = 0; i < f->n; i++) {
                f->items[i].path = str_text(&f->text) + (uintptr_t)f->items[i].path;
                uint32_t *b = bucket_of(f, f->items[i].path);
                if (!*b) /* of two files of one name the first counts, as for a mounted image */
                        *b = (uint32_t)i + 1;
        }
}

struct iso_files *iso_files_open(int fd, uint64_t image_size, const char *name, struct err *e)
{
        struct iso_files *f = calloc(1, sizeof(*f));
        if (!f || getrandom(&f->seed, sizeof(f->seed), 0) != sizeof(f->seed))
                file_out_of_memory();
        f->text = (struct str)STR_MAX(MOST_TEXT);
        if (!directory_walk(fd, image_size, TREE_PRIMARY, take, f, e)) {
                err_ctx(e, "%s", name);
                iso_files_free(f);
                return NULL;
        }
        build_index(f);
        return f;
}

void iso_files_free(struct iso_files *f)
{
        if (!f)
                return;
        str_clear(&f->text);
        free(f->items);
        free(f->buckets);
        free(f);
}

const struct iso_file *iso_files_find(const struct iso_files *f, const char *path)
{
        uint32_t item = *bucket_of(f, path);
        return item ? &f->items[item - 1] : NULL;
}

size_t iso_files_count(const struct iso_files *f) { return f->n; }
const struct iso_file *iso_files_at(const struct iso_files *f, size_t index) { return &f->items[index]; }
