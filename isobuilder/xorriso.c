#include "isobuilder/xorriso.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/proc.h"
#include "base/progress.h"

#include <string.h>

enum { DEADLINE_MS = 30 * 60 * 1000 };

void xorriso_clear(struct xorriso *x)
{
        for (size_t i = 0; i < x->n; i++)
                free(x->owned[i]);
        x->n = 0;
}

void xorriso_arg(struct xorriso *x, const char *fmt, ...)
{
        va_list ap;
        va_start(ap, fmt);
        if (x->n + 1 >= COUNT(x->argv) || vasprintf(&x->owned[x->n], fmt, ap) < 0)
                file_out_of_memory();
        va_end(ap);
        x->argv[x->n] = x->owned[x->n];
        x->argv[++x->n] = NULL;
}

void xorriso_args(struct xorriso *x, ...)
{
        va_list ap;
        va_start(ap, x);
        for (const char *text; (text = va_arg(ap, const char *));)
                xorriso_arg(x, "%s", text);
        va_end(ap);
}

/* "xorriso : UPDATE : Writing:  12345s   23.4%   fifo …" */
static void on_line(const char *line, void *progress)
{
        const char *percent = strchr(line, '%');
        if (!strstr(line, "UPDATE") || !percent)
                return;
        const char *number = percent;
        while (number > line && strchr("0123456789.", number[-1]))
                number--;
        progress_to(progress, (uint64_t)atoi(number));
}

/* xorriso's last words are about giving up; the cause stands further up. */
static void explain_failure(const struct str *said, struct err *e)
{
        static const struct {
                const char *sign, *sentence;
        } causes[] = { { "No space left on device", N_("the disk is full") },
                { "exceeds free space on media", N_("the disk is full") },
                { "Input/output error", N_("the disk reports an input/output error") } };
        for (size_t i = 0; i < COUNT(causes); i++)
                if (strstr(str_text(said), causes[i].sign)) {
                        err_set(e, ERR_WORLD, "%s", _(causes[i].sentence));
                        return;
                }
        const char *failure = strstr(str_text(said), "FAILURE : ");
        if (failure)
                err_set(e, ERR_WORLD, "xorriso: %.*s", (int)strcspn(failure + 10, "\n"), failure + 10);
}

bool xorriso_run(struct xorriso *x, const int fds[3], const char *label, struct str *said, struct err *e)
{
        struct progress progress;
        struct proc p = { .argv = x->argv,
                .deadline_ms = DEADLINE_MS,
                .err = said,
                .pass_fds = { fds[0], fds[1], fds[2] },
                .tick = on_line,
                .tick_arg = &progress };
        progress_start(&progress, label, 100);
        bool fine = proc_run(&p, e);
        progress_end(&progress);
        if (!fine && said->len)
                explain_failure(said, e);
        return fine;
}
