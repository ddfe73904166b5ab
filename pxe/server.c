#include "pxe/server.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/rule.h"
#include "base/secret.h"
#include "pxe/cell.h"
#include "pxe/requests.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
        MOST_CONNECTIONS = 1024,
        IDLE_SECONDS = 30,
        FEWEST_CONNECTIONS = 16,
        HEADER_MEMORY = 8 << 10, /* of a connection: its request's line and fields, and ours */
        STACK = 256 << 10,       /* of a thread; what is not touched costs nothing */
        SPARE_DESCRIPTORS = 64,
        ONE_ADDRESS_SHARE = 4, /* of all connections: a school behind one address has room, and nobody takes it all */
        MOST_STOP_SECONDS = 600,
        STALL_FACTOR = 4, /* downloads may stand still longer: disks are slow, and sockets hold megabytes */
};

struct server {
        const struct server_config *config;
        unsigned most, idle;
        struct connections *connections;
        struct requests *requests;
        struct asking *asking;
        struct MHD_Daemon *daemon;
};

/* --- before the cell --- */

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

static bool cannot_start(struct err *e, int error)
{
        err_rule(e, XR_SERVER_START, strerror(error), NULL);
        e->kind = ERR_WORLD;
        return false;
}

/* A connection takes its socket and, while a file is sent, a second descriptor. Fewer connections when there are not
 * enough. */
static bool prepare_descriptors(struct server *s, struct err *e)
{
        struct rlimit limit = { 0 };
        rlim_t wanted = s->most * 2 + SPARE_DESCRIPTORS;
        getrlimit(RLIMIT_NOFILE, &limit);
        if (limit.rlim_cur < wanted) {
                limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
                setrlimit(RLIMIT_NOFILE, &limit);
                getrlimit(RLIMIT_NOFILE, &limit);
        }
        if (limit.rlim_cur >= wanted)
                return true;
        if (limit.rlim_cur < SPARE_DESCRIPTORS + 2 * FEWEST_CONNECTIONS)
                return cannot_start(e, EMFILE);
        s->most = (unsigned)(limit.rlim_cur - SPARE_DESCRIPTORS) / 2;
        return true;
}

static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

/* What else the starting process had open (its state, its locks) is none of our business. */
static void close_others(const struct server_config *c)
{
        int keep[] = { 2, c->listen, c->image, c->backend, c->keep };
        qsort(keep, COUNT(keep), sizeof(*keep), compare);
        for (size_t i = 0; i < COUNT(keep); i++)
                if (keep[i] >= 2)
                        close_range((unsigned)keep[i] + 1, i + 1 < COUNT(keep) ? (unsigned)keep[i + 1] - 1 : ~0u, 0);
}

static bool prepare(struct server *s, struct err *e)
{
        static char lines[4096];
        bool walls = false;
        prepare_signals();
        setvbuf(stderr, lines, _IOLBF, sizeof(lines)); /* a log line is one piece, whoever else writes there */
        if (!prepare_descriptors(s, e))
                return false;
        if (s->config->no_cell)
                return true;
        secret_process_guard();
        close_others(s->config);
        if (!cell_enter(s->config->user, &walls, e))
                return false;
        if (!walls)
                log_event("web", "no-walls", "cause", "user namespaces are not allowed here", NULL);
        return true;
}

/* --- the library --- */

/* Paths are decoded by us, once: as the library does it a %00 would end them early. */
static size_t leave_escapes(void *arg, struct MHD_Connection *from, char *text)
{
        (void)arg;
        (void)from;
        return strlen(text);
}

/* A thread for each connection: one that reads slowly, waits for the backend or for a disk holds nobody up, and a large
 * file goes out in large pieces. (With an event loop this library sends pieces of 128 KiB, which is a third slower for
 * a single client.) */
static bool start_library(struct server *s, struct err *e)
{
        unsigned one_address = s->most / ONE_ADDRESS_SHARE;
        /* A client that is gone again before it is accepted must not make the server wait for the next. */
        (void)fcntl(s->config->listen, F_SETFL, fcntl(s->config->listen, F_GETFL) | O_NONBLOCK);
        struct MHD_OptionItem options[] = {
                { MHD_OPTION_LISTEN_SOCKET, s->config->listen, NULL },
                { MHD_OPTION_THREAD_STACK_SIZE, STACK, NULL },
                { MHD_OPTION_CONNECTION_LIMIT, (intptr_t)s->most, NULL },
                { MHD_OPTION_PER_IP_CONNECTION_LIMIT, (intptr_t)one_address, NULL },
                { MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)s->idle * STALL_FACTOR, NULL },
                { MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADER_MEMORY, NULL },
                { MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
                { MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)leave_escapes, NULL },
                { MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)requests_completed, s->requests },
                { MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)requests_connection, s->requests },
                { MHD_OPTION_END, 0, NULL },
        };
        s->daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC, 0,
                NULL, NULL, requests_handle, s->requests, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
        return s->daemon || cannot_start(e, errno);
}

static bool start(struct server *s, struct err *e)
{
        s->connections = connections_new(s->most, requests_state_size(), (int)s->idle);
        s->asking = asking_new(s->config->backend);
        s->requests = requests_new(s->config, s->connections, s->asking);
        return start_library(s, e);
}

/* --- running and stopping --- */

/* At most a second; earlier when SIGTERM came, or *lost when the backend ended. */
static void wait_a_second(const struct server *s, bool *lost)
{
        struct pollfd backend = { .fd = *lost ? -1 : s->config->backend, .events = 0 };
        struct timespec second = { .tv_sec = 1 };
        sigset_t none;
        sigemptyset(&none);
        if (ppoll(&backend, 1, &second, &none) > 0)
                *lost = true;
}

static bool serve(struct server *s, struct err *e)
{
        for (bool lost = false; !stops;) {
                wait_a_second(s, &lost);
                size_t late = connections_sweep(s->connections);
                char n[24];
                snprintf(n, sizeof(n), "%zu", late);
                if (late)
                        log_event("web", "too-slow", "connections", n, NULL);
                if (lost && !stops) {
                        err_rule(e, XR_SERVER_BACKEND_GONE, NULL);
                        e->kind = ERR_WORLD;
                        return false;
                }
        }
        return true;
}

static int64_t now(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec;
}

/* That the backend ends first is no reason to cut off a download. */
static void let_finish(struct server *s)
{
        int64_t until = now() + MOST_STOP_SECONDS;
        bool lost = false;
        MHD_quiesce_daemon(s->daemon);
        requests_stop(s->requests);
        while (stops < 2 && requests_running(s->requests) && now() < until) {
                wait_a_second(s, &lost);
                (void)!connections_sweep(s->connections);
        }
}

static void end(struct server *s)
{
        if (s->asking)
                asking_close(s->asking);
        if (s->daemon)
                MHD_stop_daemon(s->daemon);
        asking_free(s->asking);
        if (s->requests)
                requests_free(s->requests);
        connections_free(s->connections);
}

bool server_run(const struct server_config *c, void (*ready)(void *arg), void *arg, struct err *e)
{
        struct server s = { .config = c,
                .most = c->most_connections ? c->most_connections : MOST_CONNECTIONS,
                .idle = c->idle_seconds ? c->idle_seconds : IDLE_SECONDS };
        bool fine = prepare(&s, e) && start(&s, e);
        if (fine) {
                ready(arg);
                fine = serve(&s, e);
        }
        if (fine)
                let_finish(&s);
        if (!fine && s.asking)
                (void)asking_failure(s.asking, e);
        end(&s);
        return fine;
}
