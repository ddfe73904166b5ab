/* event.h - one thing that a host, or somebody about a host, has told.
 *
 * Events come twice, late, in any order, and with clocks that are wrong. What tells two events of a host apart is their
 * key; what orders them is when they reached us, and for a host's standing how far the stage is (standing.h).
 *
 * Bodies are foreign bytes: form fields, a JSON object, or a JSON array of objects, with the same names:
 *
 *     stage     arming | select | install | agent                   (required; arming only in arrays that a server forwards)
 *     outcome   of select: refused; of install: started, completed, failed; of agent: begun, waiting, done, stopped,
 *               converged, failed; of arming: armed, disarmed, spent         (required)
 *     step      of the agent: "join"
 *     code      XR number
 *     detail    text: cut at DETAIL_MOST bytes, control characters and what is no UTF-8 become U+FFFD
 *     percent   0-100, of what the stage is about
 *     time, clock   seconds since 1970 by the host's clock: kept, shown, never believed
 *     key       32 hex digits; without one it is computed from all the others but pool and received
 *     school, host, pool, received  only in arrays that a school's server forwards
 *     sent      in these, too: when, by the same clock as received, so that nobody needs to believe it */
#pragma once
#include "base/err.h"
#include "base/str.h"
#include <stddef.h>
#include <stdint.h>

enum stage_kind { STAGE_ARMING, STAGE_SELECT, STAGE_INSTALL, STAGE_AGENT, STAGE_KINDS };
extern const char *const stage_kind_names[STAGE_KINDS];

enum { NAME_MOST = 64, KEY_TEXT = 33, OUTCOME_MOST = 24, DETAIL_MOST = 2000 };

struct event {
        char school[NAME_MOST], pool[NAME_MOST], host[NAME_MOST];       /* UTF-8; pool may be "" when it is not known */
        char key[KEY_TEXT];
        enum stage_kind stage;
        char step[NAME_MOST], outcome[OUTCOME_MOST];
        int code;                       /* 0 = none */
        int percent;                    /* -1 = not said */
        int64_t clock;                  /* the host's, 0 = not said */
        int64_t received;               /* ours, milliseconds since 1970; of a forwarded one: the school's server's */
        int64_t sent;                   /* of a forwarded one, by the clock of received; 0 = not said. Not kept */
        char detail[DETAIL_MOST + 4];
};

/* Fills in key when it is empty, once school and host are: the same event has the same key wherever it is computed. Whoever makes events
 * of his own sets clock, or two alike are one. */
void event_key(struct event *);

enum { MOST_EVENTS = 2000, LARGEST_EVENTS = 2 << 20 };

/* Reads a body into events (caller's array of most, zeroed by this). type: its content type, NULL or "" = a form unless it begins with
 * "{" or "[". With named, every event has to say school and host; otherwise these are ignored. False and e (ERR_INPUT, an
 * XR rule): not readable, an unknown stage or outcome, too many; then none is to be kept. Without named, key is empty unless it was sent. */
MUST_USE bool events_read(struct bytes body, const char *type, bool named, struct event *events, size_t most, size_t *n, struct err *e);

/* Appends the events as the JSON array that events_read takes with named. */
void events_write(const struct event *, size_t n, struct str *out);
