#include "rollcall/notice.h"
#include "base/file.h"
#include "base/rule.h"
#include "rollcall/contact.h"
#include "rollcall/cursor.h"
#include "rollcall/mail.h"
#include "rollcall/notice_body.h"
#include "rollcall/watch.h"

#include <string.h>

enum {
        SECONDS = 30,
        MOST_AT_ONCE = 500,
        /* Chat services take 20 messages a minute. What is left over of a long list goes on sooner than what comes
           later. */
        GATHER_MS = 60 * 1000,
        PACE_MS = 6 * 1000,
        FULL_MS = 10 * 1000,
        PREFIX = 22, /* of the list's names: "notice/", 14 hex digits, "/" */
};

struct place {
        const struct notice *config;
        struct route *route;
        struct contact contact;
        char prefix[PREFIX + 1];
        int64_t last;     /* the number of the last occasion in the message that is on its way, or was */
        bool waiting;     /* there may be something in its list */
        bool taken, more; /* it has said yes, the store does not know yet; the list goes on behind the message */
};

struct notices {
        const struct courier_config *config;
        struct watch watch;
        struct place *places;
        size_t n;
        int64_t number;      /* of the last occasion in any list */
        struct backoff full; /* the store has no room */
};

/* --- lists: rows notice/DIGITS/NUMBER of the cursors; sending/… holds the last number of a message whose fate is not
 * known --- */

static void place_name(const struct notice *n, char prefix[PREFIX + 1])
{
        char digest[OCCASION_ID];
        AUTO_STR where = STR_MAX(8 << 10);
        str_addf(&where, "%d %s", (int)n->form, n->url);
        occasion_digest(str_text(&where), n->to ? n->to : "", digest);
        snprintf(prefix, PREFIX + 1, "notice/%.14s/", digest);
        explicit_bzero(where.ptr, where.len);
}

static void sending_name(const struct place *p, char name[PREFIX + 16])
{
        snprintf(name, PREFIX + 16, "sending/%s", p->prefix);
}

static bool wants(const struct notice *n, const struct occasion *o)
{
        return o->kind == OCCASION_COMPLETE ? n->on_complete : n->on_failed;
}

static bool found(void *arg, const struct occasion *o, struct err *e)
{
        struct notices *n = arg;
        AUTO_STR text = STR_MAX(8 << 10);
        occasion_write(o, &text);
        for (size_t i = 0; i < n->n; i++) {
                char name[PREFIX + 32];
                if (!wants(n->places[i].config, o))
                        continue;
                snprintf(name, sizeof(name), "%s%lld", n->places[i].prefix, (long long)++n->number);
                if (!cursor_write(store_database(n->config->store), name, n->number, str_text(&text), e))
                        return false;
                n->places[i].waiting = true;
        }
        return true;
}

struct list {
        struct occasion *occasions; /* owned */
        int64_t *numbers;           /* owned */
        size_t n;
};

static void list_clear(struct list *l)
{
        free(l->occasions);
        free(l->numbers);
}

static bool read_list(struct notices *n, const struct place *p, struct list *l, struct err *e)
{
        struct err inner = ERR_INIT;
        l->occasions = calloc(MOST_AT_ONCE, sizeof(*l->occasions));
        l->numbers = calloc(MOST_AT_ONCE, sizeof(*l->numbers));
        if (!l->occasions || !l->numbers)
                file_out_of_memory();
        AUTO_ROWS rows = database_query(store_database(n->config->store), e,
                "SELECT position, detail FROM cursor WHERE substr(name, 1, 22) = ? ORDER BY position LIMIT 500", "s",
                p->prefix);
        if (!rows)
                return false;
        while (l->n < MOST_AT_ONCE && rows_next(rows, &inner)) {
                l->numbers[l->n] = rows_int(rows, 0);
                if (occasion_read(rows_text(rows, 1), &l->occasions[l->n]))
                        l->n++;
        }
        if (inner.kind)
                *e = inner;
        return !inner.kind;
}

