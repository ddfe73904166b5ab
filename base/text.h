/* text.h - text as people see it: column widths with wide characters, and the nearest known word to a typo. */
#pragma once
#include "base/str.h"

size_t text_columns(const char *utf8);                          /* terminal cells; an invalid byte counts one */
void text_pad(struct str *, const char *utf8, size_t columns);  /* appends, filled with blanks on the right */

/* The candidate within two or three edits of word (fewer for short words), or NULL. */
const char *text_nearest(const char *word, const char *const *candidates, size_t n);

bool text_is_utf8(const char *s, size_t n);
size_t text_utf8_until(const char *s, size_t n);                /* bytes before the first that is wrong; n when none is */
bool text_is_ascii(const char *s);                              /* printable ASCII only */
bool text_is_formula(const char *utf8);                         /* spreadsheets, also Chinese ones, would take it for one */
