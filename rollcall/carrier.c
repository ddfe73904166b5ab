#include "rollcall/carrier.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "rollcall/mail.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

enum { CONNECT_SECONDS = 10, STALL_SECONDS = 20, KEEP_SECONDS = 30, LONGEST_HEAD = 64 << 10, LARGEST_BODY = 4 << 20 };

struct carrier {
        CURLM *multi;
};

struct route {
        struct carrier *carrier;
        CURL *handle;
        struct curl_slist *head, *to;
        char place[300];
        bool mail, on_way, done;
        struct str body, answer;
        size_t sent, head_length;
        CURLcode said;
};

struct carrier *carrier_new(struct err *e)
{
        static bool started;
        if (!started && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                file_out_of_memory();
        started = true;
        struct carrier *c = calloc(1, sizeof(*c));
        if (!c || !(c->multi = curl_multi_init()))
                file_out_of_memory();
        (void)e;
        return c;
}

void carrier_free(struct carrier *c)
{
        if (!c)
                return;
        curl_multi_cleanup(c->multi);
        free(c);
}

/* --- what libcurl calls --- */

static size_t take_head(char *line, size_t size, size_t n, void *arg)
{
        struct route *r = arg;
        (void)line;
        r->head_length += size * n;
        return r->head_length > LONGEST_HEAD ? 0 : size * n;
}

static size_t take_answer(char *p, size_t size, size_t n, void *arg)
{
        struct route *r = arg;
        str_addn(&r->answer, p, size * n);
        return r->answer.failed ? 0 : size * n;
}

static size_t give_mail(char *p, size_t size, size_t n, void *arg)
{
        struct route *r = arg;
        size_t left = r->body.len - r->sent, part = size * n < left ? size * n : left;
        memcpy(p, str_text(&r->body) + r->sent, part);
        r->sent += part;
        return part;
}

/* --- a route's target --- */

static const char *text(const char *s) { return s ? s : ""; }

static bool is_loopback(const char *host)
{
        return !strncmp(host, "127.", 4) || !strcmp(host, "[::1]") || !strcmp(host, "::1") ||
               !strcasecmp(host, "localhost");
}

struct address {
        char *scheme, *host, *port;
};

static void address_clear(struct address *a)
{
        curl_free(a->scheme);
        curl_free(a->host);
        curl_free(a->port);
}

static bool read_address(const char *url, struct address *a)
{
        CURLU *u = curl_url();
        bool read = u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
                    curl_url_get(u, CURLUPART_SCHEME, &a->scheme, 0) == CURLUE_OK &&
                    curl_url_get(u, CURLUPART_HOST, &a->host, 0) == CURLUE_OK;
        if (read)
                curl_url_get(u, CURLUPART_PORT, &a->port, 0);
        curl_url_cleanup(u);
        return read;
}

static bool is_pin(const char *pin)
{
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        if (strncmp(pin, "sha256//", 8) != 0)
                return false;
        pin += 8;
        return strlen(pin) == 44 && strspn(pin, digits) == 43 && pin[43] == '=';
}

/* NULL, or what is wrong. */
static const char *judge_target(struct route *r, const struct route_target *t, const struct address *a)
{
        bool web = !strcmp(a->scheme, "https") || !strcmp(a->scheme, "http");
        r->mail = !strcmp(a->scheme, "smtp") || !strcmp(a->scheme, "smtps");
        if (!web && !r->mail)
                return _("it is neither https:// nor a mail server");
        if (t->encrypted && strcmp(a->scheme, "https") != 0)
                return _("it does not begin with https://");
        if (*text(t->pin) && !is_pin(t->pin))
                return _("the pin is not sha256// and 44 characters");
        for (const char *c = text(t->token); *c; c++)
                if ((unsigned char)*c <= ' ' || (unsigned char)*c > '~')
                        return _("the token has characters that no token has");
        if (r->mail && (!*text(t->to) || !mail_addresses_are_fine(t->to) || !mail_addresses_are_fine(text(t->from))))
                return _("an address of the mail is missing or wrong");
        return NULL;
}

static bool append(struct curl_slist **list, const char *line)
{
        struct curl_slist *longer = curl_slist_append(*list, line);
        if (longer)
                *list = longer;
        return longer != NULL;
}

#define SET(option, value) (curl_easy_setopt(r->handle, CURLOPT_##option, (value)) == CURLE_OK)

static bool set_common(struct route *r, const struct route_target *t)
{
        return SET(URL, t->url) && SET(PRIVATE, r) && SET(PROTOCOLS_STR, "http,https,smtp,smtps") &&
               SET(NOSIGNAL, 1L) && SET(FOLLOWLOCATION, 0L) && SET(PROXY, "") && SET(NETRC, (long)CURL_NETRC_IGNORED) &&
               SET(QUICK_EXIT, 1L) && SET(CONNECTTIMEOUT, (long)CONNECT_SECONDS) && SET(TIMEOUT, (long)t->seconds) &&
               SET(LOW_SPEED_LIMIT, 1L) && SET(LOW_SPEED_TIME, (long)STALL_SECONDS) &&
               SET(WRITEFUNCTION, take_answer) && SET(WRITEDATA, r) && SET(HEADERFUNCTION, take_head) &&
               SET(HEADERDATA, r) && SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
}

static bool set_trust(struct route *r, const struct route_target *t, const struct address *a)
{
        if (*text(t->pin))
                return SET(PINNEDPUBLICKEY, t->pin) && SET(SSL_VERIFYPEER, 0L) && SET(SSL_VERIFYHOST, 0L);
        if (!strcmp(a->scheme, "smtp") && (!*text(t->user) || is_loopback(a->host)))
                return SET(USE_SSL, (long)CURLUSESSL_TRY) && SET(SSL_VERIFYPEER, 0L) && SET(SSL_VERIFYHOST, 0L);
        return SET(USE_SSL, (long)CURLUSESSL_ALL);
}

/* A message that is sent once more because a kept connection broke would be there twice: only events, which have keys,
 * keep theirs. */
static bool set_web(struct route *r, const struct route_target *t)
{
        AUTO_STR line = STR_MAX(1000);
        str_addf(&line, "Authorization: Bearer %s", text(t->token));
        bool made = append(&r->head, "Content-Type: application/json") && append(&r->head, "Expect:") &&
                    (!*text(t->token) || append(&r->head, str_text(&line))) && !line.failed;
        if (line.ptr)
                explicit_bzero(line.ptr, line.cap);
        return made && SET(HTTPHEADER, r->head) && SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
               SET(HTTP09_ALLOWED, 0L) && SET(USERAGENT, "xenroll/" VERSION) && SET(MAXAGE_CONN, (long)KEEP_SECONDS) &&
               SET(FORBID_REUSE, *text(t->token) ? 0L : 1L);
}

static bool set_mail(struct route *r, const struct route_target *t)
{
        char one[MAIL_ADDRESS], from[MAIL_ADDRESS];
        for (const char *at = t->to; mail_next_address(&at, one);)
                if (!append(&r->to, one))
                        return false;
        mail_sender(text(t->from), t->to, from);
        return SET(MAIL_FROM, from) && SET(MAIL_RCPT, r->to) && SET(MAIL_RCPT_ALLLOWFAILS, 1L) && SET(UPLOAD, 1L) &&
               SET(FORBID_REUSE, 1L) && SET(READFUNCTION, give_mail) && SET(READDATA, r) &&
               (!*text(t->user) || (SET(USERNAME, t->user) && SET(PASSWORD, text(t->password))));
}

static bool set_target(struct route *r, const struct route_target *t, struct err *e)
{
        OWN(address_clear) struct address a = { NULL };
        if (!read_address(text(t->url), &a))
                return err_rule(e, XR_COURIER_TARGET, "", _("it is not a URL"), NULL);
        snprintf(r->place, sizeof(r->place), "%s://%s%s%s", a.scheme, a.host, a.port ? ":" : "", text(a.port));
        const char *wrong = judge_target(r, t, &a);
        if (wrong)
                return err_rule(e, XR_COURIER_TARGET, r->place, wrong, NULL);
        r->handle = curl_easy_init();
        if (!r->handle)
                file_out_of_memory();
        if (set_common(r, t) && set_trust(r, t, &a) && (r->mail ? set_mail(r, t) : set_web(r, t)))
                return true;
        return err_set(e, ERR_WORLD, _("this system's libcurl (%s) cannot be used"), curl_version());
}

struct route *route_new(struct carrier *c, const struct route_target *t, struct err *e)
{
        struct route *r = calloc(1, sizeof(*r));
        if (!r)
                file_out_of_memory();
        r->carrier = c;
        r->body = (struct str)STR_MAX(LARGEST_BODY);
        r->answer = (struct str)STR_MAX(LARGEST_ANSWER);
        if (set_target(r, t, e))
                return r;
        route_free(r);
        return NULL;
}

void route_free(struct route *r)
{
        if (!r)
                return;
        if (r->on_way)
                curl_multi_remove_handle(r->carrier->multi, r->handle);
        curl_easy_cleanup(r->handle);
        for (struct curl_slist *l = r->head; l; l = l->next)
                explicit_bzero(l->data, strlen(l->data));
        curl_slist_free_all(r->head);
        curl_slist_free_all(r->to);
        str_clear(&r->body);
        str_clear(&r->answer);
        free(r);
}

const char *route_place(const struct route *r) { return r->place; }
bool route_busy(const struct route *r) { return r->on_way || r->done; }

/* --- a transfer --- */

static bool start(struct route *r)
{
        if (!r->mail && !(SET(POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len) && SET(POSTFIELDS, str_text(&r->body))))
                return false;
        if (r->mail && !SET(INFILESIZE_LARGE, (curl_off_t)r->body.len))
                return false;
        return curl_multi_add_handle(r->carrier->multi, r->handle) == CURLM_OK;
}

void route_send(struct route *r, struct str *body)
{
        str_clear(&r->body);
        r->body = *body;
        *body = (struct str)STR_MAX(body->max);
        str_reset(&r->answer);
        r->sent = r->head_length = 0;
        r->on_way = start(r);
        r->done = !r->on_way;
        r->said = CURLE_OUT_OF_MEMORY;
}

void carrier_work(struct carrier *c, int most_ms)
{
        int going = 0, queued = 0;
        curl_multi_perform(c->multi, &going);
        if (going && most_ms > 0) {
                curl_multi_poll(c->multi, NULL, 0, most_ms, NULL);
                curl_multi_perform(c->multi, &going);
        }
        for (CURLMsg *m; (m = curl_multi_info_read(c->multi, &queued));) {
                struct route *r = NULL;
                if (m->msg != CURLMSG_DONE ||
                        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&r) != CURLE_OK)
                        continue;
                r->said = m->data.result;
                r->on_way = false;
                r->done = true;
                curl_multi_remove_handle(c->multi, r->handle);
        }
}

