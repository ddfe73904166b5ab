#include "pxe/server.h"
#include "base/log.h"
#include "base/now.h"
#include "base/rule.h"
#include "pxe/requests.h"
#include "pxe/web_process.h"

#include <errno.h>
#include <fcntl.h>

enum {
        MOST_CONNECTIONS = 1024,
        IDLE_SECONDS = 30,
        HEADER_MEMORY = 8 << 10, /* of a connection: its request's line and fields, and ours */
        STACK = 256 << 10,       /* of a thread; what is not touched costs nothing */
        ONE_ADDRESS_SHARE = 4, /* of all connections: a school behind one address has room, and nobody takes it all */
        MOST_STOP_MS = 600 * 1000,
        TELL_MS = 2000,
        STALL_FACTOR = 4, /* downloads may stand still longer: disks are slow, and sockets hold megabytes */
};

struct server {
        const struct server_config *config;
        unsigned most, idle;
        struct connections *connections;
        struct requests *requests;
        struct asking *asking;
        struct served *served;
        struct MHD_Daemon *daemon;
};

/* --- before the cell --- */

static bool prepare(struct server *s, struct err *e)
{
        const struct server_config *c = s->config;
        int keep[] = { c->listen, c->image, c->backend, c->keep };
        struct web_process p = {
                .most = s->most, .keep = keep, .n_keep = COUNT(keep), .user = c->user, .no_cell = c->no_cell
        };
        bool fine = web_process_prepare(&p, e);
        s->most = p.most;
        return fine;
}

/* --- the library --- */

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
                { MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)web_process_leave_escapes, NULL },
                { MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)requests_completed, s->requests },
                { MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)requests_connection, s->requests },
                { MHD_OPTION_END, 0, NULL },
        };
        s->daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC, 0,
                NULL, NULL, requests_handle, s->requests, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
        return s->daemon || web_process_cannot_start(e, errno);
}

static bool start(struct server *s, struct err *e)
{
        s->connections = connections_new(s->most, requests_state_size(), (int)s->idle);
        s->served = served_new();
        s->asking = asking_new(s->config->backend);
        s->requests = requests_new(s->config, s->connections, s->asking, s->served);
        return start_library(s, e);
}

/* --- running and stopping --- */

static void wait_a_second(const struct server *s, bool *lost) { web_process_wait(&s->config->backend, 1, lost); }

/* The backend knows which machine is at which address. */
static void tell_served(struct server *s)
{
        AUTO_STR lines = STR_MAX(LARGEST_FRAME_BODY);
        struct reply ignored = REPLY_INIT;
        served_take(s->served, &lines);
        if (lines.len)
                asking_ask(s->asking, &(struct ask){ "POST", "/served", "", str_bytes(&lines), NULL }, &ignored);
        reply_clear(&ignored);
}

static bool serve(struct server *s, struct err *e)
{
        int64_t told = now_steady();
        for (bool lost = false; !web_process_stops();) {
                wait_a_second(s, &lost);
                if (!lost && now_steady() >= told + TELL_MS) {
                        tell_served(s);
                        told = now_steady();
                }
                size_t late = connections_sweep(s->connections);
                char n[24];
                snprintf(n, sizeof(n), "%zu", late);
                if (late)
                        log_event("web", "too-slow", "connections", n, NULL);
                if (lost && !web_process_stops()) {
                        err_rule(e, XR_SERVER_BACKEND_GONE, NULL);
                        e->kind = ERR_WORLD;
                        return false;
                }
        }
        return true;
}

/* That the backend ends first is no reason to cut off a download. */
static void let_finish(struct server *s)
{
        int64_t until = now_steady() + MOST_STOP_MS;
        bool lost = false;
        MHD_quiesce_daemon(s->daemon);
        requests_stop(s->requests);
        while (web_process_stops() < 2 && requests_running(s->requests) && now_steady() < until) {
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
        served_free(s->served);
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
