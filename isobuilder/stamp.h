/* stamp.h - one host's (or school's, or district's) bytes on a prepared base.
 *
 * A prepared base is immutable. A stamp is the base with a pack laid over its slot; kept as a delta (a small file that
 * names its base), as an image of its own, or streamed, it is the same image, byte for byte. */
#pragma once
#include "isobuilder/overlay.h"
#include "isobuilder/slot.h"

struct prepared;                        /* an open prepared base; may be used by many threads */

/* Opens it and reads its map. NULL and e (ERR_INPUT with a rule when it is none, or its map does not fit). */
MUST_USE struct prepared *prepared_open(int dir, const char *name, struct err *e);
void prepared_free(struct prepared *);  /* NULL is fine */
const struct slot_map *prepared_map(const struct prepared *);
int prepared_fd(const struct prepared *);       /* borrowed */

/* Whether a pack of n bytes fits. */
bool stamp_fits(const struct prepared *, size_t n);

/* Lays pack (copied) over the slot; the SHA-256 of the whole image is known then, though only its end is read. */
MUST_USE bool stamp(const struct prepared *, struct bytes pack, struct overlay *out, struct err *e);

/* Writes it as a delta into dir, mode 0600 (packs hold password hashes). Not synced: the caller syncs the tree once. */
MUST_USE bool stamp_write_delta(const struct prepared *, const struct overlay *, int dir, const char *name, struct err *e);

/* Writes it as an image of its own, mode 0600. *shared: whether it shares the base's blocks on disk. */
MUST_USE bool stamp_write_image(const struct overlay *, int dir, const char *name, bool *shared, struct err *e);

/* Reads a delta that was made for this base. ERR_INPUT with a rule when it was made for another one, or is damaged. */
MUST_USE bool stamp_read_delta(const struct prepared *, int dir, const char *name, struct overlay *out, struct err *e);

/* A delta's text, as far as it can be judged without its base; foreign bytes. pack points into it. */
struct delta {
        char key[65];                   /* of the prepared base */
        unsigned char sha256[32];       /* of the image */
        struct bytes pack;
};
bool delta_parse(struct bytes text, struct delta *);
