/* desk.h - decides what each machine gets: the answers to what the web server asks (backend.h).
 *
 *     GET  /boot/pxelinux.cfg/01-MAC  /boot/grub/MAC  /boot/grub-serial/SERIAL  /boot/ipxe/MAC      what to start
 *     GET  /h/TOKEN/select                    the selector with this host's answers; counts as a start
 *     GET  /h/TOKEN/NAME                      hook-complete, hook-populated, the users' hooks, agent, plan
 *     POST /h/TOKEN/report                    what became of it; later, with stage=agent, how far its agent is
 *     GET  /enrol/TOKEN/script  POST /enrol/TOKEN/report      machines that nobody knows, if wanted
 *
 * Whatever is not wholly in order is 404, and changes nothing. A report that cannot be kept gets 507 (no room) or 503; it may be told again and
 * again. */
#pragma once
#include "answerfiles/selector.h"
#include "pxe/arming.h"
#include "pxe/backend.h"
#include "pxe/installing.h"
#include "pxe/kernel_lines.h"
#include "pxe/roster.h"

struct heard {                          /* what a host has told, for who keeps it; all borrowed */
        const char *school, *host, *peer;
        struct bytes body;              /* of its report, as it came; ptr NULL: it has fetched the selector */
        const char *token;              /* of its arming; a secret */
        int starts;                     /* how often that has been started */
};
enum heard_end { HEARD, HEARD_NO_ROOM, HEARD_NOT };

struct desk {
        const struct roster *roster;
        struct arming *arming;
        const struct kernel_lines *lines;
        const struct pack_files *files; /* of selector_files */
        const char *address;            /* "192.168.0.5" */
        int build;                      /* the build's folder */
        bool enrol;                     /* unknown machines may enrol */
        bool paused;                    /* nothing is started; what has been started gets on */
        char enrol_token[TOKEN_TEXT];   /* drawn by desk_init */
        int64_t (*now)(void);           /* seconds since 1970 */
        /* Hears of every decision, in one line without secrets; may be NULL. */
        void (*say)(void *arg, const char *line);
        void *say_arg;
        /* Keeps what hosts tell; may be NULL. HEARD_NOT with e: ERR_INPUT when it cannot be understood, else it is to be told again. What decides
         * whether a machine installs once more has been done by then. */
        enum heard_end (*heard)(void *arg, const struct heard *, struct err *e);
        /* How much of the packages a host has got; may be NULL. */
        void (*percent)(void *arg, const char *school, const char *host, int percent);
        void *heard_arg;
        uint64_t packages;              /* bytes of all packages */
        struct installing *installing;  /* made by desk_init; owned */
};

MUST_USE bool desk_init(struct desk *, struct err *e);
void desk_clear(struct desk *);                 /* of what desk_init has made */

/* One line to say. For the desk's own parts. */
void desk_say(const struct desk *, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* For backend_answer; arg is the desk. */
void desk_answer(void *arg, const struct ask *, struct reply *);
