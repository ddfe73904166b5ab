/* iso_files.h - the files of an ISO by their path, to be sent from inside it: nothing is unpacked.
 *
 * A path is found or it is not; nothing is ever looked up in a file system, so no path can lead out of the image. */
#pragma once
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

struct iso_files;

struct iso_file {
        const char *path;               /* "Packages/xen.rpm"; valid as long as the index */
        uint64_t offset, size;          /* bytes in the image */
};

/* Reads the directory of the image behind fd, which is borrowed and only read here. name is what errors call it. NULL and e
 * (ERR_INPUT) set when it is damaged. Caller frees. */
MUST_USE struct iso_files *iso_files_open(int fd, uint64_t image_size, const char *name, struct err *e);
void iso_files_free(struct iso_files *);        /* NULL is fine */

/* Exact path, without a leading slash; NULL when there is no such file. Costs the same in a large image as in a small one. */
const struct iso_file *iso_files_find(const struct iso_files *, const char *path);
size_t iso_files_count(const struct iso_files *);
const struct iso_file *iso_files_at(const struct iso_files *, size_t index);
