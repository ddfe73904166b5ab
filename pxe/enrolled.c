#include "pxe/state.h"
#include "pxe/sql.h"

#include <string.h>

static bool count(struct arming *a, const char *mac, int64_t *others, struct err *e)
{
        OWN(sql_finish)
        sqlite3_stmt *s = sql_prepare(a->db, e, "SELECT count(*) FROM enrolled WHERE mac != ?", "s", mac);
        if (!s || !sql_row(s, e))
                return false;
        *others = sqlite3_column_int64(s, 0);
        return true;
}

/* Machines are found by any of their cards. */
static bool put_cards(struct arming *a, const struct enrolled *m, const char *first, struct err *e)
{
        char macs[sizeof(m->macs)], *rest;
        snprintf(macs, sizeof(macs), "%s", m->macs);
        for (char *mac = strtok_r(macs, " ", &rest); mac; mac = strtok_r(NULL, " ", &rest))
                if (!sql_do(a->db, e, NULL, "INSERT OR REPLACE INTO enrolled_mac (mac, machine) VALUES (?, ?)", "ss",
                            mac, first))
                        return false;
        return true;
}

static bool put(struct arming *a, const struct enrolled *m, const char *first, struct err *e)
{
        return sql_do(a->db, e, NULL, "DELETE FROM enrolled WHERE mac = ?", "s", first) &&
               sql_do(a->db, e, NULL,
                       "INSERT INTO enrolled (mac, macs, serial, model, cpu, cpus, memory, firmware, disks, seen)"
                       " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                       "sssssiissi", first, m->macs, m->serial, m->model, m->cpu, (int64_t)m->cpus, m->memory,
                       m->firmware, m->disks, m->seen) &&
               put_cards(a, m, first, e);
}

bool enrolled_put(struct arming *a, const struct enrolled *m, bool *kept, struct err *e)
{
        char first[20];
        int64_t others = 0;
        snprintf(first, sizeof(first), "%.*s", (int)strcspn(m->macs, " "), m->macs);
        *kept = false;
        if (!count(a, first, &others, e))
                return false;
        if (others >= MOST_ENROLLED)
                return true;
        *kept = arming_begin(a, e) && put(a, m, first, e) && arming_commit(a, e);
        arming_rollback(a);
        return *kept;
}

bool enrolled_serial(struct arming *a, const char *mac, char serial[100], struct err *e)
{
        *serial = '\0';
        if (!a->db)
                return true;
        OWN(sql_finish)
        sqlite3_stmt *s = sql_prepare(a->db, e,
                "SELECT serial FROM enrolled_mac JOIN enrolled ON enrolled.mac = machine WHERE enrolled_mac.mac = ?",
                "s", mac);
        if (s && sql_row(s, e))
                sql_text(s, 0, serial, 100);
        return e->kind == ERR_NONE;
}

bool enrolled_each(struct arming *a, bool (*each)(void *, const struct enrolled *), void *arg, struct err *e)
{
        struct enrolled m;
        if (!a->db)
                return true;
        OWN(sql_finish)
        sqlite3_stmt *s = sql_prepare(a->db, e,
                "SELECT macs, serial, model, cpu, cpus, memory, firmware, disks, seen FROM enrolled ORDER BY seen, mac",
                "");
        while (s && sql_row(s, e)) {
                sql_text(s, 0, m.macs, sizeof(m.macs));
                sql_text(s, 1, m.serial, sizeof(m.serial));
                sql_text(s, 2, m.model, sizeof(m.model));
                sql_text(s, 3, m.cpu, sizeof(m.cpu));
                m.cpus = sqlite3_column_int(s, 4);
                m.memory = sqlite3_column_int64(s, 5);
                sql_text(s, 6, m.firmware, sizeof(m.firmware));
                sql_text(s, 7, m.disks, sizeof(m.disks));
                m.seen = sqlite3_column_int64(s, 8);
                if (!each(arg, &m))
                        break;
        }
        return e->kind == ERR_NONE;
}

bool enrolled_forget(struct arming *a, struct err *e) { return !a->db || sql_exec(a->db, "DELETE FROM enrolled", e); }

bool enrolled_forget_one(struct arming *a, const char *mac, struct err *e)
{
        return !a->db || sql_do(a->db, e, NULL, "DELETE FROM enrolled WHERE mac = ?", "s", mac);
}
