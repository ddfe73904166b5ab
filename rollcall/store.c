#include "rollcall/store_parts.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/now.h"
#include "rollcall/cursor.h"
#include "rollcall/schema.h"

#include <string.h>

struct store *store_open(int dir, const char *where, bool create, struct err *e)
{
        static const char usual[] = "rollcall.db";
        struct store *s = calloc(1, sizeof(*s));
        if (!s)
                file_out_of_memory();
        s->db = database_open(dir, where ? where : usual, create, create, e);
        if (s->db && schema_migrate(s->db, database_is_shared(s->db) ? "PostgreSQL" : where ? where : usual, e))
                return s;
        store_close(s);
        return NULL;
}

void store_close(struct store *s)
{
        if (!s)
                return;
        store_rollback(s);
        store_forget(s);
        database_close(s->db);
        free(s);
}

struct database *store_database(struct store *s) { return s->db; }
bool store_is_full(const struct store *s) { return s->full; }

/* --- transactions --- */

static bool take_number(struct store *s, struct err *e)
{
        AUTO_ROWS r = database_query(s->db, e, "UPDATE counter SET value = value + 1 RETURNING value", "");
        if (!rows_next(r, e))
                return e->kind != ERR_NONE ? false : err_set(e, ERR_WORLD, "counter");
        s->number = rows_int(r, 0);
        return true;
}

bool store_begin(struct store *s, struct err *e)
{
        s->full = s->broken = false;
        if (!database_begin(s->db, e)) {
                s->full = database_is_full(s->db);
                return false;
        }
        s->begun = true;
        if (take_number(s, e) && (s->number == s->seen + 1 || store_catch_up(s, e)))
                return true;
        s->full = database_is_full(s->db);
        store_rollback(s);
        return false;
}

bool store_commit(struct store *s, struct err *e)
{
        bool fine = s->broken ? err_set(e, ERR_WORLD, _("something that belongs to it has failed"))
                              : store_flush(s, e) && database_commit(s->db, e);
        if (!fine) {
                s->full |= database_is_full(s->db);
                store_rollback(s);
                return false;
        }
        s->seen = s->number;
        s->begun = false;
        return true;
}

/* What is kept may be of the transaction that never was. */
void store_rollback(struct store *s)
{
        if (!s->begun)
                return;
        database_rollback(s->db);
        store_forget(s);
        s->begun = false;
}

bool store_enter(struct store *s, bool *own, struct err *e)
{
        *own = !s->begun;
        return s->begun || store_begin(s, e);
}

bool store_leave(struct store *s, bool own, bool fine, struct err *e)
{
        if (fine)
                return !own || store_commit(s, e);
        s->full |= database_is_full(s->db);
        s->broken = true;
        if (own)
                store_rollback(s);
        return false;
}

/* --- events --- */

/* Inserted, but the answer may still be under way. */
struct pending {
        const struct event *event;
        struct kept *host;
        int64_t new; /* 1: it was not there yet */
};
enum { MOST_PENDING = 500 };

struct putting {
        struct store *s;
        struct pending list[MOST_PENDING];
        size_t n, fresh;
};

static bool insert_event(
        struct store *s, const struct event *ev, int64_t host, int attempt, int64_t *new, struct err *e)
{
        struct event keyed;
        const char *key = ev->key;
        if (!*key) {
                keyed = *ev;
                event_key(&keyed);
                key = keyed.key;
        }
        return database_later(s->db, e, new,
                "INSERT INTO event (host, attempt, stage, code, percent, clock, received, step, outcome, key, detail)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (host, key) DO NOTHING",
                "iiiiiiissss", host, (int64_t)attempt, (int64_t)ev->stage, (int64_t)ev->code, (int64_t)ev->percent,
                ev->clock, ev->received, ev->step, ev->outcome, key, ev->detail);
}

static void take(struct store *s, const struct pending *p)
{
        struct host_row row;
        kept_row(p->host, &row);
        standing_take(&row, p->event);
        if (!*row.pool)
                memcpy(row.pool, p->event->pool, sizeof(row.pool));
        row.change = s->number;
        store_keep(s, p->host, &row);
}

/* Only what was new moves a host. */
static bool settle(struct putting *p, struct err *e)
{
        if (!database_settle(p->s->db, e))
                return false;
        for (size_t i = 0; i < p->n; i++)
                if (p->list[i].new) {
                        take(p->s, &p->list[i]);
                        p->fresh++;
                }
        p->n = 0;
        return true;
}

