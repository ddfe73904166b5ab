/* Addresses of those who are told: the roll call, hooks, mail. */
#include "answerfiles/value_text.h"

#include <string.h>

static bool is_printable(const char *text)
{
        for (const char *s = text; *s; s++)
                if (*s <= 0x20 || *s > 0x7e || strchr("\"<>\\^`{|}", *s))
                        return false;
        return true;
}

static const char *after(const char *text, const char *scheme)
{
        size_t n = strlen(scheme);
        return strncmp(text, scheme, n) ? NULL : text + n;
}

static bool has_login(const char *rest) { return memchr(rest, '@', strcspn(rest, "/?#")); }

bool value_hook(const char *text, bool *plain)
{
        const char *rest = after(text, "https://");
        *plain = !rest;
        rest = rest ? rest : after(text, "http://");
        return rest && is_printable(text) && !has_login(rest) && url_host(rest);
}

static bool is_this_machine(const char *rest, size_t n)
{
        uint32_t addr;
        if (ip4_parse(rest, n, &addr))
                return addr >> 24 == 127;
        return (n == 9 && !memcmp(rest, "localhost", 9)) || (n == 5 && !memcmp(rest, "[::1]", 5));
}

/* Before any other message, all of which show the text. */
static bool refuse_login(struct diags *d, struct pos pos, const char *text)
{
        const char *rest = strstr(text, "://");
        if (!has_login(rest ? rest + 3 : text))
                return false;
        diag_secret(d, XR_URL_PASSWORD, pos, NULL);
        return true;
}

bool value_roll_call(struct diags *d, struct pos pos, const char *text, size_t *length)
{
        const char *secure = after(text, "https://"), *rest = secure ? secure : after(text, "http://");
        if (refuse_login(d, pos, text) || refuse_full_width(d, pos, text))
                return false;
        size_t host = rest && is_printable(text) ? url_host(rest) : 0;
        if (!host || strcspn(rest, "/?#") + strspn(rest + strcspn(rest, "/?#"), "/") != strlen(rest))
                return REFUSE(d, pos, XR_ROLL_CALL_URL, text);
        if (!secure && !is_this_machine(rest, host))
                return REFUSE(d, pos, XR_ROLL_CALL_PLAIN, text);
        *length = (size_t)(rest - text) + strcspn(rest, "/");
        return true;
}

bool value_smtp(struct diags *d, struct pos pos, const char *text)
{
        const char *rest = after(text, "smtps://");
        rest = rest ? rest : after(text, "smtp://");
        if (refuse_login(d, pos, text) || refuse_full_width(d, pos, text))
                return false;
        return (rest && is_printable(text) && url_host(rest) && !rest[strcspn(rest, "/?#")]) ||
               REFUSE(d, pos, XR_NOTICE_SMTP, text);
}

bool value_mail(struct diags *d, struct pos pos, const char *text)
{
        const char *at = strrchr(text, '@');
        size_t name = at ? (size_t)(at - text) : 0;
        if (refuse_full_width(d, pos, text))
                return false;
        bool fine = name && name <= 64 && is_printable(text) && !memchr(text, '@', name) && !strpbrk(text, ",;:()[]") &&
                    dns_name_is_valid(at + 1, strlen(at + 1));
        return fine || REFUSE(d, pos, XR_NOTICE_MAIL_ADDRESS, text);
}
