#include "postinstall/transport.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "postinstall/certificate.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum {
        CONNECT_MS = 10 * 1000,
        /* A server closes what is idle; a request into a connection that is just being closed would be lost. */
        IDLE_SECONDS = 5,
        LONGEST_HEADERS = 64 << 10,
};

struct transport {
        CURL *handle;
        struct curl_slist *headers;
        struct certificate_watch certificate;
        char reason[CURL_ERROR_SIZE]; /* libcurl's own words */
        char place[300]; /* what messages call the other side; never a path of a URL: that may be a token */
        bool https;
        /* of the present request */
        struct str *answer;
        size_t headers_length;
        bool headers_ended;
        bool sent, too_long, no_certificate;
};

static bool set_place(struct transport *t, const struct transport_target *target, struct err *e)
{
        CURLU *url = curl_url();
        char *scheme = NULL, *host = NULL, *port = NULL;
        CURLUcode why = url ? curl_url_set(url, CURLUPART_URL, target->url, 0) : CURLUE_OUT_OF_MEMORY;
        if (why == CURLUE_OK)
                why = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
        if (why == CURLUE_OK)
                why = curl_url_get(url, CURLUPART_HOST, &host, 0);
        bool known = why == CURLUE_OK && (!strcmp(scheme, "http") || !strcmp(scheme, "https"));
        if (known && target->socket)
                snprintf(t->place, sizeof(t->place), "%s", target->socket);
        else if (known && curl_url_get(url, CURLUPART_PORT, &port, 0) == CURLUE_OK)
                snprintf(t->place, sizeof(t->place), "%s://%s:%s", scheme, host, port);
        else if (known)
                snprintf(t->place, sizeof(t->place), "%s://%s", scheme, host);
        t->https = known && !strcmp(scheme, "https");
        curl_free(scheme);
        curl_free(host);
        curl_free(port);
        curl_url_cleanup(url);
        if (known)
                return true;
        return err_rule(e, XR_TRANSPORT_TARGET, target->url,
                why == CURLUE_OK ? _("neither http nor https") : curl_url_strerror(why), NULL);
}

/* Right before a request goes out, and again when libcurl would send it once more because a kept connection broke under
 * it: the other side may have carried it out, so once is all. */
static int before_request(void *arg, char *to, char *from, int to_port, int from_port)
{
        (void)to, (void)from, (void)to_port, (void)from_port;
        struct transport *t = arg;
        if (t->sent)
                return CURL_PREREQFUNC_ABORT;
        t->no_certificate = t->https && !t->certificate.shown[0];
        if (t->no_certificate || t->certificate.refused)
                return CURL_PREREQFUNC_ABORT;
        t->sent = true;
        return CURL_PREREQFUNC_OK;
}

/* The last line of headers is empty. After those of an interim answer others follow. */
static size_t take_header(char *line, size_t size, size_t n, void *arg)
{
        struct transport *t = arg;
        t->headers_ended = size * n > 0 && (line[0] == '\r' || line[0] == '\n');
        t->headers_length += size * n;
        t->too_long = t->headers_length > LONGEST_HEADERS;
        return t->too_long ? 0 : size * n;
}

static size_t take_content(char *p, size_t size, size_t n, void *arg)
{
        struct transport *t = arg;
        n *= size;
        t->too_long = n > t->answer->max - t->answer->len;
        if (t->too_long)
                return 0;
        str_addn(t->answer, p, n);
        if (t->answer->failed)
                file_out_of_memory();
        return n;
}

