/* Who visits the roll call's page: what their requests say, how often they may guess, how long they are known. */
#include "tests/unit/unit.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "rollcall/login_limit.h"
#include "rollcall/query.h"
#include "rollcall/store.h"
#include "rollcall/visitors.h"
#include "rollcall/web_password.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

/* --- heads of requests --- */

static const struct {
        const char *why, *query, *name;
        enum query_found found;
        const char *value;
} queries[] = {
        { "plain", "school=nn36&host=x", "host", QUERY_FOUND, "x" },
        { "not there", "school=nn36", "host", QUERY_NONE, "" },
        { "no query", "", "host", QUERY_NONE, "" },
        { "a longer name", "schools=1", "school", QUERY_NONE, "" },
        { "empty", "q=", "q", QUERY_FOUND, "" },
        { "the first counts", "q=1&q=2", "q", QUERY_FOUND, "1" },
        { "escapes, blanks", "q=%3Cscript%3E+a", "q", QUERY_FOUND, "<script> a" },
        { "Chinese", "q=%E5%8D%97%E5%AE%81", "q", QUERY_FOUND, "南宁" },
        { "no UTF-8", "q=%FF", "q", QUERY_DAMAGED, "" },
        { "half an escape", "q=%4", "q", QUERY_DAMAGED, "" },
        { "no escape", "q=%zz", "q", QUERY_DAMAGED, "" },
        { "NUL", "q=a%00b", "q", QUERY_DAMAGED, "" },
        { "a line's end", "q=a%0Ab", "q", QUERY_DAMAGED, "" },
        { "too long", "q=0123456789012345678901234567890123456789", "q", QUERY_DAMAGED, "" },
        { "only signs", "&&==&=", "q", QUERY_NONE, "" },
};

static const struct {
        const char *why, *cookies, *value;
} cookies[] = {
        { "one", "xenroll=1", "1" },
        { "among others", "a=b; xenroll=2; c=d", "2" },
        { "a longer name", "xenroll2=1; my-xenroll=3", NULL },
        { "none", "", NULL },
        { "without a blank", "a=b;xenroll=4", "4" },
        { "too long", "xenroll=0123456789012345678901234567890123456789", NULL },
};

static const struct {
        const char *why, *wishes;
        bool chinese;
} wishes[] = {
        { "none", "", false },
        { "a Chinese browser", "zh-CN,zh;q=0.9,en;q=0.8", true },
        { "an English browser", "en-US,en;q=0.9", false },
        { "English first", "en,zh;q=0.9", false },
        { "English first, alike", "en, zh", false },
        { "Chinese first, alike", "zh, en", true },
        { "by weight", "en;q=0.3, zh-Hans;q=0.7", true },
        { "Taiwan", "zh-TW", true },
        { "German, then Chinese", "de,zh;q=0.2", true },
        { "everything", "*", false },
        { "not Chinese at all", "zh;q=0", false },
        { "nonsense", ";;q=,,zh;q=9", true },
};

static const struct {
        const char *why, *fields;
        bool ours;
} origins[] = {
        { "none", "Host: a\n", true },
        { "no fields", NULL, true },
        { "ours", "Host: 10.0.0.1:8443\nOrigin: https://10.0.0.1:8443\n", true },
        { "ours in capitals", "Host: Xen.example\nOrigin: https://xen.EXAMPLE\n", true },
        { "another host", "Host: a\nOrigin: https://b\n", false },
        { "another port", "Host: a:1\nOrigin: https://a:2\n", false },
        { "it begins alike", "Host: a\nOrigin: https://a.b\n", false },
        { "null", "Host: a\nOrigin: null\n", false },
        { "no host", "Origin: https://a\n", false },
        { "the boot server of that address", "Host: a\nOrigin: http://a\nScheme: https\n", false },
        { "over HTTPS", "Host: a\nOrigin: https://a\nScheme: https\n", true },
        { "the browser says so", "Host: a\nSec-Fetch-Site: cross-site\n", false },
        { "the browser agrees", "Host: a\nSec-Fetch-Site: same-origin\n", true },
};

static void heads(void)
{
        char out[40];
        for (size_t i = 0; i < COUNT(queries); i++) {
                enum query_found f = query_value(queries[i].query, queries[i].name, out, sizeof(out));
                unit_case("query", queries[i].why, f == queries[i].found && !strcmp(out, queries[i].value), out);
        }
        for (size_t i = 0; i < COUNT(cookies); i++) {
                bool found = cookie_value(cookies[i].cookies, "xenroll", out, sizeof(out));
                unit_case("cookie", cookies[i].why,
                        found == (cookies[i].value != NULL) && (!found || !strcmp(out, cookies[i].value)), out);
        }
        for (size_t i = 0; i < COUNT(wishes); i++)
                unit_case(
                        "language", wishes[i].why, accepts_chinese(wishes[i].wishes) == wishes[i].chinese, "the other");
        for (size_t i = 0; i < COUNT(origins); i++)
                unit_case("origin", origins[i].why,
                        visitor_is_ours(&(struct ask){ .fields = origins[i].fields }) == origins[i].ours, "the other");
}

