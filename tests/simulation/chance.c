#include "tests/simulation/chance.h"

#include <string.h>

uint64_t chance_hash(uint64_t hash, const void *p, size_t n)
{
        const unsigned char *at = p;
        hash = hash ? hash : 0xcbf29ce484222325u;
        for (size_t i = 0; i < n; i++)
                hash = (hash ^ at[i]) * 0x100000001b3u;
        return hash;
}

struct chance chance_stream(uint64_t seed, const char *name)
{
        struct chance c = { chance_hash(chance_hash(0, &seed, sizeof(seed)), name, strlen(name)) };
        chance_next(&c);
        return c;
}

uint64_t chance_next(struct chance *c)
{
        uint64_t z = c->state += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
}

int64_t chance_in(struct chance *c, int64_t from, int64_t to)
{
        return from + (int64_t)(chance_next(c) % (uint64_t)(to - from + 1));
}

bool chance_one_in(struct chance *c, unsigned n) { return chance_next(c) % n == 0; }

const char *chance_of(struct chance *c, const char *const *texts, size_t n) { return texts[chance_next(c) % n]; }

void chance_hex(struct chance *c, char *out, size_t digits)
{
        for (size_t i = 0; i < digits; i++)
                out[i] = "0123456789abcdef"[chance_next(c) % 16];
        out[digits] = '\0';
}
