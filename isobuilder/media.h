/* media.h - the folder media/ of a build: the prepared base, and what is stamped on it.
 *
 *     media/prepared.base          the base, without answers, shared by all (a link to the cache beside the vendor's ISO)
 *     media/universal.delta        or universal.iso: for all hosts
 *     media/SCHOOL.delta           for one school
 *     media/SCHOOL/HOST.delta      for one host
 */
#pragma once
#include "isobuilder/prepare.h"
#include "isobuilder/stamp.h"
#include "isobuilder/base_cache.h"

#define MEDIA_BASE "prepared.base"       /* no name that anybody would burn: alone it installs nothing */
#define MEDIA_ALL "universal"

struct media {                          /* zero-initialised is empty */
        int dir;                        /* of media/; owned */
        struct prepared *base;          /* owned */
};
void media_close(struct media *);

/* Makes dir/prepared.base: taken from the cache or the previous build (previous: its folder media/, or -1), else prepared anew.
 * base_sha256: empty or known; known afterwards. */
MUST_USE bool media_open(struct media *, const struct prepare_spec *, const struct base_cache *, int dir, int previous, char base_sha256[65], struct err *e);

/* Whether files in the folder share blocks (XFS, btrfs): then images cost no more than deltas. */
bool media_shares_blocks(const struct media *);

struct media_unit {                     /* one image to make */
        char name[160];                 /* "universal", "nn36", "nn36/nn36-xen1" */
        size_t first, last;             /* hosts, in plan order: first to last - 1 */
        unsigned char sha256[32];       /* of the image; filled in */
};

struct media_job {
        struct media_unit *units;
        size_t n;
        bool images;                    /* images of their own, else deltas */
        /* Appends the pack for a unit; called from several threads. */
        bool (*pack)(void *arg, const struct media_unit *, struct str *out, struct err *e);
        void *arg;
        size_t largest;                 /* filled in: of the packs, bytes */
        bool shared;                    /* filled in: images share the base's blocks */
};

/* Stamps them all. *too_small is set, and false returned without an error, when a pack needs a larger slot (largest says how
 * large): the base is to be prepared anew. */
MUST_USE bool media_stamp(const struct media *, struct media_job *, bool *too_small, struct err *e);
