/* contents.h - what lies on a disk, told from a few of its sectors: whether somebody would miss it.
 *
 * All of it is foreign bytes; labels are printable text. */
#pragma once
#include "base/err.h"
#include "base/str.h"
#include <stdint.h>

struct contents {
        bool blank;                     /* first and last MiB are zero */
        bool ours;                      /* a xenroll stick, or one that was not finished */
        char text[240];                 /* "FAT 'BACKUP', ISO 9660 'XCP-ng'", in the user's language; never empty */
};

/* ERR_WORLD when it cannot be read. size: bytes. */
MUST_USE bool contents_read(int fd, uint64_t size, struct contents *, struct err *e);
