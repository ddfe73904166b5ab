#include "rollcall/web_key.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>

#define KEY_NAME "web.key"
#define CERTIFICATE_NAME "web.crt"
enum { LARGEST = 64 << 10, YEARS = 10, DAY = 24 * 3600, MOST_PEM = 16 << 10 };

void web_key_clear(struct web_key *k)
{
        if (k->key)
                explicit_bzero(k->key, strlen(k->key));
        free(k->key);
        free(k->certificate);
        *k = (struct web_key)WEB_KEY_INIT;
}

static void free_key(EVP_PKEY **k) { EVP_PKEY_free(*k); }
static void free_certificate(X509 **c) { X509_free(*c); }
static void free_bio(BIO **b) { BIO_free(*b); }

/* --- two that are there --- */

/* Nobody is asked for a password: a server that starts by itself has nobody to ask. */
static int no_password(char *to, int size, int writing, void *arg)
{
        (void)to;
        (void)size;
        (void)writing;
        (void)arg;
        return 0;
}

static void print_fingerprint(X509 *c, char out[96])
{
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned n = 0;
        X509_digest(c, EVP_sha256(), digest, &n);
        for (unsigned i = 0; i < n && i < 32; i++)
                snprintf(out + 3 * i, 4, "%02X%s", digest[i], i + 1 < n ? ":" : "");
}

static void print_pin(X509 *c, char out[64])
{
        unsigned char *der = NULL, digest[EVP_MAX_MD_SIZE];
        char base64[48];
        int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(c), &der);
        if (n > 0 && EVP_Digest(der, (size_t)n, digest, NULL, EVP_sha256(), NULL)) {
                EVP_EncodeBlock((unsigned char *)base64, digest, 32);
                snprintf(out, 64, "sha256//%s", base64);
        }
        OPENSSL_free(der);
}

static bool belong_together(struct web_key *k)
{
        OWN(free_bio) BIO *of_key = BIO_new_mem_buf(k->key, -1);
        OWN(free_bio) BIO *of_certificate = BIO_new_mem_buf(k->certificate, -1);
        OWN(free_key) EVP_PKEY *key = PEM_read_bio_PrivateKey(of_key, NULL, no_password, NULL);
        OWN(free_certificate) X509 *c = PEM_read_bio_X509(of_certificate, NULL, no_password, NULL);
        bool fine = key && c && X509_check_private_key(c, key) == 1;
        if (fine) {
                print_fingerprint(c, k->fingerprint);
                print_pin(c, k->pin);
        }
        ERR_clear_error();
        return fine;
}

static bool read_pair(int dir, const char *key, const char *certificate, struct web_key *k, struct err *e)
{
        struct str texts[2] = { STR_MAX(LARGEST), STR_MAX(LARGEST) };
        bool fine = file_read(dir, key, LARGEST, &texts[0], e) && file_read(dir, certificate, LARGEST, &texts[1], e);
        if (!fine) {
                if (texts[0].ptr)
                        explicit_bzero(texts[0].ptr, texts[0].len);
                str_clear(&texts[0]);
                str_clear(&texts[1]);
                return false;
        }
        str_add(&texts[0], "");
        str_add(&texts[1], "");
        k->key = texts[0].ptr;
        k->certificate = texts[1].ptr;
        return belong_together(k) || err_rule(e, XR_WEB_KEY_PAIR, key, certificate, NULL);
}

/* --- two that are drawn --- */

static bool name_it(X509 *c, const char *const *names, size_t n)
{
        AUTO_STR list = STR_MAX(1000);
        unsigned char address[16];
        for (size_t i = 0; i < n; i++)
                if (names[i] && *names[i])
                        str_addf(&list, "%s%s:%s", list.len ? "," : "",
                                inet_pton(AF_INET, names[i], address) == 1 ? "IP" : "DNS", names[i]);
        if (!list.len)
                return true;
        X509_EXTENSION *x = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, str_text(&list));
        bool fine = x && X509_add_ext(c, x, -1);
        X509_EXTENSION_free(x);
        return fine;
}

