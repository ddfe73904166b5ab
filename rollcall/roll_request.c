#include "rollcall/roll_request.h"
#include "base/file.h"
#include "base/log.h"
#include "pxe/routes.h"
#include "rollcall/event.h"
#include "rollcall/roll_listener.h"
#include "rollcall/roll_question.h"
#include "rollcall/roll_response.h"

#include <stdatomic.h>
#include <string.h>

enum {
        MOST_HELD = 64 << 20, /* of all bodies together: what nobody has looked at yet must not eat the machine */
        GIVE_UP_AFTER = 4,    /* so many times too large a body is still read, so that its sender hears why */
};

struct roll_requests {
        struct roll_requests_config config;
        _Atomic unsigned running;
        _Atomic bool stopping;
        _Atomic size_t held;
};

/* It lives in its connection; one at a time. The query comes before the request itself. */
struct request {
        struct roll_requests *all;
        struct roll_exchange exchange;
        struct roll_question question;
        bool known_method, head;
        int refused; /* status, once it is known that nobody is asked */
        struct str body;
        size_t held, dropped;
        char query[LONGEST_QUERY];
        bool long_query;
};

size_t roll_requests_state_size(void) { return sizeof(struct request); }

struct roll_requests *roll_requests_new(const struct roll_requests_config *c)
{
        struct roll_requests *all = calloc(1, sizeof(*all));
        if (!all)
                file_out_of_memory();
        all->config = *c;
        return all;
}

void roll_requests_free(struct roll_requests *all) { free(all); }
void roll_requests_stop(struct roll_requests *all) { atomic_store(&all->stopping, true); }
unsigned roll_requests_running(const struct roll_requests *all) { return atomic_load(&all->running); }

/* --- connections --- */

