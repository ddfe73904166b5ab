/* xorriso.h - one run of xorriso as a child process: arguments that are put together, progress, a plain cause of failure. */
#pragma once
#include "base/err.h"
#include "base/str.h"
#include <stddef.h>

struct xorriso {                        /* zero-initialised is empty */
        const char *argv[768];
        char *owned[768];
        size_t n;
};
void xorriso_clear(struct xorriso *);

void xorriso_arg(struct xorriso *, const char *fmt, ...) PRINTF_LIKE(2, 3);
void xorriso_args(struct xorriso *, ...) __attribute__((sentinel));     /* several at once, NULL-terminated */

/* Runs it. fds: descriptors that arguments name as /proc/self/fd/N, up to three, 0 = none. label: of the progress line. Its
 * messages are appended to said. */
MUST_USE bool xorriso_run(struct xorriso *, const int fds[3], const char *label, struct str *said, struct err *e);
