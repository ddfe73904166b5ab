#include "rollcall/answers.h"

#include <openssl/hmac.h>
#include <string.h>

void answers_token(const unsigned char seed[32], const char *school, const char *host, char token[TOKEN_TEXT])
{
        /* The lengths are told, so that no two pairs of names read the same. */
        AUTO_STR text = STR_MAX(8192);
        unsigned char mac[EVP_MAX_MD_SIZE];
        unsigned n = 0;
        str_addf(&text, "roll call %s %zu %s %s", host ? "host" : "school", strlen(school), school, host ? host : "");
        HMAC(EVP_sha256(), seed, 32, (const unsigned char *)str_text(&text), text.len, mac, &n);
        for (int i = 0; i < (TOKEN_TEXT - 1) / 2; i++)
                snprintf(token + 2 * i, 3, "%02x", mac[i]);
        explicit_bzero(mac, sizeof(mac));
}
