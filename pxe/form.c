#include "pxe/form.h"
#include "base/text.h"

#include <string.h>

static char printable(unsigned char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\t' ? (char)c : '?'; }

static bool decode(struct bytes text, char *out, size_t size)
{
        size_t n = 0;
        for (size_t i = 0; i < text.len; i++) {
                int c = text.ptr[i] == '+' ? ' ' : (unsigned char)text.ptr[i];
                if (c == '%') {
                        c = text_percent(text.ptr + i, text.len - i);
                        if (c < 0)
                                return false;
                        i += 2;
                }
                if (n + 1 >= size)
                        return false;
                out[n++] = printable((unsigned char)c);
        }
        out[n] = '\0';
        return true;
}

bool form_field(struct bytes form, const char *name, char *out, size_t size)
{
        size_t length = strlen(name);
        *out = '\0';
        for (const char *at = form.ptr, *end = form.ptr + form.len; at < end;) {
                const char *stop = memchr(at, '&', (size_t)(end - at));
                stop = stop ? stop : end;
                if ((size_t)(stop - at) > length && !memcmp(at, name, length) && at[length] == '=')
                        return decode(bytes_of(at + length + 1, (size_t)(stop - at) - length - 1), out, size);
                at = stop + 1;
        }
        return false;
}
