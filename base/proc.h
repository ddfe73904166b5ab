/* proc.h - child processes: an argv, a closed environment, a deadline; the tail of stderr joins the error. */
#pragma once
#include "base/str.h"

struct proc {
        const char *const *argv;        /* argv[0] is looked up in /usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin */
        const char *const *env;         /* "KEY=value", NULL-terminated; NULL means PATH and LC_ALL=C.UTF-8 only */
        struct bytes input;             /* written to stdin; empty means /dev/null */
        int deadline_ms;                /* 0 means one minute */
        struct str *out;                /* stdout is appended; NULL discards it */
        struct str *err;                /* all of stderr; NULL keeps only the tail for the error */
        int dir;                        /* working directory's descriptor; 0 means the caller's */
        int pass_fds[3];                /* descriptors the child inherits under the same numbers; 0 means none */
        void (*tick)(const char *line, void *);  /* each line of stderr as it comes, for progress; may be NULL */
        void *tick_arg;
};

/* True when the child ran and exited 0. Otherwise ERR_WORLD: not found, deadline passed (killed with its group),
 * died of a signal, exit code with the last line of its stderr. */
MUST_USE bool proc_run(const struct proc *, struct err *e);
bool proc_have(const char *program);
