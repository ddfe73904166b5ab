#include "tests/xapi/serve.h"

#include <stdlib.h>
#include <string.h>

enum { REFUSED_AFTER = 1, UNREACHABLE_AFTER = 3000, LONGEST_REPLY = 64 << 20, AUTHENTICATION_FAILS_AFTER = 5000 };

int64_t request_due(const struct world *w, const struct request *r)
{
        if (!r->waits)
                return r->due;
        return events_there(r) && r->due < r->until ? (w->now > r->due ? w->now : r->due) : r->until;
}

struct request *request_next(const struct world *w)
{
        struct request *first = NULL;
        for (size_t i = 0; i < w->n_requests; i++)
                if (!first || request_due(w, w->requests[i]) < request_due(w, first))
                        first = w->requests[i];
        return first;
}

static void reply(struct world *w, struct request *r, enum fate fate, int status, struct str *body)
{
        if (!r->abandoned) {
                if (w->n_replies == w->room_replies) {
                        w->room_replies = w->room_replies ? 2 * w->room_replies : 64;
                        w->replies = realloc(w->replies, w->room_replies * sizeof(*w->replies));
                        if (!w->replies)
                                abort();
                }
                w->replies[w->n_replies++] = (struct world_reply){ r->id, fate, status, *body };
        } else {
                str_clear(body);
        }
        size_t kept = 0;
        for (size_t i = 0; i < w->n_requests; i++)
                if (w->requests[i] != r)
                        w->requests[kept++] = w->requests[i];
        w->n_requests = kept;
        arena_free(r->a);
        free(r);
}

static void end_with(struct world *w, struct request *r, enum fate fate, int status, const char *text)
{
        struct str body = STR_MAX(LONGEST_REPLY);
        str_add(&body, text);
        reply(w, r, fate, status, &body);
}

static void end_failed(struct world *w, struct request *r, const char *const *error, size_t n)
{
        struct str body = STR_MAX(LONGEST_REPLY);
        wire_failure(&body, error, n);
        reply(w, r, FATE_ANSWER, 200, &body);
}

void requests_drop(struct world *w, int host)
{
        for (size_t i = w->n_requests; i-- > 0;) {
                struct request *r = w->requests[i];
                /* What another's xapi hands on to this one is lost as well. */
                bool waits_here = r->db && w->hosts[host].db == r->db && r->db->owner == host;
                if ((r->host == host && r->life == w->hosts[host].life) || waits_here)
                        end_with(w, r, FATE_DROPPED, 0, "");
        }
}

/* --- how long it takes --- */

static int64_t latency(struct world *w, const struct request *r)
{
        const struct handling *h = r->method ? handling_of(r->method) : NULL;
        int64_t ms = h && h->latency ? paced(w, h->latency) : w->latency;
        ms += draw(w, 0, ms / 4);
        if (r->fault && r->fault->kind == FAULT_DELAY)
                ms += r->fault->number;
        return ms;
}

static bool wrong_password(struct world *w, const struct request *r, bool over_socket)
{
        bool login = r->method && !strcmp(r->method, "session.login_with_password") && r->body.n >= 2;
        return login && !over_socket && !password_fits(w, r->host, r->body.args[0]->text, r->body.args[1]->text);
}

static bool xapi_hears(const struct world *w, const struct request *r)
{
        const struct host *h = &w->hosts[r->host];
        return h->powered && h->state != XAPI_OFF;
}

static bool network_carries(const struct world *w, const struct request *r)
{
        const struct host *h = &w->hosts[r->host];
        if (r->via == VIA_SOCKET || r->from == r->host)
                return true;
        return h->powered && reaches(w, r->from < 0 ? "admin" : w->hosts[r->from].name, h->name);
}

static void read_body(struct world *w, struct request *r, const char *path, struct bytes body)
{
        if (strcmp(path, "/") && strcmp(path, "/RPC2")) {
                r->bad = "the path is not / or /RPC2";
                complain(w, "%s: a request to %s", w->hosts[r->host].name, path);
                return;
        }
        if (!wire_read(r->a, body, &r->body, &r->bad)) {
                complain(w, "%s: %s", w->hosts[r->host].name, r->bad);
                return;
        }
        r->bad = NULL;
        r->async = !strncmp(r->body.method, "Async.", 6);
        r->method = r->body.method + (r->async ? 6 : 0);
        r->fault = fault_take(w, r->method, r->host, r->from);
}

