#include "rollcall/store_parts.h"
#include "base/file.h"

#include <string.h>

enum { FIRST_SLOTS = 1024 };

static uint32_t hash_of(const char *school, const char *host)
{
        uint32_t h = 2166136261u;
        for (; *school; school++)
                h = (h ^ (unsigned char)*school) * 16777619u;
        h = (h ^ 0xff) * 16777619u;
        for (; *host; host++)
                h = (h ^ (unsigned char)*host) * 16777619u;
        return h;
}

static const char *after(const char *text) { return text + strlen(text) + 1; }

static struct kept *look(const struct store *s, uint32_t hash, const char *school, const char *host)
{
        for (struct kept *k = s->n_slots ? s->slots[hash & (s->n_slots - 1)] : NULL; k; k = k->next)
                if (k->hash == hash && !strcmp(k->texts, school) && !strcmp(after(k->texts), host))
                        return k;
        return NULL;
}

static void *must(void *p)
{
        if (!p)
                file_out_of_memory();
        return p;
}

static void grow(struct store *s)
{
        size_t n = s->n_slots ? s->n_slots * 4 : FIRST_SLOTS;
        struct kept **slots = must(calloc(n, sizeof(*slots)));
        for (size_t i = 0; i < s->n_slots; i++)
                for (struct kept *k = s->slots[i], *next; k; k = next) {
                        next = k->next;
                        k->next = slots[k->hash & (n - 1)];
                        slots[k->hash & (n - 1)] = k;
                }
        free(s->slots);
        s->slots = slots;
        s->n_slots = n;
}

void store_forget(struct store *s)
{
        for (size_t i = 0; i < s->n_slots; i++)
                for (struct kept *k = s->slots[i], *next; k; k = next) {
                        next = k->next;
                        free(k->texts);
                        free(k);
                }
        free(s->slots);
        free(s->dirty);
        s->slots = s->dirty = NULL;
        s->n_slots = s->n_kept = s->n_dirty = s->most_dirty = 0;
}

static void pack(struct kept *k, const struct host_row *r)
{
        const char *const texts[] = { r->school, r->host, r->pool, r->step, r->outcome, r->detail };
        size_t n = 0;
        for (size_t i = 0; i < COUNT(texts); i++)
                n += strlen(texts[i]) + 1;
        char *to = must(realloc(k->texts, n));
        k->texts = to;
        for (size_t i = 0; i < COUNT(texts); i++) {
                size_t length = strlen(texts[i]) + 1;
                memcpy(to, texts[i], length);
                to += length;
        }
        k->id = r->id;
        k->expected = r->expected;
        k->started = r->started;
        k->standing = r->standing;
        k->before = r->before;
        k->stage = r->stage;
        k->attempt = r->attempt;
        k->code = r->code;
        k->percent = r->percent;
        k->since = r->since;
        k->heard = r->heard;
        k->change = r->change;
}

void kept_row(const struct kept *k, struct host_row *r)
{
        char *const to[] = { r->school, r->host, r->pool, r->step, r->outcome, r->detail };
        const char *from = k->texts;
        for (size_t i = 0; i < COUNT(to); i++) {
                size_t n = strlen(from) + 1;
                memcpy(to[i], from, n);
                from += n;
        }
        r->id = k->id;
        r->expected = k->expected;
        r->started = k->started;
        r->standing = (enum standing)k->standing;
        r->before = (enum standing)k->before;
        r->stage = (enum stage_kind)k->stage;
        r->attempt = k->attempt;
        r->code = k->code;
        r->percent = k->percent;
        r->since = k->since;
        r->heard = k->heard;
        r->change = k->change;
}

static struct kept *insert(struct store *s, const struct host_row *r)
{
        if (s->n_kept >= s->n_slots)
                grow(s);
        struct kept *k = must(calloc(1, sizeof(*k)));
        k->hash = hash_of(r->school, r->host);
        pack(k, r);
        k->next = s->slots[k->hash & (s->n_slots - 1)];
        s->slots[k->hash & (s->n_slots - 1)] = k;
        s->n_kept++;
        return k;
}

