/* lease.h - who may join now, as the coordinator's pool.other_config says: a queue of numbers, and a right that passes on.
 *
 * Keys are only ever added by one atomic call that fails when they exist; nothing is compared and then replaced. The right to
 * join has generations: who adds generation g holds it, who is through adds "left" to it, who died is passed over by
 * generation g + 1. So two hosts never hold the same one, and nobody waits for the dead for good. */
#pragma once
#include "postinstall/rpc.h"

enum { LEASE_VALUE = 24 };

struct lease_view {
        long generation;                /* of the newest lease; 0 = none yet */
        char holder[LEASE_VALUE];       /* number of the host that has it */
        bool left;                      /* it is through */
        long first;                     /* lowest number in the queue; -1 = nobody waits */
        size_t waiting, before;         /* how many are in the queue, and how many of them before us */
        bool queued;                    /* we are in it */
};

/* other_config: of the pool. number: ours. */
void lease_read(const struct rpc_value *other_config, long number, struct lease_view *);

/* Names of the keys, for a generation or a number. */
void lease_key(char out[64], long generation);
void lease_left_key(char out[64], long generation);
void lease_queue_key(char out[64], long number);
bool lease_is_key(const char *key);     /* one of these: to be removed in the end */