int64_t world_request(
        struct world *w, int host, enum via via, int from, const char *path, struct bytes body, int64_t now)
{
        struct request *r = calloc(1, sizeof(*r));
        if (!r)
                abort();
        if (now > w->now)
                w->now = now;
        *r = (struct request){
                .id = w->next_id++, .host = host, .from = from, .via = via, .a = arena_new(), .until = INT64_MAX
        };
        if (w->n_requests == w->room_requests) {
                w->room_requests = w->room_requests ? 2 * w->room_requests : 64;
                w->requests = realloc(w->requests, w->room_requests * sizeof(*w->requests));
                if (!w->requests)
                        abort();
        }
        w->requests[w->n_requests++] = r;
        w->calls[host * (w->n + 1) + from + 1]++;
        r->life = w->hosts[host].life;
        if (!network_carries(w, r)) {
                r->life = 0;
                r->due = now + UNREACHABLE_AFTER;
        } else if (!xapi_hears(w, r)) {
                r->life = 0;
                r->due = now + REFUSED_AFTER;
        } else {
                read_body(w, r, path, body);
                r->due = now + latency(w, r);
                if (!r->bad && wrong_password(w, r, via == VIA_SOCKET))
                        r->due = now + AUTHENTICATION_FAILS_AFTER;
        }
        return r->id;
}

void world_abandon(struct world *w, int64_t id)
{
        for (size_t i = 0; i < w->n_requests; i++)
                if (w->requests[i]->id == id)
                        w->requests[i]->abandoned = true;
        for (size_t i = w->first_reply; i < w->n_replies; i++)
                if (w->replies[i].id == id) {
                        str_clear(&w->replies[i].body);
                        memmove(&w->replies[i], &w->replies[i + 1], (w->n_replies - i - 1) * sizeof(*w->replies));
                        w->n_replies--;
                        break;
                }
}

/* --- who answers --- */

/* True when the host's own xapi cannot say anything but this. */
static bool turned_away(struct world *w, struct request *r)
{
        const struct host *h = &w->hosts[r->host];
        const char *still_booting = "HOST_STILL_BOOTING";
        if (h->state == XAPI_EMERGENCY) {
                end_failed(w, r, &still_booting, 1);
                return true;
        }
        if (h->master < 0)
                return false;
        if (r->via == VIA_TCP) {
                const char *slave[] = { "HOST_IS_SLAVE", w->hosts[h->master].address };
                end_failed(w, r, slave, 2);
                return true;
        }
        if (coordinator_answers(w, r->host))
                return false;
        end_with(w, r, FATE_DROPPED, 0, "");
        return true;
}

static struct object *task_begin(struct call *c)
{
        struct object *t = db_add(c->db, "task");
        put_text(c->db, t, "name_label", c->r->body.method);
        put_text(c->db, t, "status", "pending");
        put_text(c->db, t, "created", val_date(c->a, world_seconds(c->w, c->db->owner))->text);
        put_text(c->db, t, "resident_on", text_of(pool_of(c->db), "master"));
        return t;
}

static bool session_lives(const struct request *r, const struct db *d)
{
        return r->body.n && r->body.args[0]->kind == V_TEXT && db_find(d, "session", r->body.args[0]->text);
}

/* An Async call answers with its task at once; the rest happens when nobody listens any more. */
static void begin_async(struct world *w, struct request *r, struct db *d)
{
        struct call c = { .w = w, .db = d, .a = r->a, .r = r, .asked = r->host };
        struct object *t = task_begin(&c);
        struct request *rest = calloc(1, sizeof(*rest));
        struct str body = STR_MAX(LONGEST_REPLY);
        if (!rest)
                abort();
        *rest = *r;
        rest->task = t->ref;
        rest->abandoned = true;
        rest->id = w->next_id++;
        rest->fault = NULL;
        rest->due = w->now + (handling_of(r->method)->latency ? paced(w, handling_of(r->method)->latency) : w->latency);
        r->a = NULL;
        wire_success(&body, val_text(rest->a, t->ref));
        for (size_t i = 0; i < w->n_requests; i++)
                if (w->requests[i] == r)
                        w->requests[i] = rest;
        reply(w, r, FATE_ANSWER, 200, &body);
}

