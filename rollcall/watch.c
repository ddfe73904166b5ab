#include "rollcall/watch.h"
#include "base/file.h"
#include "base/text.h"
#include "rollcall/cursor.h"

#include <string.h>

struct school {
        char id[NAME_MOST], name[200];
};

struct sight {                   /* of one look */
        struct school *schools;  /* something changed there; owned */
        struct occasion *failed; /* owned */
        size_t n_schools, n_failed, room_schools, room_failed;
};

static void sight_clear(struct sight *s)
{
        free(s->schools);
        free(s->failed);
}

static void *grown(void *array, size_t n, size_t *room, size_t size)
{
        if (n < *room)
                return array;
        *room = *room ? 2 * *room : 16;
        void *larger = reallocarray(array, *room, size);
        if (!larger)
                file_out_of_memory();
        return larger;
}

static void copy(char *out, size_t size, const char *text)
{
        size_t n = strlen(text);
        n = text_utf8_until(text, n < size ? n : size - 1);
        memcpy(out, text, n);
        out[n] = '\0';
}

static void see_failed(struct sight *s, const struct host_row *row, const struct host_more *more)
{
        s->failed = grown(s->failed, s->n_failed, &s->room_failed, sizeof(*s->failed));
        struct occasion *o = &s->failed[s->n_failed++];
        *o = (struct occasion){
                .kind = OCCASION_FAILED, .attempt = row->attempt, .code = row->code, .time = row->since
        };
        copy(o->school, sizeof(o->school), row->school);
        copy(o->school_name, sizeof(o->school_name), more->school_name);
        copy(o->pool, sizeof(o->pool), row->pool);
        copy(o->pool_name, sizeof(o->pool_name), more->pool_name);
        copy(o->host, sizeof(o->host), row->host);
        copy(o->detail, sizeof(o->detail), row->detail);
        occasion_set_id(o);
}

/* Rows come by school. */
static bool see(void *arg, const struct host_row *row, const struct host_more *more)
{
        struct sight *s = arg;
        if (!s->n_schools || strcmp(s->schools[s->n_schools - 1].id, row->school) != 0) {
                s->schools = grown(s->schools, s->n_schools, &s->room_schools, sizeof(*s->schools));
                struct school *school = &s->schools[s->n_schools++];
                copy(school->id, sizeof(school->id), row->school);
                copy(school->name, sizeof(school->name), more->school_name);
        }
        if (row->standing == STANDING_FAILED)
                see_failed(s, row, more);
        return true;
}

struct counting {
        struct school_count count;
        bool with_agent;
};

static bool count(void *arg, const struct host_row *row, const struct host_more *more)
{
        struct counting *c = arg;
        (void)more;
        occasion_count(&c->count, row, c->with_agent);
        return true;
}

static bool load(struct database *db, const char *name, struct told *t, struct err *e)
{
        AUTO_STR codes = STR_MAX(TOLD_CODES);
        if (!cursor_read(db, name, &t->position, &codes, e))
                return false;
        snprintf(t->codes, sizeof(t->codes), "%s", str_text(&codes));
        return true;
}

static bool judge_host(struct database *db, const struct occasion *o, bool *news, struct err *e)
{
        char digest[OCCASION_ID], name[OCCASION_ID + 16];
        bool changed = false;
        struct told t = { 0 };
        occasion_digest(o->school, o->host, digest);
        snprintf(name, sizeof(name), "failed/%s", digest);
        if (!load(db, name, &t, e))
                return false;
        *news = occasion_failure(&t, o->attempt, o->code, &changed);
        return !changed || cursor_write(db, name, t.position, t.codes, e);
}

static bool judge_school(struct watch *w, const struct school *s, struct occasion *o, bool *news, struct err *e)
{
        struct database *db = store_database(w->store);
        char digest[OCCASION_ID], name[OCCASION_ID + 16];
        bool changed = false;
        struct told t = { 0 };
        struct counting c = { .with_agent = w->with_agent };
        const struct host_filter filter = { .school = s->id };
        occasion_digest(s->id, "", digest);
        snprintf(name, sizeof(name), "complete/%s", digest);
        if (!store_hosts(w->store, &filter, count, &c, e) || !load(db, name, &t, e))
                return false;
        *news = occasion_completion(&t, &c.count, w->with_agent, &changed);
        *o = (struct occasion){ .kind = OCCASION_COMPLETE, .hosts = c.count.there, .time = t.position };
        copy(o->school, sizeof(o->school), s->id);
        copy(o->school_name, sizeof(o->school_name), s->name);
        occasion_set_id(o);
        return !changed || cursor_write(db, name, t.position, s->id, e);
}

static bool judge_all(struct watch *w, const struct sight *s,
        bool (*found)(void *, const struct occasion *, struct err *), void *arg, struct err *e)
{
        for (size_t i = 0; i < s->n_failed; i++) {
                bool news = false;
                if (!judge_host(store_database(w->store), &s->failed[i], &news, e) ||
                        (news && !found(arg, &s->failed[i], e)))
                        return false;
        }
        for (size_t i = 0; i < s->n_schools; i++) {
                bool news = false;
                struct occasion o;
                if (!judge_school(w, &s->schools[i], &o, &news, e) || (news && !found(arg, &o, e)))
                        return false;
        }
        return true;
}

bool watch_work(struct watch *w, bool (*found)(void *, const struct occasion *, struct err *), void *arg, struct err *e)
{
        int64_t change = 0;
        OWN(sight_clear) struct sight s = { 0 };
        if (!store_last_change(w->store, &change, e))
                return false;
        if (w->seen && change == w->seen)
                return true;
        const struct host_filter filter = { .changed_since = w->seen };
        if (!store_hosts(w->store, &filter, see, &s, e))
                return false;
        struct database *db = store_database(w->store);
        bool kept = database_begin(db, e) && judge_all(w, &s, found, arg, e) && database_commit(db, e);
        if (!kept)
                database_rollback(db);
        else
                w->seen = change;
        return kept;
}
