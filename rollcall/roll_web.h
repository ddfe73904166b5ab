/* roll_web.h - the web server of the roll call: one process in a cell, HTTPS or, behind another server on this machine, HTTP.
 *
 * It knows nothing: every request becomes a question to answers.h, on one of several lines so that many events can share one
 * transaction. What it has of its own are the streams (server-sent events): it asks for changes five times a second while anybody listens,
 * keeps the last ones, and every listener has the same bytes sent. A stream begins with its `id`; after a gap that is too long
 * it says `reload`. */
#pragma once
#include "base/err.h"

enum { ROLL_LINES = 8 };

struct roll_web_config {
        int listen;                     /* bound and listening; owned by the caller */
        const char *key, *certificate;  /* PEM; NULL: plain HTTP, for a server on this machine that stands before us */
        const int *lines;               /* this side of ROLL_LINES pairs (backend_pair); owned by the caller */
        int keep;                       /* one more descriptor not to close; 0: none */
        unsigned most_connections;      /* 0: 2048 */
        unsigned again_seconds;         /* how often a listener's permission is asked again; 0: 10 */
        const char *user;               /* whose rights to take; NULL: keep */
        bool no_cell;                   /* tests only */
};

/* As server_run (pxe/server.h): serves until SIGTERM; in a process of its own. */
MUST_USE bool roll_web_run(const struct roll_web_config *, void (*ready)(void *arg), void *arg, struct err *e);
