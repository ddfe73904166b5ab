/* image.h - one bootable image from a base: /xsinst added, every boot configuration patched, all else as it was.
 *
 * Boots from CD and USB, under BIOS and UEFI, whenever the base does. Addressed by its own volume UUID, so that another
 * medium with the same label cannot be mistaken for it. Writing is xorriso's work (a child process). */
#pragma once
#include "answerfiles/selector.h"
#include "isobuilder/medium.h"

/* Bytes that the installer can copy into its memory and still work: on the oldest media 1 GB holds everything. */
enum { LARGEST_XSINST = 64 << 20 };

struct image_spec {
        const struct medium *base;
        const struct release *release;
        const struct pack_files *xsinst;
        const char *uuid;               /* "2041-07-15-03-22-51-08" */
        const char *label;              /* volume label, NULL = the base's */
        int countdown;                  /* seconds before the default entry installs */
};

/* A volume UUID (a valid date as ISO 9660 wants it) from a digest: same digest, same UUID. */
void image_uuid(const unsigned char digest[32], char uuid[23]);

/* Writes `name` in dir, whole or not at all, mode 0600 (it holds password hashes). ERR_INPUT with a rule when this base
 * cannot carry it (no make-ramdisk, no boot entry to patch). sha256 of the image in hex when not NULL. */
MUST_USE bool image_write(const struct image_spec *, int dir, const char *name, char sha256[65], struct err *e);
