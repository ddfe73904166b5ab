/* For the administrator's program, whose libcurl stands on OpenSSL. */
#include "postinstall/certificate.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

/* Instead of chains and names, which nobody gave these hosts: the certificate itself. */
static int verify(X509_STORE_CTX *store, void *arg)
{
        unsigned char sha256[EVP_MAX_MD_SIZE];
        unsigned n = 0;
        X509 *shown = X509_STORE_CTX_get0_cert(store);
        return shown && X509_digest(shown, EVP_sha256(), sha256, &n) && n == 32 && certificate_take(arg, sha256);
}

bool certificate_watch(void *context, struct certificate *c)
{
        SSL_CTX *tls = context;
        SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
        SSL_CTX_set_cert_verify_callback(tls, verify, c);
        return true;
}
