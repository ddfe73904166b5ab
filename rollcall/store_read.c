#include "rollcall/store_parts.h"
#include "base/now.h"
#include "rollcall/event_text.h"

#include <string.h>

enum { LONGEST_SEARCH = 200 };

/* --- rows --- */

static int within(int64_t value, int end) { return value >= 0 && value < end ? (int)value : 0; }

void store_read_host(const struct rows *r, struct host_row *h)
{
        h->id = rows_int(r, 0);
        rows_copy(r, 1, h->school, sizeof(h->school));
        rows_copy(r, 2, h->pool, sizeof(h->pool));
        rows_copy(r, 3, h->host, sizeof(h->host));
        h->expected = rows_int(r, 4) != 0;
        h->standing = (enum standing)within(rows_int(r, 5), STANDINGS);
        h->attempt = (int)rows_int(r, 6);
        h->started = rows_int(r, 7) != 0;
        h->before = (enum standing)within(rows_int(r, 8), STANDINGS);
        h->stage = (enum stage_kind)within(rows_int(r, 9), STAGE_KINDS);
        h->code = (int)rows_int(r, 10);
        h->percent = (int)rows_int(r, 11);
        h->since = rows_int(r, 12);
        h->heard = rows_int(r, 13);
        h->change = rows_int(r, 14);
        rows_copy(r, 15, h->step, sizeof(h->step));
        rows_copy(r, 16, h->outcome, sizeof(h->outcome));
        rows_copy(r, 17, h->detail, sizeof(h->detail));
}

/* Inside a transaction what is not written yet is to be seen as well. */
static bool settled(struct store *s, struct err *e) { return !s->begun || store_flush(s, e); }

bool store_last_change(struct store *s, int64_t *change, struct err *e)
{
        AUTO_ROWS r = database_query(s->db, e, "SELECT value FROM counter", "");
        if (!rows_next(r, e))
                return e->kind != ERR_NONE ? false : err_set(e, ERR_WORLD, "counter");
        *change = rows_int(r, 0);
        return true;
}

/* --- schools --- */

#define OVERDUE "((h.standing = 2 AND h.heard < ?) OR (h.standing = 4 AND h.outcome <> 'waiting' AND h.heard < ?))"
_Static_assert(
        STANDING_INSTALLING == 2 && STANDING_FINISHING == 4 && STANDING_FAILED == 6, "the numbers in statements");

static void add_up(struct school_row *to, const struct rows *r)
{
        to->hosts += rows_int(r, 4);
        to->by_standing[within(rows_int(r, 3), STANDINGS)] += rows_int(r, 4);
        to->overdue += rows_int(r, 5);
        if (rows_int(r, 6) > to->heard)
                to->heard = rows_int(r, 6);
}

/* of: those that are expected, and the others. */
static bool tell_school(struct school_row of[2], bool (*each)(void *arg, const struct school_row *), void *arg)
{
        struct school_row *counts = of[1].hosts ? &of[1] : &of[0];
        return !counts->hosts || each(arg, counts);
}

bool store_schools(
        struct store *s, int64_t now, bool (*each)(void *arg, const struct school_row *), void *arg, struct err *e)
{
        if (!settled(s, e))
                return false;
        struct school_row of[2] = { { .hosts = 0 } };
        AUTO_ROWS r = database_query(s->db, e,
                "SELECT g.school, s.name, g.expected, g.standing, g.hosts, g.late, g.heard FROM"
                " (SELECT h.school, h.expected, h.standing, count(*) AS hosts, sum(CASE WHEN " OVERDUE
                " THEN 1 ELSE 0 END) AS late,"
                " max(h.heard) AS heard FROM host h GROUP BY h.school, h.expected, h.standing) g"
                " JOIN school s ON s.id = g.school ORDER BY g.school",
                "ii", now - SILENT_INSTALLATION, now - SILENT_AGENT);
        while (rows_next(r, e)) {
                if (strcmp(of[0].school, rows_text(r, 0)) != 0) {
                        if (!tell_school(of, each, arg))
                                return true;
                        memset(of, 0, sizeof(of));
                        for (int i = 0; i < 2; i++) {
                                rows_copy(r, 0, of[i].school, sizeof(of[i].school));
                                rows_copy(r, 1, of[i].name, sizeof(of[i].name));
                        }
                }
                add_up(&of[rows_int(r, 2) != 0], r);
        }
        if (e->kind != ERR_NONE)
                return false;
        tell_school(of, each, arg);
        return true;
}

