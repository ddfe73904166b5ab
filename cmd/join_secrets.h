/* join_secrets.h - the one-time password of each pool that other hosts join: drawn once, kept in out/secrets/join (0600).
 *
 * The coordinator is installed with it, the others know it, and when the pool is complete or its window has closed, nobody
 * needs it any more. */
#pragma once
#include "answerfiles/site.h"

enum { JOIN_SECRET_LETTERS = 24 };      /* of 62: 142 bits */

struct join_secrets;

/* out: the output folder, whose lock the caller holds. Draws what pools of several hosts lack, and keeps it before it is used.
 * NULL and e set when it cannot be read or written, or is damaged. Caller frees. */
MUST_USE struct join_secrets *join_secrets_open(int out, const struct plan *, struct err *e);
void join_secrets_free(struct join_secrets *);          /* NULL is fine; wipes */

/* NULL for a pool of one host. */
const char *join_secret_of(const struct join_secrets *, const struct pool *);