/* What a message on its way holds is noted before, so that its repetition is the same message. */
static bool choose(struct notices *n, struct place *p, struct list *l, struct err *e)
{
        struct database *db = store_database(n->config->store);
        char sending[PREFIX + 16];
        int64_t last = 0;
        sending_name(p, sending);
        if (!cursor_read(db, sending, &last, NULL, e))
                return false;
        size_t all = l->n, same = 0;
        while (same < l->n && l->numbers[same] <= last)
                same++;
        l->n = same ? same : notice_fits(p->config->form, l->occasions, l->n, n->config->status_url);
        p->last = l->numbers[l->n - 1];
        p->more = l->n < all;
        return p->last == last || cursor_write(db, sending, p->last, "", e);
}

static bool note_taken(struct notices *n, struct place *p, struct err *e)
{
        struct database *db = store_database(n->config->store);
        char sending[PREFIX + 16];
        sending_name(p, sending);
        bool kept = database_begin(db, e) &&
                    database_do(db, e, NULL, "DELETE FROM cursor WHERE substr(name, 1, 22) = ? AND position <= ?", "si",
                            p->prefix, p->last) &&
                    cursor_drop(db, sending, e) && database_commit(db, e);
        if (!kept)
                database_rollback(db);
        else
                p->taken = false;
        return kept;
}

/* --- one place --- */

static void message_id(const struct place *p, const struct list *l, char id[OCCASION_ID])
{
        AUTO_STR ids = STR_MAX(MOST_AT_ONCE * OCCASION_ID);
        for (size_t i = 0; i < l->n; i++)
                str_add(&ids, l->occasions[i].id);
        if (l->n > 200) { /* more than a digest takes: its ends and its length name it as well */
                str_reset(&ids);
                str_addf(&ids, "%s%s%zu", l->occasions[0].id, l->occasions[l->n - 1].id, l->n);
        }
        occasion_digest(p->prefix, str_text(&ids), id);
}

static void compose(struct notices *n, const struct place *p, const struct list *l, struct str *body)
{
        const char *url = n->config->status_url;
        if (p->config->form != NOTICE_MAIL) {
                notice_body(p->config->form, l->occasions, l->n, url, body);
                return;
        }
        AUTO_STR subject = STR_MAX(LONGEST_NOTICE), text = STR_MAX(LONGEST_NOTICE);
        char id[OCCASION_ID];
        message_id(p, l, id);
        notice_subject(l->occasions, l->n, &subject);
        notice_text(l->occasions, l->n, url, &text);
        const struct mail mail = { p->config->from ? p->config->from : "", p->config->to, str_text(&subject),
                str_text(&text), id, n->config->now() };
        mail_write(&mail, body);
}

static bool send_next(struct notices *n, struct place *p, struct err *e)
{
        OWN(list_clear) struct list l = { 0 };
        if (!read_list(n, p, &l, e))
                return false;
        p->waiting = l.n > 0;
        if (!p->waiting)
                return true;
        if (!choose(n, p, &l, e))
                return false;
        AUTO_STR body = STR_MAX(2 * LONGEST_NOTICE);
        compose(n, p, &l, &body);
        route_send(p->route, &body);
        return true;
}

static void take_result(struct notices *n, struct place *p, struct route_result *r)
{
        char why[200] = "";
        int64_t now = n->config->now();
        bool chat = p->config->form == NOTICE_WECOM || p->config->form == NOTICE_DINGTALK;
        if (r->end != ROUTE_TAKEN)
                contact_failed(&p->contact, route_place(p->route), now, r);
        else if (chat && !notice_was_taken(r->answer, why, sizeof(why)))
                contact_failed_as(&p->contact, route_place(p->route), now, XR_COURIER_NOT_TAKEN, why);
        else {
                contact_fine(&p->contact, route_place(p->route));
                p->taken = true;
                if (p->config->form != NOTICE_JSON)
                        backoff_until(&p->contact.backoff, now + (p->more ? PACE_MS : GATHER_MS));
        }
}

static bool work_place(struct notices *n, struct place *p, struct err *e)
{
        struct route_result result;
        if (route_done(p->route, &result))
                take_result(n, p, &result);
        if (p->taken && !note_taken(n, p, e))
                return false;
        if (!p->waiting || route_busy(p->route) || backoff_wait(&p->contact.backoff, n->config->now()))
                return true;
        return send_next(n, p, e);
}

/* --- all of them --- */

static bool work(struct notices *n, bool fresh, struct err *e)
{
        if (fresh && !watch_work(&n->watch, found, n, e))
                return false;
        for (size_t i = 0; i < n->n; i++)
                if (!work_place(n, &n->places[i], e))
                        return false;
        return true;
}

