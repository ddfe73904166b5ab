#include "isobuilder/compare.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/i18n.h"

#include <string.h>

enum { CHUNK = 1 << 20 };

struct comparing {
        const struct image_file *first, *second;
        char *a, *b; /* buffers; owned */
        void (*each)(void *, enum difference, const char *, uint64_t, uint64_t);
        void *arg;
        size_t same;
};

static bool get(const struct image_file *f, char *to, size_t n, uint64_t offset, struct err *e)
{
        return pread(f->fd, to, n, (off_t)offset) == (ssize_t)n ? true : err_sys(e, _("reading %s"), f->name);
}

static bool same_content(struct comparing *c, const struct place *a, const struct place *b, bool *same, struct err *e)
{
        *same = a->size == b->size;
        for (uint64_t at = 0; *same && at < a->size; at += CHUNK) {
                size_t n = a->size - at < CHUNK ? (size_t)(a->size - at) : CHUNK;
                if (!get(c->first, c->a, n, a->offset + at, e) || !get(c->second, c->b, n, b->offset + at, e))
                        return false;
                *same = !memcmp(c->a, c->b, n);
        }
        return true;
}

static bool compare_pair(struct comparing *c, const struct place *a, const struct place *b, struct err *e)
{
        bool same;
        if (!same_content(c, a, b, &same, e))
                return false;
        c->same += same;
        if (!same)
                c->each(c->arg, CONTENT_DIFFERS, a->path, a->size, b->size);
        return true;
}

/* Both lists are sorted by path. */
static bool merge(struct comparing *c, const struct places *a, const struct places *b, struct err *e)
{
        for (size_t i = 0, k = 0; i < a->n || k < b->n;) {
                int order = i == a->n ? 1 : k == b->n ? -1 : strcmp(a->items[i].path, b->items[k].path);
                if (order < 0) {
                        c->each(c->arg, ONLY_IN_FIRST, a->items[i].path, a->items[i].size, 0);
                        i++;
                } else if (order > 0) {
                        c->each(c->arg, ONLY_IN_SECOND, b->items[k].path, 0, b->items[k].size);
                        k++;
                } else if (!compare_pair(c, &a->items[i++], &b->items[k++], e))
                        return false;
        }
        return true;
}

bool compare_images(const struct image_file *first, const struct image_file *second,
        void (*each)(void *, enum difference, const char *, uint64_t, uint64_t), void *arg, size_t *same, struct err *e)
{
        OWN(places_clear) struct places a = { 0 }, b = { 0 };
        struct comparing c = {
                .first = first, .second = second, .a = malloc(CHUNK), .b = malloc(CHUNK), .each = each, .arg = arg
        };
        if (!c.a || !c.b)
                file_out_of_memory();
        bool fine = (places_read(first->fd, first->size, TREE_PRIMARY, &a, e) || err_ctx(e, "%s", first->name)) &&
                    (places_read(second->fd, second->size, TREE_PRIMARY, &b, e) || err_ctx(e, "%s", second->name)) &&
                    merge(&c, &a, &b, e);
        free(c.a);
        free(c.b);
        *same = c.same;
        return fine;
}
