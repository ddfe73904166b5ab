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

/* A school's server tells about its school, and when it heard of it, which cannot be later than now. */
static void take_of_school(struct asked *q, const char *school, struct event *events, size_t n)
{
        int64_t now = q->a->c.now();
        for (size_t i = 0; i < n; i++) {
                if (*school && strcmp(events[i].school, school) != 0)
                        return refuse(q, 403, "this token is for another school");
                if (events[i].received <= 0 || events[i].received > now)
                        events[i].received = now;
                event_key(&events[i]);
        }
        keep(q, events, n);
}

static const struct known_token *bearer(const struct asked *q)
{
        char field[128];
        bool is = ask_field(q->ask, "Authorization", field, sizeof(field)) && !strncasecmp(field, "Bearer ", 7);
        const struct known_token *t = is ? answers_by_token(q->a, field + 7) : NULL;
        explicit_bzero(field, sizeof(field));
        return t && !t->host ? t : NULL;
}

/* Most bodies are one event, and MOST_EVENTS of them take megabytes. */
static size_t room_for(struct bytes body)
{
        size_t n = 1;
        for (size_t i = 0; i < body.len && n < MOST_EVENTS; i++)
                n += body.ptr[i] == '{';
        return n;
}

void take_events(struct asked *q)
{
        char type[128] = "";
        struct err e = ERR_INIT;
        size_t n = 0;
        const char *token = q->path[7] ? q->path + 8 : NULL;
        const struct known_token *from = token ? answers_by_token(q->a, token) : bearer(q);
        if (!from || (token && !from->host))
                return refuse(q, token ? 404 : 401, "unknown token");
        size_t most = room_for(q->ask->body);
        AUTO_FREE struct event *events = calloc(most, sizeof(*events));
        if (!events)
                file_out_of_memory();
        if (!ask_field(q->ask, "Content-Type", type, sizeof(type)))
                *type = '\0';
        if (!events_read(q->ask->body, type, !token, events, most, &n, &e))
                /* Not 400: a school's server leaves out what cannot be processed, and goes on with the rest. */
                return refuse(q, 422, e.text);
        if (token)
                take_of_host(q, from->host, events, n);
        else
                take_of_school(q, from->school, events, n);
}
