/* digest.h - SHA-256 of whole files, and of files of which everything before some place is known already.
 *
 * A gigabyte that never changes is hashed once; its state is kept, and each stamped image goes on from there. */
#pragma once
#include "base/err.h"
#include "base/str.h"

enum { DIGEST_BLOCK = 64 };

struct digest_state {                   /* after whole blocks of 64 bytes */
        uint32_t h[8];
        uint64_t bytes;
};

struct digest;                          /* one calculation under way */
struct digest *digest_new(const struct digest_state *from);     /* NULL = from the beginning */
void digest_add(struct digest *, const void *, size_t n);
void digest_add_zeros(struct digest *, uint64_t n);
/* What has been added so far, a multiple of 64 bytes. */
struct digest_state digest_state_of(const struct digest *);
void digest_finish(struct digest *, unsigned char out[32]);     /* frees it */
void digest_free(struct digest *);                              /* NULL is fine */

/* Adds bytes [offset, offset + n) of a file. ERR_WORLD when it cannot be read, or ends before. */
MUST_USE bool digest_add_file(struct digest *, int fd, const char *name, uint64_t offset, uint64_t n, struct err *e);

void digest_hex(const unsigned char digest[32], char hex[65]);
bool digest_unhex(const char hex[64], unsigned char digest[32]);        /* false when it is no lower-case hex */

/* Lower-case hex of the whole file. */
MUST_USE bool file_sha256(int fd, const char *name, char hex[65], struct err *e);
