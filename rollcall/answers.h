/* answers.h - what the roll call answers over HTTP. The web server in its cell (roll_web.h) asks; this decides.
 *
 *     GET  /                     the page; /page.css /page.svg /page.js /page-*.js /words.json
 *     GET  /api/summary          counts by school, the hosts that need somebody, the number of the last change
 *     GET  /api/hosts?school=&pool=&standing=&q=&limit=      tiles
 *     GET  /api/host?school=&host=                           one host and its time line
 *     GET  /api/changes?since=   rows that changed; the web server asks this for its streams
 *     GET  /api/stream           204: this visitor may listen (the stream itself is the web server's)
 *     POST /api/login /api/logout /api/arm /api/disarm /api/language     with a CSRF token but for login,
 *                                                                        as the other two below
 *     GET  /api/enrolled         machines that were started for enrolment
 *     POST /api/enrol            {"machines": [MAC…]}: rows of the spreadsheet for those that nobody knows
 *     POST /api/forget           {"machines": [MAC…]}: they are on the list no more
 *     POST /events               Authorization: Bearer TOKEN of a school's server; an array (event.h, named)
 *     POST /events/TOKEN         a host's own
 *     GET  /api/rule?code=                                   what a code means, in the visitor's language
 *
 * Reading needs a session unless the server is told that everybody may read; the web server itself, for its streams, asks for
 * changes with peer "".
 *
 * Of the request's header fields these matter: Host, Origin, Cookie, X-CSRF-Token, Authorization, Content-Type, Accept-Language, and
 * two that the web server makes itself, whatever the visitor sends: "Scheme: http" or "Scheme: https", as the visitor's browser sees it,
 * and "Query: …", what stood behind the "?", still encoded (it may as well stand behind a "?" in the path). */
#pragma once
#include "pxe/arming.h"
#include "pxe/backend.h"
#include "rollcall/expected.h"
#include "rollcall/store.h"

struct answers;

struct answers_config {                 /* all borrowed */
        struct store *store;
        const struct expected *expected;
        struct arming *arming;          /* NULL: this server cannot arm */
        int out;                        /* out/: secrets/web.hash is there, secrets/seed */
        bool everybody_reads;
        int64_t (*now)(void);           /* ms since 1970 */
};
/* From then on the process is in the schools' time zone. */
MUST_USE struct answers *answers_new(const struct answers_config *, struct err *e);
void answers_free(struct answers *);

/* Whether the question writes events, and may therefore share a transaction with others. */
bool answers_is_events(const struct ask *);
/* For backend_answer; arg is the answers. Questions that are events are to be asked between store_begin and store_commit; when
 * the commit then fails the caller makes every such reply 507 or 503. */
void answers_answer(void *arg, const struct ask *, struct reply *);

/* The same for a question that is events, in two steps, of which the first may run on another thread. */
struct posted;
bool answers_admit(const struct answers *, const struct ask *);         /* its token is good: its body is worth reading */
MUST_USE struct posted *posted_read(const struct ask *);                /* never NULL; what is wrong is kept in it. Caller frees */
void posted_free(struct posted *);                                      /* NULL is fine */
void answers_take(struct answers *, const struct ask *, struct posted *, struct reply *);      /* posted NULL: it is read now */

/* The token of a host, or of a school's server (host NULL): 32 hex digits that follow from the seed. The server of every school of a
 * build has that of school "". */
void answers_token(const unsigned char seed[32], const char *school, const char *host, char token[TOKEN_TEXT]);
