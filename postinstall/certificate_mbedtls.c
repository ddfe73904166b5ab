/* How certificate.h is done with the agent's libcurl, and where its encryption gets chance from. */
#ifdef XENROLL_AGENT
#include "base/random.h"
#include "postinstall/certificate.h"

#include <mbedtls/entropy.h>
#include <mbedtls/entropy_poll.h>
#include <mbedtls/sha256.h>
#include <mbedtls/ssl.h>
#include <string.h>

/* Of the chain only the server's own certificate counts: depth 0. What the library holds against it (no known issuer,
 * an old signature) does not. */
static int judge(void *arg, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
        unsigned char digest[FINGERPRINT_BYTES];
        *flags = 0;
        if (depth > 0)
                return 0;
        if (mbedtls_sha256_ret(certificate->raw.p, certificate->raw.len, digest, 0) != 0 ||
                !certificate_shown(arg, digest))
                return MBEDTLS_ERR_X509_FATAL_ERROR;
        return 0;
}

/* Optional: what this library dislikes of a known certificate, such as the uses it is meant for, ends nothing. An error
 * of judge() does; a server without a certificate is found by whoever asks what was shown. */
static CURLcode into_config(CURL *handle, void *config, void *arg)
{
        (void)handle;
        certificate_expected(arg);
        mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_OPTIONAL);
        mbedtls_ssl_conf_verify(config, judge, arg);
        return CURLE_OK;
}

bool certificate_watch(CURL *handle, struct certificate_watch *w)
{
        const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version;
        return library && !strncmp(library, "mbedTLS/", 8) &&
               curl_easy_setopt(handle, CURLOPT_SSL_CTX_FUNCTION, into_config) == CURLE_OK &&
               curl_easy_setopt(handle, CURLOPT_SSL_CTX_DATA, w) == CURLE_OK;
}

/* The library is built without a source of its own: its own asks for a system call that old kernels do not have. */
int mbedtls_hardware_poll(void *data, unsigned char *out, size_t n, size_t *got)
{
        (void)data;
        if (n > 256)
                n = 256;
        *got = 0;
        if (!random_bytes(out, n))
                return MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
        *got = n;
        return 0;
}
#endif
