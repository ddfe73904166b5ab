/* certificate.h - a server's certificate, looked at while TLS is being agreed on: before anything is sent to it.
 *
 * Nobody signs these certificates, so no authority is asked and no name compared: the pin decides alone. The agent's
 * libcurl has mbedTLS below it, the administrator's OpenSSL. */
#pragma once
#include "base/err.h"
#include <curl/curl.h>

enum { FINGERPRINT_BYTES = 32, FINGERPRINT_LENGTH = 2 * FINGERPRINT_BYTES };

struct certificate_watch {
        char pin[FINGERPRINT_LENGTH + 1];       /* "": whichever comes */
        char shown[FINGERPRINT_LENGTH + 1];     /* of the last handshake; "" until there was one */
        bool refused;                           /* the last handshake showed another one than the pin */
};

/* The watch must stay where it is as long as the handle. False when this libcurl cannot be watched. */
MUST_USE bool certificate_watch(CURL *, struct certificate_watch *);

/* For the libraries below: a handshake begins; what it showed. False when it must not go on. */
void certificate_expected(struct certificate_watch *);
MUST_USE bool certificate_shown(struct certificate_watch *, const unsigned char digest[FINGERPRINT_BYTES]);

/* 64 digits and lower-case letters a to f. */
bool certificate_is_fingerprint(const char *);
