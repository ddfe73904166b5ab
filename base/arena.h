/* arena.h - memory that lives and dies together: one parsed document, one plan.
 *
 * Allocation never returns NULL: a process that cannot get a few KB for its model says so in one sentence, removes
 * its unpublished drafts and exits 3 (see file.h). Not thread-safe. */
#pragma once
#include "base/err.h"
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *);                       /* NULL is fine */
void *arena_alloc(struct arena *, size_t n);           /* zeroed, aligned for any type */
char *arena_strndup(struct arena *, const char *, size_t n);
char *arena_strdup(struct arena *, const char *);
char *arena_printf(struct arena *, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The same text gives the same pointer: for values that thousands of hosts share. */
const char *arena_intern(struct arena *, const char *, size_t n);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (n)))