/* Which attempt an event is of follows from those before it only where one may begin; there it is waited for. */
static bool may_begin(const struct kept *k, const struct event *ev)
{
        return !k->attempt || ev->stage == STAGE_ARMING ||
               (ev->stage == STAGE_INSTALL && !strcmp(ev->outcome, "started"));
}

static bool put_one(struct putting *p, const struct event *ev, struct err *e)
{
        struct host_row row;
        /* Of a machine that does not know which host it is there is nothing to keep it with. */
        if (!*ev->school || !*ev->host)
                return true;
        struct kept *k = store_find_or_make(p->s, ev, e);
        if (!k)
                return false;
        bool begins = may_begin(k, ev);
        if ((begins || p->n == MOST_PENDING) && !settle(p, e))
                return false;
        int attempt = k->attempt;
        if (begins) {
                kept_row(k, &row);
                standing_take(&row, ev);
                attempt = row.attempt;
        }
        struct pending *this = &p->list[p->n++];
        *this = (struct pending){ .event = ev, .host = k };
        return insert_event(p->s, ev, k->id, attempt, &this->new, e) && (!begins || settle(p, e));
}

static bool put_all(struct store *s, const struct event *events, size_t n, size_t *fresh, struct err *e)
{
        struct putting p;
        p.s = s;
        p.n = p.fresh = 0;
        bool fine = true;
        for (size_t i = 0; fine && i < n; i++)
                fine = put_one(&p, &events[i], e);
        /* Also after a failure: what is under way writes to p, which ends here. */
        fine = settle(&p, e) && fine;
        *fresh = p.fresh;
        return fine;
}

bool store_put(struct store *s, const struct event *events, size_t n, size_t *fresh, struct err *e)
{
        bool own;
        *fresh = 0;
        if (!n)
                return true;
        if (store_enter(s, &own, e) && store_leave(s, own, put_all(s, events, n, fresh, e), e))
                return true;
        *fresh = 0;
        return false;
}

/* --- percent --- */

/* Told many times a second for nothing: that must not cost a transaction. */
static bool is_news(struct store *s, const char *school, const char *host, int percent, struct err *e)
{
        AUTO_ROWS r = database_query(
                s->db, e, "SELECT standing, percent FROM host WHERE school = ? AND host = ?", "ss", school, host);
        return rows_next(r, e) && rows_int(r, 0) == STANDING_INSTALLING && percent > rows_int(r, 1);
}

static bool keep_percent(struct store *s, const char *school, const char *host, int percent, struct err *e)
{
        struct host_row row;
        struct kept *k = store_find(s, school, host, e);
        if (!k)
                return e->kind == ERR_NONE;
        kept_row(k, &row);
        if (row.standing != STANDING_INSTALLING || percent <= row.percent)
                return true;
        row.percent = percent;
        /* Whoever fetches packages is not silent. */
        row.heard = now_wall() > row.heard ? now_wall() : row.heard;
        row.change = s->number;
        store_keep(s, k, &row);
        return true;
}

bool store_percent(struct store *s, const char *school, const char *host, int percent, struct err *e)
{
        bool own;
        percent = percent > 100 ? 100 : percent;
        if (!s->begun && !is_news(s, school, host, percent, e))
                return e->kind == ERR_NONE;
        return store_enter(s, &own, e) && store_leave(s, own, keep_percent(s, school, host, percent, e), e);
}

/* --- the end of events --- */

/* The last event that nobody waits for. */
static bool read_hold(struct store *s, const struct store_hold *hold, int64_t *position, struct err *e)
{
        *position = INT64_MAX;
        return !hold || cursor_read(s->db, hold->cursor, position, NULL, e);
}

bool store_prune(
        struct store *s, int64_t before, int64_t most, const struct store_hold *hold, int64_t *removed, struct err *e)
{
        const char *school = hold && hold->school ? hold->school : "";
        int64_t position;
        bool own;
        *removed = 0;
        if (!store_enter(s, &own, e))
                return false;
        bool fine = read_hold(s, hold, &position, e) &&
                    database_do(s->db, e, NULL, "DELETE FROM audit WHERE at < ?", "i", before) &&
                    database_do(s->db, e, removed,
                            "DELETE FROM event WHERE seq IN (SELECT seq FROM event WHERE received < ? AND (seq <= ? OR "
                            "host IN "
                            "(SELECT id FROM host WHERE ? <> '' AND school <> ?)) ORDER BY seq LIMIT ?)",
                            "iissi", before, position, school, school, most);
        return store_leave(s, own, fine, e);
}
