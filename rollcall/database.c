#include "rollcall/database_parts.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "base/text.h"

#include <string.h>

struct database *database_open(int dir, const char *url, bool create, bool thorough, struct err *e)
{
        return database_is_postgres(url) ? database_postgres_open(url, e)
                                         : database_sqlite_open(dir, url, create, thorough, e);
}

void database_close(struct database *db)
{
        if (db)
                db->calls->close(db);
}

bool database_is_shared(const struct database *db) { return db->calls->shared; }
bool database_is_full(const struct database *db) { return db->full; }

bool database_no_room(struct database *db, const char *why, struct err *e)
{
        db->full = true;
        err_rule(e, XR_DATABASE_FULL, why, NULL);
        e->kind = ERR_WORLD;
        return false;
}

bool database_begin(struct database *db, struct err *e)
{
        db->full = false;
        db->begun = db->calls->begin(db, e);
        return db->begun;
}

bool database_commit(struct database *db, struct err *e)
{
        db->full = false;
        if (!db->calls->commit(db, e)) {
                database_rollback(db);
                return false;
        }
        db->begun = false;
        return true;
}

void database_rollback(struct database *db)
{
        if (db->begun)
                db->calls->rollback(db);
        db->begun = false;
}

bool database_script(struct database *db, const char *statements, struct err *e)
{
        static const char *const places[] = { "{SERIAL}", "{TEXT}" };
        const char *const meanings[] = { db->calls->serial, db->calls->text };
        AUTO_STR text = STR_MAX(64 << 10);
        for (const char *at = statements; *at;) {
                bool found = false;
                for (size_t i = 0; i < COUNT(places) && !found; i++)
                        if (!strncmp(at, places[i], strlen(places[i]))) {
                                str_add(&text, meanings[i]);
                                at += strlen(places[i]);
                                found = true;
                        }
                if (!found)
                        str_addc(&text, *at++);
        }
        db->full = false;
        return str_ok(&text, "SQL", e) && db->calls->script(db, str_text(&text), e);
}

static size_t collect(struct database_value *values, const char *binds, va_list ap)
{
        size_t n = 0;
        for (; binds[n] && n < MOST_VALUES; n++) {
                values[n] = (struct database_value){ .kind = binds[n] };
                if (binds[n] == 's')
                        values[n].text = va_arg(ap, const char *);
                else if (binds[n] == 'i')
                        values[n].number = va_arg(ap, int64_t);
        }
        return n;
}

struct rows *database_query(struct database *db, struct err *e, const char *statement, const char *binds, ...)
{
        struct database_value values[MOST_VALUES];
        va_list ap;
        va_start(ap, binds);
        size_t n = collect(values, binds, ap);
        va_end(ap);
        db->full = false;
        return db->calls->query(db, e, statement, values, n);
}

bool database_do(struct database *db, struct err *e, int64_t *changed, const char *statement, const char *binds, ...)
{
        struct database_value values[MOST_VALUES];
        va_list ap;
        va_start(ap, binds);
        size_t n = collect(values, binds, ap);
        va_end(ap);
        db->full = false;
        return db->calls->run(db, e, changed, statement, values, n);
}

bool database_later(struct database *db, struct err *e, int64_t *changed, const char *statement, const char *binds, ...)
{
        struct database_value values[MOST_VALUES];
        va_list ap;
        va_start(ap, binds);
        size_t n = collect(values, binds, ap);
        va_end(ap);
        db->full = false;
        return db->calls->later(db, e, changed, statement, values, n);
}

bool database_settle(struct database *db, struct err *e) { return !db->calls->settle || db->calls->settle(db, e); }

bool rows_next(struct rows *r, struct err *e) { return r && r->calls->next(r, e); }
int64_t rows_int(const struct rows *r, int column) { return r->calls->integer(r, column); }
const char *rows_text(const struct rows *r, int column) { return r->calls->words(r, column); }

void rows_copy(const struct rows *r, int column, char *out, size_t size)
{
        const char *text = rows_text(r, column);
        size_t n = strlen(text);
        if (n >= size) {
                n = size - 1;
                while (n && ((unsigned char)text[n] & 0xc0) == 0x80)
                        n--;
        }
        memcpy(out, text, n);
        out[n] = '\0';
}

void rows_done(struct rows **r)
{
        if (*r)
                (*r)->calls->done(*r);
        *r = NULL;
}
