#include "rollcall/answers_parts.h"
#include "base/file.h"
#include "base/i18n.h"
#include "rollcall/arming_watch.h"

#include <string.h>
#include <time.h>

enum { USUAL_HOURS = 7 * 24, MOST_HOURS = 365 * 24, SECOND = 1000 };

/* The body as an object; NULL when it is none, which is answered. */
static json_t *read_body(struct asked *q)
{
        json_t *o = json_loadb(q->ask->body.ptr, q->ask->body.len, JSON_REJECT_DUPLICATES, NULL);
        if (json_is_object(o))
                return o;
        json_decref(o);
        answer_error(q, 400, N_("What was sent cannot be understood."));
        return NULL;
}

static void not_understood(struct asked *q) { answer_error(q, 400, N_("What was sent cannot be understood.")); }

/* --- sessions --- */

static void answer_login(struct asked *q, enum rule rule, int wait)
{
        char seconds[16];
        snprintf(seconds, sizeof(seconds), "%d", wait);
        if (rule == XR_WEB_TOO_OFTEN)
                str_addf(&q->reply->fields, "Retry-After: %d\n", wait);
        if (rule)
                return answer_rule(q, rule == XR_WEB_TOO_OFTEN ? 429 : 403, rule, seconds, NULL);
        json_t *o = json_object();
        json_object_set_new(o, "csrf", text_json(q->visitor.csrf));
        answer_json(q, 200, o);
}

void act_login(struct asked *q)
{
        struct err e = ERR_INIT;
        const char *password;
        enum rule rule = XR_NONE;
        int wait = 0;
        json_t *o = read_body(q);
        if (!o)
                return;
        if (json_unpack_ex(o, NULL, JSON_STRICT, "{s:s}", "password", &password) < 0)
                not_understood(q);
        else if (visitors_login(q->a->visitors, &q->visitor, password, q->reply, &rule, &wait, &e))
                answer_login(q, rule, wait);
        else
                answer_trouble(q, &e);
        json_decref(o);
}

void act_logout(struct asked *q)
{
        struct err e = ERR_INIT;
        if (visitors_logout(q->a->visitors, &q->visitor, q->reply, &e))
                answer_json(q, 200, json_object());
        else
                answer_trouble(q, &e);
}

void act_language(struct asked *q)
{
        const char *language;
        json_t *o = read_body(q);
        if (!o)
                return;
        if (json_unpack_ex(o, NULL, JSON_STRICT, "{s:s}", "language", &language) < 0 ||
                !visitors_wish(q->a->visitors, &q->visitor, language, q->reply))
                not_understood(q);
        else
                answer_json(q, 200, json_object());
        json_decref(o);
}

/* --- which hosts --- */

struct choice {
        const struct known_host **hosts; /* owned */
        size_t n;
        bool by_name;
};

static void choice_clear(struct choice *c) { free(c->hosts); }

static void choose(struct choice *c, const struct known_host *h)
{
        for (size_t i = 0; c->by_name && i < c->n; i++)
                if (c->hosts[i] == h)
                        return;
        c->hosts[c->n++] = h;
}

/* "school": all of its hosts; with "pool" those of the pool. */
static bool choose_group(struct asked *q, const char *school, const char *pool, struct choice *c)
{
        for (size_t i = 0; i < q->a->n_hosts; i++) {
                const struct known_host *h = &q->a->hosts[i];
                if (!strcmp(h->school->id, school) && (!pool || !strcmp(h->pool->id, pool)))
                        choose(c, h);
        }
        if (!c->n)
                answer_error(q, 404, N_("There is nothing of that name."));
        return c->n;
}

static bool choose_named(struct asked *q, json_t *list, struct choice *c)
{
        size_t i;
        json_t *item;
        c->by_name = true;
        json_array_foreach(list, i, item)
        {
                const char *school, *host;
                if (json_unpack_ex(item, NULL, JSON_STRICT, "{s:s, s:s}", "school", &school, "host", &host) < 0) {
                        not_understood(q);
                        return false;
                }
                const struct known_host *h = answers_known(q->a, school, host);
                if (!h) {
                        answer_rule(q, 404, XR_ARM_NO_HOST, host, NULL);
                        return false;
                }
                choose(c, h);
        }
        return true;
}

/* What is wished; false when it is answered already. */
struct wish {
        json_t *hosts, *confirm; /* borrowed; NULL: not said */
        const char *school, *pool;
        int again, hours;
};

