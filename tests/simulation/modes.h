/* modes.h - the runs that a ring is made of; each prints "ok - …" and "not ok - …: why" lines. */
#pragma once
#include "tests/simulation/sim.h"

struct modes {
        const char *work;
        int processes;
        bool trace, keep;
        const char *again; /* how to call this program once more */
};

/* NFS, iSCSI, an ISO library and HA; everything: networks, a bond and virtual machines as well, without a budget of
 * calls. */
void modes_rollout(const struct modes *, int hosts, bool everything, uint64_t seed);
/* The same with what is odd, and only said. */
void modes_odd(const struct modes *, uint64_t seed);
void modes_seeds(const struct modes *, uint64_t from, uint64_t to);
void modes_same(const struct modes *, uint64_t seed); /* twice, and both must be the same */
void modes_torture(const struct modes *);
bool modes_seed(const struct modes *, uint64_t seed); /* one, with its trace if wanted */
/* One of torture's runs: "HOST POINT kill|power|journal CUT". */
bool modes_torture_one(const struct modes *, const char *what);
