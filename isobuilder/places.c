#include "isobuilder/places.h"
#include "base/cleanup.h"
#include "base/file.h"

#include <string.h>

void places_clear(struct places *p)
{
        for (size_t i = 0; i < p->n; i++)
                free(p->items[i].path);
        free(p->items);
        *p = (struct places){ 0 };
}

int place_by_path(const void *a, const void *b)
{
        return strcmp(((const struct place *)a)->path, ((const struct place *)b)->path);
}

int place_by_offset(const void *a_, const void *b_)
{
        const struct place *a = a_, *b = b_;
        if (a->offset != b->offset)
                return a->offset < b->offset ? -1 : 1;
        return a->size < b->size ? -1 : a->size > b->size;
}

static bool add(void *arg, const struct directory_entry *entry, struct err *e)
{
        struct places *p = arg;
        (void)e;
        if (entry->folder || entry->link || !entry->size)
                return true;
        if (p->n == p->cap) {
                p->cap = p->cap ? 2 * p->cap : 256;
                p->items = reallocarray(p->items, p->cap, sizeof(*p->items));
                if (!p->items)
                        file_out_of_memory();
        }
        char *path = strdup(entry->path);
        if (!path)
                file_out_of_memory();
        p->items[p->n++] = (struct place){ path, entry->offset, entry->size };
        return true;
}

bool places_read(int fd, uint64_t image_size, enum tree tree, struct places *p, struct err *e)
{
        if (!directory_walk(fd, image_size, tree, add, p, e))
                return false;
        qsort(p->items, p->n, sizeof(*p->items), place_by_path);
        return true;
}

const struct place *places_find(const struct places *p, const char *path)
{
        struct place wanted = { .path = (char *)(uintptr_t)path };
        return p->n ? bsearch(&wanted, p->items, p->n, sizeof(*p->items), place_by_path) : NULL;
}
