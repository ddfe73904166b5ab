/* sql.h - SQLite with our errors, and statements that clean up after themselves. Private to the state's modules. */
#pragma once
#include "base/err.h"
#include "base/cleanup.h"

#include <sqlite3.h>

/* ERR_WORLD with SQLite's sentence. Always false. */
bool sql_failed(sqlite3 *, struct err *e);

MUST_USE bool sql_exec(sqlite3 *, const char *statements, struct err *e);

/* binds: one letter an argument, "s" for const char *, "i" for int64_t. NULL and e set on failure. */
MUST_USE sqlite3_stmt *sql_prepare(sqlite3 *, struct err *e, const char *statement, const char *binds, ...);
static inline void sql_finish(sqlite3_stmt **s) { sqlite3_finalize(*s); }

/* The next row; false at the end (e untouched) and on failure (e set). */
bool sql_row(sqlite3_stmt *, struct err *e);

/* Runs a statement without rows; *changed, when not NULL, is how many rows it touched. */
MUST_USE bool sql_do(sqlite3 *, struct err *e, int *changed, const char *statement, const char *binds, ...);

/* A column as text, never NULL, cut to size. */
void sql_text(sqlite3_stmt *, int column, char *out, size_t size);
