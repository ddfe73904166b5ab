/* str.h - owned strings that grow up to a stated limit.
 *
 * Appending never fails at the call: the first append that meets the limit or lacks memory marks the string failed,
 * later ones do nothing, and str_ok says so once at the end. The content is always NUL-terminated. */
#pragma once
#include "base/err.h"
#include "base/cleanup.h"
#include <stddef.h>
#include <stdint.h>

struct bytes {                  /* borrowed */
        const char *ptr;
        size_t len;
};

struct str {
        char *ptr;              /* owned; NULL while empty */
        size_t len, cap, max;   /* bytes; max without the NUL */
        bool failed;
};

#define STR_MAX(limit) { .max = (limit) }
#define AUTO_STR OWN(str_clear) struct str

void str_clear(struct str *);
void str_add(struct str *, const char *text);
void str_addn(struct str *, const char *text, size_t n);
void str_addc(struct str *, char c);
void str_addf(struct str *, const char *fmt, ...) PRINTF_LIKE(2, 3);
void str_reset(struct str *);           /* empty, memory kept */

/* False and e set (ERR_WORLD, naming what) when an append failed. */
MUST_USE bool str_ok(const struct str *, const char *what, struct err *e);

/* "" while empty; valid until the next append. */
const char *str_text(const struct str *);
static inline struct bytes str_bytes(const struct str *s) { return (struct bytes){ str_text(s), s->len }; }
static inline struct bytes bytes_of(const char *p, size_t n) { return (struct bytes){ p, n }; }