static bool read_wish(struct asked *q, json_t *o, struct wish *w)
{
        *w = (struct wish){ .hours = USUAL_HOURS };
        if (json_unpack_ex(o, NULL, JSON_STRICT, "{s?:o, s?:o, s?:s, s?:s, s?:b, s?:i}", "hosts", &w->hosts, "confirm",
                    &w->confirm, "school", &w->school, "pool", &w->pool, "again", &w->again, "hours", &w->hours) < 0 ||
                !w->hosts == !w->school || (w->pool && !w->school) || (w->hosts && !json_array_size(w->hosts)) ||
                (w->confirm && !json_is_array(w->confirm)) || w->hours < 1 || w->hours > MOST_HOURS) {
                not_understood(q);
                return false;
        }
        return true;
}

/* A list is at most as long as there are hosts, so that looking for doubles stays cheap. */
static bool find_choice(struct asked *q, const struct wish *w, struct choice *c)
{
        size_t most = w->hosts ? json_array_size(w->hosts) : q->a->n_hosts;
        if (w->hosts && most > MOST_EVENTS) {
                not_understood(q);
                return false;
        }
        c->hosts = calloc(most + 1, sizeof(struct known_host *));
        if (!c->hosts)
                file_out_of_memory();
        return w->hosts ? choose_named(q, w->hosts, c) : choose_group(q, w->school, w->pool, c);
}

static void name_of(const struct known_host *h, char name[2 * NAME_MOST])
{
        snprintf(name, 2 * NAME_MOST, "%s/%s", h->school->id, h->machine->name);
}

/* Whoever arms again has to name each host a second time, as SCHOOL/HOST. */
static bool is_confirmed(const struct choice *c, json_t *names)
{
        if (!c->by_name || json_array_size(names) != c->n)
                return false;
        for (size_t i = 0; i < c->n; i++) {
                char name[2 * NAME_MOST];
                const char *said = json_string_value(json_array_get(names, i));
                name_of(c->hosts[i], name);
                if (!said || strcmp(said, name) != 0)
                        return false;
        }
        return true;
}

/* --- arming --- */

static json_t *host_json(const struct known_host *h)
{
        json_t *o = json_object();
        json_object_set_new(o, "school", text_json(h->school->id));
        json_object_set_new(o, "host", text_json(h->machine->name));
        return o;
}

/* Why a host is not armed without being told twice. */
static void refusal(struct asked *q, const struct known_host *h, const struct arm_row *row, json_t *list)
{
        bool installed = row->state == ARM_INSTALLED;
        time_t at = (time_t)(installed ? row->ended : row->started);
        char when[32], name[2 * NAME_MOST];
        struct tm tm;
        AUTO_STR sentence = STR_MAX(4096);
        strftime(when, sizeof(when), "%Y-%m-%d %H:%M", localtime_r(&at, &tm));
        name_of(h, name);
        const char *args[RULE_ARGS] = { name, when };
        rule_says(q, installed ? XR_ARM_INSTALLED : XR_ARM_STARTED, false, args, &sentence);
        json_t *o = host_json(h);
        json_object_set_new(o, "sentence", text_json(str_text(&sentence)));
        json_object_set_new(o, "may_again", json_true());
        json_array_append_new(list, o);
}

static bool note(struct asked *q, const char *action, const struct known_host *h, bool again, struct err *e)
{
        char name[2 * NAME_MOST + 16];
        name_of(h, name);
        if (again)
                snprintf(name + strlen(name), 16, " again");
        return visitors_note(q->a->visitors, &q->visitor, action, name, e);
}

/* The database is waited for before the state is held, or the boot server would wait as well. */
static bool begin(struct asked *q, struct err *e)
{
        struct database *db = store_database(q->a->c.store);
        if (!database_begin(db, e))
                return false;
        if (arming_begin(q->a->c.arming, e))
                return true;
        database_rollback(db);
        return false;
}

static void undo(struct asked *q)
{
        arming_rollback(q->a->c.arming);
        database_rollback(store_database(q->a->c.store));
}

/* Nothing is done that the audit does not know: it is written first. The roll call hears of it from who watches the
 * arming. */
static bool commit(
        struct asked *q, const struct known_host *const *hosts, size_t n, const char *action, bool again, struct err *e)
{
        struct err ignored = ERR_INIT;
        for (size_t i = 0; i < n; i++)
                if (!note(q, action, hosts[i], again, e))
                        return false;
        if (!database_commit(store_database(q->a->c.store), e))
                return false;
        if (arming_commit(q->a->c.arming, e))
                return true;
        (void)!visitors_note(q->a->visitors, &q->visitor, "undone", action, &ignored);
        return false;
}

