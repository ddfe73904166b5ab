/* seen.h - who had this value first: a table of keys with the place where each was met. */
#pragma once
#include "answerfiles/diag.h"

/* Equal when all three are; text may be NULL, and is compared byte by byte. Borrowed: it outlives the table. */
struct seen_key {
        uint64_t scope, number;
        const char *text;
};

struct seen_entry {
        struct seen_key key;
        uint64_t hash;
        struct pos pos;
        const void *who;                /* the caller's, borrowed */
        bool used;
};

struct seen {
        struct seen_entry *slots;       /* owned; open addressing, a power of two */
        size_t size, filled;
};

/* The entry that had the key before, or NULL after remembering it. Valid until the next call. */
const struct seen_entry *seen_before(struct seen *, struct seen_key, struct pos, const void *who);
void seen_clear(struct seen *);
