#include "postinstall/transport.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "postinstall/certificate.h"

#include <curl/curl.h>
#include <string.h>

enum { CONNECT_PATIENCE = 10000 /* ms */ };

struct transport {
        CURL *curl;
        struct curl_slist *headers;
        char *url;
        struct certificate certificate;
        struct str *answer; /* during a call */
        bool too_long;
};

/* --- certificates --- */

bool certificate_take(struct certificate *c, const unsigned char sha256[32])
{
        for (size_t i = 0; i < 32; i++)
                snprintf(c->seen + 2 * i, 3, "%02x", sha256[i]);
        c->refused = *c->pin && strcmp(c->pin, c->seen) != 0;
        return !c->refused;
}

static CURLcode watch(CURL *curl, void *context, void *arg)
{
        (void)curl;
        return certificate_watch(context, arg) ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

const char *transport_fingerprint(const struct transport *t) { return t->certificate.seen; }

/* --- setting up --- */

static size_t receive(char *data, size_t size, size_t n, void *arg)
{
        struct transport *t = arg;
        if (size * n > t->answer->max - t->answer->len) {
                t->too_long = true;
                return 0;
        }
        str_addn(t->answer, data, size * n);
        return t->answer->failed ? 0 : size * n;
}

/* A connection is made for each call: on one that is used again, libcurl repeats a request whose answer did not come,
 * and a repeated call is made twice. */
static bool set_options(struct transport *t, const struct transport_target *target)
{
        CURL *c = t->curl;
        bool fine = curl_easy_setopt(c, CURLOPT_URL, target->url) == CURLE_OK &&
                    curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, target->socket) == CURLE_OK &&
                    curl_easy_setopt(c, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK &&
                    curl_easy_setopt(c, CURLOPT_POST, 1L) == CURLE_OK &&
                    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
                    curl_easy_setopt(c, CURLOPT_NOPROXY, "*") == CURLE_OK &&
                    curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
                    curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
                    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_PATIENCE) == CURLE_OK &&
                    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, receive) == CURLE_OK &&
                    curl_easy_setopt(c, CURLOPT_WRITEDATA, t) == CURLE_OK;
        if (fine && !strncmp(target->url, "https:", 6))
                fine = curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
                       curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L) == CURLE_OK &&
                       curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK &&
                       curl_easy_setopt(c, CURLOPT_SSL_SESSIONID_CACHE, 0L) == CURLE_OK &&
                       curl_easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION, watch) == CURLE_OK &&
                       curl_easy_setopt(c, CURLOPT_SSL_CTX_DATA, &t->certificate) == CURLE_OK;
        return fine;
}

static void add_header(struct transport *t, const char *line)
{
        struct curl_slist *more = curl_slist_append(t->headers, line);
        if (!more)
                file_out_of_memory();
        t->headers = more;
}

struct transport *transport_new(const struct transport_target *target, struct err *e)
{
        char type[100];
        struct transport *t = calloc(1, sizeof(*t));
        if (!t)
                file_out_of_memory();
        t->curl = curl_easy_init();
        t->url = strdup(target->url);
        snprintf(type, sizeof(type), "Content-Type: %s", target->content_type ? target->content_type : "text/xml");
        add_header(t, type);
        add_header(t, "Expect:");
        if (target->pin)
                snprintf(t->certificate.pin, sizeof(t->certificate.pin), "%s", target->pin);
        if (t->curl && t->url && set_options(t, target))
                return t;
        err_rule(e, XR_TRANSPORT_SETUP, target->url, NULL);
        transport_free(t);
        return NULL;
}

void transport_free(struct transport *t)
{
        if (!t)
                return;
        curl_easy_cleanup(t->curl);
        curl_slist_free_all(t->headers);
        free(t->url);
        free(t);
}

/* --- a call --- */

/* Whether any byte of the request can have reached the other side. */
static bool was_sent(CURL *c)
{
        long bytes = 0;
        return curl_easy_getinfo(c, CURLINFO_REQUEST_SIZE, &bytes) == CURLE_OK && bytes > 0;
}

static enum transport_end failed(struct transport *t, CURLcode code, const char *why, struct err *e)
{
        if (t->certificate.refused) {
                err_rule(e, XR_TRANSPORT_CERTIFICATE, t->url, t->certificate.seen, NULL);
                return TRANSPORT_OTHER_CERTIFICATE;
        }
        if (t->too_long) {
                err_rule(e, XR_TRANSPORT_TOO_LONG, t->url, NULL);
                return TRANSPORT_TOO_LONG;
        }
        bool sent = was_sent(t->curl);
        err_rule(e, sent ? XR_TRANSPORT_LOST : XR_TRANSPORT_UNREACHED, t->url, *why ? why : curl_easy_strerror(code),
                NULL);
        e->kind = ERR_WORLD;
        return sent ? TRANSPORT_LOST : TRANSPORT_UNREACHED;
}

enum transport_end transport_post(
        struct transport *t, struct bytes request, int timeout_ms, struct str *answer, int *status, struct err *e)
{
        char why[CURL_ERROR_SIZE] = "";
        long http = 0;
        str_reset(answer);
        *status = 0;
        t->answer = answer;
        t->too_long = t->certificate.refused = false;
        curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, why);
        curl_easy_setopt(t->curl, CURLOPT_POSTFIELDS, request.ptr);
        curl_easy_setopt(t->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request.len);
        curl_easy_setopt(t->curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
        CURLcode code = curl_easy_perform(t->curl);
        curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, NULL);
        curl_easy_setopt(t->curl, CURLOPT_POSTFIELDS, NULL);
        t->answer = NULL;
        if (code != CURLE_OK)
                return failed(t, code, why, e);
        curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &http);
        *status = (int)http;
        return TRANSPORT_DONE;
}
