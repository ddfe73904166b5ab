#include "rollcall/forward.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "rollcall/contact.h"
#include "rollcall/cursor.h"
#include "rollcall/occasion.h"

#include <string.h>

enum { SECONDS = 60, CEILING_MS = 60 * 60 * 1000, FULL_MS = 10 * 1000, FEW = 20, MOST_LEFT_OUT = 3 };

struct forward {
        const struct courier_config *config;
        struct route *route;
        struct contact contact;
        char name[FORWARD_CURSOR];
        int64_t position, last; /* taken over there; the last of the batch on its way */
        size_t n, most;         /* events of the batch on its way; in the next one */
        int left_out;           /* in a row */
        size_t ceiling;         /* the server takes no larger ones */
        int64_t ceiling_until;
        bool taken, idle;     /* the other side has said yes, the store does not know yet; nothing was left */
        struct event *events; /* FORWARD_EVENTS, owned */
        size_t read;
};

void forward_cursor(const struct upstream *up, char name[FORWARD_CURSOR])
{
        char digest[OCCASION_ID];
        occasion_digest(up->url, up->school ? up->school : "", digest);
        snprintf(name, FORWARD_CURSOR, "upstream/%s", digest);
}

struct forward *forward_new(const struct courier_config *config, struct carrier *carrier, struct err *e)
{
        const struct upstream *up = &config->expected->upstream;
        struct forward *f = calloc(1, sizeof(*f));
        if (!f || !(f->events = calloc(FORWARD_EVENTS, sizeof(*f->events))))
                file_out_of_memory();
        f->config = config;
        f->contact.say = config->say;
        f->most = f->ceiling = FORWARD_EVENTS;
        forward_cursor(up, f->name);
        size_t n = strlen(up->url);
        while (n && up->url[n - 1] == '/')
                n--;
        AUTO_STR url = STR_MAX(4000);
        str_addf(&url, "%.*s/events", (int)n, up->url);
        const struct route_target target = {
                .url = str_text(&url), .pin = up->pin, .token = up->token, .encrypted = true, .seconds = SECONDS
        };
        f->route = route_new(carrier, &target, e);
        if (f->route && cursor_read(store_database(config->store), f->name, &f->position, NULL, e))
                return f;
        forward_free(f);
        return NULL;
}

void forward_free(struct forward *f)
{
        if (!f)
                return;
        route_free(f->route);
        free(f->events);
        free(f);
}

bool forward_busy(const struct forward *f) { return route_busy(f->route); }

int64_t forward_wait(const struct forward *f)
{
        int64_t wait = backoff_wait(&f->contact.backoff, f->config->now());
        return wait ? wait : f->idle ? -1 : 0;
}

/* --- the next batch --- */

static bool keep(void *arg, const struct event_row *row)
{
        struct forward *f = arg;
        f->events[f->read] = row->event;
        f->events[f->read].sent = f->config->now();
        f->last = row->seq;
        return ++f->read < f->most;
}

static bool read_batch(struct forward *f, size_t most, struct str *body, struct err *e)
{
        const char *school = f->config->expected->upstream.school;
        const struct event_filter filter = { .school = school, .after = f->position, .limit = (int64_t)most };
        f->read = 0;
        f->most = most;
        if (!store_events(f->config->store, &filter, keep, f, e))
                return false;
        str_reset(body);
        if (f->read)
                events_write(f->events, f->read, body);
        return true;
}

static bool send_next(struct forward *f, struct err *e)
{
        size_t wanted = f->most;
        AUTO_STR body = STR_MAX(FORWARD_BYTES);
        if (!read_batch(f, wanted, &body, e))
                return false;
        while (body.failed && f->read > 1)
                if (!read_batch(f, f->read / 2, &body, e))
                        return false;
        f->n = f->read;
        f->most = wanted;
        f->idle = f->n == 0;
        if (f->n)
                route_send(f->route, &body);
        return true;
}

/* --- what came back --- */

/* A full disk is no reason to give up: what is not noted is sent again, and counts once. */
static bool note(struct forward *f, struct err *e)
{
        struct database *db = store_database(f->config->store);
        if (cursor_write(db, f->name, f->last, route_place(f->route), e)) {
                f->position = f->last;
                f->taken = false;
                return true;
        }
        if (!database_is_full(db))
                return false;
        *e = (struct err)ERR_INIT;
        backoff_until(&f->contact.backoff, f->config->now() + FULL_MS);
        return true;
}

static void grow(struct forward *f)
{
        if (f->config->now() > f->ceiling_until)
                f->ceiling = FORWARD_EVENTS;
        f->most = 2 * f->most < f->ceiling ? 2 * f->most : f->ceiling;
}

static void say_left_out(struct forward *f, const struct route_result *r)
{
        struct err why = ERR_INIT;
        err_rule(&why, XR_COURIER_LEFT_OUT, route_place(f->route), f->events[0].host, r->why, NULL);
        AUTO_STR line = STR_MAX(2000);
        str_addf(&line, "XR-%03d %s. %s", why.code, why.text, why.remedy);
        if (f->config->say)
                f->config->say(str_text(&line));
}

/* Halves until one event is alone: 413 is about their size together, 422 about one among them. A server that takes none
 * of several is not one to which they could be lost. */
static void take_less(struct forward *f, const struct route_result *r)
{
        if (f->n == 1 && f->left_out == MOST_LEFT_OUT) {
                contact_failed(&f->contact, route_place(f->route), f->config->now(), r);
                return;
        }
        if (f->n == 1) {
                say_left_out(f, r);
                f->left_out++;
                f->taken = true;
                return;
        }
        f->most = f->n / 2;
        if (r->status != 413)
                return;
        f->ceiling = f->most;
        f->ceiling_until = f->config->now() + CEILING_MS;
}

static void take_result(struct forward *f, const struct route_result *r)
{
        switch (r->end) {
        case ROUTE_TAKEN:
                contact_fine(&f->contact, route_place(f->route));
                f->taken = true;
                f->left_out = 0;
                grow(f);
                break;
        case ROUTE_TOO_MUCH:
                take_less(f, r);
                break;
        case ROUTE_LATER: /* perhaps the line is too slow for so many in the time that a transfer has */
                f->most = f->n > 2 * FEW ? f->n / 2 : FEW;
                contact_failed(&f->contact, route_place(f->route), f->config->now(), r);
                break;
        case ROUTE_REFUSED:
                contact_failed(&f->contact, route_place(f->route), f->config->now(), r);
                break;
        }
}

bool forward_work(struct forward *f, bool fresh, struct err *e)
{
        struct route_result result;
        if (route_done(f->route, &result))
                take_result(f, &result);
        if (fresh)
                f->idle = false;
        if (route_busy(f->route) || backoff_wait(&f->contact.backoff, f->config->now()))
                return true;
        if (f->taken && !note(f, e))
                return false;
        return f->taken || f->idle || send_next(f, e);
}
