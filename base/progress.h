/* progress.h - lines that show how far long steps are; only on a terminal, at most ten times a second. */
#pragma once
#include "base/str.h"
#include <pthread.h>
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

/* Several steps at once, a line each: percent, rate and the time that is left. Totals are bytes. Thread-safe. */
struct progress_row {
        const char *label;              /* translated, borrowed; NULL = nothing to show any more */
        const char *step;               /* "writing": translated, borrowed */
        uint64_t total, done;
        int64_t started_ns;
};

struct progress_rows {
        struct progress_row *rows;      /* owned */
        size_t n, shown;                /* shown: lines on the terminal now */
        int64_t last_ns;
        bool terminal;
        pthread_mutex_t lock;
};

void progress_rows_start(struct progress_rows *, size_t n);
void progress_rows_to(struct progress_rows *, size_t row, const char *label, const char *step, uint64_t done, uint64_t total);
void progress_rows_leave(struct progress_rows *, size_t row);           /* the step has ended */
void progress_rows_end(struct progress_rows *);                         /* erases the lines, frees */

/* "45 %  23.4 MB/s  2:31 left" after elapsed_ns. */
void progress_text(struct str *out, uint64_t done, uint64_t total, int64_t elapsed_ns);
