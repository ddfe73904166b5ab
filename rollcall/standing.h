/* standing.h - where a host stands, told by its events in whatever order they come.
 *
 *     unheard → armed → installing → installed → finishing → arrived
 *                            └──────────┴────────────┴──► failed (mended by any later step forward)
 *
 * An installation is an attempt; "armed" begins the next one, and so does a start when the attempt has had one. A
 * start after a refusal is one that got through. Otherwise within an attempt a host never steps back: an event of an earlier stage that arrives late is kept in the list and changes nothing else. Among
 * the steps of an agent, which it tells one after the other itself, what reached us last counts; within one step begun comes
 * before waiting, stopped and done, whatever reached us first. Disarmed before it started, a host is where it was. */
#pragma once
#include "rollcall/event.h"

enum standing { STANDING_UNHEARD, STANDING_ARMED, STANDING_INSTALLING, STANDING_INSTALLED, STANDING_FINISHING, STANDING_ARRIVED, STANDING_FAILED, STANDINGS };
extern const char *const standing_names[STANDINGS];     /* "unheard" … : for programs; people get standing_text */
const char *standing_text(enum standing);               /* translated */

struct host_row {                       /* what the store keeps of a host beside its events */
        int64_t id;
        char school[NAME_MOST], pool[NAME_MOST], host[NAME_MOST];
        bool expected;                  /* the build names it; otherwise only events do */
        enum standing standing;
        int attempt;
        bool started;                   /* the attempt has had its start */
        enum standing before;           /* of an armed one: where it was before */
        enum stage_kind stage;          /* of the last event that counted */
        char step[NAME_MOST], outcome[OUTCOME_MOST];    /* of the last event that counted */
        int code;                       /* why it failed, or what it waits for; 0 = none */
        char detail[DETAIL_MOST + 4];
        int percent;                    /* of the installation; -1 = not known */
        int64_t since;                  /* ms: when it came to this standing, by our clock */
        int64_t heard;                  /* ms: the last event of any kind; 0 = never */
        int64_t change;                 /* number of the last change to this row (store.h) */
};

/* Takes the event into account; the row of a host that nothing is known of has percent -1, else zeros. False when that changed nothing
 * but `heard`. */
bool standing_take(struct host_row *, const struct event *);

/* There is nothing left to wait for: everything is as planned, or, where no agent follows, it is installed. */
bool standing_has_arrived(enum standing, bool with_agent);

/* Its disk holds an installation that came to its end, as far as was heard: however it was started, a second one wipes it. */
bool standing_is_installed(const struct host_row *);

/* Silent for longer than its standing allows (an installation 30 minutes, an agent that does not say that it waits 45 minutes):
 * somebody should look. now in ms. */
enum { SILENT_INSTALLATION = 30 * 60000, SILENT_AGENT = 45 * 60000 };   /* ms */
bool standing_overdue(const struct host_row *, int64_t now);
