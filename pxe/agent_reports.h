/* agent_reports.h - how far each host's agent says that it is: the last thing it told, kept in out/state.db.
 *
 * An agent tells it under the token that its host was installed with; the token is good for nothing else by then. */
#pragma once
#include "pxe/arming.h"

struct agent_report {
        char school[64], host[64];
        char step[64];                  /* "join": foreign text, printable only */
        char outcome[24];               /* "done", "waiting", "converged", "stopped", … */
        int code;                       /* XR number, 0 = none */
        char detail[ARM_DETAIL];
        int64_t at;                     /* seconds since 1970, by our clock */
};

/* Replaces what the host told before. */
MUST_USE bool agent_report_put(struct arming *, const struct agent_report *, struct err *e);

/* *found is false when its agent never told anything. */
MUST_USE bool agent_report_get(struct arming *, const char *school, const char *host, struct agent_report *, bool *found, struct err *e);
