/* database.h - SQLite or PostgreSQL behind one small set of calls, with the same statements for both.
 *
 * Statements are written for both: `?` for a value, ON CONFLICT, RETURNING, BIGINT and TEXT. Prepared ones are kept by their text
 * (which must be a literal) and used again. Not thread-safe: a connection a thread.
 *
 * Every wait has an end: 5 s for whoever holds an SQLite file, 25 s for an answer of PostgreSQL, 5 s for a connection, and none for 3 s after one
 * that could not be made. Who cannot wait for so long has it done on a thread (recorder.h). */
#pragma once
#include "base/cleanup.h"
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

struct database;

/* url: "postgresql://…" or a file's name in dir, made with the owner of dir and mode 0600 when create says so. SQLite: WAL, synchronous FULL,
 * foreign keys; `PRAGMA integrity_check` when thorough, which reads all of it. NULL and e (ERR_WORLD, or ERR_INPUT for a damaged one, an XR
 * rule) on failure. Caller closes. */
MUST_USE struct database *database_open(int dir, const char *url, bool create, bool thorough, struct err *e);
void database_close(struct database *);         /* NULL is fine */
bool database_is_shared(const struct database *);       /* PostgreSQL: others write to it too */

/* Whether the last failure means that there is no room (SQLITE_FULL, disk_full): the caller may try again later. */
bool database_is_full(const struct database *);

MUST_USE bool database_begin(struct database *, struct err *e);
MUST_USE bool database_commit(struct database *, struct err *e);
void database_rollback(struct database *);      /* nothing when nothing was begun */

/* Several statements without values, as the schema has them: {SERIAL} stands for a primary key that numbers itself and
 * uses no number twice, {TEXT} for text that is sorted by its bytes. */
MUST_USE bool database_script(struct database *, const char *statements, struct err *e);

/* One statement. binds: a letter an argument, "s" const char *, "i" int64_t, "n" (no argument) NULL. */
struct rows;
MUST_USE struct rows *database_query(struct database *, struct err *e, const char *statement, const char *binds, ...);
/* *changed, when not NULL, is how many rows it touched. */
MUST_USE bool database_do(struct database *, struct err *e, int64_t *changed, const char *statement, const char *binds, ...);

/* As database_do, but inside a PostgreSQL's transaction many of them are under way at once: *changed is set, and a failure told, by
 * database_settle, the next other call, or the commit at the latest. changed stays where it is until then; it may be NULL. */
MUST_USE bool database_later(struct database *, struct err *e, int64_t *changed, const char *statement, const char *binds, ...);
MUST_USE bool database_settle(struct database *, struct err *e);

/* The next row; false at the end (e untouched) and on failure (e set). */
bool rows_next(struct rows *, struct err *e);
int64_t rows_int(const struct rows *, int column);              /* NULL is 0 */
const char *rows_text(const struct rows *, int column);         /* never NULL; valid until the next row */
void rows_copy(const struct rows *, int column, char *out, size_t size);        /* cut to size at a character's beginning */
void rows_done(struct rows **);                                  /* to be called before the next use of the statement */
#define AUTO_ROWS OWN(rows_done) struct rows *
