#include "pxe/arming.h"
#include "pxe/sql.h"
#include "pxe/state.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

const char *const arm_state_names[] = { "idle", "armed", "started", "installed", "failed" };

#define COLUMNS "school, host, state, token, armed, until, starts, started, ended, code, detail"

static void read_row(sqlite3_stmt *s, struct arm_row *row)
{
        int64_t state = sqlite3_column_int64(s, 2);
        sql_text(s, 0, row->school, sizeof(row->school));
        sql_text(s, 1, row->host, sizeof(row->host));
        row->state = state >= ARM_IDLE && state <= ARM_FAILED ? (enum arm_state)state : ARM_IDLE;
        sql_text(s, 3, row->token, sizeof(row->token));
        row->armed = sqlite3_column_int64(s, 4);
        row->until = sqlite3_column_int64(s, 5);
        row->starts = sqlite3_column_int(s, 6);
        row->started = sqlite3_column_int64(s, 7);
        row->ended = sqlite3_column_int64(s, 8);
        row->code = sqlite3_column_int(s, 9);
        sql_text(s, 10, row->detail, sizeof(row->detail));
}

bool arming_get(struct arming *a, const char *school, const char *host, struct arm_row *row, struct err *e)
{
        *row = (struct arm_row){ .state = ARM_IDLE };
        snprintf(row->school, sizeof(row->school), "%s", school);
        snprintf(row->host, sizeof(row->host), "%s", host);
        if (!a->db)
                return true;
        OWN(sql_finish)
        sqlite3_stmt *s = sql_prepare(
                a->db, e, "SELECT " COLUMNS " FROM arming WHERE school = ? AND host = ?", "ss", school, host);
        if (!s)
                return false;
        if (sql_row(s, e))
                read_row(s, row);
        return e->kind == ERR_NONE;
}

bool arming_by_token(struct arming *a, const char *token, struct arm_row *row, bool *found, struct err *e)
{
        *row = (struct arm_row){ .state = ARM_IDLE };
        *found = false;
        if (!a->db || strlen(token) != TOKEN_TEXT - 1)
                return true;
        OWN(sql_finish)
        sqlite3_stmt *s = sql_prepare(a->db, e, "SELECT " COLUMNS " FROM arming WHERE token = ?", "s", token);
        if (!s)
                return false;
        *found = sql_row(s, e);
        if (*found)
                read_row(s, row);
        return e->kind == ERR_NONE;
}

bool arming_each(struct arming *a, bool (*each)(void *, const struct arm_row *), void *arg, struct err *e)
{
        struct arm_row row;
        if (!a->db)
                return true;
        OWN(sql_finish)
        sqlite3_stmt *s = sql_prepare(a->db, e, "SELECT " COLUMNS " FROM arming ORDER BY school, host", "");
        if (!s)
                return false;
        while (sql_row(s, e)) {
                read_row(s, &row);
                if (!each(arg, &row))
                        break;
        }
        return e->kind == ERR_NONE;
}

bool arming_version(struct arming *a, int64_t *version, struct err *e)
{
        *version = 0;
        if (!a->db)
                return true;
        OWN(sql_finish) sqlite3_stmt *s = sql_prepare(a->db, e, "PRAGMA data_version", "");
        if (!s || !sql_row(s, e))
                return false;
        /* SQLite counts what others change and what we change apart. */
        *version = sqlite3_column_int64(s, 0) * (INT64_C(1) << 31) + sqlite3_total_changes(a->db);
        return true;
}

/* --- by hand --- */

static bool draw_token(char token[TOKEN_TEXT], struct err *e)
{
        unsigned char bytes[(TOKEN_TEXT - 1) / 2];
        if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
                return err_sys(e, _("drawing a random token"));
        text_hex(bytes, sizeof(bytes), token);
        return true;
}

static bool may_arm(const struct arm_row *row, bool again, struct err *e)
{
        char when[32];
        struct tm tm;
        time_t at = row->state == ARM_INSTALLED ? row->ended : row->started;
        if (again || (row->state != ARM_INSTALLED && row->state != ARM_STARTED))
                return true;
        strftime(when, sizeof(when), "%Y-%m-%d %H:%M", localtime_r(&at, &tm));
        return err_refuse(e, row->state == ARM_INSTALLED ? XR_ARM_INSTALLED : XR_ARM_STARTED, row->host, when, NULL);
}

