/* desk.h - decides what each machine gets: the answers to what the web server asks (backend.h).
 *
 *     GET  /boot/pxelinux.cfg/01-MAC  /boot/grub/MAC  /boot/grub-serial/SERIAL  /boot/ipxe/MAC      what to start
 *     GET  /h/TOKEN/select                    the selector with this host's answers; counts as a start
 *     GET  /h/TOKEN/NAME                      hook-complete, hook-populated, the users' hooks, agent, plan
 *     POST /h/TOKEN/report                    what became of it; later, with stage=agent, how far its agent is
 *     GET  /enrol/TOKEN/script  POST /enrol/TOKEN/report      machines that nobody knows, if wanted
 *
 * Whatever is not wholly in order is 404, and changes nothing. */
#pragma once
#include "answerfiles/selector.h"
#include "pxe/arming.h"
#include "pxe/backend.h"
#include "pxe/kernel_lines.h"
#include "pxe/roster.h"

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
};

MUST_USE bool desk_init(struct desk *, struct err *e);

/* For backend_answer; arg is the desk. */
void desk_answer(void *arg, const struct ask *, struct reply *);
