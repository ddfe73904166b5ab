/* export.h - all that the store knows, for other programs and for spreadsheets. Written host by host as it is read.
 *
 * JSON: an array of hosts, each with its standing and an array of its events. CSV (RFC 4180, UTF-8 with a byte order mark): a line an
 * event, or one line for a host without; what a spreadsheet would take for a formula has an apostrophe before it. Times are UTC;
 * `clock` is the host's own. */
#pragma once
#include "rollcall/store.h"

#include <stdio.h>

/* False and e (ERR_WORLD) when the store or the file fails. The file is flushed, not closed. */
MUST_USE bool export_json(struct store *, FILE *, struct err *e);
MUST_USE bool export_csv(struct store *, FILE *, struct err *e);
