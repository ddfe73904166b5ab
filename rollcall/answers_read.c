#include "rollcall/answers_parts.h"
#include "base/i18n.h"
#include "rollcall/query.h"

#include <string.h>

enum {
        MOST_ATTENTION = 200,
        MOST_HOSTS = 5000,
        USUAL_HOSTS = 2000,
        MOST_CHANGES = 500,
        MOST_EVENTS_SHOWN = 300,
        OVERVIEW_AGE = 1000,
        OVERVIEW_UNCHANGED = 10000
};

static void set(json_t *o, const char *name, const char *text) { json_object_set_new(o, name, text_json(text)); }
static void set_number(json_t *o, const char *name, int64_t n) { json_object_set_new(o, name, json_integer(n)); }
static void set_bool(json_t *o, const char *name, bool b) { json_object_set_new(o, name, json_boolean(b)); }

static json_t *standings_json(const int64_t n[STANDINGS])
{
        json_t *o = json_object();
        for (int i = 0; i < STANDINGS; i++)
                set_number(o, standing_names[i], n[i]);
        return o;
}

/* --- the overview --- */

struct counting {
        struct answers *answers;
        struct overview *overview;
        json_t *schools;
};

static bool count_school(void *arg, const struct school_row *row)
{
        struct counting *c = arg;
        json_t *o = json_object();
        int64_t shown[STANDINGS] = { 0 };
        for (int i = 0; i < STANDINGS; i++)
                shown[standing_shown(c->answers, (enum standing)i)] += row->by_standing[i];
        set(o, "school", row->school);
        set(o, "name", row->name);
        set_number(o, "hosts", row->hosts);
        set_number(o, "overdue", row->overdue);
        set_number(o, "heard", row->heard);
        json_object_set_new(o, "by_standing", standings_json(shown));
        json_array_append_new(c->schools, o);
        c->overview->hosts += row->hosts;
        c->overview->overdue += row->overdue;
        for (int i = 0; i < STANDINGS; i++)
                c->overview->by_standing[i] += shown[i];
        return true;
}

static bool count_all(struct answers *a, int64_t change, struct err *e)
{
        struct overview fresh = { .change = change, .at = a->c.now(), .schools = a->overview.schools };
        struct counting c = { a, &fresh, json_array() };
        bool fine = store_schools(a->c.store, fresh.at, count_school, &c, e);
        AUTO_FREE char *text = json_dumps(c.schools, JSON_COMPACT);
        json_decref(c.schools);
        str_reset(&fresh.schools);
        str_add(&fresh.schools, text ? text : "[]");
        fresh.at = fine ? fresh.at : 0;
        a->overview = fresh;
        return fine && str_ok(&fresh.schools, "schools", e);
}

/* Counted anew when something has changed, but not more than once a second; and now and then, for silence is counted
 * too. */
static bool have_overview(struct answers *a, struct err *e)
{
        int64_t change, age = a->c.now() - a->overview.at;
        if (!store_last_change(a->c.store, &change, e))
                return false;
        bool good = a->overview.at && age >= 0 &&
                    (change == a->overview.change ? age < OVERVIEW_UNCHANGED : age < OVERVIEW_AGE);
        return good || count_all(a, change, e);
}

struct listing {
        struct asked *q;
        json_t *array;
        bool pressing; /* only those that need somebody, which come first */
        bool overdue;  /* of these, those that are silent */
        size_t most;
        bool more;
};

static bool list_host(void *arg, const struct host_row *row, const struct host_more *more)
{
        struct listing *l = arg;
        bool overdue = standing_overdue(row, l->q->a->c.now());
        if (l->pressing && row->standing != STANDING_FAILED && !overdue)
                return false;
        if (l->overdue && !overdue)
                return true;
        l->more = json_array_size(l->array) >= l->most;
        if (!l->more)
                json_array_append_new(l->array, tile_json(l->q, row, more));
        return !l->more;
}

