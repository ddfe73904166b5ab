/* initrd.h - an install.img with our files behind it, for installers that know no make-ramdisk (6.5).
 *
 * Linux unpacks what stands behind the vendor's archive into the same root, so /xenroll appears there. The slot's bytes
 * stand in it uncompressed, at a full page, and can be replaced in place. Loaders that unpack gzip on their own lose
 * everything behind such an image, so that one gets a few plain bytes in front and is left to Linux. */
#pragma once
#include "answerfiles/selector.h"
#include "isobuilder/medium.h"

/* Whether it can be done with this compression. */
bool initrd_takes(enum compression);

/* Writes the file `name` into dir; *slot is where in it the slot's file begins. when: every file's date, seconds since 1970.
 * The slot is left as zeros. */
MUST_USE bool initrd_write(const struct medium *, const struct pack_files *, uint64_t slot_file_size, int dir, const char *name,
        uint64_t *slot, struct err *e);
