/* event_text.h - foreign text as the roll call keeps it: UTF-8 that neither a terminal nor a page takes for an order. Private. */
#pragma once
#include "base/str.h"

enum event_text_kind { EVENT_NAME, EVENT_LINES };       /* only the second may hold line feeds and tabs */

/* What is no UTF-8, NUL, and control characters become U+FFFD, one each; cut to size at a character's boundary. False when it was cut. */
bool event_text(struct bytes in, enum event_text_kind, char *out, size_t size);

/* Appends the text with only what is no UTF-8 replaced. */
void event_text_repair(struct bytes in, struct str *out);

/* Appends it as a JSON string, with its quotation marks; it has to be UTF-8. */
void event_text_json(const char *, struct str *out);
