#include "rollcall/database_parts.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

enum { BUSY_MS = 5000, MOST_STATEMENTS = 96 };

struct sqlite_database {
        struct database base;
        sqlite3 *db;
        int dir; /* of the file; its path goes through here. Owned */
        char name[128];
        struct {
                const char *literal;
                sqlite3_stmt *statement;
        } cache[MOST_STATEMENTS];
        size_t n;
};

struct sqlite_rows {
        struct rows base;
        struct sqlite_database *of;
        sqlite3_stmt *statement;
        bool own; /* not in the cache */
};

static struct sqlite_database *sqlite_of(struct database *db) { return (struct sqlite_database *)db; }

static bool failed(struct sqlite_database *s, struct err *e)
{
        int code = sqlite3_errcode(s->db), cause = sqlite3_system_errno(s->db);
        if (code == SQLITE_FULL || (code == SQLITE_IOERR && (cause == ENOSPC || cause == EDQUOT)))
                return database_no_room(&s->base, s->name, e);
        if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
                return err_rule(e, XR_ROLL_DAMAGED, s->name, sqlite3_errmsg(s->db), NULL);
        return err_set(e, ERR_WORLD, _("%s: %s"), s->name, sqlite3_errmsg(s->db));
}

static bool exec(struct sqlite_database *s, const char *statements, struct err *e)
{
        return sqlite3_exec(s->db, statements, NULL, NULL, NULL) == SQLITE_OK || failed(s, e);
}

/* --- statements --- */

static sqlite3_stmt *prepare(struct sqlite_database *s, const char *text, bool keep, struct err *e)
{
        sqlite3_stmt *statement = NULL;
        if (sqlite3_prepare_v3(s->db, text, -1, keep ? SQLITE_PREPARE_PERSISTENT : 0, &statement, NULL) == SQLITE_OK)
                return statement;
        failed(s, e);
        return NULL;
}

/* By its address, and by its words in case the caller's text was no literal. NULL: not kept, or in use. */
static sqlite3_stmt *cached(const struct sqlite_database *s, const char *text)
{
        for (size_t i = 0; i < s->n; i++)
                if (s->cache[i].literal == text && !strcmp(sqlite3_sql(s->cache[i].statement), text))
                        return sqlite3_stmt_busy(s->cache[i].statement) ? NULL : s->cache[i].statement;
        return NULL;
}

static bool is_cached(const struct sqlite_database *s, const char *text)
{
        for (size_t i = 0; i < s->n; i++)
                if (s->cache[i].literal == text)
                        return true;
        return false;
}

static sqlite3_stmt *statement_of(struct sqlite_database *s, const char *text, bool *own, struct err *e)
{
        sqlite3_stmt *statement = cached(s, text);
        *own = false;
        if (statement)
                return statement;
        *own = s->n == MOST_STATEMENTS || is_cached(s, text);
        statement = prepare(s, text, !*own, e);
        if (statement && !*own) {
                s->cache[s->n].literal = text;
                s->cache[s->n++].statement = statement;
        }
        return statement;
}

static void let_go(sqlite3_stmt *statement, bool own)
{
        if (own) {
                sqlite3_finalize(statement);
                return;
        }
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
}

static bool bind(struct sqlite_database *s, sqlite3_stmt *statement, const struct database_value *v, size_t n,
        sqlite3_destructor_type life, struct err *e)
{
        int code = SQLITE_OK;
        for (size_t i = 0; i < n && code == SQLITE_OK; i++)
                code = v[i].kind == 's'   ? sqlite3_bind_text(statement, (int)i + 1, v[i].text, -1, life)
                       : v[i].kind == 'i' ? sqlite3_bind_int64(statement, (int)i + 1, v[i].number)
                                          : sqlite3_bind_null(statement, (int)i + 1);
        return code == SQLITE_OK || failed(s, e);
}

static bool lite_run(struct database *db, struct err *e, int64_t *changed, const char *text,
        const struct database_value *v, size_t n)
{
        struct sqlite_database *s = sqlite_of(db);
        bool own;
        sqlite3_stmt *statement = statement_of(s, text, &own, e);
        if (!statement)
                return false;
        bool fine = bind(s, statement, v, n, SQLITE_STATIC, e);
        if (fine) {
                int code;
                while ((code = sqlite3_step(statement)) == SQLITE_ROW)
                        ;
                fine = code == SQLITE_DONE || failed(s, e);
        }
        if (changed)
                *changed = fine ? sqlite3_changes64(s->db) : 0;
        let_go(statement, own);
        return fine;
}

static struct rows *lite_query(
        struct database *db, struct err *e, const char *text, const struct database_value *v, size_t n)
{
        struct sqlite_database *s = sqlite_of(db);
        bool own;
        sqlite3_stmt *statement = statement_of(s, text, &own, e);
        if (!statement)
                return NULL;
        struct sqlite_rows *r = malloc(sizeof(*r));
        if (!r)
                file_out_of_memory();
        *r = (struct sqlite_rows){ .base.calls = db->calls, .of = s, .statement = statement, .own = own };
        struct rows *rows = &r->base;
        if (!bind(s, statement, v, n, SQLITE_TRANSIENT, e))
                rows_done(&rows);
        return rows;
}

