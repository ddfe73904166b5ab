/* Words, numbers, names: judged one at a time. */
#include "answerfiles/value_text.h"
#include "base/i18n.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

const char *character_text(const char *s, char buf[CHARACTER_TEXT])
{
        unsigned char c = (unsigned char)*s;
        size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
        if (c < 0x20 || c == 0x7f || (c >= 0x80 && (n == 1 || strnlen(s, n) < n)))
                snprintf(buf, CHARACTER_TEXT, "\\x%02x", c);
        else
                snprintf(buf, CHARACTER_TEXT, "%.*s", (int)n, s);
        return buf;
}

const char *number_word(size_t n, char buf[NUMBER_TEXT])
{
        static const char *const words[] = { N_("no"), N_("one"), N_("two"), N_("three"), N_("four"), N_("five"),
                N_("six"), N_("seven"), N_("eight"), N_("nine"), N_("ten"), N_("eleven"), N_("twelve") };
        if (n < COUNT(words))
                return _(words[n]);
        snprintf(buf, NUMBER_TEXT, "%zu", n);
        return buf;
}

const char *find_full_width(const char *text)
{
        for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
                if (s[0] == 0xef && ((s[1] == 0xbc && s[2] >= 0x81) || (s[1] == 0xbd && s[2] >= 0x80 && s[2] <= 0x9e)))
                        return (const char *)s; /* U+FF01 to U+FF5E */
                if (s[0] == 0xe3 && s[1] == 0x80 && (s[2] == 0x80 || s[2] == 0x82))
                        return (const char *)s; /* ideographic blank and full stop */
        }
        return NULL;
}

bool refuse_full_width(struct diags *d, struct pos pos, const char *text)
{
        const char *at = find_full_width(text);
        char c[CHARACTER_TEXT];
        if (!at)
                return false;
        diag(d, XR_FULL_WIDTH, pos, text, character_text(at, c), NULL);
        return true;
}

bool value_bool(struct diags *d, struct pos pos, const char *text, bool *out)
{
        static const char *const yes[] = { "yes", "true", "y", "是", "对", "√", "✓" }, *const no[] = { "no", "false",
                "n", "否" };
        for (size_t i = 0; i < COUNT(yes); i++)
                if (!strcasecmp(text, yes[i])) {
                        *out = true;
                        return true;
                }
        for (size_t i = 0; i < COUNT(no); i++)
                if (!strcasecmp(text, no[i])) {
                        *out = false;
                        return true;
                }
        return REFUSE(d, pos, XR_BOOL_SYNTAX, text);
}

bool value_int(struct diags *d, struct pos pos, const char *text, long min, long max, long *out)
{
        if (refuse_full_width(d, pos, text))
                return false;
        const char *digits = text + (*text == '-');
        size_t n = strspn(digits, "0123456789");
        if (!n || digits[n] || (n > 1 && *digits == '0'))
                return REFUSE(d, pos, XR_INT_SYNTAX, text);
        errno = 0;
        long value = strtol(text, NULL, 10);
        char low[NUMBER_TEXT], high[NUMBER_TEXT];
        snprintf(low, sizeof(low), "%ld", min);
        snprintf(high, sizeof(high), "%ld", max);
        if (errno || value < min || value > max)
                return REFUSE(d, pos, XR_INT_RANGE, text, low, high);
        *out = value;
        return true;
}

/* Bytes of "GB", "gib", "G"; 0 for no such unit. A bare letter counts as disk makers count, or as memory makers do. */
static uint64_t unit_bytes(const char *unit, bool memory)
{
        static const char prefixes[] = "kmgtp";
        const char *at = *unit ? strchr(prefixes, to_lower(*unit)) : NULL;
        if (!at || !*at)
                return 0;
        bool binary = to_lower(unit[1]) == 'i';
        const char *rest = unit + 1 + binary;
        if (*rest && strcasecmp(rest, "b"))
                return 0;
        uint64_t bytes = 1;
        for (const char *p = prefixes; p <= at; p++)
                bytes *= binary || memory ? 1024 : 1000;
        return bytes;
}

static bool size_of(struct diags *d, struct pos pos, const char *text, bool memory, uint64_t *bytes)
{
        if (refuse_full_width(d, pos, text))
                return false;
        size_t whole = strspn(text, "0123456789"), n = whole;
        size_t fraction = text[n] == '.' ? strspn(text + n + 1, "0123456789") : 0;
        if (text[n] == '.')
                n += 1 + fraction;
        if (!whole || whole > 9 || fraction > 3 || (n > whole && !fraction))
                return REFUSE(d, pos, XR_SIZE_SYNTAX, text);
        if (!text[n])
                return REFUSE(d, pos, XR_SIZE_UNIT, text);
        uint64_t unit = unit_bytes(text + n + strspn(text + n, " "), memory);
        uint64_t thousandths = 0;
        for (size_t i = 0; i < whole; i++)
                thousandths = thousandths * 10 + (uint64_t)(text[i] - '0');
        for (size_t i = 0; i < 3; i++)
                thousandths = thousandths * 10 + (i < fraction ? (uint64_t)(text[whole + 1 + i] - '0') : 0);
        if (!unit || !thousandths || __builtin_mul_overflow(thousandths, unit, bytes))
                return REFUSE(d, pos, XR_SIZE_SYNTAX, text);
        *bytes /= 1000;
        return true;
}

