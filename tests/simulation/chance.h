/* chance.h - everything random in a simulation, from one seed: streams that do not disturb one another. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chance {
        uint64_t state;
};

struct chance chance_stream(uint64_t seed, const char *name);
uint64_t chance_next(struct chance *);
int64_t chance_in(struct chance *, int64_t from, int64_t to); /* both included */
bool chance_one_in(struct chance *, unsigned n);
const char *chance_of(struct chance *, const char *const *texts, size_t n);
void chance_hex(struct chance *, char *out, size_t digits); /* and a NUL */

uint64_t chance_hash(uint64_t hash, const void *, size_t); /* FNV-1a; begin with 0 */