static bool fill_certificate(X509 *c, EVP_PKEY *key, const char *const *names, size_t n)
{
        unsigned char serial[8];
        X509_NAME *name = X509_get_subject_name(c);
        if (RAND_bytes(serial, sizeof(serial)) != 1)
                return false;
        uint64_t number = 0;
        memcpy(&number, serial, sizeof(number));
        return X509_set_version(c, 2) && ASN1_INTEGER_set_uint64(X509_get_serialNumber(c), number >> 1) &&
               X509_gmtime_adj(X509_getm_notBefore(c), -DAY) &&
               X509_time_adj_ex(X509_getm_notAfter(c), YEARS * 365, 0, NULL) && X509_set_pubkey(c, key) &&
               X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"xenroll", -1, -1, 0) &&
               X509_set_issuer_name(c, name) && name_it(c, names, n) && X509_sign(c, key, EVP_sha256());
}

/* As the folder's owner, whoever started us: `sudo xenroll serve` must not leave what its user cannot remove. */
static bool publish(int dir, const char *name, BIO *from, mode_t mode, struct err *e)
{
        char *text;
        struct stat st;
        long n = BIO_get_mem_data(from, &text);
        if (!file_publish(dir, name, bytes_of(text, (size_t)n), mode, e))
                return false;
        if (fstat(dir, &st) == 0 && st.st_uid != geteuid() &&
                fchownat(dir, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
                return err_sys(e, _("creating %s"), name);
        return true;
}

static bool draw(int dir, const char *const *names, size_t n, struct err *e)
{
        OWN(free_key) EVP_PKEY *key = EVP_EC_gen("P-256");
        OWN(free_certificate) X509 *c = X509_new();
        OWN(free_bio) BIO *of_key = BIO_new(BIO_s_secmem());
        OWN(free_bio) BIO *of_certificate = BIO_new(BIO_s_mem());
        if (!key || !c || !of_key || !of_certificate || !fill_certificate(c, key, names, n) ||
                !PEM_write_bio_PKCS8PrivateKey(of_key, key, NULL, NULL, 0, NULL, NULL) ||
                !PEM_write_bio_X509(of_certificate, c)) {
                err_rule(e, XR_WEB_KEY_DRAWN, ERR_reason_error_string(ERR_get_error()), NULL);
                e->kind = ERR_WORLD;
                ERR_clear_error();
                return false;
        }
        return publish(dir, KEY_NAME, of_key, 0600, e) && publish(dir, CERTIFICATE_NAME, of_certificate, 0644, e);
}

static int open_secrets(int out, struct err *e)
{
        struct stat st;
        if (mkdirat(out, "secrets", 0700) == 0 && fstat(out, &st) == 0)
                (void)!fchownat(out, "secrets", st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW);
        int dir = openat(out, "secrets", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (dir < 0)
                err_sys(e, _("opening %s"), "secrets");
        return dir;
}

bool web_key_open(int out, const char *key_file, const char *certificate_file, const char *const *names, size_t n,
        struct web_key *k, struct err *e)
{
        if (key_file && certificate_file)
                return read_pair(AT_FDCWD, key_file, certificate_file, k, e);
        if (key_file || certificate_file)
                return err_rule(
                        e, XR_WEB_KEY_PAIR, key_file ? key_file : "-", certificate_file ? certificate_file : "-", NULL);
        AUTO_FD int dir = open_secrets(out, e);
        if (dir < 0)
                return false;
        bool there = faccessat(dir, KEY_NAME, F_OK, 0) == 0 && faccessat(dir, CERTIFICATE_NAME, F_OK, 0) == 0;
        return (there || draw(dir, names, n, e)) && read_pair(dir, KEY_NAME, CERTIFICATE_NAME, k, e);
}