/* --- guessing --- */

/* a…z: that peer tries and is wrong: "+" when it may, "-" when not; capitals: it is right; "." a second, ":" a minute
 * passes. */
static const struct {
        const char *why, *events, *answers;
} guesses[] = {
        { "five, then none", "aaaaaa", "+++++-" },
        { "another peer goes on", "aaaaaab", "+++++-+" },
        { "after five minutes", "aaaaaa:::::a", "+++++-+" },
        { "not after four", "aaaaaa::::a", "+++++--" },
        { "the oldest counts", "a::aaaa:::aa", "++++++-" },
        { "the right one clears", "aaaaAaaaaaa", "++++++++++-" },
        { "thirty from everywhere: slower for all", "aaaaabbbbbcccccdddddeeeeefffffgh..h",
                "++++++++++++++++++++++++++++++--+" },
};

static void guessing(void)
{
        for (size_t i = 0; i < COUNT(guesses); i++) {
                AUTO_FREE struct login_limit *limit = calloc(1, sizeof(*limit));
                AUTO_STR answers = STR_MAX(200);
                int64_t now = 1700000000000;
                for (const char *e = guesses[i].events; *e; e++) {
                        char peer[] = { (char)(*e | 0x20), '\0' };
                        now += *e == '.' ? 1000 : *e == ':' ? 60000 : 0;
                        if (*e == '.' || *e == ':')
                                continue;
                        bool may = !login_limit_wait(limit, peer, now);
                        str_addc(&answers, may ? '+' : '-');
                        if (may && *e >= 'a')
                                login_limit_wrong(limit, peer, now);
                        else if (may)
                                login_limit_right(limit, peer);
                }
                unit_same("guessing", guesses[i].why, str_text(&answers), guesses[i].answers);
        }
        struct login_limit *limit = calloc(1, sizeof(*limit));
        char peer[64];
        for (int i = 0; i < LIMIT_OF_PEER; i++) {
                snprintf(peer, sizeof(peer), "2001:db8:1:2::%d", i + 1);
                login_limit_wrong(limit, peer, 1700000000000);
        }
        unit_case("guessing", "whoever has an IPv6 network is one peer",
                login_limit_wait(limit, "2001:db8:1:2:9::1", 1700000000000) > 0, "it may");
        unit_case("guessing", "and its neighbour another", !login_limit_wait(limit, "2001:db8:1:3::1", 1700000000000),
                "it may not");
        free(limit);
}

/* --- passwords --- */

static const struct {
        const char *why, *password;
        bool fine;
} passwords[] = {
        { "eight", "12345678", true },
        { "seven", "1234567", false },
        { "empty", "", false },
        { "Chinese", "密码密码", true },
        { "two lines", "12345678\n9", false },
};

static void hashing(void)
{
        char longest[PASSWORD_MOST + 2];
        struct err e = ERR_INIT;
        for (size_t i = 0; i < COUNT(passwords); i++) {
                AUTO_FREE char *hash = web_password_hash(passwords[i].password, &e);
                unit_case("password", passwords[i].why,
                        passwords[i].fine ? hash && web_password_is(hash, passwords[i].password) &&
                                                    !web_password_is(hash, "other words")
                                          : !hash && e.code == XR_WEB_PASSWORD_LENGTH,
                        e.text);
        }
        memset(longest, 'x', sizeof(longest));
        longest[PASSWORD_MOST + 1] = '\0';
        AUTO_FREE char *hash = web_password_hash(longest, &e);
        unit_case("password", "too long", !hash, "it was taken");
        unit_case("password", "a damaged hash opens nothing",
                !web_password_is("", "12345678") && !web_password_is("*0", "12345678") &&
                        !web_password_is("nonsense", "12345678"),
                "it does");
}

/* --- sessions --- */

static int64_t clock_now = 1700000000000;
static int64_t now(void) { return clock_now; }

enum { HOUR = 3600 * 1000 };

struct room {
        char path[64];
        int out;
        struct store *store;
        struct visitors *visitors;
};

