#include "rollcall/visitors.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/random.h"
#include "rollcall/login_limit.h"
#include "rollcall/query.h"
#include "rollcall/web_password.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

enum { HOUR = 3600 * 1000, TOUCH = 5 * 60 * 1000, LONGEST_HASH = 400, LONGEST_FIELD = 4096 };

struct visitors {
        struct database *database;
        int out;
        int64_t (*now)(void);
        struct catalogue *chinese; /* NULL: not installed */
        struct login_limit limit;
};

struct visitors *visitors_new(struct database *database, int out, int64_t (*now)(void))
{
        struct visitors *v = calloc(1, sizeof(*v));
        if (!v)
                file_out_of_memory();
        v->database = database;
        v->out = out;
        v->now = now;
        v->chinese = catalogue_open("zh_CN");
        return v;
}

void visitors_free(struct visitors *v)
{
        if (!v)
                return;
        catalogue_free(v->chinese);
        free(v);
}

/* --- the password --- */

/* Empty when none is set. */
static void read_hash(const struct visitors *v, char hash[LONGEST_HASH])
{
        struct err e = ERR_INIT;
        AUTO_STR text = STR_MAX(LONGEST_HASH - 1);
        bool there = file_read(v->out, "secrets/web.hash", LONGEST_HASH - 1, &text, &e);
        snprintf(hash, LONGEST_HASH, "%.*s", there ? (int)strcspn(str_text(&text), "\r\n") : 0, str_text(&text));
        if (text.ptr)
                explicit_bzero(text.ptr, text.cap);
}

/* --- what comes with a request --- */

static bool is_loopback(const char *peer)
{
        return !strncmp(peer, "127.", 4) || !strcmp(peer, "::1") || !strncmp(peer, "::ffff:127.", 11);
}

/* A cookie that only HTTPS carries, for the whole site and nobody else's; the prefix has the browser see to it. */
static const char *cookie_name(const struct visitor *visitor) { return visitor->https ? "__Host-xenroll" : "xenroll"; }

