#include "rollcall/schema.h"
#include "base/rule.h"

#include <inttypes.h>
#include <stdio.h>

enum { VERSION_NOW = 1 };

/* Step n takes tables of version n - 1 to n. Long text stands last: what is counted is found without reading over it.
 */
static const char *const steps[] = {
        [1] = "CREATE TABLE counter (one BIGINT PRIMARY KEY CHECK (one = 1), value BIGINT NOT NULL);"
              "INSERT INTO counter (one, value) VALUES (1, 0);"
              "CREATE TABLE school (id {TEXT} PRIMARY KEY, name {TEXT} NOT NULL);"
              "CREATE TABLE pool (school {TEXT} NOT NULL REFERENCES school (id), id {TEXT} NOT NULL, name {TEXT} NOT "
              "NULL,"
              " PRIMARY KEY (school, id));"
              "CREATE TABLE host (id {SERIAL}, school {TEXT} NOT NULL REFERENCES school (id), pool {TEXT} NOT NULL,"
              " host {TEXT} NOT NULL, expected BIGINT NOT NULL, standing BIGINT NOT NULL, attempt BIGINT NOT NULL,"
              " started BIGINT NOT NULL, earlier BIGINT NOT NULL, stage BIGINT NOT NULL, code BIGINT NOT NULL,"
              " percent BIGINT NOT NULL, since BIGINT NOT NULL, heard BIGINT NOT NULL, change BIGINT NOT NULL,"
              " step {TEXT} NOT NULL, outcome {TEXT} NOT NULL, address {TEXT} NOT NULL, mac {TEXT} NOT NULL,"
              " serial {TEXT} NOT NULL, detail {TEXT} NOT NULL, UNIQUE (school, host));"
              "CREATE INDEX host_change ON host (change);"
              "CREATE TABLE event (seq {SERIAL}, host BIGINT NOT NULL REFERENCES host (id), attempt BIGINT NOT NULL,"
              " stage BIGINT NOT NULL, code BIGINT NOT NULL, percent BIGINT NOT NULL, clock BIGINT NOT NULL,"
              " received BIGINT NOT NULL, step {TEXT} NOT NULL, outcome {TEXT} NOT NULL, key {TEXT} NOT NULL,"
              " detail {TEXT} NOT NULL, UNIQUE (host, key));"
              "CREATE TABLE session (token_hash {TEXT} PRIMARY KEY, csrf {TEXT} NOT NULL, created BIGINT NOT NULL,"
              " expires BIGINT NOT NULL, peer {TEXT} NOT NULL);"
              "CREATE TABLE audit (seq {SERIAL}, at BIGINT NOT NULL, peer {TEXT} NOT NULL, action {TEXT} NOT NULL,"
              " detail {TEXT} NOT NULL);"
              "CREATE TABLE cursor (name {TEXT} PRIMARY KEY, position BIGINT NOT NULL, detail {TEXT} NOT NULL);",
};
_Static_assert(COUNT(steps) == VERSION_NOW + 1, "a version has a step that leads to it");

/* Whoever opens a fresh store first makes its tables, and the others wait. In SQLite beginning to write is that
 * already. */
static bool lock(struct database *db, struct err *e)
{
        if (!database_is_shared(db))
                return true;
        AUTO_ROWS r = database_query(db, e, "SELECT pg_advisory_xact_lock(7667766979)", "");
        return r != NULL;
}

static bool read_version(struct database *db, int64_t *version, struct err *e)
{
        AUTO_ROWS r = database_query(db, e, "SELECT number FROM version", "");
        *version = rows_next(r, e) ? rows_int(r, 0) : 0;
        return e->kind == ERR_NONE;
}

static bool step_up(struct database *db, const char *name, struct err *e)
{
        int64_t version;
        char number[24];
        if (!lock(db, e) || !database_script(db, "CREATE TABLE IF NOT EXISTS version (number BIGINT NOT NULL)", e) ||
                !read_version(db, &version, e))
                return false;
        snprintf(number, sizeof(number), "%" PRId64, version);
        if (version > VERSION_NOW)
                return err_rule(e, XR_ROLL_NEWER, name, number, NULL);
        if (version == VERSION_NOW)
                return true;
        for (int64_t v = version + 1; v <= VERSION_NOW; v++)
                if (!database_script(db, steps[v], e))
                        return false;
        return database_do(db, e, NULL, "DELETE FROM version", "") &&
               database_do(db, e, NULL, "INSERT INTO version (number) VALUES (?)", "i", (int64_t)VERSION_NOW);
}

bool schema_migrate(struct database *db, const char *name, struct err *e)
{
        if (!database_begin(db, e))
                return false;
        if (step_up(db, name, e))
                return database_commit(db, e);
        database_rollback(db);
        return false;
}
