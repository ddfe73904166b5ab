/* arming_watch.h - what `arm`, `disarm`, the page and the boot server do to the arming, as events of the roll call.
 *
 * An event's key follows from the arming itself: however often a change is seen, by whom, and after what restart, it is one event. */
#pragma once
#include "pxe/arming.h"
#include "rollcall/store.h"

struct arming_watch;

/* arming, store: borrowed. keep_ms: armings older than that are not told. Caller frees. */
struct arming_watch *arming_watch_new(struct arming *, struct store *, int64_t keep_ms);
void arming_watch_free(struct arming_watch *);  /* NULL is fine */

/* Keeps what is new since the last time as events; next to nothing to do when nothing has changed. False and e when the store or the state
 * fails: the next look begins where this one did. now: ms since 1970. */
MUST_USE bool arming_watch_look(struct arming_watch *, int64_t now, struct err *e);

/* The state of a host's arming; of one that was installed from a stick it knows nothing, and the roll call does: then that is told as if it
 * were the arming's. store NULL: nobody can be asked. */
MUST_USE bool arming_or_standing(struct arming *, struct store *, const char *school, const char *host, struct arm_row *, struct err *e);

/* The events of a start that has just been, in their order: armed, started. */
void arming_watch_started(const char *school, const char *host, const char *token, int starts, int64_t now, struct event events[2]);