static void to_hex(const unsigned char *bytes, size_t n, char *out)
{
        for (size_t i = 0; i < n; i++)
                snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* What is kept of a cookie, which a new password makes worthless. */
static void digest(const char *cookie, const char *hash, char out[COOKIE_TEXT])
{
        char text[COOKIE_TEXT + LONGEST_HASH];
        unsigned char sum[EVP_MAX_MD_SIZE];
        unsigned n = 0;
        snprintf(text, sizeof(text), "%s %s", cookie, hash);
        *out = '\0';
        if (EVP_Digest(text, strlen(text), sum, &n, EVP_sha256(), NULL))
                to_hex(sum, (COOKIE_TEXT - 1) / 2, out);
        explicit_bzero(text, sizeof(text));
}

static void find_language(const struct visitors *v, const struct ask *ask, const char *cookies, struct visitor *visitor)
{
        char wish[LONGEST_FIELD] = "";
        bool chosen = cookie_value(cookies, "language", wish, sizeof(wish)) &&
                      (!strcmp(wish, "en") || !strcmp(wish, "zh_CN"));
        bool chinese = !strcmp(wish, "zh_CN");
        if (!chosen)
                chinese = ask_field(ask, "Accept-Language", wish, sizeof(wish)) && accepts_chinese(wish);
        chinese = chinese && v->chinese;
        visitor->language = chinese ? "zh_CN" : "en";
        visitor->words = chinese ? v->chinese : NULL;
}

/* One that is in use lives on; that is written down now and then, and without room or while somebody else writes some
 * other time: it is as good as it was. */
static void touch(struct visitors *v, const struct visitor *visitor, int64_t expires)
{
        int64_t fresh = v->now() + SESSION_HOURS * (int64_t)HOUR;
        struct err ignored = ERR_INIT;
        if (fresh - expires >= TOUCH)
                (void)!database_do(v->database, &ignored, NULL, "UPDATE session SET expires = ? WHERE token_hash = ?",
                        "is", fresh, visitor->session);
}

static bool find_session(struct visitors *v, const char *cookie, struct visitor *visitor, struct err *e)
{
        char hash[LONGEST_HASH];
        int64_t expires = 0;
        read_hash(v, hash);
        if (!*hash || strlen(cookie) != COOKIE_TEXT - 1)
                return true;
        digest(cookie, hash, visitor->session);
        {
                AUTO_ROWS rows = database_query(v->database, e,
                        "SELECT csrf, expires FROM session WHERE token_hash = ?", "s", visitor->session);
                if (!rows)
                        return false;
                e->kind = ERR_NONE;
                if (rows_next(rows, e)) {
                        rows_copy(rows, 0, visitor->csrf, sizeof(visitor->csrf));
                        expires = rows_int(rows, 1);
                } else if (e->kind)
                        return false;
        }
        visitor->logged_in = expires > v->now();
        if (visitor->logged_in)
                touch(v, visitor, expires);
        else
                *visitor->csrf = '\0';
        return true;
}

bool visitors_meet(struct visitors *v, const struct ask *ask, struct visitor *visitor, struct err *e)
{
        char cookies[LONGEST_FIELD] = "", cookie[COOKIE_TEXT], scheme[16] = "";
        *visitor = (struct visitor){ .peer = ask->peer };
        if (!ask_field(ask, "Cookie", cookies, sizeof(cookies)))
                *cookies = '\0';
        if (!ask_field(ask, "Scheme", scheme, sizeof(scheme)))
                *scheme = '\0';
        visitor->https = !strcmp(scheme, "https");
        visitor->secure = visitor->https || is_loopback(ask->peer);
        find_language(v, ask, cookies, visitor);
        bool has = visitor->secure && cookie_value(cookies, cookie_name(visitor), cookie, sizeof(cookie));
        bool fine = !has || find_session(v, cookie, visitor, e);
        explicit_bzero(cookies, sizeof(cookies));
        explicit_bzero(cookie, sizeof(cookie));
        return fine;
}

bool visitor_is_ours(const struct ask *ask)
{
        char origin[LONGEST_FIELDS], host[LONGEST_FIELDS], site[32], scheme[16];
        if (ask_field(ask, "Sec-Fetch-Site", site, sizeof(site)) && strcasecmp(site, "same-origin") != 0)
                return false;
        /* Programs and old browsers say none. */
        if (!ask_field(ask, "Origin", origin, sizeof(origin)))
                return true;
        const char *at = strstr(origin, "://");
        if (!at || !ask_field(ask, "Host", host, sizeof(host)) || strcasecmp(at + 3, host) != 0)
                return false;
        /* The boot server of the same address is another site, which whoever is on the way can write. */
        bool https = ask_field(ask, "Scheme", scheme, sizeof(scheme)) && !strcmp(scheme, "https");
        return !https || !strncasecmp(origin, "https://", 8);
}

bool visitor_has_token(const struct visitor *visitor, const struct ask *ask)
{
        char token[CSRF_TEXT];
        return *visitor->csrf && ask_field(ask, "X-CSRF-Token", token, sizeof(token)) &&
               strlen(token) == strlen(visitor->csrf) && !CRYPTO_memcmp(token, visitor->csrf, strlen(token));
}

/* --- logging in and out --- */

enum rule visitors_hinder(const struct visitors *v, const struct visitor *visitor)
{
        char hash[LONGEST_HASH];
        read_hash(v, hash);
        return !*hash ? XR_WEB_NO_PASSWORD : !visitor->secure ? XR_WEB_INSECURE : XR_NONE;
}

static void set_cookie(const struct visitor *visitor, const char *value, int64_t seconds, struct reply *r)
{
        str_addf(&r->fields, "Set-Cookie: %s=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s\n",
                cookie_name(visitor), value, (long long)seconds, visitor->https ? "; Secure" : "");
}

static bool begin_session(struct visitors *v, struct visitor *visitor, const char *hash, struct reply *r, struct err *e)
{
        unsigned char bytes[32 + 16];
        char cookie[COOKIE_TEXT];
        int64_t now = v->now();
        if (!random_bytes(bytes, sizeof(bytes)))
                return err_sys(e, _("drawing a random token"));
        to_hex(bytes, 32, cookie);
        to_hex(bytes + 32, 16, visitor->csrf);
        digest(cookie, hash, visitor->session);
        explicit_bzero(bytes, sizeof(bytes));
        visitor->logged_in =
                database_do(v->database, e, NULL, "DELETE FROM session WHERE expires <= ?", "i", now) &&
                database_do(v->database, e, NULL,
                        "INSERT INTO session (token_hash, csrf, created, expires, peer) VALUES (?, ?, ?, ?, ?)",
                        "ssiis", visitor->session, visitor->csrf, now, now + SESSION_HOURS * (int64_t)HOUR,
                        visitor->peer);
        /* The session slides, the cookie need not: the browser keeps it until it is closed, or for a month. */
        if (visitor->logged_in)
                set_cookie(visitor, cookie, 30 * 24 * 3600, r);
        explicit_bzero(cookie, sizeof(cookie));
        return visitor->logged_in;
}

bool visitors_login(struct visitors *v, struct visitor *visitor, const char *password, struct reply *r, enum rule *rule,
        int *wait, struct err *e)
{
        char hash[LONGEST_HASH];
        int64_t now = v->now();
        read_hash(v, hash);
        *rule = visitors_hinder(v, visitor);
        if (*rule)
                return true;
        int64_t ms = login_limit_wait(&v->limit, visitor->peer, now);
        *wait = (int)((ms + 999) / 1000);
        if (ms) {
                *rule = XR_WEB_TOO_OFTEN;
                return true;
        }
        if (!web_password_is(hash, password)) {
                login_limit_wrong(&v->limit, visitor->peer, now);
                *rule = XR_WEB_WRONG_PASSWORD;
                return visitors_note(v, visitor, "login-failed", "", e);
        }
        login_limit_right(&v->limit, visitor->peer);
        return begin_session(v, visitor, hash, r, e) && visitors_note(v, visitor, "login", "", e);
}

bool visitors_logout(struct visitors *v, struct visitor *visitor, struct reply *r, struct err *e)
{
        if (!database_do(v->database, e, NULL, "DELETE FROM session WHERE token_hash = ?", "s", visitor->session))
                return false;
        set_cookie(visitor, "", 0, r);
        visitor->logged_in = false;
        return visitors_note(v, visitor, "logout", "", e);
}

bool visitors_wish(struct visitors *v, struct visitor *visitor, const char *language, struct reply *r)
{
        bool chinese = !strcmp(language, "zh_CN");
        if (!chinese && strcmp(language, "en") != 0)
                return false;
        visitor->words = chinese ? v->chinese : NULL;
        visitor->language = chinese ? "zh_CN" : "en";
        str_addf(&r->fields, "Set-Cookie: language=%s; Path=/; Max-Age=31536000; SameSite=Strict%s\n",
                visitor->language, visitor->https ? "; Secure" : "");
        return true;
}

bool visitors_note(
        struct visitors *v, const struct visitor *visitor, const char *action, const char *detail, struct err *e)
{
        return database_do(v->database, e, NULL, "INSERT INTO audit (at, peer, action, detail) VALUES (?, ?, ?, ?)",
                "isss", v->now(), visitor->peer, action, detail);
}