/* --- hosts --- */

#define HOSTS                                                                                                          \
        "SELECT " HOST_COLUMNS ", s.name, coalesce(p.name, ''), h.address, h.mac, h.serial FROM host h"                \
        " JOIN school s ON s.id = h.school LEFT JOIN pool p ON p.school = h.school AND p.id = h.pool WHERE "
#define FILTERED                                                                                                       \
        " AND (? = '' OR h.school = ?) AND (? = '' OR h.pool = ?) AND (? = '' OR h.host = ?) AND (? = 0 OR "           \
        "(CAST(? AS BIGINT) >> CAST(h.standing AS INTEGER)) % 2 = 1)"                                                  \
        " AND (? = '' OR lower(h.school || '\n' || s.name || '\n' || h.pool || '\n' || h.host || '\n' || h.address "   \
        "|| '\n' || h.mac"                                                                                             \
        " || '\n' || h.serial || '\n' || h.detail) LIKE lower(?) ESCAPE '!')"                                          \
        " ORDER BY CASE WHEN ? = 0 THEN 0 WHEN h.standing = 6 THEN 1 WHEN " OVERDUE " THEN 2 ELSE 3 END,"              \
        " h.school, h.pool, h.host LIMIT ?"

/* What is sought for as a pattern: % _ and ! stand for themselves. */
static void pattern_of(const char *search, char *out, size_t size)
{
        size_t n = 0;
        out[n++] = '%';
        for (; *search && n + 3 < size; search++) {
                if (strchr("%_!", *search))
                        out[n++] = '!';
                out[n++] = *search;
        }
        out[n++] = '%';
        out[n] = '\0';
}

static const char *clean(const char *text, char *out, size_t size)
{
        event_text(bytes_of(text ? text : "", text ? strlen(text) : 0), EVENT_NAME, out, size);
        return out;
}

static int64_t limit_of(int64_t limit) { return limit > 0 ? limit : INT64_MAX; }

static struct rows *hosts_of(struct store *s, const struct host_filter *f, struct err *e)
{
        /* The last changes are found by their index, and one host by its name. */
        static const char changed[] = HOSTS "h.change > ?" FILTERED, all[] = HOSTS "h.change >= ?" FILTERED,
                          one[] = HOSTS "h.school = ? AND h.host = ?";
        char school[NAME_MOST], pool[NAME_MOST], host[NAME_MOST], search[LONGEST_SEARCH],
                pattern[2 * LONGEST_SEARCH + 4];
        clean(f->school, school, sizeof(school));
        clean(f->pool, pool, sizeof(pool));
        clean(f->host, host, sizeof(host));
        clean(f->search, search, sizeof(search));
        if (*school && *host && !*pool && !*search && !f->standings && f->changed_since <= 0)
                return database_query(s->db, e, one, "ss", school, host);
        pattern_of(search, pattern, sizeof(pattern));
        int64_t standings = f->standings, now = now_wall();
        return database_query(s->db, e, f->changed_since > 0 ? changed : all, "issssssiissiiii",
                f->changed_since > 0 ? f->changed_since : (int64_t)0, school, school, pool, pool, host, host, standings,
                standings, search, pattern, (int64_t)f->worst_first, now - SILENT_INSTALLATION, now - SILENT_AGENT,
                limit_of(f->limit));
}

