/* transport.h - an HTTP POST there and its answer back: to xapi over its socket, or over the network; to the boot server.
 *
 * Content-Length always, never chunked, no Expect. Redirections are not followed. TLS 1.2 or later; a certificate is
 * compared with a pin, or, when none is known yet, taken and its fingerprint told, for the caller to keep; from then on it
 * is this transport's pin. A request is never sent twice, also not when a kept connection breaks under it. */
#pragma once
#include "base/str.h"

struct transport_target {
        const char *socket;             /* path of a unix socket, or NULL: then url alone says where */
        const char *url;                /* "http://localhost/", "https://192.168.0.11/" */
        const char *pin;                /* SHA-256 of the certificate (DER) in lower-case hex; NULL: trust the first one */
        const char *content_type;       /* NULL: "text/xml" */
};

enum transport_end {
        TRANSPORT_DONE,                 /* an HTTP answer is there, whatever its status */
        TRANSPORT_UNREACHED,            /* nothing was sent: no such host, refused, no TLS */
        TRANSPORT_LOST,                 /* it may have been received: the connection broke, or no answer in time */
        TRANSPORT_OTHER_CERTIFICATE,    /* not the pinned one; nothing was sent */
        TRANSPORT_TOO_LONG,             /* the answer exceeds max */
};

enum { FINGERPRINT_TEXT = 65 };

struct transport;                       /* keeps its connection open between calls */

MUST_USE struct transport *transport_new(const struct transport_target *, struct err *e);       /* copies */
void transport_free(struct transport *);                                                        /* NULL is fine */

/* answer's content is replaced; its max is the limit. status: HTTP's, 0 unless DONE. e says why when it is not DONE. */
MUST_USE enum transport_end transport_post(struct transport *, struct bytes request, int timeout_ms, struct str *answer,
        int *status, struct err *e);

/* Of the certificate that the last connection showed; "" when there was none. */
const char *transport_fingerprint(const struct transport *);
