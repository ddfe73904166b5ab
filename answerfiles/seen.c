#include "answerfiles/seen.h"
#include "base/file.h"

#include <string.h>

static uint64_t mix(uint64_t h, uint64_t v)
{
        h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
        return h ^ h >> 32;
}

static uint64_t hash_of(const struct seen_key *k)
{
        uint64_t h = mix(mix(1, k->scope), k->number);
        for (const unsigned char *s = (const unsigned char *)k->text; s && *s; s++)
                h = (h ^ *s) * UINT64_C(1099511628211);
        return mix(h, k->text != NULL);
}

static bool same_key(const struct seen_key *a, const struct seen_key *b)
{
        if (a->scope != b->scope || a->number != b->number || !a->text != !b->text)
                return false;
        return !a->text || !strcmp(a->text, b->text);
}

static struct seen_entry *slot_of(const struct seen *s, const struct seen_key *k, uint64_t hash)
{
        size_t at = hash & (s->size - 1);
        while (s->slots[at].used && (s->slots[at].hash != hash || !same_key(&s->slots[at].key, k)))
                at = (at + 1) & (s->size - 1);
        return &s->slots[at];
}

static void grow(struct seen *s)
{
        struct seen old = *s;
        s->size = old.size ? old.size * 4 : 32;
        s->slots = calloc(s->size, sizeof(*s->slots));
        if (!s->slots)
                file_out_of_memory();
        for (size_t i = 0; i < old.size; i++)
                if (old.slots[i].used)
                        *slot_of(s, &old.slots[i].key, old.slots[i].hash) = old.slots[i];
        free(old.slots);
}

const struct seen_entry *seen_before(struct seen *s, struct seen_key key, struct pos pos, const void *who)
{
        if (s->filled * 2 >= s->size)
                grow(s);
        uint64_t hash = hash_of(&key);
        struct seen_entry *e = slot_of(s, &key, hash);
        if (e->used)
                return e;
        *e = (struct seen_entry){ key, hash, pos, who, true };
        s->filled++;
        return NULL;
}

void seen_clear(struct seen *s)
{
        free(s->slots);
        *s = (struct seen){ 0 };
}