static struct connection *connection_of(struct MHD_Connection *from)
{
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(from, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
        return info ? info->socket_context : NULL;
}

static int socket_of(struct MHD_Connection *from)
{
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(from, MHD_CONNECTION_INFO_CONNECTION_FD);
        return info ? info->connect_fd : -1;
}

void roll_requests_connection(
        void *arg, struct MHD_Connection *from, void **context, enum MHD_ConnectionNotificationCode what)
{
        struct roll_requests *all = arg;
        if (what == MHD_CONNECTION_NOTIFY_STARTED)
                *context = connections_begin(all->config.connections, socket_of(from));
        else if (*context) {
                connections_end(all->config.connections, *context);
                *context = NULL;
        }
}

/* The library takes a query apart; who answers wants it as it came. */
void *roll_requests_target(void *arg, const char *target, struct MHD_Connection *from)
{
        struct connection *c = connection_of(from);
        const char *query = strchr(target, '?');
        (void)arg;
        if (!c)
                return NULL;
        struct request *r = connection_state(c);
        query = query ? query + 1 : "";
        r->long_query = strlen(query) >= sizeof(r->query);
        snprintf(r->query, sizeof(r->query), "%s", r->long_query ? "" : query);
        return NULL;
}

/* --- answers --- */

static void log_answer(const struct request *r, int status, size_t bytes)
{
        if (!log_enabled())
                return;
        AUTO_STR shown = STR_MAX(LONGEST_ASK_PATH + 8);
        char code[16], length[24];
        path_show(r->question.is_path ? r->question.path : "?", &shown);
        snprintf(code, sizeof(code), "%d", status);
        snprintf(length, sizeof(length), "%zu", bytes);
        log_event("roll", "answered", "method", r->question.post ? "POST" : "GET", "path", str_text(&shown), "peer",
                r->question.peer, "status", code, "bytes", length, NULL);
}

static enum MHD_Result refuse(struct request *r, int status)
{
        log_answer(r, status, 0);
        return roll_response_status(&r->exchange, status);
}

static void clear_body(struct request *r)
{
        if (r->body.ptr)
                explicit_bzero(r->body.ptr, r->body.cap);
        str_clear(&r->body);
        atomic_fetch_sub(&r->all->held, r->held);
        r->held = 0;
}

static int64_t known_change(struct request *r)
{
        const char *id = MHD_lookup_connection_value(r->exchange.connection, MHD_HEADER_KIND, "Last-Event-ID");
        size_t digits = id ? strspn(id, "0123456789") : 0;
        if (digits && digits <= 18 && !id[digits])
                return strtoll(id, NULL, 10);
        return query_number(r->query, "since");
}

static enum MHD_Result stream(struct request *r)
{
        const struct roll_requests_config *c = &r->all->config;
        struct listener_config listener = { c->streams, c->lines, &r->question, socket_of(r->exchange.connection),
                known_change(r), c->again_seconds };
        struct roll_exchange last = { r->exchange.connection, true };
        log_answer(r, 200, 0);
        return roll_response_stream(&last, listener_read, listener_new(&listener), listener_free);
}

static enum MHD_Result ask(struct request *r)
{
        struct ask question = roll_question_ask(&r->question, str_bytes(&r->body));
        struct reply reply = REPLY_INIT;
        bool listens = !strcmp(r->question.path, "/api/stream") && !r->question.post && !r->head;
        roll_lines_ask(r->all->config.lines, roll_question_is_events(&r->question), &question, &reply);
        clear_body(r);
        enum MHD_Result fine;
        if (listens && reply.status == 204)
                fine = stream(r);
        else {
                log_answer(r, reply.status, reply.body.len);
                fine = roll_response_reply(&r->exchange, &reply);
        }
        reply_clear(&reply);
        return fine;
}

static enum MHD_Result answer(struct request *r)
{
        if (r->refused)
                return refuse(r, r->refused);
        if (!r->known_method)
                return refuse(r, 405);
        if (!r->question.is_path || !*r->question.path)
                return refuse(r, 404);
        return ask(r);
}

/* --- the library's calls --- */

static size_t most_body(const struct request *r)
{
        if (!r->question.post)
                return 0;
        return roll_question_is_events(&r->question) ? LARGEST_EVENTS : LARGEST_ASK_BODY;
}

/* A question mark that was hidden in an escape would be taken for a query, and decoded twice. */
static bool is_plain(const char *path)
{
        for (; *path; path++)
                if (*path < 0x20 || *path > 0x7e || *path == '?')
                        return false;
        return true;
}

static unsigned long long stated_length(struct MHD_Connection *from)
{
        const char *length = MHD_lookup_connection_value(from, MHD_HEADER_KIND, "Content-Length");
        return length ? strtoull(length, NULL, 10) : 0;
}

static void read_question(struct request *r, const char *url, const char *method)
{
        struct roll_question *q = &r->question;
        q->post = !strcmp(method, "POST");
        r->head = !strcmp(method, "HEAD");
        r->known_method = q->post || r->head || !strcmp(method, "GET");
        q->is_path = path_decode(url, q->path) && is_plain(q->path);
        r->refused = r->long_query ? 414 : 0;
        int status = roll_question_read(q, r->exchange.connection, r->query, r->all->config.secure);
        r->refused = r->refused ? r->refused : status;
}

static enum MHD_Result begin(
        struct roll_requests *all, struct MHD_Connection *from, const char *url, const char *method, void **state)
{
        struct connection *c = connection_of(from);
        if (!c)
                return MHD_NO;
        struct request *r = connection_state(c);
        r->all = all;
        r->exchange = (struct roll_exchange){ from, atomic_load(&all->stopping) };
        r->held = r->dropped = 0;
        read_question(r, url, method);
        r->body = (struct str)STR_MAX(most_body(r) + 1);
        *state = r;
        atomic_fetch_add(&all->running, 1);
        connection_waits(all->config.connections, c);
        if (!r->question.post || stated_length(from) <= most_body(r))
                return MHD_YES;
        r->exchange.last = true;
        return refuse(r, 413);
}

static bool hold(struct request *r, size_t n)
{
        if (atomic_fetch_add(&r->all->held, n) + n > MOST_HELD) {
                atomic_fetch_sub(&r->all->held, n);
                return false;
        }
        r->held += n;
        return true;
}

/* What is too much is read on for a while: a sender that is cut off would not hear why. */
static enum MHD_Result take_body(struct request *r, const char *data, size_t *n)
{
        size_t most = most_body(r);
        if (!r->refused && r->body.len + *n <= most && hold(r, *n))
                str_addn(&r->body, data, *n);
        else {
                if (!r->refused)
                        r->refused = r->body.len + *n > most ? 413 : 503;
                r->exchange.last = true;
                r->dropped += *n;
                clear_body(r);
        }
        *n = 0;
        return r->body.failed || r->dropped > (size_t)GIVE_UP_AFTER * LARGEST_EVENTS ? MHD_NO : MHD_YES;
}

enum MHD_Result roll_requests_handle(void *arg, struct MHD_Connection *from, const char *url, const char *method,
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

void roll_requests_completed(void *arg, struct MHD_Connection *from, void **state, enum MHD_RequestTerminationCode how)
{
        struct roll_requests *all = arg;
        struct request *r = *state;
        (void)how;
        if (!r)
                return;
        *state = NULL;
        clear_body(r);
        if (r->question.fields.ptr)
                explicit_bzero(r->question.fields.ptr, r->question.fields.cap);
        str_clear(&r->question.fields);
        explicit_bzero(r->query, sizeof(r->query));
        if (connection_of(from))
                connection_waits(all->config.connections, connection_of(from));
        atomic_fetch_sub(&all->running, 1);
}
