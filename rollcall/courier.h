/* courier.h - carries what happens here to others: events to the district's server, "school complete" and "host failed" to people.
 *
 * Store and forward: how far it came is kept in the store, so that nothing is lost when it is killed or the other side is away
 * for days, and nothing counts twice over there (events have keys). It never holds anybody up: a process of its own, which from then
 * on is in the schools' time zone. Of several on one PostgreSQL one at a time carries (turn.h). */
#pragma once
#include "rollcall/expected.h"
#include "rollcall/store.h"

struct courier;

struct courier_config {                 /* all borrowed */
        struct store *store;            /* a connection of its own */
        const struct expected *expected;
        const char *status_url;         /* of our page, for messages; "" = none */
        int64_t (*now)(void);           /* ms since 1970 */
        void (*say)(const char *line);  /* one line without secrets when something changes: reached, not reached any more; NULL: silent */
};
MUST_USE struct courier *courier_new(const struct courier_config *, struct err *e);
void courier_free(struct courier *);

/* Does what is due, at most a few seconds' worth; *wait: ms until it is worth to be called again. False only when the store is
 * lost; a shared one may come back: then it may be called again. */
MUST_USE bool courier_work(struct courier *, int *wait, struct err *e);
