/* schema.h - the tables of the store, and how an older store's become today's. Private to the store.
 *
 *     counter   one row: the number of the last change
 *     school, pool, host      what is expected, and where each host stands (struct host_row)
 *     event     what was told; its number is never used again
 *     session, audit, cursor     other modules' own */
#pragma once
#include "rollcall/database.h"

/* ERR_INPUT and an XR rule when the tables are a newer program's. name: of the store, for people. */
MUST_USE bool schema_migrate(struct database *, const char *name, struct err *e);
