#include "rollcall/mail.h"

#include <openssl/evp.h>
#include <string.h>
#include <time.h>

enum { WORD_BYTES = 42, LINE_BYTES = 57 }; /* of text, in an encoded word and a line of base64 */

bool mail_next_address(const char **at, char address[MAIL_ADDRESS])
{
        const char *s = *at + strspn(*at, ", ");
        size_t n = strcspn(s, ", ");
        *at = s + n;
        snprintf(address, MAIL_ADDRESS, "%.*s", (int)(n < MAIL_ADDRESS ? n : MAIL_ADDRESS - 1), s);
        return n > 0;
}

static bool is_address(const char *s, size_t n)
{
        size_t signs = 0;
        for (size_t i = 0; i < n; i++) {
                if (s[i] <= ' ' || s[i] > '~' || strchr("<>()[]\\\";:,", s[i]))
                        return false;
                signs += s[i] == '@';
        }
        return n < MAIL_ADDRESS && signs == 1 && s[0] != '@' && s[n - 1] != '@' && s[0] != '-';
}

bool mail_addresses_are_fine(const char *list)
{
        for (const char *s = list + strspn(list, ", "); *s; s += strspn(s, ", ")) {
                size_t n = strcspn(s, ", ");
                if (!is_address(s, n))
                        return false;
                s += n;
        }
        return true;
}

void mail_sender(const char *from, const char *to, char address[MAIL_ADDRESS])
{
        if (!mail_next_address(&from, address))
                mail_next_address(&to, address);
}

static void add_base64(struct str *out, const char *s, size_t n)
{
        char word[4 * ((LINE_BYTES + 2) / 3) + 1];
        EVP_EncodeBlock((unsigned char *)word, (const unsigned char *)s, (int)n);
        str_add(out, word);
}

/* RFC 2047: words of at most 75 characters, each of whole characters. */
static void add_subject(struct str *out, const char *s)
{
        str_add(out, "Subject:");
        for (size_t left = strlen(s), n; left; s += n, left -= n) {
                n = left < WORD_BYTES ? left : WORD_BYTES;
                while (n < left && n > 1 && ((unsigned char)s[n] & 0xc0) == 0x80)
                        n--;
                str_add(out, " =?UTF-8?B?");
                add_base64(out, s, n);
                str_add(out, "?=\r\n");
        }
}

static void add_date(struct str *out, int64_t ms)
{
        static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
        time_t t = (time_t)(ms / 1000);
        struct tm tm = { 0 };
        gmtime_r(&t, &tm);
        str_addf(out, "Date: %.3s, %d %.3s %d %02d:%02d:%02d +0000\r\n", days + 3 * (size_t)tm.tm_wday, tm.tm_mday,
                months + 3 * (size_t)tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void add_receivers(struct str *out, const char *to)
{
        char one[MAIL_ADDRESS];
        str_add(out, "To:");
        for (const char *before = ""; mail_next_address(&to, one); before = ",\r\n")
                str_addf(out, "%s <%s>", before, one);
        str_add(out, "\r\n");
}

static void add_body(struct str *out, const char *text)
{
        AUTO_STR lines = STR_MAX(out->max);
        for (; *text; text++)
                str_addn(&lines, *text == '\n' ? "\r\n" : text, *text == '\n' ? 2 : 1);
        out->failed = out->failed || lines.failed;
        for (size_t at = 0; at < lines.len; at += LINE_BYTES) {
                add_base64(out, lines.ptr + at, lines.len - at < LINE_BYTES ? lines.len - at : LINE_BYTES);
                str_add(out, "\r\n");
        }
}

void mail_write(const struct mail *m, struct str *out)
{
        char from[MAIL_ADDRESS];
        mail_sender(m->from, m->to, from);
        const char *domain = strchr(from, '@');
        str_addf(out, "From: xenroll <%s>\r\n", from);
        add_receivers(out, m->to);
        add_subject(out, m->subject);
        add_date(out, m->time);
        str_addf(out, "Message-ID: <%s%s>\r\n", m->id, domain ? domain : "@xenroll");
        str_add(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                     "Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
        add_body(out, m->text);
}
