/* secret.h - text that no log, --json or inspect ever prints.
 *
 * Memory is left out of core dumps and wiped when freed. Printing one means printing SECRET_MASK. */
#pragma once
#include "base/str.h"

#define SECRET_MASK "••••"

struct secret {
        char *ptr;              /* owned, NUL-terminated; NULL when unset */
        size_t len;
};

#define AUTO_SECRET OWN(secret_clear) struct secret

/* Copies; the caller wipes its own source. Exits like an arena when memory is out. */
struct secret secret_of(const char *text, size_t n);
void secret_clear(struct secret *);
static inline const char *secret_show(const struct secret *s) { return s->ptr ? SECRET_MASK : ""; }

/* A process that handles secrets writes no core file and cannot be traced by its own user's other programs. */
void secret_process_guard(void);