static bool lite_next(struct rows *rows, struct err *e)
{
        struct sqlite_rows *r = (struct sqlite_rows *)rows;
        int code = sqlite3_step(r->statement);
        if (code != SQLITE_ROW && code != SQLITE_DONE)
                failed(r->of, e);
        return code == SQLITE_ROW;
}

static int64_t lite_integer(const struct rows *rows, int column)
{
        return sqlite3_column_int64(((const struct sqlite_rows *)rows)->statement, column);
}

static const char *lite_words(const struct rows *rows, int column)
{
        const unsigned char *text = sqlite3_column_text(((const struct sqlite_rows *)rows)->statement, column);
        return text ? (const char *)text : "";
}

static void lite_done(struct rows *rows)
{
        struct sqlite_rows *r = (struct sqlite_rows *)rows;
        let_go(r->statement, r->own);
        free(r);
}

/* --- transactions --- */

static bool lite_begin(struct database *db, struct err *e)
{
        static const char text[] = "BEGIN IMMEDIATE";
        return lite_run(db, e, NULL, text, NULL, 0);
}

static bool lite_commit(struct database *db, struct err *e)
{
        static const char text[] = "COMMIT";
        return lite_run(db, e, NULL, text, NULL, 0);
}

static void lite_rollback(struct database *db)
{
        struct sqlite_database *s = sqlite_of(db);
        /* A full disk may have rolled it back already; and what cannot be rolled back is not in the file either. */
        if (!sqlite3_get_autocommit(s->db))
                sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

static bool lite_script(struct database *db, const char *statements, struct err *e)
{
        return exec(sqlite_of(db), statements, e);
}

/* --- opening --- */

static void lite_close(struct database *db)
{
        struct sqlite_database *s = sqlite_of(db);
        for (size_t i = 0; i < s->n; i++)
                sqlite3_finalize(s->cache[i].statement);
        sqlite3_close(s->db);
        cleanup_fd(&s->dir);
        free(s);
}

static const struct database_calls calls = {
        .serial = "INTEGER PRIMARY KEY AUTOINCREMENT",
        .text = "TEXT",
        .close = lite_close,
        .begin = lite_begin,
        .commit = lite_commit,
        .rollback = lite_rollback,
        .script = lite_script,
        .query = lite_query,
        .run = lite_run,
        .later = lite_run,
        .next = lite_next,
        .integer = lite_integer,
        .words = lite_words,
        .done = lite_done,
};

/* The file is the folder's owner's, whoever started us: `sudo xenroll serve` must not lock `xenroll status` out. */
static bool create_file(int dir, const char *name, struct err *e)
{
        AUTO_FD int fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        return fd < 0 ? err_sys(e, _("opening %s"), name) : file_give(dir, fd, name, e);
}

static bool check(struct sqlite_database *s, bool thorough, struct err *e)
{
        char said[200] = "";
        sqlite3_stmt *statement = prepare(
                s, thorough ? "PRAGMA integrity_check(1)" : "SELECT count(*), 'ok' FROM sqlite_schema", false, e);
        if (statement && sqlite3_step(statement) == SQLITE_ROW) {
                const unsigned char *text = sqlite3_column_text(statement, thorough ? 0 : 1);
                snprintf(said, sizeof(said), "%s", text ? (const char *)text : "");
        }
        bool fine = !strcmp(said, "ok");
        if (!fine && *said)
                err_rule(e, XR_ROLL_DAMAGED, s->name, said, NULL);
        else if (!fine)
                failed(s, e);
        sqlite3_finalize(statement);
        return fine;
}

static bool open_file(struct sqlite_database *s, int dir, bool create, bool thorough, struct err *e)
{
        char path[200];
        if (create && !create_file(dir, s->name, e))
                return false;
        if (faccessat(dir, s->name, F_OK, 0) < 0 || (s->dir = fcntl(dir, F_DUPFD_CLOEXEC, 3)) < 0)
                return err_sys(e, _("opening %s"), s->name);
        snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", s->dir, s->name);
        if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
                return s->db ? failed(s, e) : err_set(e, ERR_WORLD, "%s", s->name);
        sqlite3_busy_timeout(s->db, BUSY_MS);
        return exec(s, "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000", e) &&
               check(s, thorough, e) &&
               exec(s,
                       "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; "
                       "PRAGMA journal_size_limit = 67108864",
                       e);
}

struct database *database_sqlite_open(int dir, const char *name, bool create, bool thorough, struct err *e)
{
        struct sqlite_database *s = calloc(1, sizeof(*s));
        if (!s)
                file_out_of_memory();
        s->base.calls = &calls;
        s->dir = -1;
        snprintf(s->name, sizeof(s->name), "%s", name);
        if (open_file(s, dir, create, thorough, e))
                return &s->base;
        lite_close(&s->base);
        return NULL;
}
