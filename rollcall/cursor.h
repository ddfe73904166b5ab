/* cursor.h - how far something has come, in the store: a name, a number and a text. */
#pragma once
#include "rollcall/database.h"
#include "base/str.h"

/* 0 and "" when there is none. detail may be NULL. */
MUST_USE bool cursor_read(struct database *, const char *name, int64_t *position, struct str *detail, struct err *e);
MUST_USE bool cursor_write(struct database *, const char *name, int64_t position, const char *detail, struct err *e);
MUST_USE bool cursor_drop(struct database *, const char *name, struct err *e);