static bool set_headers(struct transport *t, const char *content_type)
{
        AUTO_STR type = STR_MAX(256);
        str_addf(&type, "Content-Type: %s", content_type ? content_type : "text/xml");
        const char *const lines[] = { str_text(&type), "Expect:" };
        for (size_t i = 0; i < COUNT(lines); i++) {
                struct curl_slist *longer = curl_slist_append(t->headers, lines[i]);
                if (!longer)
                        return false;
                t->headers = longer;
        }
        return curl_easy_setopt(t->handle, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK;
}

#define SET(option, value) (curl_easy_setopt(t->handle, CURLOPT_##option, (value)) == CURLE_OK)

/* What surrounds a process (proxies, .netrc, a store of authorities) has no say. */
static bool set_target(struct transport *t, const struct transport_target *target)
{
        return SET(URL, target->url) && SET(UNIX_SOCKET_PATH, target->socket) && SET(PROTOCOLS_STR, "http,https") &&
               SET(FOLLOWLOCATION, 0L) && SET(NOSIGNAL, 1L) && SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
               SET(MAXAGE_CONN, (long)IDLE_SECONDS) && SET(MAXCONNECTS, 1L) && SET(TCP_KEEPALIVE, 1L) &&
               SET(USERAGENT, "xenroll/" VERSION) && SET(ERRORBUFFER, t->reason);
}

static bool set_hooks(struct transport *t)
{
        return SET(PREREQFUNCTION, before_request) && SET(PREREQDATA, t) && SET(HEADERFUNCTION, take_header) &&
               SET(HEADERDATA, t) && SET(WRITEFUNCTION, take_content) && SET(WRITEDATA, t);
}

/* No session is taken up again: every handshake shows the certificate. */
static bool set_tls(struct transport *t)
{
        return SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) && SET(SSL_VERIFYPEER, 0L) && SET(SSL_VERIFYHOST, 0L) &&
               SET(SSL_SESSIONID_CACHE, 0L) && certificate_watch(t->handle, &t->certificate);
}

/* A libcurl that was built without proxies does not know the word, and needs no telling. */
static bool set_no_proxy(struct transport *t)
{
        CURLcode said = curl_easy_setopt(t->handle, CURLOPT_PROXY, "");
        return said == CURLE_OK || said == CURLE_UNKNOWN_OPTION || said == CURLE_NOT_BUILT_IN;
}