bool arming_arm(
        struct arming *a, const char *school, const char *host, int64_t now, int64_t until, bool again, struct err *e)
{
        struct arm_row row;
        char token[TOKEN_TEXT];
        return arming_get(a, school, host, &row, e) && may_arm(&row, again, e) && draw_token(token, e) &&
               sql_do(a->db, e, NULL,
                       "INSERT OR REPLACE INTO arming (school, host, state, token, armed, until, starts, started, "
                       "ended, code, detail) "
                       "VALUES (?, ?, 1, ?, ?, ?, 0, 0, 0, 0, '')",
                       "sssii", school, host, token, now, until);
}

bool arming_disarm(struct arming *a, const char *school, const char *host, bool *was, struct err *e)
{
        int changed = 0;
        bool fine = !a->db || sql_do(a->db, e, &changed,
                                      "UPDATE arming SET state = 0, token = NULL WHERE school = ? AND host = ? AND "
                                      "state IN (1, 2, 4)",
                                      "ss", school, host);
        *was = changed > 0;
        return fine;
}

/* --- by the machine --- */

/* An arming is over: the token dies with it. */
static bool spend(struct arming *a, struct arm_row *row, enum arm_state to, int code, int64_t now, struct err *e)
{
        row->state = to;
        row->code = code ? code : row->code;
        row->ended = now;
        return sql_do(a->db, e, NULL, "UPDATE arming SET state = ?, code = ?, ended = ? WHERE school = ? AND host = ?",
                "iiiss", (int64_t)to, (int64_t)row->code, now, row->school, row->host);
}

bool arming_boots(struct arming *a, const char *school, const char *host, int64_t now, struct arm_row *row,
        bool *installs, struct err *e)
{
        *installs = false;
        if (!arming_get(a, school, host, row, e))
                return false;
        if (row->state != ARM_ARMED && row->state != ARM_STARTED)
                return true;
        if (row->starts >= MOST_STARTS)
                return spend(a, row, ARM_FAILED, row->code ? row->code : XR_ARM_TWICE, now, e);
        if (now >= row->until)
                return spend(a, row, row->starts ? ARM_FAILED : ARM_IDLE, 0, now, e);
        *installs = true;
        return true;
}

bool arming_start(struct arming *a, const char *token, int64_t now, struct arm_row *row, bool *allowed, struct err *e)
{
        int changed = 0;
        *allowed = false;
        if (!a->db || strlen(token) != TOKEN_TEXT - 1)
                return true;
        if (!sql_do(a->db, e, &changed,
                    "UPDATE arming SET state = 2, starts = starts + 1, started = ?, code = 0, detail = '' "
                    "WHERE token = ? AND state IN (1, 2) AND starts < ? AND until > ?",
                    "isii", now, token, (int64_t)MOST_STARTS, now))
                return false;
        return !changed || arming_by_token(a, token, row, allowed, e);
}

bool arming_end(struct arming *a, const char *token, enum arm_outcome outcome, int code, const char *detail,
        int64_t now, bool *known, struct err *e)
{
        struct arm_row row;
        int changed = 0;
        *known = false;
        if (!arming_by_token(a, token, &row, known, e))
                return false;
        if (*known && row.state == ARM_INSTALLED)
                return true;
        *known = *known && (row.state == ARM_STARTED || (row.state == ARM_FAILED && row.starts));
        if (!*known)
                return true;
        if (outcome == ARM_COMPLETED)
                return sql_do(a->db, e, &changed,
                        "UPDATE arming SET state = 3, ended = ?, code = 0, detail = '' WHERE token = ?",
                        "is", now, token);
        enum arm_state to = row.starts >= MOST_STARTS ? ARM_FAILED : row.state;
        return sql_do(a->db, e, &changed,
                "UPDATE arming SET state = ?, ended = ?, code = ?, detail = ? WHERE token = ?", "iiiss", (int64_t)to,
                now, (int64_t)code, detail, token);
}
