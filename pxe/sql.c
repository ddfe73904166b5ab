#include "pxe/sql.h"
#include "base/i18n.h"

#include <stdio.h>

bool sql_failed(sqlite3 *db, struct err *e)
{
        return err_set(e, ERR_WORLD, _("the state cannot be kept: %s"), sqlite3_errmsg(db));
}

bool sql_exec(sqlite3 *db, const char *statements, struct err *e)
{
        return sqlite3_exec(db, statements, NULL, NULL, NULL) == SQLITE_OK || sql_failed(db, e);
}

static bool bind(sqlite3_stmt *s, const char *binds, va_list ap)
{
        int code = SQLITE_OK;
        for (int i = 1; binds[i - 1] && code == SQLITE_OK; i++)
                code = binds[i - 1] == 'i' ? sqlite3_bind_int64(s, i, va_arg(ap, int64_t))
                                           : sqlite3_bind_text(s, i, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
        return code == SQLITE_OK;
}

static sqlite3_stmt *preparev(sqlite3 *db, struct err *e, const char *statement, const char *binds, va_list ap)
{
        sqlite3_stmt *s = NULL;
        if (sqlite3_prepare_v2(db, statement, -1, &s, NULL) == SQLITE_OK && bind(s, binds, ap))
                return s;
        sql_failed(db, e);
        sqlite3_finalize(s);
        return NULL;
}

sqlite3_stmt *sql_prepare(sqlite3 *db, struct err *e, const char *statement, const char *binds, ...)
{
        va_list ap;
        va_start(ap, binds);
        sqlite3_stmt *s = preparev(db, e, statement, binds, ap);
        va_end(ap);
        return s;
}

bool sql_row(sqlite3_stmt *s, struct err *e)
{
        int code = sqlite3_step(s);
        if (code != SQLITE_ROW && code != SQLITE_DONE)
                sql_failed(sqlite3_db_handle(s), e);
        return code == SQLITE_ROW;
}

bool sql_do(sqlite3 *db, struct err *e, int *changed, const char *statement, const char *binds, ...)
{
        va_list ap;
        va_start(ap, binds);
        OWN(sql_finish) sqlite3_stmt *s = preparev(db, e, statement, binds, ap);
        va_end(ap);
        if (!s)
                return false;
        if (sqlite3_step(s) != SQLITE_DONE)
                return sql_failed(db, e);
        if (changed)
                *changed = sqlite3_changes(db);
        return true;
}

void sql_text(sqlite3_stmt *s, int column, char *out, size_t size)
{
        const unsigned char *text = sqlite3_column_text(s, column);
        snprintf(out, size, "%s", text ? (const char *)text : "");
}
