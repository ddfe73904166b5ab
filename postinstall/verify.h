/* verify.h - a live pool held against its plan, point by point. It reads, and changes nothing. */
#pragma once
#include "postinstall/agent_plan.h"
#include "postinstall/xapi.h"

enum verdict { VERDICT_SAME, VERDICT_DIFFERS, VERDICT_MISSING, VERDICT_EXTRA };

struct verify_point {                   /* texts are valid during the call only */
        enum verdict verdict;
        const char *kind;               /* "host", "pool", "network", "storage", "HA", "schedule", "vm": for programs, not translated */
        const char *name;               /* of what is looked at */
        const char *what;               /* which of its properties, translated; "" = that it is there */
        const char *planned, *found;    /* "" when there is nothing to show */
};

/* plan: of the pool's coordinator. Calls each() for every point, also those that agree. False and e set when the pool cannot be
 * read to the end. */
MUST_USE bool verify_pool(const struct agent_plan *, struct xapi *, void (*each)(void *arg, const struct verify_point *), void *arg, struct err *e);
