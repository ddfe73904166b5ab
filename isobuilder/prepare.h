/* prepare.h - a vendor's ISO made stampable: once per base, a copy and a second's work.
 *
 * The copy keeps every file of the base where it was. Behind them come the patched boot menus, our own files, and the slot
 * that a host's, a school's or a district's answers are stamped into (slot.h). It boots from CD and USB, under BIOS and
 * UEFI, wherever the base does, and as a stick also where the base lacks the partition table for that. The new directory
 * is xorriso's work (a child process). */
#pragma once
#include "answerfiles/selector.h"
#include "isobuilder/medium.h"
#include "isobuilder/slot.h"
#include "base/rule.h"

struct prepare_spec {
        const struct medium *base;
        const struct release *release;
        const struct pack_files *files;         /* equal on every image; for /xsinst */
        const char *uuid;                       /* of the volume: "2041-07-15-03-22-51-08" */
        const char *label;                      /* volume label, NULL = the base's */
        int countdown;                          /* seconds before the default entry installs */
        uint64_t slot_size;                     /* bytes, from slot_size_for() */
};

/* A volume UUID (a valid date as ISO 9660 wants it) from a digest: same digest, same UUID. */
void prepare_uuid(const unsigned char digest[32], char uuid[23]);

/* What a prepared base is told apart by: everything in the spec, but for the base's content. */
void prepare_key(const struct prepare_spec *, const char base_sha256[65], char key[65]);

/* What stands against preparing this base for this release: rules, each with the file's name as its first argument. */
enum { PREPARE_OBSTACLES = 8 };
size_t prepare_obstacles(const struct medium *, const struct release *, enum rule out[PREPARE_OBSTACLES]);
/* Whether the image will start from a stick, though the base does not. */
bool prepare_makes_hybrid(const struct medium *);

/* Writes the prepared base into the new, empty file fd (open for reading and writing, in folder dir, where it also puts work
 * files under names of its own and removes them). base_sha256: empty, then it is found out on the way; or known. Verified by
 * reading it back. ERR_INPUT with a rule when this base cannot carry it. */
MUST_USE bool prepare(const struct prepare_spec *, int fd, int dir, char base_sha256[65], struct err *e);
