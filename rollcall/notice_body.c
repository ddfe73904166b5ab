#include "rollcall/notice_body.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "base/text.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>
#include <time.h>

enum { WECOM_MOST = 4000, DINGTALK_MOST = 18000, MAIL_MOST = 128 << 10, WHY_MOST = 120 };

/* --- foreign text --- */

/* Marks that turn the direction of writing could make a name look like another one. */
static bool turns_direction(const unsigned char *c)
{
        return c[0] == 0xe2 && ((c[1] == 0x80 && (c[2] == 0x8e || c[2] == 0x8f || (c[2] >= 0xaa && c[2] <= 0xae))) ||
                                       (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9));
}

static bool is_blank(const unsigned char *c)
{
        return *c <= ' ' || *c == 0x7f || (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f) ||
               (c[0] == 0xe2 && c[1] == 0x80 && (c[2] == 0xa8 || c[2] == 0xa9));
}

static size_t length(const unsigned char *c) { return *c < 0x80 ? 1 : *c < 0xe0 ? 2 : *c < 0xf0 ? 3 : 4; }

void notice_add_plain(struct str *out, const char *text)
{
        bool blank = false, begun = false;
        for (size_t left = strlen(text), n; left; text += n, left -= n) {
                const unsigned char *c = (const unsigned char *)text;
                size_t n_char = length(c);
                bool valid = n_char <= left && text_is_utf8(text, n_char);
                n = valid ? n_char : 1;
                if (valid && turns_direction(c))
                        continue;
                if (valid && is_blank(c)) {
                        blank = begun;
                        continue;
                }
                if (blank)
                        str_addc(out, ' ');
                blank = false;
                begun = true;
                str_addn(out, valid ? text : "\xef\xbf\xbd", valid ? n : 3);
        }
}

/* The renderers of WeCom and DingTalk know parts of markdown, and no backslash that takes its meaning from a sign: so
 * signs that mean something become their wide forms, which look the same and mean nothing. */
static const char *wide(const char *from, const char *at)
{
        static const char signs[] = "[]<>`*\\~|!";
        static const char *const forms[] = { "［", "］", "＜", "＞", "｀", "＊", "＼", "～", "｜", "！" };
        const char *sign = strchr(signs, *at);
        if (sign)
                return forms[sign - signs];
        if (*at == ':' && at[1] == '/')
                return "：";
        bool inside = at > from && isalnum((unsigned char)at[-1]) && isalnum((unsigned char)at[1]);
        if (*at == '_' && !inside)
                return "＿";
        return at == from && strchr("#-+=", *at) ? " " : NULL;
}

void notice_add_markdown(struct str *out, const char *text)
{
        AUTO_STR plain = STR_MAX(LONGEST_NOTICE);
        notice_add_plain(&plain, text);
        for (const char *from = str_text(&plain), *at = from; *at; at++) {
                const char *form = wide(from, at);
                str_addn(out, form ? form : at, form ? strlen(form) : 1);
                if (form && *form == ' ')
                        str_addc(out, *at);
        }
}

/* --- sentences --- */

struct writing { /* one way to write the same */
        struct str *out;
        void (*add)(struct str *, const char *);
        const char *item, *end;
};

/* A sentence of ours with foreign text in its places. */
static void say(const struct writing *w, const char *sentence, const char *const args[], size_t n)
{
        for (const char *at = sentence; *at; at++) {
                if (at[0] == '{' && at[1] >= '1' && at[1] <= '9' && at[2] == '}') {
                        if ((size_t)(at[1] - '1') < n)
                                w->add(w->out, args[at[1] - '1']);
                        at += 2;
                } else
                        str_addc(w->out, *at);
        }
}

static void say_item(const struct writing *w, const char *sentence, const char *value)
{
        if (!*value)
                return;
        str_add(w->out, w->item);
        say(w, sentence, &value, 1);
        str_add(w->out, w->end);
}

static const struct rule_row *rule_of(int code)
{
        const struct rule_row *row;
        for (size_t i = 0; (row = rule_at(i)); i++)
                if ((int)row->rule == code)
                        return row;
        return NULL;
}

/* What the host told has the values; the rule's own sentence stands without. */
static void expand(struct str *out, const char *template)
{
        static const char *const args[RULE_ARGS] = { "…", "…", "…", "…", "…", "…", "…", "…", "…" };
        if (*template)
                rule_expand(out, _(template), args);
}

static void add_cause(struct str *out, int code)
{
        const struct rule_row *row = rule_of(code);
        expand(out, row ? row->message : "");
}

