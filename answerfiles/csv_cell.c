/* One cell: what people and spreadsheet programs do to a value, undone where only one reading is possible. */
#include "answerfiles/csv_parts.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

/* Bytes of the blank, or of the invisible mark that programs copy along, at s; 0 when there is none. */
static size_t blank_at(const char *s, size_t n)
{
        static const char *const blanks[] = { " ", "\t", "\r", "\n", "\v", "\f", "\xc2\xa0", "\xe3\x80\x80",
                "\xef\xbb\xbf", "\xe2\x80\x8b", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xaa", "\xe2\x80\xac",
                "\xe2\x80\xad", "\xe2\x80\xaf", "\xe2\x81\xa0" };
        for (size_t i = 0; n && i < COUNT(blanks); i++) {
                size_t length = strlen(blanks[i]);
                if (n >= length && !memcmp(s, blanks[i], length))
                        return length;
        }
        return 0;
}

static bool may_be_blank(char c) { return (unsigned char)c <= ' ' || (unsigned char)c >= 0x80; }

static struct bytes trimmed(struct bytes b)
{
        size_t n;
        while (b.len && may_be_blank(*b.ptr) && (n = blank_at(b.ptr, b.len))) {
                b.ptr += n;
                b.len -= n;
        }
        while (b.len && may_be_blank(b.ptr[b.len - 1])) {
                size_t before = b.len;
                for (size_t back = 1; back <= 3 && back <= b.len; back++)
                        if (blank_at(b.ptr + b.len - back, back) == back) {
                                b.len -= back;
                                break;
                        }
                if (b.len == before)
                        break;
        }
        return b;
}

bool csv_cell_is_empty(const struct csv_cell *c) { return !trimmed(c->raw).len; }

static uint16_t short_of(size_t n) { return n > UINT16_MAX ? UINT16_MAX : (uint16_t)n; }

size_t csv_cell_text(const struct csv_cell *c, char *buf, size_t size, struct pos *pos)
{
        struct bytes b = trimmed(c->raw);
        size_t n = 0;
        *pos = c->pos;
        for (const char *s = c->raw.ptr; s < b.ptr; s++) {
                pos->col = *s == '\n' ? 1 : short_of(pos->col + 1u);
                pos->line += *s == '\n';
        }
        pos->len = short_of(b.len);
        for (size_t i = 0; i < b.len && n + 1 < size; i++) {
                buf[n++] = b.ptr[i];
                i += c->quoted && b.ptr[i] == '"';
        }
        buf[n] = '\0';
        return n;
}

/* Digits and signs as input methods and word processors write them; in place, since it only gets shorter. */
static void to_half_width(char *text)
{
        static const struct {
                const char *wide;
                char plain;
        } signs[] = { { "\xe3\x80\x80", ' ' }, { "\xe3\x80\x82", '.' }, { "\xc2\xa0", ' ' }, { "\xe2\x80\x90", '-' },
                { "\xe2\x80\x91", '-' }, { "\xe2\x80\x93", '-' }, { "\xe2\x80\x94", '-' }, { "\xe2\x88\x92", '-' },
                { "\xe2\x88\xb6", ':' }, { "\xef\xb8\xb0", ':' } };
        char *to = text;
        for (const char *s = text; *s;) {
                const unsigned char *u = (const unsigned char *)s;
                if (u[0] < 0x80) {
                        *to++ = *s++;
                        continue;
                }
                if (u[0] == 0xef &&
                        ((u[1] == 0xbc && u[2] >= 0x81) || (u[1] == 0xbd && u[2] >= 0x80 && u[2] <= 0x9e))) {
                        *to++ = (char)(u[1] == 0xbc ? u[2] - 0x60 : u[2] - 0x20); /* U+FF01 is '!' */
                        s += 3;
                        continue;
                }
                size_t i = 0;
                while (i < COUNT(signs) && strncmp(s, signs[i].wide, strlen(signs[i].wide)))
                        i++;
                if (i < COUNT(signs)) {
                        *to++ = signs[i].plain;
                        s += strlen(signs[i].wide);
                } else
                        *to++ = *s++;
        }
        *to = '\0';
}

/* 'text, ="text": ways to keep a spreadsheet from reading a number. */
static void strip_text_marks(char *text)
{
        size_t n = strlen(text);
        if (n > 3 && !strncmp(text, "=\"", 2) && text[n - 1] == '"' && !memchr(text + 2, '"', n - 3)) {
                memmove(text, text + 2, n - 3);
                text[n - 3] = '\0';
        } else if (*text == '\'' && n > 1)
                memmove(text, text + 1, n);
        else if (!strncmp(text, "\xe2\x80\x98", 3) || !strncmp(text, "\xe2\x80\x99", 3))
                memmove(text, text + 3, n - 2);
}

static bool is_scientific(const char *s)
{
        size_t whole = strspn(s, "0123456789"), n = whole;
        if (s[n] == '.' || s[n] == ',')
                n += 1 + strspn(s + n + 1, "0123456789");
        if (!whole || (s[n] != 'E' && s[n] != 'e') || s[n + 1] != '+')
                return false;
        size_t exponent = strspn(s + n + 2, "0123456789");
        return exponent && !s[n + 2 + exponent];
}

