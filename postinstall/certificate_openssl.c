/* How certificate.h is done with the administrator's libcurl. */
#ifndef XENROLL_AGENT
#include "postinstall/certificate.h"

#include <openssl/ssl.h>
#include <string.h>

/* Takes the place of the library's own verification, so its answer is the only one. */
static int judge(X509_STORE_CTX *store, void *arg)
{
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned int n = 0;
        X509 *certificate = X509_STORE_CTX_get0_cert(store);
        if (certificate && X509_digest(certificate, EVP_sha256(), digest, &n) && n == FINGERPRINT_BYTES &&
                certificate_shown(arg, digest))
                return 1;
        X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
        return 0;
}

static CURLcode into_context(CURL *handle, void *context, void *arg)
{
        (void)handle;
        certificate_expected(arg);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
        SSL_CTX_set_cert_verify_callback(context, judge, arg);
        return CURLE_OK;
}

bool certificate_watch(CURL *handle, struct certificate_watch *w)
{
        const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version;
        return library && !strncmp(library, "OpenSSL/", 8) &&
               curl_easy_setopt(handle, CURLOPT_SSL_CTX_FUNCTION, into_context) == CURLE_OK &&
               curl_easy_setopt(handle, CURLOPT_SSL_CTX_DATA, w) == CURLE_OK;
}
#endif