struct transport *transport_new(const struct transport_target *target, struct err *e)
{
        static bool started;
        if (!started && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                file_out_of_memory();
        started = true;
        if (target->pin && !certificate_is_fingerprint(target->pin)) {
                err_rule(e, XR_TRANSPORT_PIN, target->pin, NULL);
                return NULL;
        }
        struct transport *t = calloc(1, sizeof(*t));
        if (!t)
                file_out_of_memory();
        if (!set_place(t, target, e)) {
                transport_free(t);
                return NULL;
        }
        snprintf(t->certificate.pin, sizeof(t->certificate.pin), "%s", target->pin ? target->pin : "");
        t->handle = curl_easy_init();
        if (!t->handle)
                file_out_of_memory();
        if (set_target(t, target) && set_hooks(t) && set_tls(t) && set_no_proxy(t) &&
                set_headers(t, target->content_type))
                return t;
        err_set(e, ERR_WORLD, _("this system's libcurl (%s) cannot be used"), curl_version());
        transport_free(t);
        return NULL;
}

void transport_free(struct transport *t)
{
        if (!t)
                return;
        curl_easy_cleanup(t->handle);
        curl_slist_free_all(t->headers);
        free(t);
}

const char *transport_fingerprint(const struct transport *t) { return t->certificate.shown; }

static const char *reason(const struct transport *t, CURLcode said)
{
        long cause = 0;
        curl_easy_getinfo(t->handle, CURLINFO_OS_ERRNO, &cause);
        switch (said) {
        case CURLE_COULDNT_RESOLVE_HOST:
                return _("no machine of this name is known");
        case CURLE_OPERATION_TIMEDOUT:
                return _("no answer in time");
        case CURLE_COULDNT_CONNECT:
                return cause ? strerror((int)cause) : _("nobody listens there");
        case CURLE_GOT_NOTHING:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
        case CURLE_PARTIAL_FILE:
        case CURLE_ABORTED_BY_CALLBACK:
                return _("the connection broke");
        default:
                return t->reason[0] ? t->reason : curl_easy_strerror(said);
        }
}

static enum transport_end ended(struct err *e, enum transport_end end)
{
        e->kind = ERR_WORLD;
        return end;
}

static enum transport_end failed(struct transport *t, CURLcode said, struct err *e)
{
        if (t->certificate.refused && !t->sent) {
                err_refuse(e, XR_TRANSPORT_OTHER_CERTIFICATE, t->place, t->certificate.shown, t->certificate.pin, NULL);
                return TRANSPORT_OTHER_CERTIFICATE;
        }
        if (t->too_long) {
                char most[32];
                snprintf(most, sizeof(most), "%zu",
                        t->headers_length > LONGEST_HEADERS ? (size_t)LONGEST_HEADERS : t->answer->max);
                err_rule(e, XR_TRANSPORT_TOO_LONG, t->place, most, NULL);
                return ended(e, TRANSPORT_TOO_LONG);
        }
        if (t->sent) {
                err_rule(e, XR_TRANSPORT_LOST, t->place, reason(t, said), NULL);
                return ended(e, TRANSPORT_LOST);
        }
        if (t->no_certificate || said == CURLE_SSL_CONNECT_ERROR || said == CURLE_PEER_FAILED_VERIFICATION)
                err_rule(e, XR_TRANSPORT_TLS, t->place,
                        t->no_certificate ? _("it shows no certificate") : reason(t, said), NULL);
        else
                err_rule(e, XR_TRANSPORT_UNREACHED, t->place, reason(t, said), NULL);
        return ended(e, TRANSPORT_UNREACHED);
}

/* A kept connection on which something waits, or the end, is no use: a request put into it would be lost. libcurl looks
 * too, but below TLS it takes an end for an answer. */
static bool kept_is_stale(struct transport *t)
{
        curl_socket_t kept = CURL_SOCKET_BAD;
        char c;
        if (curl_easy_getinfo(t->handle, CURLINFO_ACTIVESOCKET, &kept) != CURLE_OK || kept == CURL_SOCKET_BAD)
                return false;
        return recv(kept, &c, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

static void begin(struct transport *t, struct str *answer)
{
        str_reset(answer);
        t->answer = answer;
        t->headers_length = 0;
        t->headers_ended = t->sent = t->too_long = t->no_certificate = t->certificate.refused = false;
        t->reason[0] = '\0';
}

enum transport_end transport_post(
        struct transport *t, struct bytes request, int timeout_ms, struct str *answer, int *status, struct err *e)
{
        begin(t, answer);
        *status = 0;
        long connect_ms = timeout_ms < CONNECT_MS ? timeout_ms : CONNECT_MS;
        CURLcode said = CURLE_OUT_OF_MEMORY;
        if (SET(POSTFIELDS, request.ptr) && SET(POSTFIELDSIZE_LARGE, (curl_off_t)request.len) &&
                SET(FRESH_CONNECT, (long)kept_is_stale(t)) && SET(TIMEOUT_MS, (long)timeout_ms) &&
                SET(CONNECTTIMEOUT_MS, connect_ms))
                said = curl_easy_perform(t->handle);
        /* Known first by a finished handshake: a certificate that was only shown proves nothing. */
        if (t->sent && t->https && !t->certificate.pin[0])
                memcpy(t->certificate.pin, t->certificate.shown, sizeof(t->certificate.pin));
        /* libcurl is content with headers that end in the middle. */
        if (said == CURLE_OK && !t->headers_ended)
                said = CURLE_PARTIAL_FILE;
        if (said != CURLE_OK)
                return failed(t, said, e);
        long code = 0;
        curl_easy_getinfo(t->handle, CURLINFO_RESPONSE_CODE, &code);
        *status = (int)code;
        return TRANSPORT_DONE;
}
