#include "postinstall/certificate.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

bool certificate_is_fingerprint(const char *text)
{
        return strlen(text) == FINGERPRINT_LENGTH && strspn(text, "0123456789abcdef") == FINGERPRINT_LENGTH;
}

void certificate_expected(struct certificate_watch *w)
{
        w->shown[0] = '\0';
        w->refused = false;
}

bool certificate_shown(struct certificate_watch *w, const unsigned char digest[FINGERPRINT_BYTES])
{
        text_hex(digest, FINGERPRINT_BYTES, w->shown);
        w->refused = w->pin[0] && strcmp(w->pin, w->shown) != 0;
        return !w->refused;
}
