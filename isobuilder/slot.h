/* slot.h - where in a prepared base a host's bytes go, and what surrounds them.
 *
 * A prepared base holds one file of fixed size for them, at its end. That file begins with one page of text, the map:
 *
 *     xenroll-slot 1 4096         from where in the file the bytes stand; the selector reads this line
 *     xenroll-map 1
 *     key, base, uuid, size, map, slot, state, behind, sum
 *
 * and goes on with the slot, zeros until it is stamped. The page begins at a multiple of 4096 bytes in the image (a file
 * on a medium can only be placed at multiples of 2048, so half a page may stand before it). state is the SHA-256 state of
 * all that lies before the map, behind the digest of all that lies behind the slot: a map fits one image only. */
#pragma once
#include "isobuilder/digest.h"

enum { SLOT_PAGE = 4096, SLOT_SMALLEST = 64 << 10, SLOT_STEP = 1 << 20, SLOT_LARGEST = 64 << 20 };

#define SLOT_FILE "xenroll-slot"

struct slot_map {
        char key[65];                   /* what the base was prepared from, and how */
        char base[65];                  /* SHA-256 of the vendor's ISO */
        char uuid[23];                  /* of the volume */
        uint64_t image_size;            /* bytes */
        uint64_t at;                    /* of the map in the image, bytes */
        uint64_t slot_size;             /* bytes, behind the map's page */
        struct digest_state before;
        unsigned char behind[32];
};

static inline uint64_t slot_begin(const struct slot_map *m) { return m->at + SLOT_PAGE; }
static inline uint64_t slot_end(const struct slot_map *m) { return m->at + SLOT_PAGE + m->slot_size; }

/* Bytes of the smallest slot that holds n with headroom; 0 when none does. */
uint64_t slot_size_for(uint64_t n);

/* For the slot's file at `file`, image and slot size given: settles where the map goes (at the next full page), writes the
 * line before it that leads the selector to the slot, and hashes what surrounds them. */
MUST_USE bool slot_measure(int fd, uint64_t file, struct slot_map *, struct err *e);
MUST_USE bool slot_write(int fd, const struct slot_map *, struct err *e);

/* Whether an image has a map, and what it says. ERR_INPUT with XR-421 when it has one that does not fit it; the digests are
 * not checked (slot_check does that, reading everything). */
MUST_USE bool slot_read(int fd, uint64_t image_size, const char *name, struct slot_map *, bool *found, struct err *e);
MUST_USE bool slot_check(int fd, const char *name, const struct slot_map *, struct err *e);

/* A page of text as a map; foreign bytes. */
bool slot_parse(struct bytes page, struct slot_map *);
