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

/* Bytes of the character at s when it would steer a terminal, or turn the direction of writing: the controls of ASCII and of
 * UTF-8, line feeds among them; else 0. */
size_t text_steers(const char *s);

void text_hex(const unsigned char *bytes, size_t n, char *out); /* 2 n digits and a NUL */
int text_hex_digit(char c);                                     /* 0 to 15, or -1 */
int text_percent(const char *s, size_t n);                      /* the byte that %XX stands for at s, with n left; -1: none */
bool text_is_formula(const char *utf8);                         /* spreadsheets, also Chinese ones, would take it for one */
