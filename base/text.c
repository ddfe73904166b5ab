#include "base/text.h"
#include "base/cleanup.h"

#include <string.h>
#include <wchar.h>
#include <stdint.h>

/* Decodes one code point; *n bytes consumed, at least 1. UINT32_MAX for an invalid byte. */
static uint32_t decode(const unsigned char *s, size_t left, size_t *n)
{
        *n = 1;
        if (s[0] < 0x80)
                return s[0];
        unsigned more = s[0] >= 0xf0 && s[0] < 0xf5   ? 3
                        : s[0] >= 0xe0 && s[0] < 0xf0 ? 2
                        : s[0] >= 0xc2 && s[0] < 0xe0 ? 1
                                                      : 0;
        if (!more || left <= more)
                return UINT32_MAX;
        uint32_t c = s[0] & (0x3f >> more);
        for (unsigned i = 1; i <= more; i++) {
                if ((s[i] & 0xc0) != 0x80)
                        return UINT32_MAX;
                c = c << 6 | (s[i] & 0x3f);
        }
        static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
        if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                return UINT32_MAX;
        *n = more + 1;
        return c;
}

size_t text_columns(const char *utf8)
{
        size_t left = strlen(utf8), columns = 0, n;
        for (const unsigned char *s = (const unsigned char *)utf8; left; s += n, left -= n) {
                uint32_t c = decode(s, left, &n);
                int width = c == UINT32_MAX ? 1 : wcwidth((wchar_t)c);
                columns += width > 0 ? (size_t)width : 0;
        }
        return columns;
}

void text_pad(struct str *out, const char *utf8, size_t columns)
{
        str_add(out, utf8);
        for (size_t have = text_columns(utf8); have < columns; have++)
                str_addc(out, ' ');
}

/* Edits between two words, a swap of neighbours counting one; more than 32 characters never match. */
static size_t distance(const char *a, const char *b)
{
        enum { LONGEST = 32 };
        size_t la = strlen(a), lb = strlen(b);
        if (la > LONGEST || lb > LONGEST)
                return SIZE_MAX;
        size_t d[LONGEST + 1][LONGEST + 1];
        for (size_t i = 0; i <= la; i++)
                d[i][0] = i;
        for (size_t j = 0; j <= lb; j++)
                d[0][j] = j;
        for (size_t i = 1; i <= la; i++)
                for (size_t j = 1; j <= lb; j++) {
                        size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
                        if (d[i - 1][j] + 1 < best)
                                best = d[i - 1][j] + 1;
                        if (d[i][j - 1] + 1 < best)
                                best = d[i][j - 1] + 1;
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                                d[i - 2][j - 2] + 1 < best)
                                best = d[i - 2][j - 2] + 1;
                        d[i][j] = best;
                }
        return d[la][lb];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t n)
{
        size_t length = strlen(word), limit = length <= 3 ? 1 : length <= 6 ? 2 : 3, best = limit + 1;
        const char *nearest = NULL;
        for (size_t i = 0; i < n; i++) {
                size_t d = distance(word, candidates[i]);
                if (d < best) {
                        best = d;
                        nearest = candidates[i];
                }
        }
        return nearest;
}

size_t text_utf8_until(const char *s, size_t n)
{
        size_t at = 0;
        for (size_t used; at < n && decode((const unsigned char *)s + at, n - at, &used) != UINT32_MAX;)
                at += used;
        return at;
}

bool text_is_utf8(const char *s, size_t n) { return text_utf8_until(s, n) == n; }

bool text_is_ascii(const char *s)
{
        for (; *s; s++)
                if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e)
                        return false;
        return true;
}

size_t text_steers(const char *s)
{
        const unsigned char *c = (const unsigned char *)s;
        if ((*c && *c < 0x20) || *c == 0x7f)
                return 1;
        if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
                return 2;
        if (c[0] == 0xe2 && c[1] == 0x80 && c[2] >= 0xa8 && c[2] <= 0xae)
                return 3;
        return c[0] == 0xe2 && c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9 ? 3 : 0;
}

void text_hex(const unsigned char *bytes, size_t n, char *out)
{
        static const char digits[] = "0123456789abcdef";
        for (size_t i = 0; i < n; i++) {
                *out++ = digits[bytes[i] >> 4];
                *out++ = digits[bytes[i] & 15];
        }
        *out = '\0';
}

int text_hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        c |= 0x20;
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int text_percent(const char *s, size_t n)
{
        int high = n > 2 && *s == '%' ? text_hex_digit(s[1]) : -1, low = high < 0 ? -1 : text_hex_digit(s[2]);
        return low < 0 ? -1 : high << 4 | low;
}

bool text_is_formula(const char *s)
{
        static const char *const signs[] = { "=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠" };
        for (size_t i = 0; i < COUNT(signs); i++)
                if (!strncmp(s, signs[i], strlen(signs[i])))
                        return true;
        return false;
}
