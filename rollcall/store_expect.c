/* The hosts of a build, as the store knows them beside what they tell. */
#include "rollcall/store_parts.h"
#include "base/file.h"

#include <string.h>

static int by_name(const void *a, const void *b)
{
        const struct expected_host *x = *(const struct expected_host *const *)a,
                                   *y = *(const struct expected_host *const *)b;
        int order = strcmp(x->school, y->school);
        return order ? order : strcmp(x->host, y->host);
}

/* Names stand in rows of their own; who follows changes sees them with the hosts. */
static bool expect_names(struct store *s, const struct expected_host *h, struct err *e)
{
        int64_t school = 0, pool = 0;
        return database_do(s->db, e, &school,
                       "INSERT INTO school (id, name) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET name = "
                       "excluded.name WHERE school.name <> "
                       "excluded.name",
                       "ss", h->school, h->school_name) &&
               database_do(s->db, e, &pool,
                       "INSERT INTO pool (school, id, name) VALUES (?, ?, ?) ON CONFLICT (school, id) DO UPDATE SET "
                       "name = excluded.name"
                       " WHERE pool.name <> excluded.name",
                       "sss", h->school, h->pool, h->pool_name) &&
               (!(school || pool) || database_do(s->db, e, NULL, "UPDATE host SET change = ? WHERE school = ?", "is",
                                             s->number, h->school));
}

static bool expect_host(struct store *s, const struct expected_host *h, struct err *e)
{
        return database_later(s->db, e, NULL,
                "INSERT INTO host (school, pool, host, expected, standing, attempt, started, earlier, stage, code, "
                "percent, since, heard,"
                " change, step, outcome, address, mac, serial, detail) VALUES (?, ?, ?, 1, 0, 0, 0, 0, 0, 0, -1, 0, 0, "
                "?, '', '', ?, ?, ?, '')"
                " ON CONFLICT (school, host) DO UPDATE SET expected = 1, pool = excluded.pool, address = "
                "excluded.address,"
                " mac = excluded.mac, serial = excluded.serial, change = excluded.change"
                " WHERE host.expected <> 1 OR host.pool <> excluded.pool OR host.address <> excluded.address OR "
                "host.mac <> excluded.mac"
                " OR host.serial <> excluded.serial",
                "sssisss", h->school, h->pool, h->host, s->number, h->address, h->mac, h->serial);
}

/* sorted: the n of one school. */
static bool expect_no_others(struct store *s, const struct expected_host **sorted, size_t n, struct err *e)
{
        AUTO_ROWS r = database_query(
                s->db, e, "SELECT id, host FROM host WHERE school = ? AND expected = 1", "s", sorted[0]->school);
        while (rows_next(r, e)) {
                const struct expected_host this = { .school = sorted[0]->school, .host = rows_text(r, 1) },
                                           *key = &this;
                if (!bsearch(&key, sorted, n, sizeof(*sorted), by_name) &&
                        !database_do(s->db, e, NULL, "UPDATE host SET expected = 0, change = ? WHERE id = ?", "ii",
                                s->number, rows_int(r, 0)))
                        return false;
        }
        return e->kind == ERR_NONE;
}

static bool expect_all(struct store *s, const struct expected_host **sorted, size_t n, struct err *e)
{
        if (!store_flush(s, e))
                return false;
        for (size_t i = 0, first = 0; i < n; i++) {
                const struct expected_host *h = sorted[i];
                bool same = i && !strcmp(h->school, sorted[i - 1]->school);
                if (!same)
                        first = i;
                if (!(same && !strcmp(h->pool, sorted[i - 1]->pool)) && !expect_names(s, h, e))
                        return false;
                if (!expect_host(s, h, e))
                        return false;
                bool last = i + 1 == n || strcmp(h->school, sorted[i + 1]->school) != 0;
                if (last && !expect_no_others(s, sorted + first, i + 1 - first, e))
                        return false;
        }
        store_forget(s);
        return true;
}

bool store_expect(struct store *s, const struct expected_host *hosts, size_t n, struct err *e)
{
        bool own;
        AUTO_FREE const struct expected_host **sorted = calloc(n + 1, sizeof(*sorted));
        if (!sorted)
                file_out_of_memory();
        for (size_t i = 0; i < n; i++)
                sorted[i] = &hosts[i];
        qsort(sorted, n, sizeof(*sorted), by_name);
        return store_enter(s, &own, e) && store_leave(s, own, expect_all(s, sorted, n, e), e);
}
