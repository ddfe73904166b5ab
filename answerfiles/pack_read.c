#include "answerfiles/pack_read.h"
#include "answerfiles/pack.h"
#include "base/i18n.h"

#include <openssl/evp.h>
#include <string.h>

/* Far beyond any district's, so that a foreign pack cannot take all memory. */
enum { MOST_FILES = 65536, MOST_HOSTS = 1 << 20, SHA256_HEX = 64 };

struct pack_read {
        struct arena *arena;
        struct bytes body;
        size_t length;
        bool fits;
        struct {
                struct bytes name, content;
        } * files; /* owned */
        size_t n_files;
        const char *build, *release;
        int64_t made;
        struct pack_host *hosts; /* owned */
        size_t n_hosts;
};

/* What is left of a text that is read from its front. */
static bool take_line(struct bytes *rest, struct bytes *line)
{
        const char *eol = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
        if (!eol)
                return false;
        *line = bytes_of(rest->ptr, (size_t)(eol - rest->ptr));
        *rest = bytes_of(eol + 1, rest->len - line->len - 1);
        return true;
}

/* Divides by one separator; a text of more fields than there is room for is none of ours. */
static size_t split(struct bytes line, char separator, struct bytes *fields, size_t most)
{
        size_t n = 0;
        for (;;) {
                const char *end = line.len ? memchr(line.ptr, separator, line.len) : NULL;
                if (n == most)
                        return 0;
                fields[n++] = bytes_of(line.ptr, end ? (size_t)(end - line.ptr) : line.len);
                if (!end)
                        return n;
                line = bytes_of(end + 1, line.len - fields[n - 1].len - 1);
        }
}

static bool is_text(struct bytes b, const char *text) { return b.len == strlen(text) && !memcmp(b.ptr, text, b.len); }

static bool take_number(struct bytes b, uint64_t most, uint64_t *out)
{
        if (!b.len || b.len > 18 || (b.ptr[0] == '0' && b.len > 1))
                return false;
        *out = 0;
        for (size_t i = 0; i < b.len; i++) {
                if (b.ptr[i] < '0' || b.ptr[i] > '9')
                        return false;
                *out = *out * 10 + (uint64_t)(b.ptr[i] - '0');
        }
        return *out <= most;
}

/* Shown on terminals and in JSON: nothing but printable ASCII. */
static bool keep_text(struct pack_read *r, struct bytes b, const char **out)
{
        for (size_t i = 0; i < b.len; i++)
                if (b.ptr[i] < ' ' || b.ptr[i] > '~')
                        return false;
        *out = is_text(b, "-") ? "" : arena_strndup(r->arena, b.ptr, b.len);
        return b.len;
}

static bool sum_fits(struct bytes body, struct bytes hex)
{
        static const char digits[] = "0123456789abcdef";
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned n = 0;
        if (hex.len != SHA256_HEX || !EVP_Digest(body.ptr, body.len, digest, &n, EVP_sha256(), NULL))
                return false;
        for (unsigned i = 0; i < n; i++)
                if (hex.ptr[2 * i] != digits[digest[i] >> 4] || hex.ptr[2 * i + 1] != digits[digest[i] & 15])
                        return false;
        return true;
}

/* "xenroll-pack 1 BYTES SHA256 MD5" */
static bool read_head(struct pack_read *r, struct bytes slot, struct err *e)
{
        struct bytes line, rest = slot, word[5];
        uint64_t size;
        if (!slot.len || !slot.ptr[0])
                return err_set(e, ERR_INPUT, _("nothing has been written for any host yet"));
        if (!take_line(&rest, &line) || split(line, ' ', word, COUNT(word)) != COUNT(word) || !is_text(word[0], "xenroll-pack"))
                return err_set(e, ERR_INPUT, _("it does not begin as a pack of answers"));
        if (!is_text(word[1], "1"))
                return err_set(e, ERR_INPUT, _("its answers are packed by another version of xenroll"));
        if (!take_number(word[2], rest.len, &size))
                return err_set(e, ERR_INPUT, _("the pack of answers is cut off"));
        r->body = bytes_of(rest.ptr, (size_t)size);
        r->length = line.len + 1 + (size_t)size;
        r->fits = sum_fits(r->body, word[3]);
        return true;
}

static int name_order(struct bytes a, struct bytes b)
{
        int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
        return order ? order : (a.len > b.len) - (a.len < b.len);
}

