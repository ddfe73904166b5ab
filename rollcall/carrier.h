/* carrier.h - carries bodies by HTTP and mails by SMTP to several places at once; no place waits for another.
 *
 * TLS 1.2 or later. With a pin the key alone decides who is talked to, whoever signed its certificate; without one the
 * system's authorities do. A mail server gets user and password through verified TLS only, unless it is this machine;
 * without them mail is encrypted when the server offers it, unverified: whoever could pretend to be the server could as
 * well hide its offer. Redirects are not followed, and what surrounds the process (proxies, .netrc) has no say: a token
 * goes where the site file says and nowhere else. Every transfer has deadlines, every answer a limit. */
#pragma once
#include "base/err.h"
#include "base/str.h"

enum { LARGEST_ANSWER = 64 << 10 };

struct carrier; /* all transfers of a process */
struct route;   /* to one place: one transfer at a time */

/* caller frees, after the routes */
MUST_USE struct carrier *carrier_new(struct err *e);
void carrier_free(struct carrier *); /* NULL is fine */
/* Lets the transfers go on until one ends, at most most_ms. */
void carrier_work(struct carrier *, int most_ms);

struct route_target {                /* borrowed while route_new runs; NULL is "" */
        const char *url;             /* https://, http://, smtp://, smtps:// */
        const char *pin;             /* "sha256//BASE64" */
        const char *token;           /* "Authorization: Bearer" */
        const char *user, *password; /* of mail */
        const char *from, *to;       /* of mail: addresses, to: several with commas between */
        bool encrypted;              /* https only */
        int seconds;                 /* for a whole transfer */
};
/* NULL and e (ERR_INPUT, a rule) when the target cannot be meant so. Caller frees. */
MUST_USE struct route *route_new(struct carrier *, const struct route_target *, struct err *e);
void route_free(struct route *); /* NULL is fine; what is on its way is broken off */

/* What messages call the place: "https://10.1.0.5". Never a path: that may be a token. */
const char *route_place(const struct route *);

/* Takes the body over: JSON, or a whole mail. Not while busy. */
void route_send(struct route *, struct str *body);
bool route_busy(const struct route *);

enum route_end {
        ROUTE_TAKEN,    /* 2xx; a mail: accepted */
        ROUTE_LATER,    /* not reached, no whole answer, 408, 429, 5xx */
        ROUTE_TOO_MUCH, /* 413, 422 */
        ROUTE_REFUSED,  /* the others, and who is not whom the pin or the authorities vouch for */
};
struct route_result {
        enum route_end end;
        int status;          /* HTTP or SMTP; 0 = none */
        int64_t asked;       /* ms that the server asks to be left alone; 0 = not said */
        char why[200];       /* translated; without secrets */
        struct bytes answer; /* until the next route_send */
};
/* True once after each transfer. */
bool route_done(struct route *, struct route_result *);
