/* visitors.h - who asks: in which language they read, whether they have logged in, what they may.
 *
 * Whoever has logged in holds 256 random bits in a cookie; kept is only what these and the hash of the password digest
 * to, so that a copy of the database opens nothing, and a new password ends every session. A session lasts twelve hours
 * after it was last used. Cookies and passwords pass over HTTPS, or over HTTP from this machine itself; else nobody can
 * log in. */
#pragma once
#include "base/catalogue.h"
#include "base/rule.h"
#include "pxe/backend.h"
#include "rollcall/database.h"

enum { SESSION_HOURS = 12, COOKIE_TEXT = 65, CSRF_TEXT = 33 };

struct visitors;

/* out: out/, where secrets/web.hash is; now: ms since 1970. All borrowed. Caller frees. */
struct visitors *visitors_new(struct database *, int out, int64_t (*now)(void));
void visitors_free(struct visitors *);

struct visitor {
        const char *peer;              /* the question's */
        const char *language;          /* "en", "zh_CN" */
        const struct catalogue *words; /* NULL: English; of the visitors */
        bool secure, https;            /* a cookie may travel; over HTTPS */
        bool logged_in;
        char csrf[CSRF_TEXT];      /* of the session; "" without */
        char session[COOKIE_TEXT]; /* what is kept of it */
};

/* False and e when the database cannot be read. */
MUST_USE bool visitors_meet(struct visitors *, const struct ask *, struct visitor *, struct err *e);

/* Whether the page that sends this is ours, as far as a browser says. */
bool visitor_is_ours(const struct ask *);
/* Whether the session's own token is there. */
bool visitor_has_token(const struct visitor *, const struct ask *);

/* 0: may log in; else why not: XR_WEB_NO_PASSWORD, XR_WEB_INSECURE. */
enum rule visitors_hinder(const struct visitors *, const struct visitor *);

/* *rule 0: the reply has a cookie. Else why not, with *wait (seconds) for XR_WEB_TOO_OFTEN. False and e when the
 * database fails. */
MUST_USE bool visitors_login(struct visitors *, struct visitor *, const char *password, struct reply *, enum rule *,
        int *wait, struct err *e);
MUST_USE bool visitors_logout(struct visitors *, struct visitor *, struct reply *, struct err *e);

/* Sets the cookie that wishes a language. False when we have none of that name. */
bool visitors_wish(struct visitors *, struct visitor *, const char *language, struct reply *);

/* The audit: who did what. No secrets. */
MUST_USE bool visitors_note(
        struct visitors *, const struct visitor *, const char *action, const char *detail, struct err *e);
