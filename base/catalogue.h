/* catalogue.h - the sentences of one language, whatever the user's own language is.
 *
 * gettext knows one language a process. Files that are read by others than who runs xenroll need another one, and a
 * catalogue's file is simple enough to be read without touching the process's locale. */
#pragma once
#include "base/err.h"

struct catalogue;

/* NULL when there is none, or it is damaged: English is what then stands everywhere. Caller frees. */
MUST_USE struct catalogue *catalogue_open(const char *language);
void catalogue_free(struct catalogue *);        /* NULL is fine */

/* The translation, or the text itself; valid as long as the catalogue. */
const char *catalogue_text(const struct catalogue *, const char *text);