bool notices_work(struct notices *n, bool fresh, struct err *e)
{
        if (backoff_wait(&n->full, n->config->now()))
                return true;
        if (work(n, fresh || n->full.due, e)) {
                backoff_clear(&n->full);
                return true;
        }
        if (!database_is_full(store_database(n->config->store)))
                return false;
        *e = (struct err)ERR_INIT;
        backoff_until(&n->full, n->config->now() + FULL_MS);
        return true;
}

bool notices_busy(const struct notices *n)
{
        for (size_t i = 0; i < n->n; i++)
                if (route_busy(n->places[i].route))
                        return true;
        return false;
}

int64_t notices_wait(const struct notices *n)
{
        int64_t now = n->config->now(), least = backoff_wait(&n->full, now);
        if (least)
                return least;
        least = -1;
        for (size_t i = 0; i < n->n; i++) {
                int64_t wait = backoff_wait(&n->places[i].contact.backoff, now);
                if (n->places[i].waiting && !route_busy(n->places[i].route) && (least < 0 || wait < least))
                        least = wait;
        }
        return least;
}

static bool open_place(struct notices *n, struct place *p, struct carrier *carrier, struct err *e)
{
        const struct notice *c = p->config;
        const struct route_target target = { .url = c->url,
                .user = c->user,
                .password = c->password,
                .from = c->from,
                .to = c->to,
                .seconds = SECONDS };
        place_name(c, p->prefix);
        p->waiting = true;
        p->contact.say = n->config->say;
        p->route = route_new(carrier, &target, e);
        return p->route != NULL;
}

static bool last_number(struct notices *n, struct err *e)
{
        struct err inner = ERR_INIT;
        AUTO_ROWS rows = database_query(store_database(n->config->store), e,
                "SELECT COALESCE(MAX(position), 0) FROM cursor WHERE substr(name, 1, 7) = 'notice/' OR substr(name, 1, "
                "8) = 'sending/'",
                "");
        if (!rows)
                return false;
        if (rows_next(rows, &inner))
                n->number = rows_int(rows, 0);
        if (inner.kind)
                *e = inner;
        return !inner.kind;
}

static bool is_place(const struct notices *n, const char *name)
{
        for (size_t i = 0; i < n->n; i++)
                if (!strncmp(n->places[i].prefix, name, PREFIX))
                        return true;
        return false;
}

/* What was to be told to places that are not to be told any more. */
static bool drop_others(struct notices *n, struct err *e)
{
        struct err inner = ERR_INIT;
        struct database *db = store_database(n->config->store);
        AUTO_STR names = STR_MAX(64 << 20);
        AUTO_ROWS rows = database_query(db, e, "SELECT name FROM cursor WHERE substr(name, 1, 7) = 'notice/'", "");
        if (!rows)
                return false;
        while (rows_next(rows, &inner))
                if (!is_place(n, rows_text(rows, 0)))
                        str_addn(&names, rows_text(rows, 0), strlen(rows_text(rows, 0)) + 1);
        rows_done(&rows);
        if (inner.kind)
                *e = inner;
        for (const char *name = str_text(&names), *end = name + names.len; !inner.kind && name < end;
                name += strlen(name) + 1)
                if (!cursor_drop(db, name, e))
                        return false;
        return !inner.kind;
}

struct notices *notices_new(const struct courier_config *config, struct carrier *carrier, struct err *e)
{
        const struct expected *x = config->expected;
        struct notices *n = calloc(1, sizeof(*n));
        if (!n || !(n->places = calloc(x->n_notices + 1, sizeof(*n->places))))
                file_out_of_memory();
        n->config = config;
        n->watch = (struct watch){ .store = config->store, .with_agent = x->with_agent };
        bool opened = last_number(n, e);
        for (; opened && n->n < x->n_notices; n->n++) {
                n->places[n->n].config = &x->notices[n->n];
                opened = open_place(n, &n->places[n->n], carrier, e);
        }
        if (opened && drop_others(n, e))
                return n;
        notices_free(n);
        return NULL;
}

void notices_free(struct notices *n)
{
        if (!n)
                return;
        for (size_t i = 0; i < n->n; i++)
                route_free(n->places[i].route);
        free(n->places);
        free(n);
}
