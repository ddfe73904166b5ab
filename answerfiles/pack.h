/* pack.h - the texts behind a pack: equal ones once, numbered in order of first use. And names of files in it. */
#pragma once
#include "base/arena.h"
#include "base/str.h"

struct pack_texts { /* zero-initialised is empty */
        struct pack_text {
                const char *ptr; /* in the arena that pack_text_number was given */
                uint32_t len, hash;
        } * items;
        size_t n, cap;
        uint32_t *slots; /* number + 1, open addressing; a power of two */
        size_t n_slots;
};

/* The text's number from 0; new texts are copied into the arena. False only when memory or numbers ran out. */
MUST_USE bool pack_text_number(
        struct pack_texts *, struct arena *, const char *, size_t n, uint32_t *number, struct err *e);
void pack_texts_clear(struct pack_texts *);

#define PACK_HOSTS "xenroll-hosts"
#define PACK_LINES "xenroll-lines"
enum { LONGEST_PACK_NAME = 64 };

/* Letters, digits, ".", "_" and "-", no dot in front: safe as a file's name everywhere. */
bool pack_name_fits(struct bytes name);
