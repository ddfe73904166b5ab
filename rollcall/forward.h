/* forward.h - events to the district's server, in the order in which they came here, in batches.
 *
 * Its position (the last event that was taken over there) is kept in the store and moves when the other side has said yes. What is sent twice
 * because the answer was lost counts once there: events have keys. */
#pragma once
#include "rollcall/carrier.h"
#include "rollcall/courier.h"

enum { FORWARD_EVENTS = 1000, FORWARD_BYTES = 1 << 20, FORWARD_CURSOR = 64 };

/* The cursor's name; another upstream, or another school's server, has another one. */
void forward_cursor(const struct upstream *, char name[FORWARD_CURSOR]);

struct forward;

/* All borrowed. NULL and e when the target cannot be meant so, or the store is lost. Caller frees, before the carrier. */
MUST_USE struct forward *forward_new(const struct courier_config *, struct carrier *, struct err *e);
void forward_free(struct forward *);    /* NULL is fine */

/* Takes what came back, sends what is due. fresh: there may be new events. False when the store is lost. */
MUST_USE bool forward_work(struct forward *, bool fresh, struct err *e);
bool forward_busy(const struct forward *);
/* ms until it is worth to be called again; -1: when there are new events. */
int64_t forward_wait(const struct forward *);
