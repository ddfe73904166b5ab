#include "rollcall/roll_web.h"
#include "base/log.h"
#include "base/now.h"
#include "base/rule.h"
#include "pxe/web_process.h"
#include "rollcall/roll_listener.h"
#include "rollcall/roll_request.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>

enum {
        MOST_CONNECTIONS = 2048,
        IDLE_SECONDS = 30,
        STALL_SECONDS = 120,
        MEMORY = 32 << 10,     /* of a connection: its request's line and fields, a piece of its body, our fields */
        STACK = 256 << 10,     /* of a thread; what is not touched costs nothing */
        ONE_ADDRESS_SHARE = 3, /* of all connections: a school behind one address has room, and nobody takes it all */
        AGAIN_SECONDS = 10, /* so long somebody listens on who has logged out */
        MOST_STOP_MS = 10 * 1000,
};

/* Of TLS nothing before 1.2, and of that nothing weak. */
static const char priorities[] = "SECURE128:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3";

struct roll_web {
        const struct roll_web_config *config;
        unsigned most;
        struct connections *connections;
        struct roll_lines *lines;
        struct streams *streams;
        struct roll_requests *requests;
        struct MHD_Daemon *daemon;
        struct listener_source source;
        pthread_t thread;
        bool has_thread;
};

/* --- the library --- */

static void fill_options(const struct roll_web *w, struct MHD_OptionItem *o)
{
        const struct roll_web_config *c = w->config;
        struct MHD_OptionItem own[] = {
                { MHD_OPTION_LISTEN_SOCKET, c->listen, NULL },
                { MHD_OPTION_THREAD_STACK_SIZE, STACK, NULL },
                { MHD_OPTION_CONNECTION_LIMIT, (intptr_t)w->most, NULL },
                /* Behind another server all come from one address. */
                { MHD_OPTION_PER_IP_CONNECTION_LIMIT, c->key ? (intptr_t)(w->most / ONE_ADDRESS_SHARE) : 0, NULL },
                { MHD_OPTION_CONNECTION_TIMEOUT, STALL_SECONDS, NULL },
                { MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY, NULL },
                { MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
                { MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)web_process_leave_escapes, NULL },
                { MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)roll_requests_target, w->requests },
                { MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)roll_requests_completed, w->requests },
                { MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)roll_requests_connection, w->requests },
        };
        memcpy(o, own, sizeof(own));
        size_t n = sizeof(own) / sizeof(*own);
        if (c->key) {
                o[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)c->key };
                o[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)c->certificate };
                o[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)priorities };
        }
        o[n] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
}

/* A thread for each connection: one that reads slowly, listens, or waits for an answer holds nobody up. */
static bool start_library(struct roll_web *w, struct err *e)
{
        struct MHD_OptionItem options[20];
        unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC |
                         (w->config->key ? MHD_USE_TLS : 0);
        (void)fcntl(w->config->listen, F_SETFL, fcntl(w->config->listen, F_GETFL) | O_NONBLOCK);
        fill_options(w, options);
        errno = EINVAL; /* a key that does not fit its certificate sets none */
        w->daemon = MHD_start_daemon(
                flags, 0, NULL, NULL, roll_requests_handle, w->requests, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
        return w->daemon || web_process_cannot_start(e, errno);
}

static bool prepare(struct roll_web *w, struct err *e)
{
        const struct roll_web_config *c = w->config;
        int keep[ROLL_LINES + 2] = { c->listen, c->keep };
        memcpy(keep + 2, c->lines, ROLL_LINES * sizeof(int));
        struct web_process p = {
                .most = w->most, .keep = keep, .n_keep = ROLL_LINES + 2, .user = c->user, .no_cell = c->no_cell
        };
        bool fine = web_process_prepare(&p, e);
        w->most = p.most;
        return fine;
}

static bool start(struct roll_web *w, struct err *e)
{
        w->connections = connections_new(w->most, roll_requests_state_size(), IDLE_SECONDS);
        w->lines = roll_lines_new(w->config->lines, ROLL_LINES);
        w->streams = streams_new();
        w->source = (struct listener_source){ w->streams, w->lines };
        struct roll_requests_config c = { w->connections, w->lines, w->streams, w->config->key != NULL,
                w->config->again_seconds ? w->config->again_seconds : AGAIN_SECONDS };
        w->requests = roll_requests_new(&c);
        int error = pthread_create(&w->thread, NULL, listener_source_run, &w->source);
        w->has_thread = !error;
        return error ? web_process_cannot_start(e, error) : start_library(w, e);
}

/* --- running and stopping --- */

static void wait_a_second(const struct roll_web *w, bool *lost)
{
        web_process_wait(w->config->lines, ROLL_LINES, lost);
        size_t late = connections_sweep(w->connections);
        char n[24];
        snprintf(n, sizeof(n), "%zu", late);
        if (late)
                log_event("roll", "too-slow", "connections", n, NULL);
}

static bool serve(struct roll_web *w, struct err *e)
{
        for (bool lost = false; !web_process_stops();) {
                wait_a_second(w, &lost);
                if (lost && !web_process_stops()) {
                        err_rule(e, XR_SERVER_BACKEND_GONE, NULL);
                        e->kind = ERR_WORLD;
                        return false;
                }
        }
        return true;
}

/* Streams end, what has been asked is answered. */
static void let_finish(struct roll_web *w)
{
        int64_t until = now_steady() + MOST_STOP_MS;
        bool lost = false;
        MHD_quiesce_daemon(w->daemon);
        roll_requests_stop(w->requests);
        streams_stop(w->streams);
        while (web_process_stops() < 2 && roll_requests_running(w->requests) && now_steady() < until)
                wait_a_second(w, &lost);
}

static void end(struct roll_web *w)
{
        if (w->lines)
                roll_lines_close(w->lines);
        if (w->streams)
                streams_stop(w->streams);
        if (w->daemon)
                MHD_stop_daemon(w->daemon);
        if (w->has_thread)
                pthread_join(w->thread, NULL);
        roll_requests_free(w->requests);
        streams_free(w->streams);
        roll_lines_free(w->lines);
        connections_free(w->connections);
}

bool roll_web_run(const struct roll_web_config *c, void (*ready)(void *arg), void *arg, struct err *e)
{
        struct roll_web w = { .config = c, .most = c->most_connections ? c->most_connections : MOST_CONNECTIONS };
        bool fine = prepare(&w, e) && start(&w, e);
        if (fine) {
                ready(arg);
                fine = serve(&w, e);
        }
        if (fine)
                let_finish(&w);
        if (!fine && w.lines)
                (void)roll_lines_failure(w.lines, e);
        end(&w);
        return fine;
}
