/* The tokens that hosts and schools' servers report under (answers.h): nothing is kept of them but the seed. */
#include "rollcall/answers.h"
#include "base/file.h"
#include "base/text.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum { TOKEN_BYTES = (TOKEN_TEXT - 1) / 2 };

/* Words with a zero byte between, so that no two lists of them are the same bytes. */
static void add_word(struct str *out, const char *word)
{
        if (out->len)
                str_addc(out, '\0');
        str_add(out, word);
}

void answers_token(const unsigned char seed[32], const char *school, const char *host, char token[TOKEN_TEXT])
{
        unsigned char sum[EVP_MAX_MD_SIZE];
        unsigned n = 0;
        AUTO_STR who = STR_MAX(1024);
        add_word(&who, host ? "host" : "school");
        add_word(&who, school);
        if (host)
                add_word(&who, host);
        /* A token of half a name would be somebody else's. */
        if (who.failed || !HMAC(EVP_sha256(), seed, 32, (const unsigned char *)str_text(&who), who.len, sum, &n) ||
                n < TOKEN_BYTES)
                file_out_of_memory();
        text_hex(sum, TOKEN_BYTES, token);
        explicit_bzero(sum, sizeof(sum));
}
