#include "pxe/agent_reports.h"
#include "pxe/sql.h"
#include "pxe/state.h"

bool agent_report_put(struct arming *a, const struct agent_report *r, struct err *e)
{
        return sql_do(a->db, e, NULL,
                "INSERT OR REPLACE INTO agent (school, host, step, outcome, code, detail, at) VALUES (?, ?, ?, ?, ?, "
                "?, ?)",
                "ssssisi", r->school, r->host, r->step, r->outcome, (int64_t)r->code, r->detail, r->at);
}

bool agent_report_get(
        struct arming *a, const char *school, const char *host, struct agent_report *r, bool *found, struct err *e)
{
        *r = (struct agent_report){ .code = 0 };
        *found = false;
        if (!a->db)
                return true;
        OWN(sql_finish)
        sqlite3_stmt *s = sql_prepare(a->db, e,
                "SELECT school, host, step, outcome, code, detail, at FROM agent WHERE school = ? AND host = ?", "ss",
                school, host);
        if (!s)
                return false;
        *found = sql_row(s, e);
        if (*found) {
                sql_text(s, 0, r->school, sizeof(r->school));
                sql_text(s, 1, r->host, sizeof(r->host));
                sql_text(s, 2, r->step, sizeof(r->step));
                sql_text(s, 3, r->outcome, sizeof(r->outcome));
                r->code = sqlite3_column_int(s, 4);
                sql_text(s, 5, r->detail, sizeof(r->detail));
                r->at = sqlite3_column_int64(s, 6);
        }
        return e->kind == ERR_NONE;
}
