/* How an agent tells a roll call over HTTPS: whom it trusts, and that it remembers whom it told first. The server is a
 * real one, with a certificate of its own, on this machine. */
#include "base/file.h"
#include "postinstall/agent_parts.h"
#include "postinstall/certificate.h"
#include "postinstall/clock.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>

struct server {
        SSL_CTX *ctx;
        int listen;
        char url[100], fingerprint[FINGERPRINT_TEXT];
        char heard[4096]; /* of the last request, after its head */
        int requests;
        pthread_t thread;
};

static X509 *self_signed(EVP_PKEY *key)
{
        X509 *cert = X509_new();
        X509_set_version(cert, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
        X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
        X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
        X509_set_pubkey(cert, key);
        X509_NAME_add_entry_by_txt(
                X509_get_subject_name(cert), "CN", MBSTRING_ASC, (const unsigned char *)"x", -1, -1, 0);
        X509_set_issuer_name(cert, X509_get_subject_name(cert));
        return X509_sign(cert, key, EVP_sha256()) ? cert : NULL;
}

static void serve_one(struct server *s, int fd)
{
        char buffer[4096];
        int n = 0, got;
        SSL *ssl = SSL_new(s->ctx);
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1) {
                while (n < (int)sizeof(buffer) - 1 &&
                        (got = SSL_read(ssl, buffer + n, (int)sizeof(buffer) - 1 - n)) > 0) {
                        n += got;
                        buffer[n] = '\0';
                        const char *body = strstr(buffer, "\r\n\r\n"), *length = strstr(buffer, "Content-Length: ");
                        if (!body || !length || strlen(body + 4) < (size_t)atoi(length + 16))
                                continue;
                        snprintf(s->heard, sizeof(s->heard), "%.4000s", body + 4);
                        s->requests++;
                        SSL_write(ssl, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", 46);
                        break;
                }
                SSL_shutdown(ssl);
        }
        SSL_free(ssl);
        close(fd);
}

static void *serve(void *arg)
{
        struct server *s = arg;
        for (int fd; (fd = accept(s->listen, NULL, NULL)) >= 0;)
                serve_one(s, fd);
        return NULL;
}

static bool server_start(struct server *s)
{
        EVP_PKEY *key = EVP_EC_gen("P-256");
        X509 *cert = key ? self_signed(key) : NULL;
        struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof(at);
        unsigned char sum[32];
        unsigned n;
        *s = (struct server){ .ctx = SSL_CTX_new(TLS_server_method()),
                .listen = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
        if (!cert || SSL_CTX_use_certificate(s->ctx, cert) != 1 || SSL_CTX_use_PrivateKey(s->ctx, key) != 1 ||
                bind(s->listen, (struct sockaddr *)&at, size) < 0 || listen(s->listen, 8) < 0 ||
                getsockname(s->listen, (struct sockaddr *)&at, &size) < 0 ||
                X509_digest(cert, EVP_sha256(), sum, &n) != 1)
                return false;
        for (int i = 0; i < 32; i++)
                snprintf(s->fingerprint + 2 * i, 3, "%02x", sum[i]);
        snprintf(s->url, sizeof(s->url), "https://127.0.0.1:%d/events/0123", ntohs(at.sin_port));
        X509_free(cert);
        EVP_PKEY_free(key);
        return pthread_create(&s->thread, NULL, serve, s) == 0;
}

static void server_stop(struct server *s)
{
        shutdown(s->listen, SHUT_RDWR);
        pthread_join(s->thread, NULL);
        close(s->listen);
        SSL_CTX_free(s->ctx);
}

/* An agent that has just started on that root. */
static struct agent agent_on(int root, const struct server *s, const char *pin)
{
        struct err e = ERR_INIT;
        struct agent a = { .root = root, .root_path = "/", .report_pin = pin };
        snprintf(a.report, sizeof(a.report), "%s", s->url);
        unit_case("agent report", "the journal", memory_open(&a, &e), e.text);
        return a;
}

static void tell(const char *why, int root, struct server *s, const char *pin, bool hears, const char *remembered)
{
        char detail[200];
        int before = s->requests;
        struct agent a = agent_on(root, s, pin);
        agent_tell(&a, "join", "done", NULL);
        bool heard = s->requests == before + 1 && strstr(s->heard, "stage=agent&step=join&outcome=done");
        snprintf(detail, sizeof(detail), "requests %d, deaf %d, remembered '%s'", s->requests - before,
                a.deaf_until > clock_steady(), a.memory.report_pin);
        unit_case("agent report", why,
                heard == hears && (a.deaf_until > clock_steady()) != hears && !strcmp(a.memory.report_pin, remembered),
                detail);
        journal_close(a.journal);
}

int main(void)
{
        char folder[] = "/tmp/xenroll-report-XXXXXX", other[FINGERPRINT_TEXT];
        struct server one, two;
        struct err e = ERR_INIT;
        memset(other, 'a', sizeof(other) - 1);
        other[sizeof(other) - 1] = '\0';
        if (!mkdtemp(folder) || !server_start(&one) || !server_start(&two))
                return 1;
        int root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        mkdirat(root, "var", 0755);
        mkdirat(root, "var/lib", 0755);
        tell("the pin fits: it is told", root, &one, one.fingerprint, true, "");
        tell("another certificate than the pin: nothing is sent", root, &one, other, false, "");
        tell("no pin: the first one is told, and kept", root, &one, NULL, true, one.fingerprint);
        tell("after a restart it is still known", root, &one, NULL, true, one.fingerprint);
        tell("another one at the same place is told nothing", root, &two, NULL, false, one.fingerprint);
        tell("the plan's pin goes before what was kept", root, &two, two.fingerprint, true, one.fingerprint);
        server_stop(&one);
        server_stop(&two);
        close(root);
        return !file_remove_tree(AT_FDCWD, folder, &e);
}