static void answer(struct world *w, struct request *r, struct call *c)
{
        struct str body = STR_MAX(LONGEST_REPLY);
        if (c->n_error)
                wire_failure(&body, c->error, c->n_error);
        else
                wire_success(&body, c->result);
        if (r->fault && r->fault->kind == FAULT_HALF) {
                body.len /= 2;
                body.ptr[body.len] = '\0';
                reply(w, r, FATE_DROPPED, 200, &body);
                return;
        }
        reply(w, r, FATE_ANSWER, 200, &body);
}

static bool fault_before(struct world *w, struct request *r)
{
        const struct fault *f = r->fault;
        int host = r->host;
        switch (f ? f->kind : FAULT_KINDS) {
        case FAULT_ERROR:
                end_failed(w, r, f->error, f->n_error);
                return true;
        case FAULT_DROP_BEFORE:
                end_with(w, r, FATE_DROPPED, 0, "");
                return true;
        case FAULT_HTTP:
                end_with(w, r, FATE_ANSWER, (int)f->number, "<html>no</html>");
                return true;
        case FAULT_BODY:
                end_with(w, r, FATE_ANSWER, 200, f->body);
                return true;
        case FAULT_HANG:
                r->due = INT64_MAX;
                return true;
        case FAULT_RESTART_BEFORE:
                xapi_restarts(w, host, 0);
                return true;
        case FAULT_POWER_BEFORE:
                host_power(w, host, false);
                return true;
        default:
                return false;
        }
}

/* The call is made, its answer does not come. */
static bool fault_behind(struct world *w, struct request *r, struct call *c)
{
        const struct fault *f = r->fault;
        int host = r->host;
        switch (f ? f->kind : FAULT_KINDS) {
        case FAULT_DROP_AFTER:
                end_with(w, r, FATE_DROPPED, 0, "");
                return true;
        case FAULT_ERROR_AFTER:
                end_failed(w, r, f->error, f->n_error);
                return true;
        case FAULT_RESTART_AFTER:
                end_with(w, r, FATE_DROPPED, 0, "");
                xapi_restarts(w, host, 0);
                return true;
        case FAULT_POWER_AFTER:
                end_with(w, r, FATE_DROPPED, 0, "");
                host_power(w, host, false);
                return true;
        default:
                answer(w, r, c);
                return true;
        }
}

static void execute(struct world *w, struct request *r)
{
        struct db *d = w->hosts[r->host].db;
        struct call c = { .w = w, .db = d, .a = r->a, .r = r, .asked = r->host };
        int64_t before = d->generation;
        call_run(&c);
        if (c.wait) {
                r->waits = true;
                r->db = d;
                return;
        }
        bool counts = strncmp(r->method, "session.", 8) && strncmp(r->method, "task.", 5);
        if (counts && (c.changed || d->generation != before))
                count_mutation(w, r->method);
        struct object *t = r->task ? db_find(d, "task", r->task) : NULL;
        if (t)
                task_end(&c, t);
        fault_behind(w, r, &c);
}

void request_run(struct world *w, struct request *r)
{
        if (!r->life)
                end_with(w, r, FATE_REFUSED, 0, "");
        else if (r->bad)
                end_with(w, r, FATE_ANSWER, 500, r->bad);
        else if (!(r->fault && !r->waits && fault_before(w, r)) && (r->task || !turned_away(w, r))) {
                bool hands_over = r->async && !r->task && api_message(w->api, r->method) && handling_of(r->method) &&
                                  session_lives(r, w->hosts[r->host].db);
                if (hands_over)
                        begin_async(w, r, w->hosts[r->host].db);
                else
                        execute(w, r);
        }
}
