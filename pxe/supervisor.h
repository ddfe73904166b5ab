/* supervisor.h - the processes of `xenroll serve`: this one, which decides and keeps the state; the web server in its cell; and
 * dnsmasq. When one of them ends, all do. */
#pragma once
#include "pxe/desk.h"
#include "pxe/dnsmasq.h"
#include "pxe/server.h"

struct supervisor {
        struct server_config server;    /* listen, image, files, loaders filled in; backend is ours */
        struct desk *desk;
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
