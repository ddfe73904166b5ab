/* markup.h - characters that mean something to XML, as text that means them. */
#pragma once
#include "base/str.h"

enum markup_place { MARKUP_TEXT, MARKUP_ATTRIBUTE };    /* an attribute's own blanks would be read as one blank each */

void markup_add_char(struct str *, char, enum markup_place);
void markup_add(struct str *, const char *text, enum markup_place);
