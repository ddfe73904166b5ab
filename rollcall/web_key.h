/* web_key.h - the key and the certificate that the roll call's page is served with. */
#pragma once
#include "base/err.h"
#include <stddef.h>

struct web_key {                        /* cleared by web_key_clear, which wipes */
        char *key, *certificate;        /* PEM; owned. The key is a secret */
        char fingerprint[96];           /* of the certificate, as browsers show it: "AB:CD:…" (SHA-256) */
        char pin[64];                   /* of the public key, as `upstream:` wants it: "sha256//BASE64" */
};
#define WEB_KEY_INIT { .key = NULL }
void web_key_clear(struct web_key *);

/* The two files, which must belong together (ERR_INPUT, an XR rule); both NULL: web.key and web.crt in out/secrets, drawn now when they
 * are not there: an EC key, a certificate that it signs itself for the names, for ten years. names: "192.168.0.5", "server.school"; "" is passed
 * over. out: the folder. */
MUST_USE bool web_key_open(int out, const char *key_file, const char *certificate_file, const char *const *names, size_t n, struct web_key *, struct err *e);