static void add_next(struct str *out, int code)
{
        const struct rule_row *row = rule_of(code);
        expand(out, row ? row->remedy : "");
}

static const char *name_of(const char *name, const char *id) { return *name ? name : id; }

static void say_title(const struct writing *w, const struct occasion *o)
{
        char hosts[24];
        snprintf(hosts, sizeof(hosts), "%lld", (long long)o->hosts);
        const char *school = name_of(o->school_name, o->school);
        if (o->kind == OCCASION_COMPLETE)
                say(w, _("{1} is complete: all {2} hosts are there"), (const char *const[]){ school, hosts }, 2);
        else
                say(w, _("{1}: host {2} has failed"), (const char *const[]){ school, o->host }, 2);
}

static void say_titles(const struct writing *w, const struct occasion *o, size_t n)
{
        if (n == 1) {
                say_title(w, o);
                return;
        }
        size_t failed = 0;
        for (size_t i = 0; i < n; i++)
                failed += o[i].kind == OCCASION_FAILED;
        char count[24];
        const char *args[] = { count };
        snprintf(count, sizeof(count), "%zu", failed);
        if (failed)
                say(w, _("hosts that have failed: {1}"), args, 1);
        if (failed && failed < n)
                str_add(w->out, "; ");
        snprintf(count, sizeof(count), "%zu", n - failed);
        if (failed < n)
                say(w, _("schools that are complete: {1}"), args, 1);
}

static void code_text(int code, char out[16]) { snprintf(out, 16, code > 0 ? "XR-%03d" : "", code); }

static void say_long(const struct writing *w, const struct occasion *o)
{
        AUTO_STR cause = STR_MAX(2000), next = STR_MAX(2000);
        char code[16], when[32];
        time_t t = (time_t)(o->time / 1000);
        struct tm tm = { 0 };
        strftime(when, sizeof(when), "%Y-%m-%d %H:%M", localtime_r(&t, &tm));
        code_text(o->code, code);
        add_cause(&cause, o->code);
        add_next(&next, o->code);
        say_item(w, _("pool: {1}"), name_of(o->pool_name, o->pool));
        say_item(w, _("code: {1}"), code);
        say_item(w, _("cause: {1}"), str_text(&cause));
        say_item(w, _("what to do: {1}"), str_text(&next));
        say_item(w, _("it said: {1}"), o->detail);
        say_item(w, _("time: {1}"), when);
}

static void say_short(const struct writing *w, const struct occasion *o)
{
        char code[16];
        AUTO_STR cause = STR_MAX(2000);
        code_text(o->code, code);
        add_cause(&cause, o->code);
        str_add(w->out, w->item);
        say_title(w, o);
        if (*code)
                str_addf(w->out, " (%s: ", code);
        else if (*o->detail)
                str_add(w->out, " (");
        w->add(w->out, *code && cause.len ? str_text(&cause) : o->detail);
        if (*code || *o->detail)
                str_addc(w->out, ')');
        str_add(w->out, w->end);
}

static void say_all(const struct writing *w, const struct occasion *o, size_t n)
{
        if (n == 1)
                say_long(w, o);
        for (size_t i = 0; n > 1 && i < n; i++)
                say_short(w, &o[i]);
}

/* --- forms --- */

static void add_markdown(enum notice_form form, const struct occasion *o, size_t n, const char *url, struct str *out)
{
        const struct writing w = { out, notice_add_markdown, "- ", "\n" };
        str_add(out, form == NOTICE_DINGTALK ? "#### " : "**");
        say_titles(&w, o, n);
        str_add(out, form == NOTICE_DINGTALK ? "\n\n" : "**\n");
        say_all(&w, o, n);
        if (*url)
                str_addf(out, "\n[%s](%s)\n", _("status page"), url);
}

void notice_subject(const struct occasion *o, size_t n, struct str *out)
{
        const struct writing w = { out, notice_add_plain, "", "" };
        str_add(out, "[xenroll] ");
        say_titles(&w, o, n);
}

void notice_text(const struct occasion *o, size_t n, const char *url, struct str *out)
{
        const struct writing w = { out, notice_add_plain, n == 1 ? "" : "- ", "\n" };
        say_titles(&w, o, n);
        str_add(out, "\n\n");
        say_all(&w, o, n);
        if (*url)
                str_addf(out, "\n%s: %s\n", _("status page"), url);
}

