/* trace.h - what happened, line by line, in virtual time: printed when asked for, the last lines kept for a failure,
 * all of it in one hash, by which two runs of a seed are held against each other. */
#pragma once
#include "base/str.h"

enum { TRACE_KEPT = 60 };

struct trace {
        bool show;
        int64_t now; /* ms */
        uint64_t hash;
        size_t n;
        char *lines[TRACE_KEPT]; /* a ring */
};

void trace_add(struct trace *, const char *who, const char *fmt, ...) PRINTF_LIKE(3, 4);
void trace_last(const struct trace *, struct str *out);
void trace_clear(struct trace *);