struct arming_run {
        struct choice done; /* owned */
        json_t *refused;    /* owned */
};

static bool arm_chosen(
        struct asked *q, const struct choice *c, const struct wish *w, struct arming_run *run, struct err *e)
{
        struct arming *arming = q->a->c.arming;
        int64_t now = q->a->c.now() / SECOND;
        for (size_t i = 0; i < c->n; i++) {
                const struct known_host *h = c->hosts[i];
                struct arm_row row;
                if (!arming_or_standing(arming, q->a->c.store, h->school->id, h->machine->name, &row, e))
                        return false;
                if (!w->again && (row.state == ARM_INSTALLED || row.state == ARM_STARTED)) {
                        refusal(q, h, &row, run->refused);
                        continue;
                }
                if (!arming_arm(
                            arming, h->school->id, h->machine->name, now, now + (int64_t)w->hours * 3600, w->again, e))
                        return false;
                run->done.hosts[run->done.n++] = h;
        }
        return true;
}

static void answer_arming(struct asked *q, const struct arming_run *run, const struct wish *w, bool all)
{
        json_t *o = json_object(), *armed = json_array();
        for (size_t i = 0; all && i < run->done.n; i++)
                json_array_append_new(armed, host_json(run->done.hosts[i]));
        json_object_set_new(o, "armed", armed);
        json_object_set(o, "refused", run->refused);
        json_object_set_new(o, "until", json_integer(q->a->c.now() + (int64_t)w->hours * 3600 * SECOND));
        if (!all)
                json_object_set_new(o, "error", text_json(say(q, N_("Nothing was armed."))));
        answer_json(q, all ? 200 : 409, o);
}

/* Of hosts that somebody names all are armed or none; of a school those that may be. */
static void arm(struct asked *q, const struct choice *c, const struct wish *w)
{
        struct err e = ERR_INIT;
        struct arming_run run = { .done.hosts = calloc(c->n + 1, sizeof(struct known_host *)),
                .refused = json_array() };
        if (!run.done.hosts)
                file_out_of_memory();
        bool fine = begin(q, &e) && arm_chosen(q, c, w, &run, &e);
        bool all = fine && !(c->by_name && json_array_size(run.refused));
        if (all)
                fine = commit(q, run.done.hosts, run.done.n, "arm", w->again, &e);
        if (fine)
                answer_arming(q, &run, w, all);
        else
                answer_trouble(q, &e);
        undo(q);
        json_decref(run.refused);
        choice_clear(&run.done);
}

static void answer_disarming(struct asked *q, const struct choice *done)
{
        json_t *o = json_object(), *hosts = json_array();
        for (size_t i = 0; i < done->n; i++)
                json_array_append_new(hosts, host_json(done->hosts[i]));
        json_object_set_new(o, "disarmed", hosts);
        answer_json(q, 200, o);
}

static void disarm(struct asked *q, const struct choice *c, const struct wish *w)
{
        (void)w;
        struct err e = ERR_INIT;
        OWN(choice_clear) struct choice done = { .hosts = calloc(c->n + 1, sizeof(struct known_host *)) };
        if (!done.hosts)
                file_out_of_memory();
        bool fine = begin(q, &e);
        for (size_t i = 0; fine && i < c->n; i++) {
                bool was = false;
                fine = arming_disarm(q->a->c.arming, c->hosts[i]->school->id, c->hosts[i]->machine->name, &was, &e);
                if (fine && was)
                        done.hosts[done.n++] = c->hosts[i];
        }
        if (fine && commit(q, done.hosts, done.n, "disarm", false, &e))
                answer_disarming(q, &done);
        else
                answer_trouble(q, &e);
        undo(q);
}

static void act(struct asked *q, void (*doing)(struct asked *, const struct choice *, const struct wish *))
{
        OWN(choice_clear) struct choice c = { 0 };
        struct wish w;
        if (!q->a->c.arming)
                return answer_error(q, 409, N_("This server arms nobody; do it on the server of the school."));
        json_t *o = read_body(q);
        if (!o)
                return;
        if (read_wish(q, o, &w) && find_choice(q, &w, &c)) {
                if (w.again && !is_confirmed(&c, w.confirm))
                        answer_error(q, 409, N_("To install hosts once more, each has to be named and confirmed."));
                else
                        doing(q, &c, &w);
        }
        json_decref(o);
}

void act_arm(struct asked *q) { act(q, arm); }
void act_disarm(struct asked *q) { act(q, disarm); }
