/* service.h - the roll call's process: answers what its web server asks, and keeps what hosts tell.
 *
 * Events that have come by the time it looks are kept with one commit, and replied to after it: what got 204 is on the disk. One that
 * cannot be kept spoils it for no other. */
#pragma once
#include "rollcall/answers.h"
#include "rollcall/arming_watch.h"
#include "rollcall/roll_web.h"

struct service_config {                 /* all borrowed */
        const int *lines;               /* the other side of the web server's ROLL_LINES; owned by the caller */
        struct answers *answers;
        struct store *store;
        struct arming_watch *watch;     /* NULL: this server arms nobody */
        int64_t keep_ms;                /* events are kept for so long, and until they are forwarded */
        const struct upstream *upstream;        /* url NULL: they are not */
        int64_t (*now)(void);           /* ms since 1970 */
        bool (*still)(void *arg);       /* whether the build is still the one that the answers know; NULL: it is */
        void *still_arg;
        void (*say)(const char *line);  /* when the build is another, when events cannot be kept, and when they can again; NULL: silent */
};

/* While there is no store yet, for so many ms: whoever asks gets 503. False when the web server has ended, or, with e, talks nonsense. */
MUST_USE bool service_turn_away(const int *lines, int ms, struct err *e);

/* Until the web server has ended. False and e (ERR_WORLD) when it talks nonsense. */
MUST_USE bool service_run(const struct service_config *, struct err *e);
