#include "pxe/state.h"
#include "pxe/sql.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define NAME "state.db"
enum { VERSION_NOW = 2, BUSY_MS = 10000 };

/* Step n takes a file of version n - 1 to n. */
static const char *const steps[] = {
        [1] = "CREATE TABLE arming (school TEXT NOT NULL, host TEXT NOT NULL, state INTEGER NOT NULL, token TEXT "
              "UNIQUE,"
              " armed INTEGER NOT NULL, until INTEGER NOT NULL, starts INTEGER NOT NULL, started INTEGER NOT NULL,"
              " ended INTEGER NOT NULL, code INTEGER NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (school, host)) "
              "WITHOUT ROWID;"
              "CREATE TABLE enrolled (mac TEXT PRIMARY KEY, macs TEXT NOT NULL, serial TEXT NOT NULL, model TEXT NOT "
              "NULL,"
              " cpu TEXT NOT NULL, cpus INTEGER NOT NULL, memory INTEGER NOT NULL, firmware TEXT NOT NULL,"
              " disks TEXT NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID;"
              "CREATE TABLE enrolled_mac (mac TEXT PRIMARY KEY, machine TEXT NOT NULL REFERENCES enrolled (mac) ON "
              "DELETE CASCADE)"
              " WITHOUT ROWID;",
        [2] = "CREATE TABLE agent (school TEXT NOT NULL, host TEXT NOT NULL, step TEXT NOT NULL, outcome TEXT NOT NULL,"
              " code INTEGER NOT NULL, detail TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (school, host)) WITHOUT ROWID;",
};
_Static_assert(COUNT(steps) == VERSION_NOW + 1, "a version has a step that leads to it");

static bool read_version(sqlite3 *db, int *version, struct err *e)
{
        OWN(sql_finish) sqlite3_stmt *s = sql_prepare(db, e, "PRAGMA user_version", "");
        if (!s || !sql_row(s, e))
                return false;
        *version = sqlite3_column_int(s, 0);
        return true;
}

/* Under a write lock, so that two processes that open a fresh file do not both make its tables. */
static bool migrate(sqlite3 *db, struct err *e)
{
        int version = 0;
        char number[16], pragma[48];
        if (!sql_exec(db, "BEGIN IMMEDIATE", e) || !read_version(db, &version, e))
                return false;
        snprintf(number, sizeof(number), "%d", version);
        if (version > VERSION_NOW)
                return err_rule(e, XR_ARM_NEWER, NAME, number, NULL);
        for (int v = version + 1; v <= VERSION_NOW; v++)
                if (!sql_exec(db, steps[v], e))
                        return false;
        snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d", VERSION_NOW);
        return sql_exec(db, pragma, e) && sql_exec(db, "COMMIT", e);
}

static bool check(sqlite3 *db, struct err *e)
{
        char said[200] = "";
        OWN(sql_finish) sqlite3_stmt *s = sql_prepare(db, e, "PRAGMA quick_check(1)", "");
        if (s && sql_row(s, e))
                sql_text(s, 0, said, sizeof(said));
        if (!strcmp(said, "ok"))
                return true;
        return err_rule(e, XR_ARM_STORE_DAMAGED, NAME, *said ? said : sqlite3_errmsg(db), NULL);
}

/* The file is the folder's owner's, whoever started us: `sudo xenroll serve` must not lock `xenroll arm` out. */
static bool create_file(int dir, struct err *e)
{
        AUTO_FD int fd = openat(dir, NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        return fd < 0 ? err_sys(e, _("opening %s"), NAME) : file_give(dir, fd, NAME, e);
}

static bool open_db(struct arming *a, int dir, bool create, struct err *e)
{
        char path[64];
        if (create && !create_file(dir, e))
                return false;
        if (!create && faccessat(dir, NAME, F_OK, 0) < 0)
                return true;
        a->dir = fcntl(dir, F_DUPFD_CLOEXEC, 3);
        if (a->dir < 0)
                return err_sys(e, _("opening %s"), NAME);
        snprintf(path, sizeof(path), "/proc/self/fd/%d/" NAME, a->dir);
        if (sqlite3_open_v2(path, &a->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
                return sql_failed(a->db, e);
        sqlite3_busy_timeout(a->db, BUSY_MS);
        if (!check(a->db, e))
                return false;
        return sql_exec(a->db,
                       "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA "
                       "temp_store = MEMORY",
                       e) &&
               migrate(a->db, e);
}

struct arming *arming_open(int dir, bool create, struct err *e)
{
        struct arming *a = calloc(1, sizeof(*a));
        if (!a)
                file_out_of_memory();
        a->dir = -1;
        if (open_db(a, dir, create, e))
                return a;
        arming_close(a);
        return NULL;
}

void arming_close(struct arming *a)
{
        if (!a)
                return;
        sqlite3_close(a->db);
        cleanup_fd(&a->dir);
        free(a);
}

bool arming_begin(struct arming *a, struct err *e) { return sql_exec(a->db, "BEGIN IMMEDIATE", e); }
bool arming_commit(struct arming *a, struct err *e) { return sql_exec(a->db, "COMMIT", e); }

void arming_rollback(struct arming *a)
{
        struct err ignored = ERR_INIT;
        if (a->db && !sqlite3_get_autocommit(a->db) && !sql_exec(a->db, "ROLLBACK", &ignored))
                return; /* the file is as it was either way */
}
