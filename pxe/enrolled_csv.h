/* enrolled_csv.h - machines that were started for enrolment, as rows of the site file's spreadsheet.
 *
 * School, pool, name, address and disk are for the person to fill in. */
#pragma once
#include "pxe/arming.h"
#include "base/str.h"

/* The heading, with a mark in front, without which the spreadsheet programs of our users take it for GB18030. */
void enrolled_csv_begin(struct str *out);
void enrolled_csv_add(struct str *out, const struct enrolled *);
