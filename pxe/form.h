/* form.h - what a machine posts: application/x-www-form-urlencoded. Foreign bytes. */
#pragma once
#include "base/str.h"

/* The field's value, decoded into out; control characters but tab and line feed become '?', and so does what is no ASCII. False
 * when it is not there, damaged, or longer than size - 1 bytes. */
bool form_field(struct bytes form, const char *name, char *out, size_t size);
