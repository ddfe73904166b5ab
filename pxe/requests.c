#include "pxe/requests.h"
#include "base/file.h"
#include "base/log.h"
#include "pxe/peer.h"
#include "pxe/responses.h"
#include "pxe/routes.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

enum { ETAG_SIZE = 128 };

struct requests {
        const struct server_config *config;
        struct connections *connections;
        struct asking *asking;
        struct served *served;
        char (*loader_etags)[ETAG_SIZE]; /* owned */
        _Atomic unsigned running;
        _Atomic bool stopping;
};

/* It lives in its connection; one at a time. */
struct request {
        struct requests *all;
        struct exchange exchange;
        bool is_path, post, get;
        char path[LONGEST_ASK_PATH + 1], peer[PEER_SIZE];
        struct str body;
        uint64_t packages; /* bytes of them in the answer */
};

size_t requests_state_size(void) { return sizeof(struct request); }

/* --- what each loader is called by caches: two builds of one name differ in content only --- */

static uint64_t hash(struct bytes b)
{
        uint64_t h = 0xcbf29ce484222325u;
        for (size_t i = 0; i < b.len; i++)
                h = (h ^ (unsigned char)b.ptr[i]) * 0x100000001b3u;
        return h;
}

struct requests *requests_new(const struct server_config *c, struct connections *connections, struct asking *asking,
        struct served *served)
{
        struct requests *all = calloc(1, sizeof(*all));
        if (!all)
                file_out_of_memory();
        all->config = c;
        all->connections = connections;
        all->asking = asking;
        all->served = served;
        all->loader_etags = calloc(c->n_loaders + 1, ETAG_SIZE);
        if (!all->loader_etags)
                file_out_of_memory();
        for (size_t i = 0; i < c->n_loaders; i++)
                snprintf(all->loader_etags[i], ETAG_SIZE, "\"%016" PRIx64 "-%zx\"", hash(c->loaders[i].content),
                        c->loaders[i].content.len);
        return all;
}

void requests_free(struct requests *all)
{
        free(all->loader_etags);
        free(all);
}

void requests_stop(struct requests *all) { atomic_store(&all->stopping, true); }
unsigned requests_running(const struct requests *all) { return atomic_load(&all->running); }

/* --- connections --- */

