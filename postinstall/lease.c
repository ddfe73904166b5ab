#include "postinstall/lease.h"
#include "postinstall/agent_parts.h"

#include <string.h>

#define MARK_LEFT "xenroll-left-"

void lease_key(char out[64], long generation) { snprintf(out, 64, MARK_LEASE "%ld", generation); }
void lease_left_key(char out[64], long generation) { snprintf(out, 64, MARK_LEFT "%ld", generation); }
void lease_queue_key(char out[64], long number) { snprintf(out, 64, MARK_QUEUE "%03ld", number); }

/* The number behind the prefix; -1 when the key is another. */
static long numbered(const char *key, const char *prefix)
{
        size_t n = strlen(prefix);
        if (strncmp(key, prefix, n) || !key[n] || key[n + strspn(key + n, "0123456789")] || strlen(key + n) > 9)
                return -1;
        return strtol(key + n, NULL, 10);
}

bool lease_is_key(const char *key)
{
        return numbered(key, MARK_LEASE) >= 0 || numbered(key, MARK_LEFT) >= 0 || numbered(key, MARK_QUEUE) >= 0;
}

void lease_read(const struct rpc_value *other, long number, struct lease_view *v)
{
        *v = (struct lease_view){ .first = -1 };
        for (size_t i = 0; i < other->n; i++) {
                const struct rpc_value *one = &other->items[i];
                long waiting = numbered(one->key, MARK_QUEUE), generation = numbered(one->key, MARK_LEASE);
                if (waiting >= 0 && (v->first < 0 || waiting < v->first))
                        v->first = waiting;
                v->waiting += waiting >= 0;
                v->before += waiting >= 0 && waiting < number;
                v->queued |= waiting == number;
                if (generation > v->generation) {
                        v->generation = generation;
                        snprintf(v->holder, sizeof(v->holder), "%.23s", one->text);
                }
        }
        char left[64];
        lease_left_key(left, v->generation);
        v->left = !v->generation || rpc_member(other, left)->kind == RPC_TEXT;
}