/* "12-Mar", "Mar-12", "3月12日": what becomes of 3-12 or MAR12. */
static bool is_date(const char *s)
{
        static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
                "Nov", "Dec" };
        size_t digits = strspn(s, "0123456789");
        if (digits && !strncmp(s + digits, "月", 3))
                return true;
        /* Dates are short, and most values are not. */
        for (size_t i = 0; i < COUNT(months) && strnlen(s, 7) < 7; i++) {
                if (digits && digits <= 2 && s[digits] == '-' && !strcmp(s + digits + 1, months[i]))
                        return true;
                if (!strncmp(s, months[i], 3) && s[3] == '-' && s[4] && strspn(s + 4, "0123456789") == strlen(s + 4) &&
                        strlen(s + 4) <= 2)
                        return true;
        }
        return false;
}

static bool is_decimal(const char *s)
{
        size_t whole = strspn(s, "0123456789");
        return whole && s[whole] == '.' && s[whole + 1] && strspn(s + whole + 1, "0") == strlen(s + whole + 1);
}

static bool lost_digits(const char *s)
{
        size_t n = strlen(s);
        return n > 15 && strspn(s, "0123456789") == n && strspn(s + 15, "0") == n - 15;
}

static bool is_formula_error(const char *s)
{
        static const char *const errors[] = { "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!",
                "#SPILL!" };
        for (size_t i = 0; *s == '#' && i < COUNT(errors); i++)
                if (!strcasecmp(s, errors[i]))
                        return true;
        return false;
}

static bool has_control(const char *s)
{
        for (; *s; s++)
                if ((unsigned char)*s < 0x20 || *s == 0x7f)
                        return true;
        return false;
}

/* The rule that a damaged value breaks; XR_NONE when it is sound. */
static enum rule damage_of(enum csv_column column, const char *text)
{
        bool number = column == CSV_MAC || column == CSV_SERIAL || column == CSV_ADDRESS;
        if (has_control(text))
                return XR_CSV_CONTROL;
        if (is_formula_error(text))
                return XR_CSV_FORMULA_ERROR;
        if (*text == '#' && strspn(text, "#") == strlen(text))
                return XR_CSV_HASHES;
        if (*text == '=')
                return XR_CSV_FORMULA;
        if (number && is_scientific(text))
                return XR_CSV_SCIENTIFIC;
        if (number && is_date(text))
                return XR_CSV_DATE;
        if (column == CSV_ADDRESS && strlen(text) > 6 && strspn(text, "0123456789") == strlen(text))
                return XR_CSV_ADDRESS_DIGITS;
        if ((column == CSV_MAC || column == CSV_SERIAL) && is_decimal(text))
                return XR_CSV_DECIMAL;
        if (column == CSV_SERIAL && lost_digits(text))
                return XR_CSV_PRECISION;
        return XR_NONE;
}

static bool is_one_of(const char *text, const char *const *words, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (!strcasecmp(text, words[i]))
                        return true;
        return false;
}

/* How people say "nothing", and whether a machine is the pool's coordinator. */
static const char *in_plain_words(enum csv_column column, const char *text)
{
        static const char *const nothing[] = { "-", "--", "—", "/", "无", "暂无", "没有", "N/A" };
        static const char *const yes[] = { "1", "主", "主控", "主机", "协调者", "coordinator", "master", "v", "●" };
        static const char *const no[] = { "0", "从", "成员", "从机", "member", "slave", "×", "✗" };
        if (strnlen(text, 12) == 12)
                return text;
        if (column != CSV_SCHOOL && column != CSV_POOL && column != CSV_NAME && strnlen(text, 7) < 7 &&
                is_one_of(text, nothing, COUNT(nothing)))
                return "";
        if (column == CSV_COORDINATOR && is_one_of(text, yes, COUNT(yes)))
                return "yes";
        if (column == CSV_COORDINATOR && is_one_of(text, no, COUNT(no)))
                return "no";
        return text;
}

const char *csv_clean(struct csv_scan *s, struct arena *a, enum csv_column column, const char *header,
        const struct csv_cell *cell, struct pos *pos)
{
        char text[LARGEST_CELL + 1], most[16];
        size_t n = csv_cell_text(cell, text, sizeof(text), pos);
        if (!n)
                return NULL;
        if (trimmed(cell->raw).len > LARGEST_CELL) {
                snprintf(most, sizeof(most), "%d", LARGEST_CELL);
                diag(s->diags, XR_CSV_CELL_LONG, *pos, header, most, NULL);
                return NULL;
        }
        strip_text_marks(text);
        /* Names of schools and pools are compared as written. */
        if (column != CSV_SCHOOL && column != CSV_POOL && !text_is_ascii(text))
                to_half_width(text);
        struct bytes clean = trimmed(bytes_of(text, strlen(text)));
        char *value = (char *)(uintptr_t)clean.ptr;
        value[clean.len] = '\0';
        enum rule damage = damage_of(column, value);
        if (damage != XR_NONE)
                diag(s->diags, damage, *pos, damage == XR_CSV_CONTROL ? header : value, NULL);
        if (damage != XR_NONE && damage != XR_CSV_PRECISION)
                return NULL;
        const char *plain = in_plain_words(column, value);
        if (!*plain)
                return NULL;
        bool unique = column == CSV_NAME || column == CSV_MAC || column == CSV_SERIAL || column == CSV_ADDRESS;
        return unique ? arena_strdup(a, plain) : arena_intern(a, plain, strlen(plain));
}
