/* journal.h - what has been done, so that a power cut resumes: lines appended, each with a checksum and synced.
 *
 * A torn or damaged line and all behind it count as never written, and are cut off when the journal is opened. */
#pragma once
#include "base/str.h"

enum { JOURNAL_LONGEST = 512 };         /* bytes of a line */

struct journal;

/* Reads what is there; each() hears every sound line in order. NULL and e set when it cannot be read or written. */
MUST_USE struct journal *journal_open(int dir, const char *name, void (*each)(void *arg, const char *line), void *arg, struct err *e);
void journal_close(struct journal *);   /* NULL is fine */

/* One line without line feeds, durable when this returns true. After a failure the journal takes no more. */
MUST_USE bool journal_add(struct journal *, const char *line, struct err *e);

/* For who only looks, while another process may be writing: each() hears every sound line, the file stays as it is. */
MUST_USE bool journal_read(int dir, const char *name, void (*each)(void *arg, const char *line), void *arg, struct err *e);
