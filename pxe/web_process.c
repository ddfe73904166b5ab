#include "pxe/web_process.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/rule.h"
#include "base/secret.h"
#include "pxe/cell.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { FEWEST_CONNECTIONS = 16, SPARE_DESCRIPTORS = 64, MOST_KEPT = 32 };

static volatile sig_atomic_t stops;

static void note_stop(int signal)
{
        (void)signal;
        stops++;
}

/* SIGTERM comes only while the main thread waits for it. Ctrl-C in a terminal is for the process that started us: it
 * ends us. */
static void prepare_signals(void)
{
        struct sigaction note = { .sa_handler = note_stop }, ignore = { .sa_handler = SIG_IGN };
        sigset_t term;
        stops = 0;
        sigemptyset(&term);
        sigaddset(&term, SIGTERM);
        sigprocmask(SIG_BLOCK, &term, NULL);
        sigaction(SIGTERM, &note, NULL);
        sigaction(SIGINT, &ignore, NULL);
        sigaction(SIGHUP, &ignore, NULL);
        sigaction(SIGPIPE, &ignore, NULL);
}

bool web_process_cannot_start(struct err *e, int error)
{
        err_rule(e, XR_SERVER_START, strerror(error), NULL);
        e->kind = ERR_WORLD;
        return false;
}

/* A connection takes its socket and, while a file is sent, a second descriptor. Fewer connections when there are not
 * enough. */
static bool prepare_descriptors(struct web_process *p, struct err *e)
{
        struct rlimit limit = { 0 };
        rlim_t wanted = p->most * 2 + SPARE_DESCRIPTORS;
        getrlimit(RLIMIT_NOFILE, &limit);
        if (limit.rlim_cur < wanted) {
                limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
                setrlimit(RLIMIT_NOFILE, &limit);
                getrlimit(RLIMIT_NOFILE, &limit);
        }
        if (limit.rlim_cur >= wanted)
                return true;
        if (limit.rlim_cur < SPARE_DESCRIPTORS + 2 * FEWEST_CONNECTIONS)
                return web_process_cannot_start(e, EMFILE);
        p->most = (unsigned)(limit.rlim_cur - SPARE_DESCRIPTORS) / 2;
        return true;
}

static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

/* What else the starting process had open (its state, its locks) is none of our business. */
static void close_others(const struct web_process *p)
{
        int keep[MOST_KEPT + 1] = { 2 };
        size_t n = 1;
        for (size_t i = 0; i < p->n_keep && n < COUNT(keep); i++)
                keep[n++] = p->keep[i];
        qsort(keep, n, sizeof(*keep), compare);
        for (size_t i = 0; i < n; i++)
                if (keep[i] >= 2)
                        close_range((unsigned)keep[i] + 1, i + 1 < n ? (unsigned)keep[i + 1] - 1 : ~0u, 0);
}

bool web_process_prepare(struct web_process *p, struct err *e)
{
        static char lines[4096];
        bool walls = false;
        prepare_signals();
        setvbuf(stderr, lines, _IOLBF, sizeof(lines)); /* a log line is one piece, whoever else writes there */
        if (!prepare_descriptors(p, e))
                return false;
        if (p->no_cell)
                return true;
        secret_process_guard();
        close_others(p);
        if (!cell_enter(p->user, &walls, e))
                return false;
        if (!walls)
                log_event("web", "no-walls", "cause", "user namespaces are not allowed here", NULL);
        return true;
}

int web_process_stops(void) { return (int)stops; }

void web_process_wait(const int *lines, size_t n, bool *lost)
{
        struct pollfd fds[MOST_KEPT];
        struct timespec second = { .tv_sec = 1 };
        sigset_t none;
        n = n < COUNT(fds) ? n : COUNT(fds);
        for (size_t i = 0; i < n; i++)
                fds[i] = (struct pollfd){ .fd = *lost ? -1 : lines[i], .events = 0 };
        sigemptyset(&none);
        if (ppoll(fds, n, &second, &none) > 0)
                *lost = true;
}

size_t web_process_leave_escapes(void *arg, struct MHD_Connection *from, char *text)
{
        (void)arg;
        (void)from;
        return strlen(text);
}
