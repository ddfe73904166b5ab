/* Passwords of a site file: read from files, hashed at once, shown nowhere. */
#include "answerfiles/site_tables.h"
#include "answerfiles/value.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/secret.h"

#include <crypt.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum { LONGEST_SECRET = 512 };

/* The first line of a small file, without its end. */
static bool secret_line(struct reader *r, struct pos pos, const char *name, enum rule empty, struct secret *out)
{
        struct err e = ERR_INIT;
        AUTO_STR text = STR_MAX(LONGEST_SECRET);
        if (!file_read(r->dir, name, LONGEST_SECRET, &text, &e))
                return read_problem(r, XR_FILE_UNREADABLE, pos, e.text);
        size_t n = strcspn(str_text(&text), "\r\n");
        const char *start = str_text(&text);
        if (n >= 3 && !memcmp(start, "\xef\xbb\xbf", 3)) {     /* Notepad */
                start += 3;
                n -= 3;
        }
        if (n)
                *out = secret_of(start, n);
        explicit_bzero(text.ptr, text.cap);
        return n || read_problem(r, empty, pos, name);
}

const char *read_secret_line(struct reader *r, struct pos pos, const char *name, enum rule empty)
{
        AUTO_SECRET line = { 0 };
        return secret_line(r, pos, name, empty, &line) ? arena_intern(r->arena, line.ptr, line.len) : NULL;
}

/* The salt follows from the deployment's seed and the file's name: the same inputs give the same hash, and nobody
 * without the seed can tell which password belongs to a salt. */
static void salt_of(const unsigned char *seed, const char *name, char salt[17])
{
        static const unsigned char no_seed[32];
        static const char alphabet[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        unsigned char mac[32];
        unsigned n = 0;
        HMAC(EVP_sha256(), seed ? seed : no_seed, 32, (const unsigned char *)name, strlen(name), mac, &n);
        for (int i = 0; i < 16; i++)
                salt[i] = alphabet[mac[i] & 63];
        salt[16] = '\0';
}

/* SHA-512 crypt, or SHA-256 where the release's dom0 is not known to read the former. NULL when libcrypt refuses. */
static const char *hash_password(struct reader *r, const char *name, const struct secret *password)
{
        char salt[17], setting[32];
        salt_of(r->seed, name, salt);
        snprintf(setting, sizeof(setting), "$%c$%s$", r->hashes & HASH_SHA512 ? '6' : '5', salt);
        struct crypt_data *data = calloc(1, sizeof(*data));
        if (!data)
                file_out_of_memory();
        const char *hash = crypt_r(password->ptr, setting, data);
        const char *kept = hash && *hash == '$' ? arena_intern(r->arena, hash, strlen(hash)) : NULL;
        explicit_bzero(data, sizeof(*data));
        free(data);
        return kept;
}

struct raw_password {
        struct located hash, hash_file, plain_file;
};

static const struct field password_fields[] = {
        { "hash-file", read_located, .offset = offsetof(struct raw_password, hash_file), .sample = "secrets/root.hash",
          .help = N_("file whose first line is the hash, as 'openssl passwd -6' prints it") },
        { "hash", read_located, .offset = offsetof(struct raw_password, hash), .secret = true, .sample = "\"$6$…\"", .help = N_("the hash itself") },
        { "plain-file", read_located, .offset = offsetof(struct raw_password, plain_file), .sample = "secrets/root.txt",
          .help = N_("file whose first line is the password; hashed when read, never stored") },
};
const struct section password_section = { N_("root-password"), password_fields, COUNT(password_fields), NULL };

static bool password_from_plain(struct reader *r, const struct located *file, struct root_password *out)
{
        AUTO_SECRET plain = { 0 };
        if (!secret_line(r, file->pos, file->text, XR_PASSWORD_EMPTY, &plain))
                return false;
        if (plain.len < 8)
                read_problem(r, XR_PASSWORD_WEAK, file->pos, file->text);
        out->hash = hash_password(r, file->text, &plain);
        return out->hash || read_problem(r, XR_PASSWORD_EMPTY, file->pos, file->text);
}

static bool password_from_hash_file(struct reader *r, const struct located *file, struct root_password *out)
{
        AUTO_SECRET hash = { 0 };
        if (!secret_line(r, file->pos, file->text, XR_PASSWORD_EMPTY, &hash))
                return false;
        out->hash = arena_intern(r->arena, hash.ptr, hash.len);
        return value_hash(r->diags, file->pos, out->hash);
}

bool read_root_password(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        struct root_password *out = at;
        struct raw_password raw = { 0 };
        static const char forms[] = "hash-file, hash, plain-file";
        if (!fy_node_is_mapping(n))
                return read_problem(r, XR_PASSWORD_FORM, pos, "root-password", forms);
        if (!section_read(r, n, pos, &password_section, &raw, NULL))
                return false;
        if (!!raw.hash.text + !!raw.hash_file.text + !!raw.plain_file.text != 1)
                return read_problem(r, XR_PASSWORD_FORM, pos, "root-password", forms);
        *out = (struct root_password){ .kind = PASSWORD_HASH, .hash = raw.hash.text, .pos = pos };
        if (raw.hash.text)
                return value_hash(r->diags, raw.hash.pos, raw.hash.text);
        return raw.plain_file.text ? password_from_plain(r, &raw.plain_file, out) : password_from_hash_file(r, &raw.hash_file, out);
}

/* Storage passwords have to stay readable: the storage wants them as they are. They live in the plan's arena, which is
 * wiped when freed. */
bool read_password_file(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        struct located file = { 0 };
        const char *line = read_located(r, n, pos, f, &file) ? read_secret_line(r, pos, file.text, XR_PASSWORD_EMPTY) : NULL;
        if (line)
                *(const char **)at = line;
        return line;
}

static const struct field chap_fields[] = {
        { "user", read_string, .offset = offsetof(struct storage, chap_user), .sample = "xen", .help = N_("name the storage expects") },
        { "password-file", read_password_file, .offset = offsetof(struct storage, chap_password), .sample = "secrets/chap.txt",
          .help = N_("file whose first line is the password") },
        { "password", read_string, .offset = offsetof(struct storage, chap_password), .secret = true, .sample = "\"…\"",
          .help = N_("the password itself; a file is better") },
};
const struct section chap_section = { N_("chap"), chap_fields, COUNT(chap_fields), NULL };

/* Writes into the storage itself: its field has offset 0. */
bool read_chap(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        return section_read(r, n, pos, &chap_section, at, NULL);
}
