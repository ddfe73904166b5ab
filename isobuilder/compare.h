/* compare.h - which files of two images differ, byte for byte. */
#pragma once
#include "isobuilder/places.h"

enum difference { ONLY_IN_FIRST, ONLY_IN_SECOND, CONTENT_DIFFERS };

struct image_file {                     /* an image, open */
        int fd;
        uint64_t size;
        const char *name;
};

/* Calls each() for every difference, by path; *same counts the files that are equal. ERR_INPUT when a tree is damaged. */
MUST_USE bool compare_images(const struct image_file *first, const struct image_file *second,
        void (*each)(void *arg, enum difference, const char *path, uint64_t first_size, uint64_t second_size), void *arg, size_t *same, struct err *e);