static void tell_visitor(struct asked *q, json_t *o)
{
        enum rule hinder = visitors_hinder(q->a->visitors, &q->visitor);
        static const char *const no_args[RULE_ARGS] = { NULL };
        AUTO_STR why = STR_MAX(4096), next = STR_MAX(4096);
        if (hinder) {
                rule_says(q, hinder, false, no_args, &why);
                rule_says(q, hinder, true, no_args, &next);
        }
        set_bool(o, "logged_in", q->visitor.logged_in);
        set_bool(o, "may_login", !hinder);
        set(o, "hindrance", str_text(&why));
        set(o, "hindrance_next", str_text(&next));
        set_bool(o, "may_read", may_read(q));
        set_bool(o, "may_arm", q->visitor.logged_in && q->a->c.arming);
        if (q->visitor.logged_in)
                set(o, "csrf", q->visitor.csrf);
        set_number(o, "now", q->a->c.now());
        set(o, "timezone", q->a->c.expected->timezone ? q->a->c.expected->timezone : "");
        set(o, "language", q->visitor.language);
}

void read_summary(struct asked *q)
{
        struct answers *a = q->a;
        struct err e = ERR_INIT;
        json_t *o = json_object();
        struct listing attention = {
                .q = q, .array = json_array(), .pressing = true, .most = MOST_ATTENTION
        };
        struct host_filter filter = { .worst_first = true, .limit = MOST_ATTENTION };
        bool reads = may_read(q);
        tell_visitor(q, o);
        bool fine = !reads || (have_overview(a, &e) && store_hosts(a->c.store, &filter, list_host, &attention, &e));
        if (reads && fine) {
                set(o, "district", a->c.expected->district ? a->c.expected->district : "");
                set_number(o, "change", a->overview.change);
                set_number(o, "hosts", a->overview.hosts);
                set_number(o, "overdue", a->overview.overdue);
                json_object_set_new(o, "by_standing", standings_json(a->overview.by_standing));
                json_object_set(o, "attention", attention.array);
        }
        json_decref(attention.array);
        if (!fine) {
                json_decref(o);
                return answer_trouble(q, &e);
        }
        answer_json(q, 200, o);
        /* The longest part stands as text already. */
        if (reads && q->reply->body.len) {
                q->reply->body.ptr[--q->reply->body.len] = '\0';
                str_add(&q->reply->body, ",\"schools\":");
                str_add(&q->reply->body, str_text(&a->overview.schools));
                str_add(&q->reply->body, "}");
        }
}

/* --- hosts --- */

static int standing_named(const char *name)
{
        for (int i = 0; i < STANDINGS; i++)
                if (!strcmp(name, standing_names[i]))
                        return i;
        return -1;
}

/* NULL: any. False when what is wished cannot be. */
static bool wish(const struct asked *q, const char *name, char *out, size_t size, const char **wished)
{
        enum query_found found = query_value(q->query, name, out, size);
        *wished = *out ? out : NULL;
        return found != QUERY_DAMAGED;
}

static bool number_of(const struct asked *q, const char *name, int64_t *n)
{
        char text[24], *end;
        if (query_value(q->query, name, text, sizeof(text)) != QUERY_FOUND || !*text)
                return false;
        long long value = strtoll(text, &end, 10);
        *n = value;
        return !*end && value >= 0;
}

/* The standings of the store that are shown as that; a bit that no host has is among them, for there may be none. */
static bool standings_shown_as(const struct answers *a, const char *name, unsigned *bits)
{
        int wanted = standing_named(name);
        *bits = 1u << STANDINGS;
        for (int s = 0; s < STANDINGS; s++)
                if ((int)standing_shown(a, (enum standing)s) == wanted)
                        *bits |= 1u << s;
        return wanted >= 0;
}

