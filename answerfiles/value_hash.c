/* Password hashes: only their form is judged, and none of their text is ever shown. */
#include "answerfiles/value_text.h"
#include "base/i18n.h"

#include <string.h>

static const char hash_letters[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static bool refuse(struct diags *d, struct pos pos, enum rule rule, const char *arg)
{
        diag_secret(d, rule, pos, arg, NULL);
        return false;
}

static bool is_locked_mark(const char *text) { return !*text || *text == '!' || *text == '*' || !strcmp(text, "x"); }

/* The scheme of a hash that crypt(3) knows somewhere, or NULL. Only these may be shown: "$ecret$" is a password. */
static const char *scheme_of(const char *text)
{
        static const char *const schemes[] = { "$1$", "$5$", "$6$", "$y$", "$gy$", "$7$", "$2$", "$2a$", "$2b$", "$2x$",
                "$2y$", "$3$", "$md5$", "$sha1$", "$argon2i$", "$argon2d$", "$argon2id$" };
        for (size_t i = 0; i < COUNT(schemes); i++)
                if (!strncmp(text, schemes[i], strlen(schemes[i])))
                        return schemes[i];
        return NULL;
}

/* Steps over "rounds=5000$". */
static bool skip_rounds(struct diags *d, struct pos pos, const char **text)
{
        static const char word[] = "rounds=";
        if (strncmp(*text, word, sizeof(word) - 1))
                return true;
        const char *digits = *text + sizeof(word) - 1;
        size_t n = strspn(digits, "0123456789");
        char rounds[12];
        snprintf(rounds, sizeof(rounds), "%.*s", (int)(n < 11 ? n : 11), digits);
        if (!n || digits[n] != '$')
                return refuse(d, pos, XR_HASH_DAMAGED, _("the number of rounds is incomplete"));
        if (n > 9 || atol(rounds) < 1000 || atol(rounds) > 5000000)
                return refuse(d, pos, XR_HASH_ROUNDS, rounds);
        *text = digits + n + 1;
        return true;
}

/* text is "salt$digest". */
static bool judge_salt_and_digest(struct diags *d, struct pos pos, const char *text, size_t longest_salt, size_t digest)
{
        size_t salt = strcspn(text, "$");
        if (!text[salt])
                return refuse(d, pos, XR_HASH_DAMAGED, _("its last part is missing"));
        if (!salt)
                return refuse(d, pos, XR_HASH_DAMAGED, _("its salt is empty"));
        if (salt > longest_salt)
                return refuse(d, pos, XR_HASH_DAMAGED, _("its salt is too long"));
        for (const char *s = text; s < text + salt; s++)
                if (*s <= 0x20 || *s > 0x7e || strchr("\"'`\\:;!*<>&|", *s))
                        return refuse(d, pos, XR_HASH_DAMAGED, _("its salt has a character that cannot be part of it"));
        const char *end = text + salt + 1;
        size_t n = strlen(end);
        if (n != digest)
                return refuse(d, pos, XR_HASH_DAMAGED,
                        n < digest ? _("characters are missing at its end") : _("it has characters behind its end"));
        if (strspn(end, hash_letters) != n)
                return refuse(d, pos, XR_HASH_DAMAGED, _("its last part has a character that cannot be part of it"));
        return true;
}

bool value_hash(struct diags *d, struct pos pos, const char *text)
{
        static const struct {
                const char *scheme;
                size_t longest_salt, digest;
        } forms[] = { { "$1$", 8, 22 }, { "$5$", 16, 43 }, { "$6$", 16, 86 } };
        if (is_locked_mark(text))
                return refuse(d, pos, XR_HASH_LOCKED, NULL);
        const char *scheme = scheme_of(text);
        if (!scheme)
                return refuse(d, pos, XR_HASH_PLAIN, NULL);
        for (size_t i = 0; i < COUNT(forms); i++) {
                if (strcmp(scheme, forms[i].scheme))
                        continue;
                const char *rest = text + strlen(scheme);
                return (i == 0 || skip_rounds(d, pos, &rest)) &&
                       judge_salt_and_digest(d, pos, rest, forms[i].longest_salt, forms[i].digest);
        }
        return refuse(d, pos,
                !strcmp(scheme, "$y$") || !strcmp(scheme, "$gy$") || !strcmp(scheme, "$7$") ? XR_HASH_YESCRYPT
                                                                                            : XR_HASH_FORM,
                scheme);
}
