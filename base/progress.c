#include "base/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

void progress_start(struct progress *p, const char *label, uint64_t total)
{
        *p = (struct progress){ .label = label, .total = total, .terminal = isatty(STDERR_FILENO) };
}

void progress_to(struct progress *p, uint64_t done)
{
        p->done = done;
        if (!p->terminal)
                return;
        int64_t now = now_ns();
        if (p->shown && now - p->last_ns < 100000000)
                return;
        p->last_ns = now;
        p->shown = true;
        unsigned percent = p->total ? (unsigned)(done * 100 / p->total) : 0;
        fprintf(stderr, "\r%s %3u %%\033[K", p->label, percent);
}

void progress_end(struct progress *p)
{
        if (p->shown)
                fputs("\r\033[K", stderr);
        p->shown = false;
}