static bool read_files(struct pack_read *r)
{
        struct bytes rest = r->body, line, word[2];
        for (uint64_t size; rest.len; rest = bytes_of(rest.ptr + size, rest.len - size)) {
                if (!take_line(&rest, &line) || split(line, ' ', word, COUNT(word)) != COUNT(word) || !pack_name_fits(word[0]) ||
                        !take_number(word[1], rest.len, &size) || r->n_files == MOST_FILES ||
                        (r->n_files && name_order(r->files[r->n_files - 1].name, word[0]) >= 0))
                        return false;
                if (!(r->n_files & (r->n_files - 1))) { /* doubles at powers of two */
                        void *files = realloc(r->files, (r->n_files ? r->n_files * 2 : 1) * sizeof(*r->files));
                        if (!files)
                                return false;
                        r->files = files;
                }
                r->files[r->n_files].name = word[0];
                r->files[r->n_files++].content = bytes_of(rest.ptr, (size_t)size);
        }
        return true;
}

static bool add_host(struct pack_read *r, const struct bytes *field)
{
        if (r->n_hosts == MOST_HOSTS)
                return false;
        if (!(r->n_hosts & (r->n_hosts - 1))) {
                struct pack_host *hosts = realloc(r->hosts, (r->n_hosts ? r->n_hosts * 2 : 1) * sizeof(*hosts));
                if (!hosts)
                        return false;
                r->hosts = hosts;
        }
        struct pack_host *h = &r->hosts[r->n_hosts++];
        return keep_text(r, field[1], &h->mac) && keep_text(r, field[2], &h->serial) && keep_text(r, field[4], &h->school) &&
               keep_text(r, field[5], &h->name);
}

/* The records that a reader needs; the others are the selector's. */
static bool read_record(struct pack_read *r, const struct bytes *field, size_t n, bool *whole)
{
        uint64_t number = 0;
        if (is_text(field[0], "build"))
                return n == 2 && keep_text(r, field[1], &r->build);
        if (is_text(field[0], "release"))
                return n == 3 && keep_text(r, field[1], &r->release);
        if (is_text(field[0], "made")) {
                bool fine = n == 2 && take_number(field[1], INT64_MAX, &number);
                r->made = (int64_t)number;
                return fine;
        }
        if (is_text(field[0], "host"))
                return (n == 8 || n == 9) && add_host(r, field);
        if (is_text(field[0], "end")) {
                *whole = n == 2 && take_number(field[1], MOST_HOSTS, &number) && number == r->n_hosts;
                return *whole;
        }
        return true;
}

static bool read_hosts(struct pack_read *r)
{
        struct bytes rest = pack_read_file(r, PACK_HOSTS), line, field[10];
        bool whole = false;
        if (!take_line(&rest, &line) || !is_text(line, "xenroll\t1"))
                return false;
        while (!whole) {
                size_t n = take_line(&rest, &line) ? split(line, '\t', field, COUNT(field)) : 0;
                if (!n || !read_record(r, field, n, &whole))
                        return false;
        }
        return !rest.len && r->build && r->release && pack_read_file(r, PACK_LINES).ptr;
}

struct pack_read *pack_read(struct bytes slot, struct err *e)
{
        struct pack_read *r = calloc(1, sizeof(*r));
        if (!r) {
                err_set(e, ERR_WORLD, _("out of memory"));
                return NULL;
        }
        r->arena = arena_new();
        bool fine = read_head(r, slot, e);
        if (fine && (!read_files(r) || !read_hosts(r)))
                fine = err_set(e, ERR_INPUT, _("the pack of answers is damaged"));
        if (fine)
                return r;
        pack_read_free(r);
        return NULL;
}

void pack_read_free(struct pack_read *r)
{
        if (!r)
                return;
        arena_free(r->arena);
        free(r->files);
        free(r->hosts);
        free(r);
}

bool pack_read_fits(const struct pack_read *r) { return r->fits; }
size_t pack_read_length(const struct pack_read *r) { return r->length; }
const char *pack_read_build(const struct pack_read *r) { return r->build; }
int64_t pack_read_made(const struct pack_read *r) { return r->made; }
const char *pack_read_release(const struct pack_read *r) { return r->release; }
size_t pack_read_hosts(const struct pack_read *r) { return r->n_hosts; }
struct pack_host pack_read_host(const struct pack_read *r, size_t index) { return r->hosts[index]; }

struct bytes pack_read_file(const struct pack_read *r, const char *name)
{
        for (size_t i = 0; i < r->n_files; i++)
                if (is_text(r->files[i].name, name))
                        return r->files[i].content;
        return bytes_of(NULL, 0);
}
