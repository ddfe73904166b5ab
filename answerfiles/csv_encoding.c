/* The bytes of a spreadsheet file as UTF-8 text. */
#include "answerfiles/csv_parts.h"
#include "base/text.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

static bool starts_with(struct bytes b, const char *magic, size_t n) { return b.len >= n && !memcmp(b.ptr, magic, n); }

static bool refuse(struct csv_refusal *why, enum rule rule, struct bytes raw, size_t offset)
{
        size_t line = 1, start = 0;
        for (size_t i = 0; i < offset && i < raw.len; i++)
                if (raw.ptr[i] == '\n') {
                        line++;
                        start = i + 1;
                }
        size_t col = offset - start + 1;
        why->rule = rule;
        why->pos = (struct pos){ .line = (uint32_t)line, .col = col > UINT16_MAX ? UINT16_MAX : (uint16_t)col };
        return false;
}

static bool refuse_bytes(struct csv_refusal *why, struct bytes raw, size_t offset)
{
        snprintf(why->args[0], sizeof(why->args[0]), "%02x", offset < raw.len ? (unsigned char)raw.ptr[offset] : 0);
        snprintf(why->args[1], sizeof(why->args[1]), "%zu", offset);
        return refuse(why, XR_CSV_ENCODING, raw, offset);
}

static size_t valid_utf8(struct bytes b)
{
        size_t low = 0, high = b.len;
        if (text_is_utf8(b.ptr, b.len))
                return b.len;
        /* The longest valid part: a cut inside of a character is invalid as well, so step back from there. */
        while (high - low > 4) {
                size_t middle = low + (high - low) / 2, cut = middle;
                while (cut > low && ((unsigned char)b.ptr[cut] & 0xc0) == 0x80 && middle - cut < 4)
                        cut--;
                if (text_is_utf8(b.ptr + low, cut - low) && cut > low)
                        low = cut;
                else
                        high = middle;
        }
        while (low < b.len && (unsigned char)b.ptr[low] < 0x80)
                low++;
        return low;
}

/* Converts all of raw; *stopped is where it could not go on, raw.len when it could. */
static char *converted(struct arena *a, const char *from, struct bytes raw, size_t *n, size_t *stopped)
{
        size_t room = raw.len * 2 + 16, left = raw.len;
        char *out = arena_alloc(a, room), *to = out, *in = (char *)(uintptr_t)raw.ptr;
        iconv_t cd = iconv_open("UTF-8", from);
        if (cd == (iconv_t)-1) {
                *stopped = 0;
                return NULL;
        }
        size_t result = iconv(cd, &in, &left, &to, &room);
        iconv_close(cd);
        *n = (size_t)(to - out);
        *stopped = result == (size_t)-1 ? (size_t)(in - raw.ptr) : raw.len;
        return result == (size_t)-1 ? NULL : out;
}

static bool take_converted(
        struct arena *a, const char *from, struct bytes raw, struct bytes *out, struct csv_refusal *why)
{
        size_t n, stopped;
        out->ptr = converted(a, from, raw, &n, &stopped);
        out->len = n;
        return out->ptr || refuse_bytes(why, raw, stopped);
}

/* UTF-8 when it is, GB18030 when it is not; what is neither is reported where the better guess ends. */
static bool take_unmarked(struct arena *a, struct bytes raw, struct bytes *out, struct csv_refusal *why)
{
        size_t utf8 = valid_utf8(raw), n, stopped;
        if (utf8 == raw.len) {
                *out = bytes_of(arena_strndup(a, raw.ptr, raw.len), raw.len);
                return true;
        }
        out->ptr = converted(a, "GB18030", raw, &n, &stopped);
        out->len = n;
        return out->ptr || refuse_bytes(why, raw, stopped > utf8 ? stopped : utf8);
}

static bool refuse_foreign(struct bytes raw, struct csv_refusal *why)
{
        snprintf(why->args[0], sizeof(why->args[0]), "%d", LARGEST_FILE_MIB);
        if (raw.len > (size_t)LARGEST_FILE_MIB << 20)
                return refuse(why, XR_CSV_TOO_LARGE, raw, 0);
        return (!starts_with(raw, "PK\3\4", 4) && !starts_with(raw, "\xd0\xcf\x11\xe0", 4)) ||
               refuse(why, XR_CSV_WORKBOOK, raw, 0);
}

static bool refuse_nul(struct bytes text, struct csv_refusal *why)
{
        const char *nul = text.len ? memchr(text.ptr, 0, text.len) : NULL;
        return !nul || refuse(why, XR_CSV_NUL, text, (size_t)(nul - text.ptr));
}

/* Old programs end lines with "\r" alone; the rest of xenroll counts "\n". */
static void end_lines_alike(char *s, size_t n)
{
        for (char *end = s + n; (s = memchr(s, '\r', (size_t)(end - s))); s++)
                if (s + 1 == end || s[1] != '\n')
                        *s = '\n';
}

/* The mark says UTF-8, so nothing else is tried. */
static bool take_marked(struct arena *a, struct bytes rest, struct bytes *out, struct csv_refusal *why)
{
        size_t valid = valid_utf8(rest);
        if (valid < rest.len)
                return refuse_bytes(why, rest, valid);
        *out = bytes_of(arena_strndup(a, rest.ptr, rest.len), rest.len);
        return true;
}

bool csv_decode(struct arena *a, struct bytes raw, struct bytes *out, struct csv_refusal *why)
{
        *out = bytes_of("", 0);
        if (!refuse_foreign(raw, why))
                return false;
        bool little = starts_with(raw, "\xff\xfe", 2), big = starts_with(raw, "\xfe\xff", 2), fine;
        if (!little && !big && !refuse_nul(raw, why))
                return false;
        if (little || big)
                fine = take_converted(
                        a, little ? "UTF-16LE" : "UTF-16BE", bytes_of(raw.ptr + 2, raw.len - 2), out, why);
        else if (starts_with(raw, "\xef\xbb\xbf", 3))
                fine = take_marked(a, bytes_of(raw.ptr + 3, raw.len - 3), out, why);
        else
                fine = take_unmarked(a, raw, out, why);
        if (!fine || !refuse_nul(*out, why))
                return false;
        end_lines_alike((char *)(uintptr_t)out->ptr, out->len);
        return true;
}