/* --- how it ended --- */

static const char *reason(CURLcode said)
{
        switch (said) {
        case CURLE_COULDNT_RESOLVE_HOST:
                return _("no machine of this name is known");
        case CURLE_OPERATION_TIMEDOUT:
                return _("no answer in time");
        case CURLE_COULDNT_CONNECT:
                return _("nobody listens there");
        case CURLE_GOT_NOTHING:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
        case CURLE_PARTIAL_FILE:
                return _("the connection broke");
        case CURLE_WRITE_ERROR:
                return _("its answer is too long");
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
                return _("its key is not the one that the pin names");
        case CURLE_PEER_FAILED_VERIFICATION:
                return _("no authority that this system knows has signed its certificate");
        case CURLE_USE_SSL_FAILED:
                return _("it offers no encryption, and a password is not sent without");
        case CURLE_LOGIN_DENIED:
                return _("it does not accept user and password");
        default:
                return curl_easy_strerror(said);
        }
}

static enum route_end judge_status(const struct route *r, int status)
{
        if (r->mail)
                return status >= 500 ? ROUTE_REFUSED : ROUTE_LATER;
        if (status >= 200 && status <= 299)
                return ROUTE_TAKEN;
        if (status == 413 || status == 422)
                return ROUTE_TOO_MUCH;
        return status == 408 || status == 429 || status >= 500 ? ROUTE_LATER : ROUTE_REFUSED;
}

