/* progress.h - one line that shows how far a long step is; only on a terminal, at most ten times a second. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct progress {
        const char *label;              /* translated, borrowed */
        uint64_t total, done;           /* same unit, chosen by the caller */
        int64_t last_ns;
        bool shown, terminal;
};

void progress_start(struct progress *, const char *label, uint64_t total);
void progress_to(struct progress *, uint64_t done);
void progress_end(struct progress *);   /* erases the line */
