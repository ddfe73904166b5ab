/* supervisor.h - the processes of `xenroll serve`: this one, which decides and keeps the state; the web server of the boot network in its
 * cell; dnsmasq; and those that the caller adds. When one of them ends, all do. */
#pragma once
#include "pxe/desk.h"
#include "pxe/dnsmasq.h"
#include "pxe/server.h"

enum { MOST_CHILDREN = 4 };

struct child {                          /* a process to be started */
        const char *name;               /* for messages: "the web server" */
        /* What it does: calls ready(ready_arg) once it does it, and returns when SIGTERM came or it has nothing left to do. keep: a descriptor that
         * ready needs. */
        bool (*run)(void *arg, void (*ready)(void *arg), void *ready_arg, int keep, struct err *e);
        void *arg;
        const int *fds;                 /* that it has to itself: closed in this process and in all others */
        size_t n_fds;
};

struct supervisor {
        struct server_config server;    /* listen, image, files, loaders filled in; backend is ours */
        struct desk *desk;              /* NULL: no boot network, and nothing of server counts */
        struct child children[MOST_CHILDREN];   /* started in this order, after the web server */
        size_t n_children;
        void (*forget)(void *arg);      /* wipes what the web server must not know; may be NULL */
        void *forget_arg;
        /* Opens what the desk keeps, after the web server has become a process of its own: what it never had, nobody can take
         * from it. */
        bool (*open)(void *arg, struct err *e);
        void *open_arg;
        const struct dnsmasq_wish *dnsmasq;     /* NULL: without */
        bool (*still)(void *arg);       /* whether the build is still the one that was loaded; asked before every answer. May be NULL */
        void *still_arg;
        const char *ready;              /* what to say once everything runs */
};

/* Runs until SIGTERM or SIGINT: then no new machine is started, downloads under way come to their end (ten minutes at most), and
 * true is returned; a second signal ends at once. False and e set when a part ended by itself; the others are stopped. */
MUST_USE bool supervise(struct supervisor *, struct err *e);
