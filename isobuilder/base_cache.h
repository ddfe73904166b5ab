/* base_cache.h - prepared bases and digests kept beside the vendor's ISO, so that each is made once.
 *
 *     xenroll-cache/<file>.known              size, date and SHA-256 of the vendor's ISO; of a prepared base, once read
 *     xenroll-cache/<base>-<key>.iso          a prepared base; <base> and <key> are the beginnings of SHA-256 sums
 *
 * The folder may be deleted at any time. Where it cannot be made, everything works without it. */
#pragma once
#include "isobuilder/medium.h"

struct base_cache {
        int dir;                        /* -1 = there is none; owned */
        int lock;                       /* shared by all that use it, so that nobody tidies under them; owned */
};
#define BASE_CACHE_INIT { .dir = -1, .lock = -1 }

/* Beside the base, when that is a regular file and its folder can be written to. */
void base_cache_open(struct base_cache *, const struct medium *base);
void base_cache_close(struct base_cache *);

/* The base's SHA-256 when it is known and the file is still as it was then (size, date, number); else false. */
bool base_cache_known(const struct base_cache *, const struct medium *base, char hex[65]);
void base_cache_remember(const struct base_cache *, const struct medium *base, const char hex[65]);

/* The same for a prepared base under its name in the cache, which need not lie there itself: whether all of it is known to
 * fit its map. */
bool base_cache_is_checked(const struct base_cache *, const char *name, int fd);
void base_cache_set_checked(const struct base_cache *, const char *name, int fd);

/* File name of a prepared base. */
void base_cache_name(const char base_sha256[65], const char key[65], char name[64]);

/* Removes other prepared bases of the same vendor's ISO that no build uses (a build holds them by a link). */
void base_cache_tidy(const struct base_cache *, const char *keep);