bool store_hosts(struct store *s, const struct host_filter *f,
        bool (*each)(void *arg, const struct host_row *, const struct host_more *), void *arg, struct err *e)
{
        struct host_row row = { .id = 0 };
        struct host_more more = { .mac = "" };
        if (!settled(s, e))
                return false;
        AUTO_ROWS r = hosts_of(s, f, e);
        while (rows_next(r, e)) {
                store_read_host(r, &row);
                rows_copy(r, N_HOST_COLUMNS, more.school_name, sizeof(more.school_name));
                rows_copy(r, N_HOST_COLUMNS + 1, more.pool_name, sizeof(more.pool_name));
                rows_copy(r, N_HOST_COLUMNS + 2, more.address, sizeof(more.address));
                rows_copy(r, N_HOST_COLUMNS + 3, more.mac, sizeof(more.mac));
                rows_copy(r, N_HOST_COLUMNS + 4, more.serial, sizeof(more.serial));
                if (!each(arg, &row, &more))
                        return true;
        }
        return e->kind == ERR_NONE;
}

/* --- events --- */

#define EVENTS                                                                                                         \
        "SELECT e.seq, h.school, h.pool, h.host, e.attempt, e.stage, e.step, e.outcome, e.code, e.percent, e.clock,"   \
        " e.received, e.key, e.detail FROM event e JOIN host h ON h.id = e.host WHERE e.seq > ?"
#define ONE " AND h.school = ? AND h.host = ?"
#define SCHOOL " AND h.school = ?"
#define RISING " ORDER BY e.seq LIMIT ?"
#define FALLING " ORDER BY e.seq DESC LIMIT ?"

static struct rows *events_of(struct store *s, const struct event_filter *f, struct err *e)
{
        static const char one[] = EVENTS ONE RISING, one_back[] = EVENTS ONE FALLING, schools[] = EVENTS SCHOOL RISING,
                          schools_back[] = EVENTS SCHOOL FALLING, all[] = EVENTS RISING, all_back[] = EVENTS FALLING;
        char school[NAME_MOST], host[NAME_MOST];
        clean(f->school, school, sizeof(school));
        clean(f->host, host, sizeof(host));
        int64_t limit = limit_of(f->limit);
        if (f->school && f->host)
                return database_query(
                        s->db, e, f->newest_first ? one_back : one, "issi", f->after, school, host, limit);
        if (f->school)
                return database_query(
                        s->db, e, f->newest_first ? schools_back : schools, "isi", f->after, school, limit);
        return database_query(s->db, e, f->newest_first ? all_back : all, "ii", f->after, limit);
}

static void read_event(const struct rows *r, struct event_row *row)
{
        struct event *ev = &row->event;
        row->seq = rows_int(r, 0);
        rows_copy(r, 1, ev->school, sizeof(ev->school));
        rows_copy(r, 2, ev->pool, sizeof(ev->pool));
        rows_copy(r, 3, ev->host, sizeof(ev->host));
        row->attempt = (int)rows_int(r, 4);
        ev->stage = (enum stage_kind)within(rows_int(r, 5), STAGE_KINDS);
        rows_copy(r, 6, ev->step, sizeof(ev->step));
        rows_copy(r, 7, ev->outcome, sizeof(ev->outcome));
        ev->code = (int)rows_int(r, 8);
        ev->percent = (int)rows_int(r, 9);
        ev->clock = rows_int(r, 10);
        ev->received = rows_int(r, 11);
        rows_copy(r, 12, ev->key, sizeof(ev->key));
        rows_copy(r, 13, ev->detail, sizeof(ev->detail));
}

bool store_events(struct store *s, const struct event_filter *f, bool (*each)(void *arg, const struct event_row *),
        void *arg, struct err *e)
{
        struct event_row row = { .seq = 0 };
        if (!settled(s, e))
                return false;
        AUTO_ROWS r = events_of(s, f, e);
        while (rows_next(r, e)) {
                read_event(r, &row);
                if (!each(arg, &row))
                        return true;
        }
        return e->kind == ERR_NONE;
}
