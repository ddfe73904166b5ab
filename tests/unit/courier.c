/* What the courier sends, when it sends it and to whom: without a network and without a store. */
#include "base/rule.h"
#include "rollcall/backoff.h"
#include "rollcall/carrier.h"
#include "rollcall/mail.h"
#include "rollcall/notice_body.h"
#include "tests/unit/unit.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <time.h>

static void decref(json_t **j) { json_decref(*j); }

/* --- back-off --- */

static void waits(void)
{
        static const struct {
                const char *why;
                int failures;
                uint32_t chance;
                int64_t asked, wait;
        } rows[] = {
                { "the first, at least", 0, 0, 0, 500 },
                { "the first, at most", 0, 500, 0, 1000 },
                { "the second", 1, 1000, 0, 2000 },
                { "the ninth", 8, 128000, 0, 256000 },
                { "the tenth is the longest", 9, 150000, 0, 300000 },
                { "the hundredth as well", 99, 150000, 0, 300000 },
                { "any chance stays inside", 99, UINT32_MAX, 0, 150000 + UINT32_MAX % 150001 },
                { "what the server asks for", 0, 0, 7000, 7000 },
                { "what it asks for is less", 9, 0, 7000, 150000 },
                { "what it asks for is absurd", 0, 0, INT64_C(1000000000), BACKOFF_ASKED },
        };
        for (size_t i = 0; i < COUNT(rows); i++) {
                struct backoff b = { .failures = rows[i].failures };
                char got[32], want[32];
                backoff_failed(&b, 1000000, rows[i].chance, rows[i].asked);
                snprintf(got, sizeof(got), "%lld", (long long)backoff_wait(&b, 1000000));
                snprintf(want, sizeof(want), "%lld", (long long)rows[i].wait);
                unit_same("back-off", rows[i].why, got, want);
        }
        struct backoff b = { 0 };
        unit_case("back-off", "nothing has failed", !backoff_wait(&b, 5), "it waits");
        backoff_failed(&b, INT64_C(2000000000000), 0, 0);
        unit_case("back-off", "a clock that was set back years", !backoff_wait(&b, 1000), "it waits for years");
        unit_case("back-off", "time passes", !backoff_wait(&b, INT64_C(2000000000500)), "it still waits");
        backoff_stuck(&b, 0);
        unit_case("back-off", "somebody has to mend it", backoff_wait(&b, 0) == 300000, "another wait");
}

/* --- targets --- */

#define PIN "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static void targets(void)
{
        static const struct {
                const char *why;
                struct route_target target;
                const char *error, *place;
        } rows[] = {
                { "a district", { .url = "https://10.1.0.5/events", .pin = PIN, .token = "abc", .encrypted = true },
                        NULL, "https://10.1.0.5" },
                { "a port", { .url = "https://10.1.0.5:8443/events" }, NULL, "https://10.1.0.5:8443" },
                { "a token in the path is not shown", { .url = "https://oapi.example/robot?access_token=S3cret" }, NULL,
                        "https://oapi.example" },
                { "a password in the URL is not shown", { .url = "https://me:S3cret@oapi.example/" }, NULL,
                        "https://oapi.example" },
                { "a district without TLS", { .url = "http://10.1.0.5/", .encrypted = true },
                        "does not begin with https://", NULL },
                { "a file", { .url = "file:///etc/passwd" }, "not a URL", NULL },
                { "another protocol", { .url = "gopher://a/" }, "neither https:// nor", NULL },
                { "no scheme", { .url = "10.1.0.5" }, "not a URL", NULL },
                { "nothing", { .url = "" }, "not a URL", NULL },
                { "NULL", { .url = NULL }, "not a URL", NULL },
                { "a pin that is a file's name", { .url = "https://a/", .pin = "/etc/pin.pem" }, "the pin is not",
                        NULL },
                { "a pin that is too short", { .url = "https://a/", .pin = "sha256//AAAA=" }, "the pin is not", NULL },
                { "two pins", { .url = "https://a/", .pin = PIN ";" PIN }, "the pin is not", NULL },
                { "a token with a line feed", { .url = "https://a/", .token = "a\r\nX: y" }, "the token has", NULL },
                { "mail", { .url = "smtp://mail.example", .to = "a@example.cn" }, NULL, "smtp://mail.example" },
                { "mail to nobody", { .url = "smtp://mail.example" }, "address of the mail", NULL },
                { "mail to somebody odd", { .url = "smtps://mail.example", .to = "a b@c>" }, "address of the mail",
                        NULL },
                { "mail from somebody odd", { .url = "smtp://m", .to = "a@b", .from = "x\r\nBcc: y@z" },
                        "address of the mail", NULL },
        };
        struct err e = ERR_INIT;
        struct carrier *c = carrier_new(&e);
        for (size_t i = 0; c && i < COUNT(rows); i++) {
                struct route_target t = rows[i].target;
                t.seconds = 1;
                e = (struct err)ERR_INIT;
                struct route *r = route_new(c, &t, &e);
                if (rows[i].error)
                        unit_case("target", rows[i].why,
                                !r && e.code == XR_COURIER_TARGET && strstr(e.text, rows[i].error) &&
                                        !strstr(e.text, "S3cret"),
                                r ? "it was taken" : e.text);
                else
                        unit_same("target", rows[i].why, r ? route_place(r) : e.text, rows[i].place);
                route_free(r);
        }
        carrier_free(c);
}

