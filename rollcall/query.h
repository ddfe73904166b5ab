/* query.h - the small languages of a request's head: what stands behind "?", cookies, wished languages. Foreign bytes.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* The decoded value, "" unless it is found. Damaged: longer than size - 1, no UTF-8, control characters in it. */
enum query_found { QUERY_NONE, QUERY_FOUND, QUERY_DAMAGED };
enum query_found query_value(const char *query, const char *name, char *out, size_t size);

bool cookie_value(const char *cookies, const char *name, char *out, size_t size);

/* Of Accept-Language: whether Chinese is wished more than English. Whoever wishes neither is taken to read English. */
bool accepts_chinese(const char *wishes);
