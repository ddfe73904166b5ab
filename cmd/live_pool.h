/* live_pool.h - what commands that change who belongs to a live pool have in common: the host's plan, its pool, and putting back. */
#pragma once
#include "cmd/pool_link.h"
#include "postinstall/members.h"

struct live_pool {
        struct agent_plan *plan;        /* of the host that the command is about; never the coordinator's */
        struct pool_links links;
        struct xapi *xapi;              /* the coordinator */
        int lock;
};
#define LIVE_POOL_INIT { .lock = -1 }
void live_pool_close(struct live_pool *);

/* out, name: as built_plan_read() takes them. One command at a time works on a pool of a build. */
MUST_USE bool live_pool_plan(struct live_pool *, const char *out, const char *name, struct err *e);
MUST_USE bool live_pool_connect(struct live_pool *, const struct pool_link_options *, struct err *e);

/* Nobody else is let in, and what was switched off is on again. fine: how it went until then, returned; when it did not go well, e
 * has the cause, which is reported before another takes its place. */
MUST_USE bool live_pool_settle(struct live_pool *, bool fine, struct err *e);
