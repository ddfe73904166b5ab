/* report_read.h - the reports on a stick, or in a folder that somebody copied them to: only looked at, never written to.
 *
 * A stick has been in other people's computers. Its partition is copied into memory, and mtools looks at the copy. */
#pragma once
#include "base/err.h"
#include "base/str.h"

enum { LARGEST_REPORT = 1 << 20, MOST_REPORTS = 4096 };

/* Calls each with every report (xenroll-….txt) of a folder, of a stick, of its second partition, or of an image of one; with a report
 * itself, once. name is shown to people: printable. Stops, with e as each set it, when each says false. ERR_INPUT when path cannot be
 * read or is a disk without such a partition; that there is no report is no error. */
MUST_USE bool report_read(const char *path, bool (*each)(void *arg, const char *name, struct bytes text, struct err *e), void *arg, struct err *e);
