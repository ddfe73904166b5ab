#include "rollcall/query.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool decode(const char *text, size_t length, char *out, size_t size)
{
        size_t n = 0;
        for (size_t i = 0; i < length; i++) {
                int c = text[i] == '+' ? ' ' : (unsigned char)text[i];
                if (c == '%') {
                        c = text_percent(text + i, length - i);
                        if (c < 0)
                                return false;
                        i += 2;
                }
                if (n + 1 >= size || c < ' ' || c == 0x7f)
                        return false;
                out[n++] = (char)c;
        }
        out[n] = '\0';
        return text_is_utf8(out, n);
}

enum query_found query_value(const char *query, const char *name, char *out, size_t size)
{
        size_t named = strlen(name);
        *out = '\0';
        for (const char *at = query; *at; at += *at == '&') {
                size_t length = strcspn(at, "&");
                if (length > named && !memcmp(at, name, named) && at[named] == '=') {
                        if (decode(at + named + 1, length - named - 1, out, size))
                                return QUERY_FOUND;
                        *out = '\0';
                        return QUERY_DAMAGED;
                }
                at += length;
        }
        return QUERY_NONE;
}

bool cookie_value(const char *cookies, const char *name, char *out, size_t size)
{
        size_t named = strlen(name);
        *out = '\0';
        for (const char *at = cookies; *at; at += *at == ';') {
                at += strspn(at, " ");
                size_t length = strcspn(at, ";");
                if (length > named && !memcmp(at, name, named) && at[named] == '=') {
                        length -= named + 1;
                        if (length >= size)
                                return false;
                        memcpy(out, at + named + 1, length);
                        out[length] = '\0';
                        return true;
                }
                at += length;
        }
        return false;
}

/* How much the tag that begins here is wished, in thousandths; no number is a full wish. */
static int weight(const char *tag, size_t length)
{
        const char *q = memchr(tag, ';', length);
        if (!q)
                return 1000;
        q += 1 + strspn(q + 1, " ");
        if (strncasecmp(q, "q=", 2) != 0 || q[2] < '0' || q[2] > '1')
                return 1000;
        int value = (q[2] - '0') * 1000;
        for (int i = 4, unit = 100; q[3] == '.' && i < 7 && q[i] >= '0' && q[i] <= '9'; i++, unit /= 10)
                value += (q[i] - '0') * unit;
        return value > 1000 ? 1000 : value;
}

bool accepts_chinese(const char *wishes)
{
        int chinese = 0, english = 0;
        for (const char *at = wishes; *at; at += *at == ',') {
                at += strspn(at, " ");
                size_t length = strcspn(at, ",");
                int w = weight(at, length);
                if (length >= 2 && !strncasecmp(at, "zh", 2) && w > chinese)
                        chinese = w;
                /* Of two that are wished alike the first one counts. */
                if (length >= 2 && !strncasecmp(at, "en", 2) && w > english)
                        english = w + (chinese != w);
                at += length;
        }
        return chinese && chinese >= english;
}
