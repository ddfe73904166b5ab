/* store.h - prepared bases and digests kept beside the vendor's ISO, so that each is made once.
 *
 *     xenroll-cache/<file>.known              size, date and SHA-256 of the vendor's ISO; of a prepared base, once read
 *     xenroll-cache/<base>-<key>.iso          a prepared base; <base> and <key> are the beginnings of SHA-256 sums
 *
 * The folder may be deleted at any time. Where it cannot be made, everything works without it. */
#pragma once
#include "isobuilder/medium.h"

struct store {
        int dir;                        /* -1 = there is none; owned */
        int lock;                       /* shared by all that use it, so that nobody tidies under them; owned */
};
#define STORE_INIT { .dir = -1, .lock = -1 }

/* Beside the base, when that is a regular file and its folder can be written to. */
void store_open(struct store *, const struct medium *base);
void store_close(struct store *);

/* The base's SHA-256 when it is known and the file is still as it was then (size, date, number); else false. */
bool store_known(const struct store *, const struct medium *base, char hex[65]);
void store_remember(const struct store *, const struct medium *base, const char hex[65]);

/* The same for a prepared base under its name in the store, which need not lie there itself: whether all of it is known to
 * fit its map. */
bool store_is_checked(const struct store *, const char *name, int fd);
void store_set_checked(const struct store *, const char *name, int fd);

/* File name of a prepared base. */
void store_name(const char base_sha256[65], const char key[65], char name[64]);

/* Removes other prepared bases of the same vendor's ISO that no build uses (a build holds them by a link). */
void store_tidy(const struct store *, const char *keep);
