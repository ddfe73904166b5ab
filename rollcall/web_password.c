#include "rollcall/web_password.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <string.h>

static struct crypt_data *new_data(void)
{
        struct crypt_data *data = calloc(1, sizeof(*data));
        if (!data)
                file_out_of_memory();
        return data;
}

static void free_data(struct crypt_data *data)
{
        explicit_bzero(data, sizeof(*data));
        free(data);
}

bool web_password_is(const char *hash, const char *password)
{
        struct crypt_data *data = new_data();
        const char *got = strlen(password) <= PASSWORD_MOST ? crypt_r(password, hash, data) : NULL;
        bool same = got && *got != '*' && strlen(got) == strlen(hash) && !CRYPTO_memcmp(got, hash, strlen(hash));
        free_data(data);
        return same;
}

char *web_password_hash(const char *password, struct err *e)
{
        char setting[CRYPT_GENSALT_OUTPUT_SIZE];
        size_t n = strlen(password);
        if (n < PASSWORD_LEAST || n > PASSWORD_MOST || strpbrk(password, "\r\n")) {
                err_rule(e, XR_WEB_PASSWORD_LENGTH, NULL);
                return NULL;
        }
        /* yescrypt; a library without it has SHA-512. */
        bool salted = crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof(setting)) ||
                      crypt_gensalt_rn("$6$", 100000, NULL, 0, setting, sizeof(setting));
        struct crypt_data *data = new_data();
        const char *got = salted ? crypt_r(password, setting, data) : NULL;
        char *kept = got && *got == '$' ? strdup(got) : NULL;
        if (!kept)
                err_sys(e, _("hashing the password"));
        free_data(data);
        return kept;
}
