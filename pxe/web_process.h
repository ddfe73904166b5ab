/* web_process.h - what a process of ours that serves HTTP is before it serves: its signals, its descriptors, its cell. */
#pragma once
#include "base/err.h"
#include <microhttpd.h>
#include <stddef.h>

struct web_process {
        unsigned most;                  /* connections; fewer afterwards when descriptors are short */
        const int *keep;                /* descriptors above 2 that stay open; what is not one is passed over */
        size_t n_keep;
        const char *user;               /* whose rights to take; NULL: keep */
        bool no_cell;                   /* tests only */
};

/* In a process of its own, before threads: gives up rights, closes descriptors, turns stderr to whole lines. SIGTERM comes only in
 * web_process_wait. */
MUST_USE bool web_process_prepare(struct web_process *, struct err *e);
bool web_process_cannot_start(struct err *e, int error);        /* always false */

/* At most a second; earlier when SIGTERM came, or *lost when one of the lines ended. */
void web_process_wait(const int *lines, size_t n, bool *lost);
int web_process_stops(void);            /* how often SIGTERM came */

/* For the library: paths are decoded by us, once. As it does it a %00 would end them early. */
size_t web_process_leave_escapes(void *arg, struct MHD_Connection *, char *text);
