#include "isobuilder/treeinfo.h"

#include <string.h>

static struct bytes trimmed(const char *p, const char *end)
{
        while (p < end && strchr(" \t\r\n", *p) && *p)
                p++;
        while (end > p && strchr(" \t\r\n", end[-1]) && end[-1])
                end--;
        return bytes_of(p, (size_t)(end - p));
}

static bool is(struct bytes b, const char *word) { return b.len == strlen(word) && !memcmp(b.ptr, word, b.len); }

/* Other bytes than printable ones are dropped; false when nothing is left. */
static bool copy_printable(struct bytes from, char *value, size_t size)
{
        size_t n = 0;
        for (size_t i = 0; i < from.len && n + 1 < size; i++)
                if ((unsigned char)from.ptr[i] >= 0x20 && (unsigned char)from.ptr[i] < 0x7f)
                        value[n++] = from.ptr[i];
        value[n] = '\0';
        return n > 0;
}

bool treeinfo_get(struct bytes text, const char *section, const char *key, char *value, size_t size)
{
        bool inside = false;
        for (const char *at = text.ptr, *stop = at + text.len, *end; at < stop; at = end + 1) {
                end = memchr(at, '\n', (size_t)(stop - at));
                if (!end)
                        end = stop;
                struct bytes line = trimmed(at, end);
                if (line.len > 2 && line.ptr[0] == '[' && line.ptr[line.len - 1] == ']') {
                        inside = is(bytes_of(line.ptr + 1, line.len - 2), section);
                        continue;
                }
                const char *equals = inside && line.len ? memchr(line.ptr, '=', line.len) : NULL;
                if (!equals || !is(trimmed(line.ptr, equals), key))
                        continue;
                return copy_printable(trimmed(equals + 1, line.ptr + line.len), value, size);
        }
        return false;
}

bool repository_get(struct bytes text, const char *attribute, char *value, size_t size)
{
        static const char element[] = "<repository";
        const char *at = memmem(text.ptr, text.len, element, strlen(element)), *stop = text.ptr + text.len;
        for (at = at ? at + strlen(element) : stop; at < stop && *at != '>';) {
                const char *equals = memchr(at, '=', (size_t)(stop - at));
                if (!equals || stop - equals < 2 || (equals[1] != '"' && equals[1] != '\''))
                        return false;
                const char *start = equals + 2, *end = memchr(start, equals[1], (size_t)(stop - start));
                if (!end)
                        return false;
                if (is(trimmed(at, equals), attribute))
                        return copy_printable(bytes_of(start, (size_t)(end - start)), value, size);
                at = end + 1;
        }
        return false;
}