static struct connection *connection_of(struct MHD_Connection *from)
{
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(from, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
        return info ? info->socket_context : NULL;
}

void requests_connection(
        void *arg, struct MHD_Connection *from, void **context, enum MHD_ConnectionNotificationCode what)
{
        struct requests *all = arg;
        if (what == MHD_CONNECTION_NOTIFY_STARTED) {
                const union MHD_ConnectionInfo *info = MHD_get_connection_info(from, MHD_CONNECTION_INFO_CONNECTION_FD);
                *context = info ? connections_begin(all->connections, info->connect_fd) : NULL;
        } else if (*context) {
                connections_end(all->connections, *context);
                *context = NULL;
        }
}

/* --- the backend --- */

static void log_answer(const struct request *r, int status, size_t bytes)
{
        if (!log_enabled())
                return;
        AUTO_STR shown = STR_MAX(LONGEST_ASK_PATH + 8);
        char code[16], length[24];
        path_show(r->path, &shown);
        snprintf(code, sizeof(code), "%d", status);
        snprintf(length, sizeof(length), "%zu", bytes);
        log_event("web", "answered", "method", r->post ? "POST" : "GET", "path", str_text(&shown), "peer", r->peer,
                "status", code, "bytes", length, NULL);
}

static enum MHD_Result refuse(struct request *r, int status)
{
        log_answer(r, status, 0);
        return response_status(&r->exchange, status);
}

static enum MHD_Result ask(struct request *r)
{
        struct ask question = { r->post ? "POST" : "GET", r->path, r->peer, str_bytes(&r->body), NULL };
        struct reply reply = REPLY_INIT;
        peer_find(r->exchange.connection, true, r->peer);
        asking_ask(r->all->asking, &question, &reply);
        log_answer(r, reply.status, reply.body.len);
        enum MHD_Result fine = response_reply(&r->exchange, &reply);
        reply_clear(&reply);
        return fine;
}

/* --- files --- */

static enum MHD_Result send_file(struct request *r, const struct iso_file *file)
{
        const struct server_config *c = r->all->config;
        char etag[ETAG_SIZE];
        snprintf(etag, sizeof(etag), "\"%.64s-%" PRIx64 "-%" PRIx64 "\"", c->etag, file->offset, file->size);
        struct content content = { .entity = { file->size, etag, c->image_date > 0 ? c->image_date : 0 },
                .image = c->image,
                .offset = file->offset };
        uint64_t length = 0;
        enum MHD_Result fine = response_content(&r->exchange, &content, &length);
        if (length && served_is_package(file->path)) {
                peer_find(r->exchange.connection, true, r->peer);
                r->packages = length;
        }
        return fine;
}

static enum MHD_Result send_loader(struct request *r, size_t i)
{
        struct bytes bytes = r->all->config->loaders[i].content;
        struct content content = { .entity = { bytes.len, r->all->loader_etags[i], 0 }, .memory = bytes };
        uint64_t length;
        return response_content(&r->exchange, &content, &length);
}

/* n_loaders when there is none of that name. */
static size_t find_loader(const struct server_config *c, const char *name)
{
        size_t i = 0;
        while (i < c->n_loaders && strcmp(c->loaders[i].name, name) != 0)
                i++;
        return i;
}

static enum MHD_Result answer(struct request *r)
{
        const struct server_config *c = r->all->config;
        const struct iso_file *file;
        const char *name;
        enum route route =
                r->is_path && (r->get || r->post || r->exchange.head) ? route_of(r->path, &name) : ROUTE_NONE;
        if (c->page && r->is_path && r->get && !strcmp(r->path, "/"))
                return response_elsewhere(&r->exchange, c->page);
        size_t loader = route == ROUTE_LOADER ? find_loader(c, name) : c->n_loaders;
        if (loader < c->n_loaders && !r->post)
                return send_loader(r, loader);
        if (route == ROUTE_REPO && !r->post && (file = iso_files_find(c->files, name)))
                return send_file(r, file);
        /* A machine's firmware looks with HEAD before it fetches: that must not count as its start. */
        if (route != ROUTE_NONE && !r->exchange.head && route_is_backend(r->path, r->post))
                return ask(r);
        return response_status(&r->exchange, 404);
}

/* --- the library's calls --- */

static bool is_too_large(struct MHD_Connection *from)
{
        const char *length = MHD_lookup_connection_value(from, MHD_HEADER_KIND, "Content-Length");
        return length && strtoull(length, NULL, 10) > LARGEST_ASK_BODY;
}

static enum MHD_Result begin(
        struct requests *all, struct MHD_Connection *from, const char *url, const char *method, void **state)
{
        struct connection *c = connection_of(from);
        if (!c)
                return MHD_NO;
        struct request *r = connection_state(c);
        r->all = all;
        r->exchange = (struct exchange){ from, !strcmp(method, "HEAD"), atomic_load(&all->stopping) };
        r->post = !strcmp(method, "POST");
        r->get = !strcmp(method, "GET");
        r->is_path = path_decode(url, r->path);
        r->body = (struct str)STR_MAX(LARGEST_ASK_BODY);
        r->packages = 0;
        *state = r;
        atomic_fetch_add(&all->running, 1);
        connection_waits(all->connections, c);
        if (!is_too_large(from))
                return MHD_YES;
        snprintf(r->peer, sizeof(r->peer), "?");
        peer_find(from, true, r->peer);
        if (!r->is_path)
                snprintf(r->path, sizeof(r->path), "?");
        r->exchange.last = true;
        return refuse(r, 413);
}

/* A body of unstated length that grows too large ends its connection; of what is no question it is not even kept. */
static enum MHD_Result take_body(struct request *r, const char *data, size_t *n)
{
        if (*n > LARGEST_ASK_BODY - r->body.len)
                return MHD_NO;
        str_addn(&r->body, data, *n);
        *n = 0;
        return r->body.failed ? MHD_NO : MHD_YES;
}

enum MHD_Result requests_handle(void *arg, struct MHD_Connection *from, const char *url, const char *method,
        const char *version, const char *data, size_t *n, void **state)
{
        struct request *r = *state;
        (void)version;
        if (!r)
                return begin(arg, from, url, method, state);
        if (*n)
                return take_body(r, data, n);
        connection_moves(connection_of(from));
        return answer(r);
}

void requests_completed(void *arg, struct MHD_Connection *from, void **state, enum MHD_RequestTerminationCode how)
{
        struct requests *all = arg;
        struct request *r = *state;
        if (!r)
                return;
        *state = NULL;
        if (r->packages && how == MHD_REQUEST_TERMINATED_COMPLETED_OK)
                served_add(all->served, r->peer, r->packages);
        if (r->body.ptr)
                explicit_bzero(r->body.ptr, r->body.cap);
        str_clear(&r->body);
        if (connection_of(from))
                connection_waits(all->connections, connection_of(from));
        atomic_fetch_sub(&all->running, 1);
}
