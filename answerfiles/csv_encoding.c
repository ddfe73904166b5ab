/* The bytes of a spreadsheet file as UTF-8 text. */
#include "answerfiles/csv_parts.h"
#include "base/rule.h"
#include "base/text.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

static size_t line_of(struct bytes b, size_t offset)
{
        size_t line = 1;
        for (size_t i = 0; i < offset && i < b.len; i++)
                line += b.ptr[i] == '\n';
        return line;
}

static bool starts_with(struct bytes b, const char *magic, size_t n) { return b.len >= n && !memcmp(b.ptr, magic, n); }

static bool refuse_bytes(const char *name, struct bytes raw, size_t offset, struct err *e)
{
        char line[24], byte[8], at[24];
        snprintf(line, sizeof(line), "%zu", line_of(raw, offset));
        snprintf(byte, sizeof(byte), "%02x", offset < raw.len ? (unsigned char)raw.ptr[offset] : 0);
        snprintf(at, sizeof(at), "%zu", offset);
        return err_rule(e, XR_CSV_ENCODING, name, line, byte, at, NULL);
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

static bool take_converted(struct arena *a, const char *name, const char *from, struct bytes raw, struct bytes *out, struct err *e)
{
        size_t n, stopped;
        out->ptr = converted(a, from, raw, &n, &stopped);
        out->len = n;
        return out->ptr || refuse_bytes(name, raw, stopped, e);
}

/* UTF-8 when it is, GB18030 when it is not; what is neither is reported where the better guess ends. */
static bool take_unmarked(struct arena *a, const char *name, struct bytes raw, struct bytes *out, struct err *e)
{
        size_t utf8 = valid_utf8(raw), n, stopped;
        if (utf8 == raw.len) {
                *out = bytes_of(arena_strndup(a, raw.ptr, raw.len), raw.len);
                return true;
        }
        out->ptr = converted(a, "GB18030", raw, &n, &stopped);
        out->len = n;
        return out->ptr || refuse_bytes(name, raw, stopped > utf8 ? stopped : utf8, e);
}

static bool refuse_foreign(const char *name, struct bytes raw, struct err *e)
{
        char most[16];
        snprintf(most, sizeof(most), "%d", LARGEST_FILE_MIB);
        if (raw.len > (size_t)LARGEST_FILE_MIB << 20)
                return err_rule(e, XR_CSV_TOO_LARGE, name, most, NULL);
        if (starts_with(raw, "PK\3\4", 4) || starts_with(raw, "\xd0\xcf\x11\xe0", 4))
                return err_rule(e, XR_CSV_WORKBOOK, name, NULL);
        return true;
}

static bool refuse_nul(const char *name, struct bytes text, struct err *e)
{
        const char *nul = text.len ? memchr(text.ptr, 0, text.len) : NULL;
        char line[24], at[24];
        if (!nul)
                return true;
        snprintf(line, sizeof(line), "%zu", line_of(text, (size_t)(nul - text.ptr)));
        snprintf(at, sizeof(at), "%zu", (size_t)(nul - text.ptr));
        return err_rule(e, XR_CSV_NUL, name, line, at, NULL);
}

/* Old programs end lines with "\r" alone; the rest of xenroll counts "\n". */
static void end_lines_alike(char *s, size_t n)
{
        for (char *end = s + n; (s = memchr(s, '\r', (size_t)(end - s))); s++)
                if (s + 1 == end || s[1] != '\n')
                        *s = '\n';
}

bool csv_decode(struct arena *a, const char *name, struct bytes raw, struct bytes *out, struct err *e)
{
        *out = bytes_of("", 0);
        if (!refuse_foreign(name, raw, e))
                return false;
        bool fine;
        if (starts_with(raw, "\xff\xfe", 2) || starts_with(raw, "\xfe\xff", 2))
                fine = take_converted(a, name, raw.ptr[0] == '\xff' ? "UTF-16LE" : "UTF-16BE", bytes_of(raw.ptr + 2, raw.len - 2), out, e);
        else if (!refuse_nul(name, raw, e))
                return false;
        else if (!starts_with(raw, "\xef\xbb\xbf", 3))
                fine = take_unmarked(a, name, raw, out, e);
        else {
                struct bytes rest = bytes_of(raw.ptr + 3, raw.len - 3);
                size_t valid = valid_utf8(rest);
                fine = valid == rest.len || refuse_bytes(name, rest, valid, e);
                *out = bytes_of(arena_strndup(a, rest.ptr, fine ? rest.len : 0), fine ? rest.len : 0);
        }
        if (!fine || !refuse_nul(name, *out, e))
                return false;
        end_lines_alike((char *)(uintptr_t)out->ptr, out->len);
        return true;
}