void read_hosts(struct asked *q)
{
        char school[NAME_MOST], pool[NAME_MOST], search[200], standing[32];
        const char *wished_standing;
        struct err e = ERR_INIT;
        struct host_filter f = { .worst_first = true };
        int64_t limit = USUAL_HOSTS;
        bool fine = wish(q, "school", school, sizeof(school), &f.school) &&
                    wish(q, "pool", pool, sizeof(pool), &f.pool) && wish(q, "q", search, sizeof(search), &f.search) &&
                    wish(q, "standing", standing, sizeof(standing), &wished_standing);
        bool overdue = fine && wished_standing && !strcmp(wished_standing, "overdue");
        if (fine && wished_standing && !overdue)
                fine = standings_shown_as(q->a, wished_standing, &f.standings);
        if (!fine)
                return answer_error(q, 400, N_("There is nothing of that name."));
        if (number_of(q, "limit", &limit) && (limit < 1 || limit > MOST_HOSTS))
                limit = MOST_HOSTS;
        struct listing l = {
                .q = q, .array = json_array(), .pressing = overdue, .overdue = overdue, .most = (size_t)limit
        };
        f.limit = overdue ? 0 : limit + 1;
        json_t *o = json_object();
        if (!store_hosts(q->a->c.store, &f, list_host, &l, &e)) {
                json_decref(l.array);
                json_decref(o);
                return answer_trouble(q, &e);
        }
        json_object_set_new(o, "hosts", l.array);
        set_bool(o, "more", l.more);
        answer_json(q, 200, o);
}

static bool list_event(void *arg, const struct event_row *row)
{
        struct listing *l = arg;
        json_array_append_new(l->array, event_json(l->q, row));
        return true;
}

void read_one_host(struct asked *q)
{
        char school[NAME_MOST], host[NAME_MOST];
        struct err e = ERR_INIT;
        struct host_filter f = { .limit = 1 };
        if (!wish(q, "school", school, sizeof(school), &f.school) || !wish(q, "host", host, sizeof(host), &f.host) ||
                !f.school || !f.host)
                return answer_error(q, 404, N_("There is no such host."));
        struct listing l = { .q = q, .array = json_array(), .most = 1 },
                       told = { .q = q, .array = json_array() };
        struct event_filter events = {
                .school = f.school, .host = f.host, .limit = MOST_EVENTS_SHOWN, .newest_first = true
        };
        bool fine = store_hosts(q->a->c.store, &f, list_host, &l, &e) &&
                    store_events(q->a->c.store, &events, list_event, &told, &e);
        json_t *o = json_object();
        if (json_array_size(l.array)) {
                json_object_set(o, "host", json_array_get(l.array, 0));
                json_object_set(o, "events", told.array);
        }
        bool found = json_array_size(l.array);
        json_decref(l.array);
        json_decref(told.array);
        if (fine && found)
                return answer_json(q, 200, o);
        json_decref(o);
        if (fine)
                answer_error(q, 404, N_("There is no such host."));
        else
                answer_trouble(q, &e);
}

/* --- what has changed --- */

static bool find_changes(struct asked *q, int64_t since, int64_t last, json_t *o, struct err *e)
{
        struct host_filter f = { .changed_since = since, .limit = MOST_CHANGES + 1 };
        struct listing l = { .q = q, .array = json_array(), .most = MOST_CHANGES };
        /* Whoever knows a later number than ours has seen another store. */
        bool fine = since > last || store_hosts(q->a->c.store, &f, list_host, &l, e);
        if (since > last || l.more)
                set_bool(o, "many", true);
        else
                json_object_set(o, "hosts", l.array);
        json_decref(l.array);
        return fine;
}

void read_changes(struct asked *q)
{
        int64_t since, last;
        struct err e = ERR_INIT;
        /* First the number, then the rows: what comes in between is told twice, and nothing is lost. */
        if (!store_last_change(q->a->c.store, &last, &e))
                return answer_trouble(q, &e);
        str_addf(&q->reply->fields, "X-Change: %lld\n", (long long)last);
        bool knows = number_of(q, "since", &since);
        if (knows && since == last) {
                q->reply->status = 204;
                return;
        }
        json_t *o = json_object();
        set_number(o, "change", last);
        set_number(o, "now", q->a->c.now());
        if (!knows || find_changes(q, since, last, o, &e))
                return answer_json(q, 200, o);
        json_decref(o);
        answer_trouble(q, &e);
}

void read_rule(struct asked *q)
{
        int64_t code = 0;
        json_t *o = json_object();
        if (!number_of(q, "code", &code) || code > 9999)
                code = 0;
        code_json(q, o, (int)code);
        answer_json(q, 200, o);
}