/* --- text --- */

static void texts(void)
{
        static const struct {
                const char *why, *in, *plain, *markdown;
        } rows[] = {
                { "a name", "nn36-xen1", "nn36-xen1", "nn36-xen1" },
                { "a name with an underscore", "nn36_xen1", "nn36_xen1", "nn36_xen1" },
                { "emphasis", "_x_ __y__", "_x_ __y__", "＿x＿ ＿＿y＿＿" },
                { "Chinese", "南宁三十六中", "南宁三十六中", "南宁三十六中" },
                { "a link", "[x](http://evil)", "[x](http://evil)", "［x］(http：//evil)" },
                { "a picture", "![x](http://evil)", "![x](http://evil)", "！［x］(http：//evil)" },
                { "a bare link", "see https://evil/", "see https://evil/", "see https：//evil/" },
                { "a backslash in front of it", "\\[x\\](http://e)", "\\[x\\](http://e)", "＼［x＼］(http：//e)" },
                { "HTML", "<script>alert(1)</script>", "<script>alert(1)</script>", "＜script＞alert(1)＜/script＞" },
                { "a mention", "<@all>", "<@all>", "＜@all＞" },
                { "bold and code", "**b** `c` ~~d~~", "**b** `c` ~~d~~", "＊＊b＊＊ ｀c｀ ～～d～～" },
                { "a table", "a|b", "a|b", "a｜b" },
                { "a headline", "# big", "# big", " # big" },
                { "lines", "a\n# b\r\n> c\td", "a # b > c d", "a # b ＞ c d" },
                { "blanks around", "  a  ", "a", "a" },
                { "a terminal's controls", "\033[31mred\177", "[31mred", "［31mred" },
                { "C1 controls",
                        "a\xc2\x9b"
                        "b",
                        "a b", "a b" },
                { "other direction",
                        "a\xe2\x80\xae"
                        "b\xe2\x81\xa6"
                        "c\xe2\x80\x8f",
                        "abc", "abc" },
                { "a line separator",
                        "a\xe2\x80\xa8"
                        "b",
                        "a b", "a b" },
                { "invalid UTF-8", "a\xff\xe5\x8d", "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
                        "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
                { "nothing", "", "", "" },
        };
        for (size_t i = 0; i < COUNT(rows); i++) {
                AUTO_STR plain = STR_MAX(1000), markdown = STR_MAX(1000);
                notice_add_plain(&plain, rows[i].in);
                notice_add_markdown(&markdown, rows[i].in);
                unit_same("plain text", rows[i].why, str_text(&plain), rows[i].plain);
                unit_same("markdown", rows[i].why, str_text(&markdown), rows[i].markdown);
        }
}

/* --- bodies --- */

static const struct occasion failed = { .kind = OCCASION_FAILED,
        .id = "0123456789abcdef0123456789abcdef",
        .school = "nn36",
        .school_name = "南宁三十六中",
        .pool = "p1",
        .pool_name = "Pool [1](http://evil)",
        .host = "[x](http://evil)",
        .attempt = 2,
        .code = XR_COURIER_UNREACHED,
        .detail = "no \"disk\"\n<b>",
        .time = INT64_C(1795852800000) };
static const struct occasion complete = {
        .kind = OCCASION_COMPLETE, .id = "f", .school = "nn36", .hosts = 10, .time = INT64_C(1795852800000)
};

#define CAUSE "nothing can be delivered to … at present: …"
#define NEXT                                                                                                           \
        "Nothing is lost: it is tried again, after 5 minutes at the latest. If it lasts, check the network, the "      \
        "address, and whether the server there runs."

static void bodies(void)
{
        const struct occasion two[] = { failed, complete };
        const struct {
                const char *why;
                enum notice_form form;
                const struct occasion *o;
                size_t n;
                const char *url, *body;
        } rows[] = {
                { "for programs, failed", NOTICE_JSON, &failed, 1, "https://s/",
                        "{\"event\":\"host "
                        "failed\",\"id\":\"0123456789abcdef0123456789abcdef\",\"school\":\"nn36\",\"school_name\":"
                        "\"南宁三十六中\",\"pool\":\"p1\","
                        "\"host\":\"[x](http://evil)\",\"code\":\"XR-988\",\"cause\":\"" CAUSE "\",\"next\":\"" NEXT
                        "\",\"detail\":\"no \\\"disk\\\" <b>\","
                        "\"url\":\"https://s/\",\"time\":\"2026-11-28T08:00:00Z\"}" },
                { "for programs, complete", NOTICE_JSON, &complete, 1, "",
                        "{\"event\":\"school "
                        "complete\",\"id\":\"f\",\"school\":\"nn36\",\"school_name\":\"\",\"pool\":\"\",\"host\":\"\","
                        "\"code\":\"\",\"cause\":\"\","
                        "\"next\":\"\",\"detail\":\"\",\"url\":\"\",\"time\":\"2026-11-28T08:00:00Z\"}" },
                { "WeCom, failed", NOTICE_WECOM, &failed, 1, "https://s/",
                        "{\"msgtype\":\"markdown\",\"markdown\":{\"content\":\"**南宁三十六中: host "
                        "［x］(http：//evil) has failed**\\n"
                        "- pool: Pool ［1］(http：//evil)\\n- code: XR-988\\n- cause: " CAUSE "\\n- what to do: " NEXT
                        "\\n- it said: no \\\"disk\\\" ＜b＞\\n- time: 2026-11-28 16:00\\n\\n[status "
                        "page](https://s/)\\n\"}}" },
                { "WeCom, complete", NOTICE_WECOM, &complete, 1, "",
                        "{\"msgtype\":\"markdown\",\"markdown\":{\"content\":\"**nn36 is complete: all 10 hosts are "
                        "there**\\n- time: 2026-11-28 16:00\\n\"}}" },
                { "DingTalk, complete", NOTICE_DINGTALK, &complete, 1, "",
                        "{\"msgtype\":\"markdown\",\"markdown\":{\"title\":\"nn36 is complete: all 10 hosts are "
                        "there\","
                        "\"text\":\"#### nn36 is complete: all 10 hosts are there\\n\\n- time: 2026-11-28 "
                        "16:00\\n\"}}" },
                { "DingTalk, both", NOTICE_DINGTALK, two, 2, "",
                        "{\"msgtype\":\"markdown\",\"markdown\":{\"title\":\"hosts that have failed: 1; schools that "
                        "are complete: 1\","
                        "\"text\":\"#### hosts that have failed: 1; schools that are complete: 1\\n\\n"
                        "- 南宁三十六中: host ［x］(http：//evil) has failed (XR-988: " CAUSE
                        ")\\n- nn36 is complete: all 10 hosts are there\\n\"}}" },
        };
        for (size_t i = 0; i < COUNT(rows); i++) {
                AUTO_STR body = STR_MAX(LONGEST_NOTICE);
                notice_body(rows[i].form, rows[i].o, rows[i].n, rows[i].url, &body);
                unit_same("body", rows[i].why, str_text(&body), rows[i].body);
        }
}

/* As many as a message holds, and never more than the service takes. */
static void sizes(void)
{
        enum { MANY = 500 };
        static struct occasion o[MANY];
        for (size_t i = 0; i < MANY; i++) {
                o[i] = failed;
                memset(o[i].detail, '<', sizeof(o[i].detail) - 1);
                memset(o[i].school_name, '[', sizeof(o[i].school_name) - 1);
        }
        static const struct {
                const char *why;
                enum notice_form form;
                size_t least, most, bytes;
        } rows[] = {
                { "a program gets one", NOTICE_JSON, 1, 1, 4000 },
                { "WeCom", NOTICE_WECOM, 3, 20, 4096 },
                { "DingTalk", NOTICE_DINGTALK, 15, 100, 20000 },
                { "mail", NOTICE_MAIL, 100, MANY, LONGEST_NOTICE },
        };
        for (size_t i = 0; i < COUNT(rows); i++) {
                char detail[100];
                size_t fits = notice_fits(rows[i].form, o, MANY, "https://s/");
                AUTO_STR body = STR_MAX(LONGEST_NOTICE);
                notice_body(rows[i].form, o, fits, "https://s/", &body);
                OWN(decref) json_t *j = json_loads(str_text(&body), 0, NULL);
                const char *text = json_string_value(json_object_get(
                        json_object_get(j, "markdown"), rows[i].form == NOTICE_WECOM ? "content" : "text"));
                snprintf(detail, sizeof(detail), "%zu fit, %zu bytes", fits, text ? strlen(text) : 0);
                unit_case("size", rows[i].why,
                        fits >= rows[i].least && fits <= rows[i].most && (!text || strlen(text) <= rows[i].bytes),
                        detail);
        }
}

static void answers(void)
{
        static const struct {
                const char *why, *answer, *refused;
        } rows[] = {
                { "taken", "{\"errcode\":0,\"errmsg\":\"ok\"}", NULL },
                { "a key word is missing", "{\"errcode\":310000,\"errmsg\":\"keywords not in content\"}",
                        "errcode 310000: keywords not in content" },
                { "a token in what it says", "{\"errcode\":40001,\"errmsg\":\"bad 0123456789abcdef0123, sorry\"}",
                        "errcode 40001: bad …, sorry" },
                { "controls in what it says", "{\"errcode\":1,\"errmsg\":\"a\\u001b[2Jb\"}", "errcode 1: a [2Jb" },
                { "no text", "{\"errcode\":-1}", "errcode -1: " },
                { "a number as text", "{\"errcode\":\"0\"}", "its answer has no errcode" },
                { "HTML", "<html>ok</html>", "its answer has no errcode" },
                { "an array", "[0]", "its answer has no errcode" },
                { "nothing", "", "its answer has no errcode" },
        };
        for (size_t i = 0; i < COUNT(rows); i++) {
                char why[200] = "";
                bool taken = notice_was_taken(bytes_of(rows[i].answer, strlen(rows[i].answer)), why, sizeof(why));
                unit_case("answer", rows[i].why, taken == !rows[i].refused, why);
                if (rows[i].refused)
                        unit_same("answer, in words", rows[i].why, why, rows[i].refused);
        }
}

/* --- mail --- */

static void addresses(void)
{
        static const struct {
                const char *why, *list;
                bool fine;
        } rows[] = {
                { "one", "it@school.example", true },
                { "several", "a@b.cn, c@d.cn,e@f", true },
                { "none", "", true },
                { "no sign", "root", false },
                { "two signs", "a@b@c", false },
                { "a line feed", "a@b\nBcc: c@d", false },
                { "brackets", "A <a@b>", false },
                { "an option", "-oQ/tmp@b", false },
                { "Chinese", "网@b", false },
        };
        for (size_t i = 0; i < COUNT(rows); i++)
                unit_case("mail address", rows[i].why, mail_addresses_are_fine(rows[i].list) == rows[i].fine,
                        rows[i].list);
        char one[MAIL_ADDRESS];
        mail_sender("", "a@b, c@d", one);
        unit_same("mail address", "without a sender the first receiver is", one, "a@b");
}

static void decode(const char *s, size_t n, struct str *out)
{
        unsigned char part[3];
        for (; n >= 4; s += 4, n -= 4) {
                EVP_DecodeBlock(part, (const unsigned char *)s, 4);
                str_addn(out, (const char *)part, (size_t)(3 - (s[3] == '=') - (s[2] == '=')));
        }
}

static void decode_subject(const char *mail, struct str *out, size_t *longest)
{
        const char *end = strstr(mail, "\r\nDate:");
        for (const char *at = mail; end && (at = strstr(at, "=?UTF-8?B?")) && at < end;) {
                const char *stop = strstr(at + 10, "?=");
                decode(at + 10, (size_t)(stop - at - 10), out);
                if ((size_t)(stop + 2 - at) > *longest)
                        *longest = (size_t)(stop + 2 - at);
                at = stop;
        }
}

static bool ascii(const char *s)
{
        while (*s && (unsigned char)*s < 0x80)
                s++;
        return !*s;
}

static void mails(void)
{
        static const char subject[] = "南宁市第三十六中学: host nn36-xen1\r\nBcc: evil@example has failed, "
                                      "一二三四五六七八九十一二三四五六七八九十";
        const struct mail m = { "x@school.example", "a@b.cn,c@d.cn", subject, "第一行\n.\nFrom: nobody\n", "0123abcd",
                INT64_C(1795852800000) };
        AUTO_STR out = STR_MAX(10000), said = STR_MAX(1000), text = STR_MAX(1000);
        size_t longest = 0;
        mail_write(&m, &out);
        const char *mail = str_text(&out), *body = strstr(mail, "\r\n\r\n");
        decode_subject(mail, &said, &longest);
        unit_same("mail", "the subject comes back", str_text(&said), subject);
        unit_case("mail", "words of 75 characters at most", longest > 20 && longest <= 75, mail);
        unit_case("mail", "a name adds no header", !strstr(mail, "evil"), mail);
        unit_case("mail", "ASCII only", ascii(mail), mail);
        decode(body + 4, strcspn(body + 4, "\r"), &text);
        unit_same("mail", "the text comes back", str_text(&text), "第一行\r\n.\r\nFrom: nobody\r\n");
        static const struct {
                const char *why, *line;
        } heads[] = {
                { "from", "From: xenroll <x@school.example>\r\n" },
                { "to", "\r\nTo: <a@b.cn>,\r\n <c@d.cn>\r\n" },
                { "date", "\r\nDate: Sat, 28 Nov 2026 08:00:00 +0000\r\n" },
                { "id", "\r\nMessage-ID: <0123abcd@school.example>\r\n" },
                { "version", "\r\nMIME-Version: 1.0\r\n" },
                { "encoding", "\r\nContent-Transfer-Encoding: base64\r\n" },
        };
        for (size_t k = 0; k < COUNT(heads); k++)
                unit_case("mail header", heads[k].why, strstr(mail, heads[k].line) != NULL, mail);
}

/* --- when --- */

static void failures(void)
{
        static const struct {
                const char *why;
                int attempt, code;
                bool news;
        } rows[] = {
                /* of one host, one after the other */
                { "it fails", 1, 501, true },
                { "again", 1, 501, false },
                { "with another code", 1, 503, true },
                { "with the first one again", 1, 501, false },
                { "a code that is the end of another", 1, 1, true },
                { "without a code", 1, 0, true },
                { "without a code again", 1, 0, false },
                { "at the next attempt", 2, 501, true },
                { "at the next attempt again", 2, 501, false },
                { "something late of the first attempt", 1, 777, false },
        };
        struct told t = { 0 };
        for (size_t i = 0; i < COUNT(rows); i++) {
                bool changed = false, news = occasion_failure(&t, rows[i].attempt, rows[i].code, &changed);
                unit_case("failed", rows[i].why, news == rows[i].news && changed == news, t.codes);
        }
        for (int code = 1000; code < 2000; code++) {
                bool changed = false;
                (void)occasion_failure(&t, 2, code, &changed);
        }
        unit_case("failed", "in a thousand ways", strlen(t.codes) < sizeof(t.codes), "too long");
}

static void completions(void)
{
        static const struct {
                const char *why;
                int64_t expected, there, newest;
                bool with_agent, news;
        } rows[] = {
                /* of one school, one after the other */
                { "nobody is expected", 0, 0, 0, true, false },
                { "one is missing", 3, 2, 100, true, false },
                { "all are there", 3, 3, 110, true, true },
                { "still", 3, 3, 110, true, false },
                { "one is installed anew", 3, 2, 120, true, false },
                { "and is back", 3, 3, 130, true, true },
                { "one was away while nobody looked", 3, 3, 140, true, true },
                { "one has been taken off the list", 2, 2, 110, true, false },
                { "without agents a step on is no interruption", 2, 2, 150, false, false },
                { "one more is expected", 4, 3, 150, false, false },
                { "it comes", 4, 4, 160, false, true },
                { "nobody is expected any more", 0, 0, 0, false, false },
                { "with clocks at 0", 1, 1, 0, false, true },
                { "with clocks at 0 still", 1, 1, 0, false, false },
        };
        struct told t = { 0 };
        for (size_t i = 0; i < COUNT(rows); i++) {
                const struct school_count c = { rows[i].expected, rows[i].there, rows[i].newest };
                bool changed = false;
                unit_case("complete", rows[i].why,
                        occasion_completion(&t, &c, rows[i].with_agent, &changed) == rows[i].news,
                        rows[i].news ? "it is not told" : "it is told");
        }
}

static void counts(void)
{
        static const struct {
                const char *why;
                enum standing standing;
                bool expected, with_agent, there;
        } rows[] = {
                { "arrived", STANDING_ARRIVED, true, true, true },
                { "installed, an agent follows", STANDING_INSTALLED, true, true, false },
                { "finishing", STANDING_FINISHING, true, true, false },
                { "installed, none follows", STANDING_INSTALLED, true, false, true },
                { "finishing, unexpectedly", STANDING_FINISHING, true, false, false },
                { "installing", STANDING_INSTALLING, true, false, false },
                { "failed", STANDING_FAILED, true, false, false },
                { "unheard", STANDING_UNHEARD, true, false, false },
                { "not expected", STANDING_ARRIVED, false, true, false },
        };
        for (size_t i = 0; i < COUNT(rows); i++) {
                struct school_count c = { 0 };
                const struct host_row row = { .expected = rows[i].expected, .standing = rows[i].standing, .since = 7 };
                occasion_count(&c, &row, rows[i].with_agent);
                unit_case("there", rows[i].why, c.there == rows[i].there && c.expected == rows[i].expected,
                        "it is not so");
        }
}

static void kept(void)
{
        struct occasion o = failed, again = failed, got;
        AUTO_STR text = STR_MAX(5000);
        occasion_set_id(&o);
        occasion_write(&o, &text);
        unit_case("kept", "comes back whole", occasion_read(str_text(&text), &got) && !memcmp(&got, &o, sizeof(o)),
                str_text(&text));
        static const char *const foreign[] = { "", "{", "[]", "{\"kind\":1}",
                "{\"kind\":\"x\",\"hosts\":0,\"attempt\":0,\"code\":0,\"time\":0}" };
        for (size_t i = 0; i < COUNT(foreign); i++)
                unit_case("kept", "not ours", !occasion_read(foreign[i], &got), foreign[i]);
        again.detail[0] = 'x';
        occasion_set_id(&again);
        unit_same("kept", "the same occasion has the same id", again.id, o.id);
        again.attempt++;
        occasion_set_id(&again);
        unit_case("kept", "another attempt has another", strcmp(again.id, o.id) != 0, o.id);
}

int main(void)
{
        setenv("TZ", "Asia/Shanghai", 1);
        tzset();
        waits();
        targets();
        texts();
        bodies();
        sizes();
        answers();
        addresses();
        mails();
        failures();
        completions();
        counts();
        kept();
        return 0;
}