static bool room_open(struct room *r, struct err *e)
{
        snprintf(r->path, sizeof(r->path), "/tmp/visitors.XXXXXX");
        if (!mkdtemp(r->path))
                return err_sys(e, "mkdtemp");
        r->out = open(r->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        r->store = store_open(r->out, NULL, true, e);
        if (!r->store || mkdirat(r->out, "secrets", 0700) < 0)
                return false;
        r->visitors = visitors_new(store_database(r->store), r->out, now);
        return true;
}

static void room_close(struct room *r)
{
        struct err e = ERR_INIT;
        visitors_free(r->visitors);
        store_close(r->store);
        close(r->out);
        (void)!file_remove_tree(AT_FDCWD, r->path, &e);
}

static bool set_password(struct room *r, const char *password)
{
        struct err e = ERR_INIT;
        AUTO_FREE char *hash = web_password_hash(password, &e);
        AUTO_FD int secrets = openat(r->out, "secrets", O_RDONLY | O_DIRECTORY);
        return hash && file_publish(secrets, "web.hash", bytes_of(hash, strlen(hash)), 0600, &e);
}

/* Fields of a request with the cookie that the reply before set, over HTTPS or not. */
static void fields_of(const struct reply *r, bool https, char *out, size_t size)
{
        char cookie[200] = "";
        struct ask set = { .fields = str_text(&r->fields) };
        if (ask_field(&set, "Set-Cookie", cookie, sizeof(cookie)))
                cookie[strcspn(cookie, ";")] = '\0';
        snprintf(out, size, "Scheme: %s\nCookie: language=en; %s\n", https ? "https" : "http", cookie);
}

static enum rule try_login(
        struct room *r, const char *peer, bool https, const char *password, char *fields, size_t size)
{
        struct err e = ERR_INIT;
        struct visitor v;
        enum rule rule = XR_NONE;
        int wait;
        struct reply reply = REPLY_INIT;
        struct ask ask = { .method = "POST",
                .path = "/api/login",
                .peer = peer,
                .fields = https ? "Scheme: https\n" : "Scheme: http\n" };
        if (!visitors_meet(r->visitors, &ask, &v, &e) ||
                !visitors_login(r->visitors, &v, password, &reply, &rule, &wait, &e))
                rule = XR_WEB_FORGED;
        fields_of(&reply, https, fields, size);
        reply_clear(&reply);
        return rule;
}

static bool is_known(struct room *r, const char *peer, const char *fields)
{
        struct err e = ERR_INIT;
        struct visitor v;
        return visitors_meet(r->visitors, &(struct ask){ .method = "GET", .path = "/", .peer = peer, .fields = fields },
                       &v, &e) &&
               v.logged_in && *v.csrf;
}

static const struct {
        const char *why, *peer;
        bool https;
        const char *password;
        enum rule rule;
} logins[] = {
        { "over HTTPS", "10.0.0.9", true, "correct horse", XR_NONE },
        { "over HTTP from another machine", "10.0.0.9", false, "correct horse", XR_WEB_INSECURE },
        { "over HTTP from this machine", "127.0.0.1", false, "correct horse", XR_NONE },
        { "a wrong password", "10.0.0.8", true, "correct house", XR_WEB_WRONG_PASSWORD },
        { "an empty password", "10.0.0.7", true, "", XR_WEB_WRONG_PASSWORD },
};

static void logging_in(void)
{
        struct err e = ERR_INIT;
        struct room r = { .out = -1 };
        char fields[400];
        if (!unit_case("login", "a room", room_open(&r, &e), e.text))
                return;
        unit_case("login", "without a password nobody",
                try_login(&r, "127.0.0.1", true, "", fields, sizeof(fields)) == XR_WEB_NO_PASSWORD, "somebody");
        set_password(&r, "correct horse");
        for (size_t i = 0; i < COUNT(logins); i++) {
                enum rule rule =
                        try_login(&r, logins[i].peer, logins[i].https, logins[i].password, fields, sizeof(fields));
                unit_case("login", logins[i].why,
                        rule == logins[i].rule && is_known(&r, logins[i].peer, fields) == !rule,
                        rule_row(rule)->message);
        }
        room_close(&r);
}

static void living_on(void)
{
        struct err e = ERR_INIT;
        struct room r = { .out = -1 };
        char fields[400], plain[400];
        if (!unit_case("session", "a room", room_open(&r, &e) && set_password(&r, "correct horse"), e.text))
                return;
        (void)try_login(&r, "10.0.0.9", true, "correct horse", fields, sizeof(fields));
        unit_case("session", "the cookie is for HTTPS alone", strstr(fields, "__Host-xenroll=") != NULL, fields);
        snprintf(plain, sizeof(plain), "Scheme: http\n%s", strchr(fields, '\n') + 1);
        unit_case("session", "over HTTP it is nobody's", !is_known(&r, "10.0.0.9", plain), "known");
        clock_now += 11 * (int64_t)HOUR;
        unit_case("session", "after eleven hours", is_known(&r, "10.0.0.9", fields), "not known");
        clock_now += 11 * (int64_t)HOUR;
        unit_case("session", "it slides", is_known(&r, "10.0.0.9", fields), "not known");
        clock_now += 13 * (int64_t)HOUR;
        unit_case("session", "after thirteen idle hours it is over", !is_known(&r, "10.0.0.9", fields), "known");
        (void)try_login(&r, "10.0.0.9", true, "correct horse", fields, sizeof(fields));
        unit_case("session", "a new one", is_known(&r, "10.0.0.9", fields), "not known");
        set_password(&r, "battery staple");
        unit_case("session", "a new password ends it", !is_known(&r, "10.0.0.9", fields), "known");
        AUTO_ROWS rows = database_query(store_database(r.store), &e, "SELECT token_hash FROM session", "");
        bool one = rows && rows_next(rows, &e);
        unit_case("session", "the cookie itself is kept nowhere", one && !strstr(fields, rows_text(rows, 0)), "it is");
        rows_done(&rows);
        room_close(&r);
}

int main(void)
{
        heads();
        guessing();
        hashing();
        logging_in();
        living_on();
        return 0;
}
