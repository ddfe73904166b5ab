#include "tests/xapi/server.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>

#define CERTIFICATE "etc/xensource/xapi-ssl.pem"
enum { YEARS_10 = 315360000, A_DAY = 86400 };

static bool certify(X509 *x, EVP_PKEY *key, const char *address)
{
        X509_NAME *name = X509_get_subject_name(x);
        return X509_set_version(x, 2) && ASN1_INTEGER_set(X509_get_serialNumber(x), 1) &&
               X509_gmtime_adj(X509_getm_notBefore(x), -A_DAY) && X509_gmtime_adj(X509_getm_notAfter(x), YEARS_10) &&
               X509_set_pubkey(x, key) &&
               X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)address, -1, -1, 0) &&
               X509_set_issuer_name(x, name) && X509_sign(x, key, EVP_sha256());
}

static bool store(int root, X509 *x, EVP_PKEY *key, struct err *e)
{
        mkdirat(root, "etc", 0755);
        mkdirat(root, "etc/xensource", 0755);
        int fd = openat(root, CERTIFICATE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0400);
        FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
        if (!f)
                return err_sys(e, "creating %s", CERTIFICATE);
        bool fine = PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) && PEM_write_X509(f, x);
        return fclose(f) == 0 && fine ? true : err_set(e, ERR_WORLD, "%s cannot be written", CERTIFICATE);
}

static bool make(int root, const char *address, struct err *e)
{
        EVP_PKEY *key = EVP_RSA_gen(2048);
        X509 *x = X509_new();
        bool fine = key && x && certify(x, key, address);
        fine = fine ? store(root, x, key, e) : err_set(e, ERR_WORLD, "no certificate for %s", address);
        EVP_PKEY_free(key);
        X509_free(x);
        return fine;
}

struct ssl_ctx_st *tls_context(int root, const char *address, struct err *e)
{
        char path[64];
        if (faccessat(root, CERTIFICATE, R_OK, 0) < 0 && !make(root, address, e))
                return NULL;
        AUTO_FD int fd = openat(root, CERTIFICATE, O_RDONLY | O_CLOEXEC);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        SSL_CTX *c = SSL_CTX_new(TLS_server_method());
        if (c && SSL_CTX_use_certificate_file(c, path, SSL_FILETYPE_PEM) == 1 &&
                SSL_CTX_use_PrivateKey_file(c, path, SSL_FILETYPE_PEM) == 1) {
                SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
                return c;
        }
        SSL_CTX_free(c);
        err_set(e, ERR_WORLD, "the certificate of %s cannot be used", address);
        return NULL;
}

void tls_context_free(struct ssl_ctx_st *c) { SSL_CTX_free(c); }
