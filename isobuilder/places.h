/* places.h - every file of an image with where its bytes lie, as a list to compare. */
#pragma once
#include "isobuilder/directory.h"
#include <stddef.h>

struct place {
        char *path;                     /* owned */
        uint64_t offset, size;          /* bytes */
};

struct places {                         /* zero-initialised is empty */
        struct place *items;
        size_t n, cap;
};
void places_clear(struct places *);

/* The files that have content, sorted by path. */
MUST_USE bool places_read(int fd, uint64_t image_size, enum tree, struct places *, struct err *e);
/* NULL when there is none. */
const struct place *places_find(const struct places *, const char *path);

int place_by_path(const void *, const void *);  /* for qsort */
int place_by_offset(const void *, const void *);