struct kept *store_find(struct store *s, const char *school, const char *host, struct err *e)
{
        struct host_row row;
        struct kept *k = look(s, hash_of(school, host), school, host);
        if (k)
                return k;
        AUTO_ROWS r = database_query(
                s->db, e, "SELECT " HOST_COLUMNS " FROM host h WHERE h.school = ? AND h.host = ?", "ss", school, host);
        if (!rows_next(r, e))
                return NULL;
        store_read_host(r, &row);
        return insert(s, &row);
}

static struct kept *make(struct store *s, const struct event *ev, struct err *e)
{
        struct host_row row = { .percent = -1, .change = s->number };
        memcpy(row.school, ev->school, sizeof(row.school));
        memcpy(row.host, ev->host, sizeof(row.host));
        memcpy(row.pool, ev->pool, sizeof(row.pool));
        if (!database_do(s->db, e, NULL, "INSERT INTO school (id, name) VALUES (?, '') ON CONFLICT (id) DO NOTHING",
                    "s", ev->school))
                return NULL;
        AUTO_ROWS r = database_query(s->db, e,
                "INSERT INTO host (school, pool, host, expected, standing, attempt, started, earlier, stage, code, "
                "percent, since,"
                " heard, change, step, outcome, address, mac, serial, detail) VALUES (?, ?, ?, 0, 0, 0, 0, 0, 0, 0, "
                "-1, 0, 0, ?, '', '', '',"
                " '', '', '') RETURNING id",
                "sssi", ev->school, ev->pool, ev->host, s->number);
        if (!rows_next(r, e))
                return NULL;
        row.id = rows_int(r, 0);
        return insert(s, &row);
}

struct kept *store_find_or_make(struct store *s, const struct event *ev, struct err *e)
{
        struct kept *k = store_find(s, ev->school, ev->host, e);
        return k || e->kind != ERR_NONE ? k : make(s, ev, e);
}

void store_keep(struct store *s, struct kept *k, const struct host_row *r)
{
        pack(k, r);
        if (k->dirty)
                return;
        if (s->n_dirty == s->most_dirty) {
                s->most_dirty = s->most_dirty ? 2 * s->most_dirty : 256;
                s->dirty = must(realloc(s->dirty, s->most_dirty * sizeof(*s->dirty)));
        }
        s->dirty[s->n_dirty++] = k;
        k->dirty = true;
}

static bool write_host(struct store *s, const struct kept *k, struct err *e)
{
        const char *pool = after(after(k->texts)), *step = after(pool), *outcome = after(step),
                   *detail = after(outcome);
        return database_later(s->db, e, NULL,
                "UPDATE host SET pool = ?, standing = ?, attempt = ?, started = ?, earlier = ?, stage = ?, code = ?, "
                "percent = ?, since = ?,"
                " heard = ?, change = ?, step = ?, outcome = ?, detail = ? WHERE id = ?",
                "siiiiiiiiiisssi", pool, (int64_t)k->standing, (int64_t)k->attempt, (int64_t)k->started,
                (int64_t)k->before, (int64_t)k->stage, (int64_t)k->code, (int64_t)k->percent, k->since, k->heard,
                k->change, step, outcome, detail, k->id);
}

bool store_flush(struct store *s, struct err *e)
{
        for (size_t i = 0; i < s->n_dirty; i++) {
                if (!write_host(s, s->dirty[i], e))
                        return false;
                s->dirty[i]->dirty = false;
        }
        s->n_dirty = 0;
        return true;
}

bool store_catch_up(struct store *s, struct err *e)
{
        struct host_row row;
        if (!s->n_kept)
                return true;
        AUTO_ROWS r = database_query(s->db, e, "SELECT " HOST_COLUMNS " FROM host h WHERE h.change > ?", "i", s->seen);
        while (rows_next(r, e)) {
                store_read_host(r, &row);
                struct kept *k = look(s, hash_of(row.school, row.host), row.school, row.host);
                if (k)
                        pack(k, &row);
        }
        return e->kind == ERR_NONE;
}
