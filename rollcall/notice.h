/* notice.h - tells people: each place that is to be told has a list of its own in the store, from which goes what it has taken.
 *
 * What is found and the lists change in one transaction, so that a kill neither loses nor repeats an occasion, with one exception: killed
 * between a place's answer and the note of it, that one message comes a second time, with the same id (`id` of JSON, Message-ID of
 * a mail). Places do not wait for each other. What happens within a minute of a message to people becomes one message. */
#pragma once
#include "rollcall/carrier.h"
#include "rollcall/courier.h"

struct notices;

/* All borrowed. NULL and e when a target cannot be meant so, or the store is lost. Caller frees, before the carrier. */
MUST_USE struct notices *notices_new(const struct courier_config *, struct carrier *, struct err *e);
void notices_free(struct notices *);    /* NULL is fine */

/* fresh: something has changed in the store. False when the store is lost. */
MUST_USE bool notices_work(struct notices *, bool fresh, struct err *e);
bool notices_busy(const struct notices *);
/* ms until it is worth to be called again; -1: when something has changed. */
int64_t notices_wait(const struct notices *);
