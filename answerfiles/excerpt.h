/* excerpt.h - the source line under a problem, with a caret, at most a terminal's width, and never with a secret. */
#pragma once
#include "base/str.h"

/* Appends "   14 | …\n      |   ^^^^\n", or nothing for an empty line. col counts bytes from 1, len may be 0.
 * Values behind keys that name secrets are masked always; secret masks the marked value as well. */
void excerpt_add(struct str *, struct bytes line, uint32_t number, unsigned col, unsigned len, bool secret);
