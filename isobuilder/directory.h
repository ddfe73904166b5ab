/* directory.h - the two directory trees of an ISO 9660 image: which file's bytes lie where.
 *
 * libarchive reads contents but tells no place. All input is foreign: whatever leads outside the image, in circles or
 * upwards ("..") is an error, never followed. */
#pragma once
#include "base/err.h"
#include <stdint.h>

enum tree { TREE_PRIMARY, TREE_JOLIET };        /* the primary one with Rock Ridge names where it has them */

struct directory_entry {
        const char *path;               /* "boot/isolinux/isolinux.cfg"; UTF-8 for Joliet; valid during the call */
        uint64_t offset, size;          /* bytes in the image */
        bool folder, link;              /* link: symbolic, without content */
};

/* Calls each() for every file and folder; it stops the walk by saying false, having filled e. False with ERR_INPUT and a
 * sentence when the tree is damaged, or (TREE_JOLIET) there is none. */
MUST_USE bool directory_walk(int fd, uint64_t image_size, enum tree,
        bool (*each)(void *arg, const struct directory_entry *, struct err *e), void *arg, struct err *e);

/* One file by its exact path in the primary tree. *found is false when there is none. */
MUST_USE bool directory_find(int fd, uint64_t image_size, const char *path, uint64_t *offset, uint64_t *size, bool *found,
        struct err *e);
