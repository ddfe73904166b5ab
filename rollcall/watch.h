/* watch.h - looks at the store for what people are to be told, and marks there what has been found, so that it is found once. */
#pragma once
#include "rollcall/courier.h"
#include "rollcall/occasion.h"

struct watch {
        struct store *store;            /* borrowed */
        bool with_agent;
        int64_t seen;                   /* change number; 0: nothing yet, everything is looked at */
};

/* Finds what is news since the last time and hands each occasion to found, which keeps it in the same transaction as the mark. found
 * says false with e when it cannot. False when the store does not take it; nothing is then marked. */
MUST_USE bool watch_work(struct watch *, bool (*found)(void *arg, const struct occasion *, struct err *e), void *arg,
        struct err *e);
