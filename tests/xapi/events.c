/* event.from: what changed since a token, and if nothing did, a wait until something does. */
#include "tests/xapi/serve.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One of a subscription: a class, "*", or "class/reference". */
static bool wants(const char *subscribed, const struct object *o, const struct class *class, const char *ref)
{
        const char *slash = strchr(subscribed, '/');
        (void)o;
        if (!strcmp(subscribed, "*"))
                return strcmp(class->name, "session") != 0;
        size_t n = slash ? (size_t)(slash - subscribed) : strlen(subscribed);
        return n == strlen(class->name) && !strncasecmp(subscribed, class->name, n) &&
               (!slash || !strcmp(slash + 1, ref));
}

static bool any_wants(const struct val *classes, const struct class *class, const char *ref)
{
        for (size_t i = 0; i < classes->n; i++)
                if (wants(classes->items[i]->text, NULL, class, ref))
                        return true;
        return false;
}

static bool parse_token(const char *token, int64_t *since)
{
        char *end;
        *since = strtoll(token, &end, 10);
        return !*token || (!*end && *since >= 0);
}

bool events_there(const struct request *r)
{
        int64_t since;
        const struct val *classes = r->body.args[1];
        struct db *d = r->db;
        if (!parse_token(r->body.args[2]->text, &since) || d->generation <= since)
                return false;
        for (size_t i = 0; i < classes->n; i++) {
                const char *s = classes->items[i]->text;
                AUTO_FREE char *name = strndup(s, strcspn(s, "/"));
                const struct class *c = name ? api_class(d->w->api, name) : NULL;
                if (!c || (d->class_changed[c->place] > since && !strchr(s, '/')))
                        return true;
                for (size_t k = 0; strchr(s, '/') && k < d->n; k++)
                        if (d->objects[k]->changed > since &&
                                wants(s, d->objects[k], d->objects[k]->class, d->objects[k]->ref))
                                return true;
        }
        return false;
}

struct batch {
        const struct val **items;
        size_t n;
};

static void add_event(struct call *c, struct batch *b, const struct class *class, const char *ref,
        const char *operation, int64_t when, const struct object *o)
{
        const char *keys[6] = { "id", "timestamp", "class", "operation", "ref", "snapshot" };
        const struct val *items[6] = { val_number(c->a, when), val_date(c->a, world_seconds(c->w, c->db->owner)),
                val_text(c->a, class->lower), val_text(c->a, operation), val_text(c->a, ref),
                o ? shown_record(c->a, c->db, o) : NULL };
        b->items[b->n++] = val_map(c->a, keys, items, o ? 6 : 5);
}

static const struct val *counts(struct call *c, const struct val *classes)
{
        size_t n = 0;
        const char **keys = ARENA_ARRAY(c->a, const char *, classes->n + 1);
        const struct val **items = ARENA_ARRAY(c->a, const struct val *, classes->n + 1);
        for (size_t i = 0; i < classes->n; i++) {
                const struct class *class = api_class(c->w->api, classes->items[i]->text);
                int64_t k = 0;
                if (!class)
                        continue;
                EACH(c->db, class->name, o)
                k++;
                keys[n] = class->lower;
                items[n++] = val_number(c->a, k);
        }
        return val_map(c->a, keys, items, n);
}

static void collect(struct call *c, struct batch *b, int64_t since)
{
        const struct db *d = c->db;
        b->items = ARENA_ARRAY(c->a, const struct val *, d->n + d->n_gone + 1);
        for (size_t i = 0; i < d->n; i++) {
                const struct object *o = d->objects[i];
                if (o->changed > since && any_wants(c->args[0], o->class, o->ref))
                        add_event(c, b, o->class, o->ref, o->born > since ? "add" : "mod", o->changed, o);
        }
        for (size_t i = 0; i < d->n_gone && since > 0; i++)
                if (d->gone[i].when > since && any_wants(c->args[0], d->gone[i].class, d->gone[i].ref))
                        add_event(c, b, d->gone[i].class, d->gone[i].ref, "del", d->gone[i].when, NULL);
}

static bool subscription_fits(struct call *c)
{
        for (size_t i = 0; i < c->args[0]->n; i++) {
                const char *s = c->args[0]->items[i]->text;
                AUTO_FREE char *name = strndup(s, strcspn(s, "/"));
                if (strcmp(s, "*") && !(name && api_class(c->w->api, name))) {
                        complain(c->w, "event.from: there is no class %s", s);
                        fail(c, "EVENT_SUBSCRIPTION_PARSE_FAILURE", s, NULL);
                        return false;
                }
        }
        return true;
}

void event_from(struct call *c)
{
        int64_t since;
        struct batch b = { 0 };
        struct request *r = c->r;
        if (!subscription_fits(c))
                return;
        if (!parse_token(arg_text(c, 1), &since)) {
                fail(c, "EVENT_FROM_TOKEN_PARSE_FAILURE", arg_text(c, 1), NULL);
                return;
        }
        if (r->until == INT64_MAX)
                r->until = c->w->now + (int64_t)(strtod(arg_text(c, 2), NULL) * 1000);
        collect(c, &b, since);
        if (!b.n && c->w->now < r->until) {
                c->wait = true;
                return;
        }
        const char *keys[] = { "events", "valid_ref_counts", "token" };
        const struct val *items[] = { val_set(c->a, b.items, b.n), counts(c, c->args[0]),
                val_number(c->a, c->db->generation) };
        c->result = val_map(c->a, keys, items, 3);
}

/* --- tasks --- */

void task_end(struct call *c, struct object *t)
{
        struct str text = STR_MAX(1 << 20);
        put_text(c->db, t, "status", c->n_error ? "failure" : "success");
        put_text(c->db, t, "finished", val_date(c->a, world_seconds(c->w, c->db->owner))->text);
        put(c->db, t, "progress", val_float(c->a, 1));
        if (c->n_error)
                put(c->db, t, "error_info", val_texts(c->a, c->error, c->n_error));
        else if (c->result && (c->result->kind != V_TEXT || *c->result->text))
                wire_value(&text, c->result);
        put_text(c->db, t, "result", str_text(&text));
        str_clear(&text);
}
