#include "base/arena.h"
#include "base/file.h"
#include "base/cleanup.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { CHUNK = 256 * 1024 };

struct chunk {
        struct chunk *next;
        size_t used, size;
        _Alignas(16) char data[];
};

struct interned {
        const char *text;
        size_t len;
        uint64_t hash;
};

struct arena {
        struct chunk *chunks;
        struct interned *table;         /* open addressing, size a power of two */
        size_t slots, filled;
};

static void *must(void *p)
{
        if (!p)
                file_out_of_memory();
        return p;
}

struct arena *arena_new(void) { return must(calloc(1, sizeof(struct arena))); }

void arena_free(struct arena *a)
{
        if (!a)
                return;
        for (struct chunk *c = a->chunks, *next; c; c = next) {
                next = c->next;
                /* The arena may hold password hashes and storage passwords. */
                explicit_bzero(c->data, c->used);
                free(c);
        }
        free(a->table);
        free(a);
}

void *arena_alloc(struct arena *a, size_t n)
{
        n = (n + 15) & ~(size_t)15;
        struct chunk *c = a->chunks;
        if (!c || c->size - c->used < n) {
                size_t size = n > CHUNK ? n : CHUNK;
                c = must(calloc(1, sizeof(*c) + size));
                c->size = size;
                /* A large block goes behind the current chunk, whose rest stays in use. */
                if (size > CHUNK && a->chunks) {
                        c->next = a->chunks->next;
                        a->chunks->next = c;
                } else {
                        c->next = a->chunks;
                        a->chunks = c;
                }
        }
        void *p = c->data + c->used;
        c->used += n;
        return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
        char *p = arena_alloc(a, n + 1);
        memcpy(p, s, n);
        return p;
}

char *arena_strdup(struct arena *a, const char *s) { return arena_strndup(a, s, strlen(s)); }

char *arena_printf(struct arena *a, const char *fmt, ...)
{
        va_list ap, again;
        va_start(ap, fmt);
        va_copy(again, ap);
        int n = vsnprintf(NULL, 0, fmt, ap);
        va_end(ap);
        char *p = arena_alloc(a, (size_t)(n < 0 ? 0 : n) + 1);
        if (n > 0)
                vsnprintf(p, (size_t)n + 1, fmt, again);
        va_end(again);
        return p;
}

static uint64_t hash_bytes(const char *s, size_t n)
{
        uint64_t h = 14695981039346656037u;
        for (size_t i = 0; i < n; i++)
                h = (h ^ (unsigned char)s[i]) * 1099511628211u;
        return h ^ (h >> 29);
}

static void grow_table(struct arena *a)
{
        size_t slots = a->slots ? a->slots * 2 : 256;
        struct interned *table = must(calloc(slots, sizeof(*table)));
        for (size_t i = 0; i < a->slots; i++) {
                if (!a->table[i].text)
                        continue;
                size_t at = a->table[i].hash & (slots - 1);
                while (table[at].text)
                        at = (at + 1) & (slots - 1);
                table[at] = a->table[i];
        }
        free(a->table);
        a->table = table;
        a->slots = slots;
}

const char *arena_intern(struct arena *a, const char *s, size_t n)
{
        if (a->filled * 2 >= a->slots)
                grow_table(a);
        uint64_t h = hash_bytes(s, n);
        size_t at = h & (a->slots - 1);
        for (; a->table[at].text; at = (at + 1) & (a->slots - 1))
                if (a->table[at].hash == h && a->table[at].len == n && !memcmp(a->table[at].text, s, n))
                        return a->table[at].text;
        a->table[at] = (struct interned){ arena_strndup(a, s, n), n, h };
        a->filled++;
        return a->table[at].text;
}