static enum route_end judge(const struct route *r, int status)
{
        switch (r->said) {
        case CURLE_OK:
                return r->mail ? ROUTE_TAKEN : judge_status(r, status);
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_USE_SSL_FAILED:
        case CURLE_LOGIN_DENIED:
                return ROUTE_REFUSED;
        default: /* who refuses may hang up before it has heard everything; who accepts has to say so to the end */
                return status >= 400 ? judge_status(r, status) : ROUTE_LATER;
        }
}

bool route_done(struct route *r, struct route_result *result)
{
        if (!r->done)
                return false;
        r->done = false;
        long status = 0;
        curl_off_t asked = 0;
        curl_easy_getinfo(r->handle, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(r->handle, CURLINFO_RETRY_AFTER, &asked);
        *result = (struct route_result){ .end = judge(r, (int)status), .status = (int)status };
        result->asked = asked > 1000 * 1000 ? INT64_C(1000) * 1000 * 1000 : (int64_t)asked * 1000;
        result->answer = str_bytes(&r->answer);
        if (r->said != CURLE_OK && (status < 400 || r->said == CURLE_LOGIN_DENIED))
                snprintf(result->why, sizeof(result->why), "%s", reason(r->said));
        else
                snprintf(result->why, sizeof(result->why), r->mail ? "SMTP %ld" : "HTTP %ld", status);
        return true;
}
