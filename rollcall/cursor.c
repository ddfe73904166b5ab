#include "rollcall/cursor.h"

bool cursor_read(struct database *db, const char *name, int64_t *position, struct str *detail, struct err *e)
{
        *position = 0;
        struct err inner = ERR_INIT;
        AUTO_ROWS rows = database_query(db, e, "SELECT position, detail FROM cursor WHERE name = ?", "s", name);
        if (!rows)
                return false;
        if (rows_next(rows, &inner)) {
                *position = rows_int(rows, 0);
                if (detail)
                        str_add(detail, rows_text(rows, 1));
        }
        if (inner.kind)
                *e = inner;
        return !inner.kind;
}

bool cursor_write(struct database *db, const char *name, int64_t position, const char *detail, struct err *e)
{
        return database_do(db, e, NULL,
                "INSERT INTO cursor (name, position, detail) VALUES (?, ?, ?) "
                "ON CONFLICT (name) DO UPDATE SET position = excluded.position, detail = excluded.detail",
                "sis", name, position, detail);
}

bool cursor_drop(struct database *db, const char *name, struct err *e)
{
        return database_do(db, e, NULL, "DELETE FROM cursor WHERE name = ?", "s", name);
}
