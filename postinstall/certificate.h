/* certificate.h - the one thing about TLS that libraries do differently: to see a server's certificate before anything is sent. */
#pragma once
#include "postinstall/transport.h"

struct certificate {
        char pin[FINGERPRINT_TEXT];     /* "" = take any */
        char seen[FINGERPRINT_TEXT];    /* SHA-256 of the one that was shown; "" = none yet */
        bool refused;                   /* it is not the pinned one: the connection was ended */
};

/* context: what the TLS library behind libcurl hands to CURLOPT_SSL_CTX_FUNCTION. False when it cannot be watched. */
bool certificate_watch(void *context, struct certificate *);

/* For the libraries' own code: notes the DER bytes; false when they are to be refused. */
bool certificate_take(struct certificate *, const unsigned char sha256[32]);