bool value_size(struct diags *d, struct pos pos, const char *text, uint64_t *bytes)
{
        return size_of(d, pos, text, false, bytes);
}

bool value_memory(struct diags *d, struct pos pos, const char *text, uint64_t *bytes)
{
        return size_of(d, pos, text, true, bytes);
}

bool value_text(struct diags *d, struct pos pos, const char *text, size_t max)
{
        char length[NUMBER_TEXT], most[NUMBER_TEXT];
        snprintf(length, sizeof(length), "%zu", strlen(text));
        snprintf(most, sizeof(most), "%zu", max);
        for (const unsigned char *s = (const unsigned char *)text; *s; s++)
                if (*s < 0x20 || *s == 0x7f)
                        return REFUSE(d, pos, XR_TEXT_CHARACTER, text);
        return strlen(text) <= max || REFUSE(d, pos, XR_TEXT_LENGTH, text, length, most);
}

bool value_id(struct diags *d, struct pos pos, const char *text)
{
        size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
        if (!n || text[n] || n > 32 || *text == '-')
                return REFUSE(d, pos, XR_ID_SYNTAX, text);
        return true;
}

/* Said for the first letter that is wrong; text has upper-case letters at worst when this gives NULL. */
static const char *bad_host_letter(const char *text)
{
        for (; *text; text++)
                if (!is_digit(*text) && !is_lower(to_lower(*text)) && *text != '-')
                        return text;
        return NULL;
}

static bool host_letters_are_fine(struct diags *d, struct pos pos, const char *text)
{
        const char *bad = bad_host_letter(text);
        char c[CHARACTER_TEXT], lower[64] = "";
        if (bad && *bad == '.' && bad > text) {
                snprintf(lower, sizeof(lower), "%.*s", (int)(bad - text < 63 ? bad - text : 63), text);
                return REFUSE(d, pos, XR_HOSTNAME_DOT, text, lower);
        }
        if (bad)
                return REFUSE(d, pos, XR_HOSTNAME_CHARACTER, text, character_text(bad, c));
        bool upper = false;
        for (size_t i = 0; text[i]; i++) {
                lower[i] = to_lower(text[i]);
                upper |= lower[i] != text[i];
        }
        return !upper || REFUSE(d, pos, XR_HOSTNAME_CASE, text, lower);
}

bool value_hostname(struct diags *d, struct pos pos, const char *text)
{
        size_t n = strlen(text);
        char count[NUMBER_TEXT];
        snprintf(count, sizeof(count), "%zu", n);
        if (n > 63)
                return REFUSE(d, pos, XR_HOSTNAME_LENGTH, text, count);
        if (!host_letters_are_fine(d, pos, text))
                return false;
        if (!n || *text == '-' || text[n - 1] == '-')
                return REFUSE(d, pos, XR_HOSTNAME_HYPHEN, text);
        if (strspn(text, "0123456789") == n)
                return REFUSE(d, pos, XR_HOSTNAME_DIGITS, text);
        return true;
}

/* What firmware says when its maker forgot to fill in the number; compared without regard to case. */
static bool is_placeholder(const char *text)
{
        static const char *const words[] = { "none", "n/a", "na", "unknown", "null", "default", "default string",
                "not specified", "not available", "not applicable", "system serial number", "chassis serial number",
                "base board serial number", "serial number", "serial", "to be filled by o.e.m.",
                "to be filled by o.e.m", "to be filled by oem", "o.e.m.", "oem", "invalid", "empty", "0123456789",
                "1234567890", "123456789", "xxxxxxxxxx", "123456", "test", "sn", "$", "-", "." };
        for (size_t i = 0; i < COUNT(words); i++)
                if (!strcasecmp(text, words[i]))
                        return true;
        /* 0000000, ffffffff, ........ */
        return *text && strspn(text, (char[]){ *text, 0 }) == strlen(text);
}

bool value_serial(struct diags *d, struct pos pos, const char *text)
{
        size_t n = strlen(text);
        char c[CHARACTER_TEXT], count[NUMBER_TEXT];
        snprintf(count, sizeof(count), "%zu", n);
        if (refuse_full_width(d, pos, text))
                return false;
        for (const char *s = text; *s; s++)
                if (*s < 0x20 || *s > 0x7e || strchr("\"'\\`$<>&;|", *s))
                        return REFUSE(d, pos, XR_SERIAL_CHARACTER, text, character_text(s, c));
        if (n > 64)
                return REFUSE(d, pos, XR_SERIAL_LENGTH, count);
        if (is_placeholder(text))
                return REFUSE(d, pos, XR_SERIAL_PLACEHOLDER, text);
        if (n < 3 || *text == ' ' || text[n - 1] == ' ')
                return REFUSE(d, pos, XR_SERIAL_SHORT, text);
        return true;
}

bool value_label(struct diags *d, struct pos pos, const char *text)
{
        char c[CHARACTER_TEXT], count[NUMBER_TEXT];
        size_t n = strlen(text);
        snprintf(count, sizeof(count), "%zu", n);
        for (const char *s = text; *s; s++) {
                bool blank_at_end = *s == ' ' && (s == text || !s[1]);
                if (blank_at_end || (!is_digit(*s) && !is_lower(to_lower(*s)) && !strchr("_-. ", *s)))
                        return REFUSE(d, pos, XR_LABEL_CHARACTER, text, character_text(s, c));
        }
        if (!n || n > 32)
                return REFUSE(d, pos, XR_LABEL_LENGTH, text, count);
        return true;
}
