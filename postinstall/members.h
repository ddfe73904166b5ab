/* members.h - who belongs to a live pool, changed from the administrator's computer: one host more, or a dead one less.
 *
 * x is the pool's coordinator, with root's password. All of it may be done again after it was cut off anywhere: what has to be
 * undone later stands in the pool itself. False and e set: nothing more was done than what had been before. */
#pragma once
#include "postinstall/agent_plan.h"
#include "postinstall/xapi.h"

struct members {                        /* zero-initialised is empty */
        struct rpc_answer pools, hosts;
        const struct rpc_value *pool;   /* its record; its key is the reference */
};
void members_clear(struct members *);

/* What the pool says of itself now. A pool of another deployment is refused. */
MUST_USE bool members_read(struct members *, struct xapi *x, const struct agent_plan *, struct err *e);

/* The host of that name: by our mark, else by its label. NULL: the pool has none. */
const struct rpc_value *members_find(const struct members *, const struct agent_plan *, const char *name);
bool members_is_ready(const struct rpc_value *host);            /* its agent says that it is through */

MUST_USE bool members_is_live(struct xapi *x, const struct rpc_value *host, bool *live, struct err *e);  /* the pool hears from it */

/* HA lets nobody come or go: off, and what it was is kept in the pool. paused: whether it was on. Takes a minute. */
MUST_USE bool members_pause_ha(const struct members *, struct xapi *x, bool *paused, struct err *e);
/* Agents may join. */
MUST_USE bool members_open(const struct members *, struct xapi *x, struct err *e);
/* The end of both, also of those that an earlier run left behind: closed if it was opened here, and HA on again as it was kept. */
MUST_USE bool members_settle(struct xapi *x, const struct agent_plan *, bool *resumed, struct err *e);

/* Root's password on the coordinator, left for the agent of a host that is still alone; x is that host. It is gone with the join, or
 * when it is taken back. One that an earlier run left is replaced in one go: an agent finds the one or the other, never none.
 * hand_over: false without e (kind ERR_NONE) when the host is not called name yet. */
MUST_USE bool members_hand_over(struct xapi *x, const char *name, const struct secret *password, struct err *e);
MUST_USE bool members_take_back(struct xapi *x, struct err *e);

/* A dead host is forgotten, and its local storage with it. Refused while the pool hears from it, when it is the coordinator, and
 * when virtual machines are said to run on it: unless powered_off, which says that they cannot. The first only looks. */
MUST_USE bool members_may_forget(const struct members *, struct xapi *x, const struct rpc_value *host, bool powered_off, struct err *e);
MUST_USE bool members_forget(const struct members *, struct xapi *x, const struct rpc_value *host, bool powered_off, struct err *e);
