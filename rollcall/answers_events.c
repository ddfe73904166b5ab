#include "rollcall/answers_parts.h"
#include "base/file.h"

#include <string.h>

/* Machines read no JSON: what is wrong is said in a line. */
static void refuse(struct asked *q, int status, const char *why)
{
        q->reply->status = status;
        snprintf(q->reply->type, sizeof(q->reply->type), "text/plain; charset=utf-8");
        str_addf(&q->reply->body, "%s\n", why);
}

static void keep(struct asked *q, const struct event *events, size_t n)
{
        struct err e = ERR_INIT;
        size_t fresh = 0;
        if (store_put(q->a->c.store, events, n, &fresh, &e)) {
                q->reply->status = 204;
                return;
        }
        refuse(q, store_is_full(q->a->c.store) ? 507 : 503, e.text);
}

/* A host tells about itself, whatever names it gives. */
static void take_of_host(struct asked *q, const struct known_host *h, struct event *events, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                snprintf(events[i].school, sizeof(events[i].school), "%s", h->school->id);
                snprintf(events[i].pool, sizeof(events[i].pool), "%s", h->pool->id);
                snprintf(events[i].host, sizeof(events[i].host), "%s", h->machine->name);
                events[i].received = q->a->c.now();
                event_key(&events[i]);
        }
        keep(q, events, n);
}

/* By our clock: for how long its server had it is all that is believed. */
static int64_t received_here(const struct event *ev, int64_t now)
{
        int64_t at = ev->received;
        if (at > 0 && ev->sent)
                at += now - ev->sent;
        return at > 0 && at < now ? at : now;
}

/* A school's server tells about its school, and when it heard of it. */
static void take_of_school(struct asked *q, const char *school, struct event *events, size_t n)
{
        int64_t now = q->a->c.now();
        for (size_t i = 0; i < n; i++) {
                if (*school && strcmp(events[i].school, school) != 0)
                        return refuse(q, 403, "this token is for another school");
                events[i].received = received_here(&events[i], now);
                event_key(&events[i]);
        }
        keep(q, events, n);
}

static const struct known_token *bearer(const struct answers *a, const struct ask *ask)
{
        char field[128];
        bool is = ask_field(ask, "Authorization", field, sizeof(field)) && !strncasecmp(field, "Bearer ", 7);
        const struct known_token *t = is ? answers_by_token(a, field + 7) : NULL;
        explicit_bzero(field, sizeof(field));
        return t && !t->host ? t : NULL;
}

/* The token of a host stands in the path, that of a school's server does not. */
static const char *token_in(const struct ask *ask)
{
        const char *rest = ask->path + strlen("/events");
        return *rest == '/' ? rest + 1 : NULL;
}

static const struct known_token *admitted(const struct answers *a, const struct ask *ask)
{
        const char *in_path = token_in(ask);
        char token[TOKEN_TEXT];
        if (!in_path)
                return bearer(a, ask);
        size_t n = strcspn(in_path, "?");
        if (n >= sizeof(token))
                return NULL;
        snprintf(token, sizeof(token), "%.*s", (int)n, in_path);
        const struct known_token *t = answers_by_token(a, token);
        return t && t->host ? t : NULL;
}

bool answers_admit(const struct answers *a, const struct ask *ask) { return admitted(a, ask); }

/* --- bodies --- */

struct posted {
        struct event *events; /* owned */
        size_t n;
        struct err e; /* of kind ERR_NONE when they could be read */
};

void posted_free(struct posted *p)
{
        if (!p)
                return;
        free(p->events);
        free(p);
}

/* Most bodies are one event, and MOST_EVENTS of them take megabytes. */
static size_t room_for(struct bytes body)
{
        size_t n = 1;
        for (size_t i = 0; i < body.len && n < MOST_EVENTS; i++)
                n += body.ptr[i] == '{';
        return n;
}

struct posted *posted_read(const struct ask *ask)
{
        char type[128] = "";
        size_t most = room_for(ask->body);
        struct posted *p = calloc(1, sizeof(*p));
        if (!p || !(p->events = calloc(most, sizeof(*p->events))))
                file_out_of_memory();
        if (!ask_field(ask, "Content-Type", type, sizeof(type)))
                *type = '\0';
        if (events_read(ask->body, type, !token_in(ask), p->events, most, &p->n, &p->e))
                p->e.kind = ERR_NONE;
        return p;
}

static void drop(struct posted **p) { posted_free(*p); }

void answers_take(struct answers *a, const struct ask *ask, struct posted *posted, struct reply *r)
{
        struct asked q = { .a = a, .ask = ask, .reply = r };
        const struct known_token *from = admitted(a, ask);
        if (!from)
                return refuse(&q, token_in(ask) ? 404 : 401, "unknown token");
        OWN(drop) struct posted *own = posted ? NULL : posted_read(ask);
        struct posted *p = posted ? posted : own;
        if (p->e.kind)
                /* Not 400: a school's server leaves out what cannot be processed, and goes on with the rest. */
                return refuse(&q, 422, p->e.text);
        if (from->host)
                take_of_host(&q, from->host, p->events, p->n);
        else
                take_of_school(&q, from->school, p->events, p->n);
}
