#include "base/progress.h"
#include "base/file.h"
#include "base/i18n.h"

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

void progress_text(struct str *out, uint64_t done, uint64_t total, int64_t elapsed_ns)
{
        str_addf(out, "%3u %%", total ? (unsigned)((double)done * 100 / (double)total) : 0);
        double seconds = (double)elapsed_ns / 1e9;
        /* The first second says nothing about a stick: its cache swallows everything. */
        if (seconds < 1 || !done)
                return;
        double rate = (double)done / seconds;
        uint64_t left = total > done ? (uint64_t)((double)(total - done) / rate) : 0;
        str_addf(out, "  %.1f MB/s  ", rate / 1e6);
        str_addf(out, _("%llu:%02llu left"), (unsigned long long)(left / 60), (unsigned long long)(left % 60));
}

void progress_rows_start(struct progress_rows *p, size_t n)
{
        *p = (struct progress_rows){ .n = n, .terminal = isatty(STDERR_FILENO), .rows = calloc(n ? n : 1, sizeof(*p->rows)) };
        if (!p->rows)
                file_out_of_memory();
        pthread_mutex_init(&p->lock, NULL);
}

/* The cursor stays below the last line: a message from elsewhere then spoils nothing for long. */
static void show_rows(struct progress_rows *p, int64_t now)
{
        AUTO_STR out = STR_MAX(64 << 10);
        if (p->shown)
                str_addf(&out, "\033[%zuA", p->shown);
        p->shown = 0;
        for (size_t i = 0; i < p->n; i++) {
                struct progress_row *r = &p->rows[i];
                if (!r->label)
                        continue;
                str_addf(&out, "\r%s  %s  ", r->label, r->step);
                progress_text(&out, r->done, r->total, now - r->started_ns);
                str_add(&out, "\033[K\n");
                p->shown++;
        }
        str_add(&out, "\033[J");
        fputs(str_text(&out), stderr);
        p->last_ns = now;
}

void progress_rows_to(struct progress_rows *p, size_t row, const char *label, const char *step, uint64_t done, uint64_t total)
{
        if (!p->terminal)
                return;
        pthread_mutex_lock(&p->lock);
        struct progress_row *r = &p->rows[row];
        int64_t now = now_ns();
        if (r->step != step)
                r->started_ns = now;
        *r = (struct progress_row){ label, step, total, done, r->started_ns };
        if (!p->shown || now - p->last_ns >= 100000000)
                show_rows(p, now);
        pthread_mutex_unlock(&p->lock);
}

void progress_rows_leave(struct progress_rows *p, size_t row)
{
        pthread_mutex_lock(&p->lock);
        p->rows[row].label = NULL;
        if (p->terminal)
                show_rows(p, now_ns());
        pthread_mutex_unlock(&p->lock);
}

void progress_rows_end(struct progress_rows *p)
{
        for (size_t i = 0; i < p->n; i++)
                p->rows[i].label = NULL;
        if (p->terminal)
                show_rows(p, now_ns());
        pthread_mutex_destroy(&p->lock);
        free(p->rows);
}
