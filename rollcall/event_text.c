#include "rollcall/event_text.h"
#include "base/text.h"

#include <string.h>

static const char replacement[] = "\xef\xbf\xbd";

/* Bytes of the character at s; 0 when none begins there. */
static size_t character(const char *s, size_t left)
{
        unsigned char c = (unsigned char)*s;
        size_t n = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
        return n <= left && text_is_utf8(s, n) ? n : 0;
}

/* Bytes of printable ASCII that text begins with: nearly all there is, so they are not looked at one by one twice. */
static size_t plain(const char *text, size_t most)
{
        size_t n = 0;
        while (n < most && text[n] >= ' ' && text[n] < 0x7f)
                n++;
        return n;
}

bool event_text(struct bytes in, enum event_text_kind kind, char *out, size_t size)
{
        size_t at = 0, used = 0;
        while (at < in.len) {
                const char *from = in.ptr + at;
                size_t left = in.len - at, room = size - 1 - used, run = plain(from, left < room ? left : room);
                memcpy(out + used, from, run);
                used += run;
                at += run;
                if (at == in.len || used + 1 == size)
                        break;
                from += run;
                size_t n = character(from, in.len - at), taken = n ? n : 1;
                bool keep = kind == EVENT_LINES && (*from == '\n' || *from == '\t');
                if (!n || (!keep && (!*from || text_steers(from)))) {
                        from = replacement;
                        n = sizeof(replacement) - 1;
                }
                if (used + n >= size)
                        break;
                memcpy(out + used, from, n);
                used += n;
                at += taken;
        }
        out[used] = '\0';
        return at == in.len;
}

void event_text_repair(struct bytes in, struct str *out)
{
        while (in.len) {
                size_t good = text_utf8_until(in.ptr, in.len);
                str_addn(out, in.ptr, good);
                in = bytes_of(in.ptr + good, in.len - good);
                if (!in.len)
                        break;
                str_add(out, replacement);
                in = bytes_of(in.ptr + 1, in.len - 1);
        }
}

void event_text_json(const char *text, struct str *out)
{
        str_addc(out, '"');
        for (const char *at = text; *at;) {
                size_t plain = strcspn(at, "\"\\\n\t\r\b\f\x7f<");
                str_addn(out, at, plain);
                at += plain;
                if (*at == '"' || *at == '\\')
                        str_addf(out, "\\%c", *at);
                else if (*at)
                        str_addf(out, "\\u%04x", (unsigned char)*at);
                at += *at != '\0';
        }
        str_addc(out, '"');
}
