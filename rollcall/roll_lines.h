/* roll_lines.h - the lines to the roll call's process, which all threads of its web server share: one question a line at a time.
 *
 * Events, of which there may be floods, never take the last two: the page stays quick. */
#pragma once
#include "pxe/backend.h"

struct roll_lines;

struct roll_lines *roll_lines_new(const int *sockets, size_t n);        /* borrowed */
void roll_lines_free(struct roll_lines *);      /* NULL is fine */

/* Waits for a free line. Status 503 when the other process is gone, or after roll_lines_close. When a line fails all are shut down:
 * whoever watches them hears of it. */
void roll_lines_ask(struct roll_lines *, bool events, const struct ask *, struct reply *);

/* Asks no more, and cuts off who waits for an answer. */
void roll_lines_close(struct roll_lines *);
/* Why the other process was lost, once it was; else false. */
bool roll_lines_failure(struct roll_lines *, struct err *);