size_t notice_fits(enum notice_form form, const struct occasion *o, size_t n, const char *url)
{
        if (form == NOTICE_JSON)
                return 1;
        size_t most = form == NOTICE_WECOM ? WECOM_MOST : form == NOTICE_DINGTALK ? DINGTALK_MOST : MAIL_MOST;
        size_t fits = 1;
        AUTO_STR text = STR_MAX(LONGEST_NOTICE);
        for (size_t over = n + 1; over - fits > 1;) {
                size_t middle = fits + (over - fits) / 2;
                str_reset(&text);
                add_markdown(form, o, middle, url, &text);
                if (text.failed || text.len > most)
                        over = middle;
                else
                        fits = middle;
        }
        return fits;
}

static void decref(json_t **j) { json_decref(*j); }

static void add_json(json_t *j, struct str *out)
{
        AUTO_FREE char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
        if (!text)
                file_out_of_memory();
        str_add(out, text);
}

static void set_text(json_t *j, const char *name, const char *text)
{
        AUTO_STR plain = STR_MAX(LONGEST_NOTICE);
        notice_add_plain(&plain, text);
        json_object_set_new(j, name, json_string(str_text(&plain)));
}

static void body_for_programs(const struct occasion *o, const char *url, struct str *out)
{
        OWN(decref) json_t *j = json_object();
        AUTO_STR cause = STR_MAX(2000), next = STR_MAX(2000);
        char code[16], when[32];
        time_t t = (time_t)(o->time / 1000);
        struct tm tm = { 0 };
        strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
        code_text(o->code, code);
        add_cause(&cause, o->code);
        add_next(&next, o->code);
        set_text(j, "event", o->kind == OCCASION_COMPLETE ? "school complete" : "host failed");
        set_text(j, "id", o->id);
        set_text(j, "school", o->school);
        set_text(j, "school_name", o->school_name);
        set_text(j, "pool", o->pool);
        set_text(j, "host", o->host);
        set_text(j, "code", code);
        set_text(j, "cause", str_text(&cause));
        set_text(j, "next", str_text(&next));
        set_text(j, "detail", o->detail);
        set_text(j, "url", url);
        set_text(j, "time", when);
        add_json(j, out);
}

static void cut(struct str *s, size_t most)
{
        if (s->len <= most)
                return;
        s->len = text_utf8_until(s->ptr, most);
        s->ptr[s->len] = '\0';
}

static void body_for_chats(enum notice_form form, const struct occasion *o, size_t n, const char *url, struct str *out)
{
        AUTO_STR title = STR_MAX(LONGEST_NOTICE), text = STR_MAX(LONGEST_NOTICE);
        const struct writing w = { &title, notice_add_markdown, "", "" };
        say_titles(&w, o, n);
        add_markdown(form, o, n, url, &text);
        cut(&text, form == NOTICE_WECOM ? WECOM_MOST : DINGTALK_MOST);
        OWN(decref) json_t *inner = json_object();
        if (form == NOTICE_DINGTALK)
                json_object_set_new(inner, "title", json_string(str_text(&title)));
        json_object_set_new(inner, form == NOTICE_DINGTALK ? "text" : "content", json_string(str_text(&text)));
        OWN(decref) json_t *j = json_pack("{ss sO}", "msgtype", "markdown", "markdown", inner);
        add_json(j, out);
}

void notice_body(enum notice_form form, const struct occasion *o, size_t n, const char *url, struct str *out)
{
        if (form == NOTICE_JSON)
                body_for_programs(o, url, out);
        else
                body_for_chats(form, o, n, url, out);
}

/* --- answers --- */

/* Sixteen such characters in a row may be a token. */
static void add_masked(struct str *out, const char *s)
{
        while (*s) {
                size_t word = 0;
                while (isalnum((unsigned char)s[word]) || (s[word] && strchr("-_=+/", s[word])))
                        word++;
                if (word >= 16)
                        str_add(out, "…");
                else
                        str_addn(out, s, word ? word : 1);
                s += word ? word : 1;
        }
}

bool notice_was_taken(struct bytes answer, char *why, size_t size)
{
        OWN(decref) json_t *j = json_loadb(answer.ptr, answer.len, 0, NULL);
        json_t *number = json_object_get(j, "errcode");
        if (!json_is_integer(number)) {
                snprintf(why, size, "%s", _("its answer has no errcode"));
                return false;
        }
        if (json_integer_value(number) == 0)
                return true;
        const char *said = json_string_value(json_object_get(j, "errmsg"));
        AUTO_STR plain = STR_MAX(LARGEST_EVENTS), masked = STR_MAX(LARGEST_EVENTS);
        notice_add_plain(&plain, said ? said : "");
        cut(&plain, WHY_MOST);
        add_masked(&masked, str_text(&plain));
        snprintf(why, size, "errcode %lld: %s", (long long)json_integer_value(number), str_text(&masked));
        return false;
}
