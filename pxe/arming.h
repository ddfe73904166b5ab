/* arming.h - which machines may install: never twice, never by accident. Kept in out/state.db (SQLite), which survives a kill
 * and a power cut at any instant.
 *
 *     idle ──arm──► armed ──selector fetched──► started ──completed──► installed
 *                     ▲                            │ started twice, not completed
 *                     └───────────arm──────────── failed
 *
 * An arming is spent by the completion, by the second start that does not complete, by disarm, or by time. The token of a host
 * that was completed opens nothing any more; its agent still tells under it how far it is (agent_reports.h). */
#pragma once
#include "base/err.h"
#include <stdint.h>

enum arm_state { ARM_IDLE, ARM_ARMED, ARM_STARTED, ARM_INSTALLED, ARM_FAILED };
extern const char *const arm_state_names[];     /* "idle" … */

enum { TOKEN_TEXT = 33, MOST_STARTS = 2, ARM_DETAIL = 2000 };

struct arm_row {                        /* one host; an unknown one is idle */
        char school[64], host[64];
        enum arm_state state;
        char token[TOKEN_TEXT];         /* 32 hex digits, "" while never armed, or disarmed; a secret */
        int64_t armed, until, started, ended;   /* seconds since 1970, 0 = never */
        int starts;
        int code;                       /* of the last problem that the machine told, 0 = none */
        char detail[ARM_DETAIL];        /* its words: foreign text, printable only */
};

struct arming;

/* dir: out/. Creates state.db when create says so, with the owner of the folder. NULL and e set: an XR rule when it is damaged or
 * newer. Without create and without a file every host is idle. Caller closes. */
MUST_USE struct arming *arming_open(int dir, bool create, struct err *e);
void arming_close(struct arming *);             /* NULL is fine */

/* Several changes as one: all are kept, or none. */
MUST_USE bool arming_begin(struct arming *, struct err *e);
MUST_USE bool arming_commit(struct arming *, struct err *e);
void arming_rollback(struct arming *);          /* nothing when nothing was begun */

MUST_USE bool arming_get(struct arming *, const char *school, const char *host, struct arm_row *, struct err *e);
MUST_USE bool arming_by_token(struct arming *, const char *token, struct arm_row *, bool *found, struct err *e);

/* Draws a token. Refused (ERR_REFUSED) for a host that is installed or being installed, unless again. */
MUST_USE bool arming_arm(struct arming *, const char *school, const char *host, int64_t now, int64_t until, bool again, struct err *e);
/* *was tells whether there was anything to take back. */
MUST_USE bool arming_disarm(struct arming *, const char *school, const char *host, bool *was, struct err *e);

/* Whether the machine is to start the installer now; spends an arming whose time is over, or that was started twice. Fills in row. */
MUST_USE bool arming_boots(struct arming *, const char *school, const char *host, int64_t now, struct arm_row *row, bool *installs, struct err *e);

/* The selector is fetched. *allowed false: the token is not good (any more), and nothing has changed. */
MUST_USE bool arming_start(struct arming *, const char *token, int64_t now, struct arm_row *row, bool *allowed, struct err *e);

enum arm_outcome { ARM_COMPLETED, ARM_REFUSED, ARM_BROKE };
/* What the machine says of its end; once it is installed that changes nothing any more. *known false: not a token of a started host. */
MUST_USE bool arming_end(struct arming *, const char *token, enum arm_outcome, int code, const char *detail, int64_t now, bool *known, struct err *e);

/* Another number whenever the state has been changed since, by us or by anybody; only equal or not says anything. */
MUST_USE bool arming_version(struct arming *, int64_t *version, struct err *e);

/* Every host that was ever armed, ordered by school and host; stops when each says false. */
MUST_USE bool arming_each(struct arming *, bool (*each)(void *arg, const struct arm_row *), void *arg, struct err *e);

/* --- machines that have been started for enrolment --- */

struct enrolled {                       /* foreign text, printable only; "" = not said */
        char macs[400];                 /* lower case, blank-separated, the one it was started by first */
        char serial[100], model[200], cpu[200], firmware[8];
        int cpus;
        int64_t memory;                 /* bytes */
        char disks[4000];               /* lines "BY-ID<TAB>BYTES<TAB>BUS<TAB>MODEL" */
        int64_t seen;
};

enum { MOST_ENROLLED = 2000 };
/* One of the same MAC replaces the earlier one; past MOST_ENROLLED *kept is false. */
MUST_USE bool enrolled_put(struct arming *, const struct enrolled *, bool *kept, struct err *e);
/* The serial number of the machine with that card, "" when nobody knows. */
MUST_USE bool enrolled_serial(struct arming *, const char *mac, char serial[100], struct err *e);
MUST_USE bool enrolled_each(struct arming *, bool (*each)(void *arg, const struct enrolled *), void *arg, struct err *e);
MUST_USE bool enrolled_forget(struct arming *, struct err *e);
/* mac: the one it was started by. */
MUST_USE bool enrolled_forget_one(struct arming *, const char *mac, struct err *e);
