/* xapi.h - one xapi, called by name, with what it says of failures turned into what a person can do.
 *
 * Over the local socket no password is needed, and on a member xapi hands calls on to its coordinator. A session that was
 * lost (xapi restarted, expired) is drawn anew and the call made once more, when it is certain that it was not executed. */
#pragma once
#include "base/secret.h"
#include "postinstall/rpc.h"
#include "postinstall/transport.h"

struct xapi_failure {                   /* of the last call that xapi refused; valid until the next call */
        const char *code;               /* "SR_BACKEND_FAILURE_107"; "" when none */
        const char *params[8];          /* never NULL up to n */
        size_t n;
};

enum xapi_end {
        XAPI_DONE,
        XAPI_FAILED,                    /* xapi refused: xapi_failure(); e has the XR rule, sentence and remedy */
        XAPI_AWAY,                      /* nobody answered; nothing was done. Try later */
        XAPI_UNKNOWN,                   /* the answer was lost: look again before doing anything */
        XAPI_FOREIGN,                   /* the certificate is not the pinned one, or what answers is no xapi */
};

struct xapi;                            /* opaque */

/* password: NULL over a socket; copied otherwise. log may be NULL; it hears "METHOD (123 ms): DONE" lines: never an
 * argument, never a value. */
MUST_USE struct xapi *xapi_new(const struct transport_target *, const struct secret *password,
        void (*log)(void *arg, const char *line), void *arg, struct err *e);
void xapi_free(struct xapi *);          /* logs out when it is quick; NULL is fine */

/* Calls CLASS.MESSAGE with the session in front of args; "session.…" calls without one are made by this module alone.
 * answer may be NULL when the value does not matter; otherwise it is cleared first, and value is what xapi returned. */
MUST_USE enum xapi_end xapi_call(struct xapi *, struct rpc_answer *answer, struct err *e, const char *method,
        const struct rpc_arg *args, size_t n);

#define XAPI_ARGS(...) ((const struct rpc_arg[]){ __VA_ARGS__ }), COUNT(((const struct rpc_arg[]){ __VA_ARGS__ }))
/* xapi_call(x, &a, e, "pool.get_all_records", NULL, 0); xapi_call(x, NULL, e, "host.set_name_label", XAPI_ARGS(RPC_S(ref), RPC_S(name))); */

const struct xapi_failure *xapi_failure(const struct xapi *);
bool xapi_failed_with(const struct xapi *, const char *code);

/* The session's host and coordinator address: where the last HOST_IS_SLAVE pointed, "" when never. A redirection is followed
 * once per call; not over a socket, and not when the target has a pin, for the other host's certificate is not known then. */
const char *xapi_redirected_to(const struct xapi *);
const char *xapi_fingerprint(const struct xapi *);      /* of the certificate seen; "" over a socket */

/* How long a call may take; 60 s unless said. Some (SR.create, pool.join, pool.enable_ha) take minutes. */
void xapi_patience(struct xapi *, int milliseconds);

/* Waits with event.from until something of the classes changed since *token ("" at first; the answer's is put back), or
 * about seconds have passed: both are XAPI_DONE. token holds at least 256 bytes; it is "" again when something may have been
 * missed. events may be NULL; else cleared first, and what xapi said, with "events" in it: nothing was changed that is not there,
 * unless the token is "". */
MUST_USE enum xapi_end xapi_wait_event(
        struct xapi *, struct rpc_answer *events, const char *const *classes, char token[256], int seconds, struct err *e);

/* The session is known to be dead, as after a join: the next call draws a new one without trying the old. */
void xapi_forget_session(struct xapi *);

/* Calls made so far, retries counted: for budgets in tests and for the log. */
unsigned xapi_calls(const struct xapi *);
