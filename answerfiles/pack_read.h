/* pack_read.h - what a pack says of itself, for programs that look at media: foreign bytes, never trusted.
 *
 * Answers, with their password hashes, are shown to nobody who does not ask for a file by name. */
#pragma once
#include "base/str.h"

struct pack_read;

struct pack_host {              /* "" where the pack says nothing; valid as long as the reader */
        const char *school, *name, *mac, *serial;
};

/* slot: bytes that begin with the pack's first line; what follows the pack is not looked at. They are borrowed and must
 * outlive the reader. NULL and e set (ERR_INPUT) when there is no pack, or one that cannot be understood; a pack whose
 * sum differs is read all the same where it makes sense: see pack_read_fits. Caller frees. */
MUST_USE struct pack_read *pack_read(struct bytes slot, struct err *e);
void pack_read_free(struct pack_read *);                /* NULL is fine */

bool pack_read_fits(const struct pack_read *);          /* its SHA-256 is right */
size_t pack_read_length(const struct pack_read *);      /* bytes of the slot that it takes, first line included */
const char *pack_read_build(const struct pack_read *);
int64_t pack_read_made(const struct pack_read *);       /* seconds since 1970 */
const char *pack_read_release(const struct pack_read *);        /* "XCP-ng 8.3" */
size_t pack_read_hosts(const struct pack_read *);
struct pack_host pack_read_host(const struct pack_read *, size_t index);

/* A file's bytes, borrowed from the slot; .ptr is NULL when the pack has no such file. */
struct bytes pack_read_file(const struct pack_read *, const char *name);
