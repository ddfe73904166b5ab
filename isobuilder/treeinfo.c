#include "isobuilder/treeinfo.h"

#include <string.h>

static struct bytes trimmed(const char *p, const char *end)
{
        while (p < end && (*p == ' ' || *p == '\t'))
                p++;
        while (end > p && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
                end--;
        return bytes_of(p, (size_t)(end - p));
}

static bool is(struct bytes b, const char *word) { return b.len == strlen(word) && !memcmp(b.ptr, word, b.len); }

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
                struct bytes v = trimmed(equals + 1, line.ptr + line.len);
                size_t n = 0;
                for (size_t i = 0; i < v.len && n + 1 < size; i++)
                        if ((unsigned char)v.ptr[i] >= 0x20 && (unsigned char)v.ptr[i] < 0x7f)
                                value[n++] = v.ptr[i];
                value[n] = '\0';
                return n > 0;
        }
        return false;
}
