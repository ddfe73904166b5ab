/* What hosts are called and say, in messages to people; and what the other side answers. Every body is JSON, holds no
 * markup but ours, and a mail's head holds no line but ours. */
#include "rollcall/mail.h"
#include "rollcall/notice_body.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool fine)
{
        if (!fine)
                abort();
}

static const char *take(const char *at, const char *end, char *out, size_t size)
{
        size_t n = strnlen(at, (size_t)(end - at));
        snprintf(out, size, "%.*s", (int)(n < size ? n : size - 1), at);
        return at + n < end ? at + n + 1 : end;
}

static void judge_chat(enum notice_form form, const struct occasion *o, size_t n)
{
        AUTO_STR body = STR_MAX(2 * LONGEST_NOTICE);
        size_t fits = notice_fits(form, o, n, "");
        must(fits >= 1 && fits <= n);
        notice_body(form, o, fits, "", &body);
        json_t *j = json_loads(str_text(&body), 0, NULL);
        must(!body.failed && j);
        const char *text = json_string_value(
                json_object_get(json_object_get(j, "markdown"), form == NOTICE_WECOM ? "content" : "text"));
        must(form == NOTICE_JSON || (text && !strpbrk(text, "[]<>`\\|") && !strstr(text, "://")));
        json_decref(j);
}

static void judge_mail(const struct occasion *o, size_t n)
{
        AUTO_STR subject = STR_MAX(LONGEST_NOTICE), text = STR_MAX(LONGEST_NOTICE), out = STR_MAX(2 * LONGEST_NOTICE);
        notice_subject(o, n, &subject);
        notice_text(o, n, "https://s/", &text);
        const struct mail mail = { "a@b", "c@d", str_text(&subject), str_text(&text), "0", 0 };
        mail_write(&mail, &out);
        const char *end = strstr(str_text(&out), "\r\n\r\n");
        must(end && !out.failed && strstr(out.ptr, "\r\nMIME-Version: 1.0\r\n") < end);
        for (const char *c = out.ptr; *c; c++)
                must((*c >= ' ' && *c <= '~') || *c == '\r' || *c == '\n');
        /* A line of the head is ours, or goes on with the one before. */
        for (const char *line = out.ptr; line < end; line = strstr(line, "\r\n") + 2)
                must(*line == ' ' || strchr("FTSDMAC", *line));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        char why[200] = "";
        struct occasion o[2] = { { .kind = OCCASION_FAILED, .code = n ? data[0] * 4 : 0 } }, got;
        const char *at = (const char *)data, *end = at + n;
        if (!notice_was_taken(bytes_of(at, n), why, sizeof(why)))
                must(strlen(why) < sizeof(why) && *why);
        at = take(at, end, o->school_name, sizeof(o->school_name));
        at = take(at, end, o->host, sizeof(o->host));
        at = take(at, end, o->pool, sizeof(o->pool));
        take(at, end, o->detail, sizeof(o->detail));
        o[1] = o[0];
        o[1].kind = n & 1 ? OCCASION_COMPLETE : OCCASION_FAILED;
        for (int form = NOTICE_JSON; form < NOTICE_MAIL; form++)
                for (size_t many = 1; many <= 2; many++)
                        judge_chat((enum notice_form)form, o, many);
        judge_mail(o, 1);
        judge_mail(o, 2);
        AUTO_FREE char *text = strndup((const char *)data, n);
        (void)occasion_read(text, &got);
        return 0;
}
