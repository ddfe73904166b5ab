/* The file: lines "SCHOOL POOL PASSWORD", ordered. Pools that are no longer in the site file keep theirs: it may be
 * back tomorrow, and its hosts with it. */
#include "cmd/join_secrets.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

enum { LARGEST_FILE = 64 << 20, LONGEST_LINE = 400 };

struct entry {
        const char *key; /* "SCHOOL POOL" */
        const char *password;
        const struct pool *pool; /* NULL = not in this site file */
};

struct join_secrets {
        struct arena *arena;
        struct entry *entries; /* owned; ordered by key */
        size_t n, cap;
        struct entry **by_pool; /* owned; those with a pool, ordered by it */
        size_t n_pools;
        bool drawn;
};

void join_secrets_free(struct join_secrets *j)
{
        if (!j)
                return;
        arena_free(j->arena);
        free(j->entries);
        free(j->by_pool);
        free(j);
}

static struct entry *add(struct join_secrets *j, const char *key, const char *password)
{
        if (j->n == j->cap) {
                j->cap = j->cap ? j->cap * 2 : 64;
                j->entries = realloc(j->entries, j->cap * sizeof(*j->entries));
                if (!j->entries)
                        file_out_of_memory();
        }
        j->entries[j->n] = (struct entry){ key, password, NULL };
        return &j->entries[j->n++];
}

static int by_key(const void *a, const void *b)
{
        return strcmp(((const struct entry *)a)->key, ((const struct entry *)b)->key);
}

/* --- reading --- */

static bool is_password(const char *s, size_t n)
{
        size_t good = 0;
        while (good < n && ((s[good] >= '0' && s[good] <= '9') || ((s[good] | 0x20) >= 'a' && (s[good] | 0x20) <= 'z')))
                good++;
        return n == JOIN_SECRET_LETTERS && good == n;
}

static bool read_line(struct join_secrets *j, const char *line, size_t n)
{
        const char *blank = memrchr(line, ' ', n);
        size_t key = blank ? (size_t)(blank - line) : 0;
        if (!key || key > LONGEST_LINE || !memchr(line, ' ', key) || !is_password(blank + 1, n - key - 1))
                return false;
        add(j, arena_strndup(j->arena, line, key), arena_strndup(j->arena, blank + 1, n - key - 1));
        return true;
}

static bool read_lines(struct join_secrets *j, const struct str *text, struct err *e)
{
        char number[24];
        const char *s = str_text(text), *end = s + text->len;
        for (size_t line = 1; s < end; line++) {
                const char *eol = memchr(s, '\n', (size_t)(end - s));
                if (!eol || !read_line(j, s, (size_t)(eol - s))) {
                        snprintf(number, sizeof(number), "%zu", line);
                        return err_rule(e, XR_JOIN_SECRETS_DAMAGED, number, NULL);
                }
                s = eol + 1;
        }
        return true;
}

static bool read_file(struct join_secrets *j, int dir, struct err *e)
{
        AUTO_STR text = STR_MAX(LARGEST_FILE);
        if (faccessat(dir, "join", F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
                return true;
        bool fine = file_read(dir, "join", LARGEST_FILE, &text, e) && read_lines(j, &text, e);
        if (text.ptr)
                explicit_bzero(text.ptr, text.cap);
        return fine || err_ctx(e, "secrets");
}

/* --- drawing --- */

/* Every letter equally likely: bytes that would favour the first ones are thrown away. */
static bool draw(char out[JOIN_SECRET_LETTERS + 1], struct err *e)
{
        static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        enum { LETTERS = sizeof(letters) - 1, FAIR = 256 / LETTERS * LETTERS };
        unsigned char byte;
        for (size_t n = 0; n < JOIN_SECRET_LETTERS;) {
                if (getrandom(&byte, 1, 0) != 1)
                        return err_sys(e, _("asking the kernel for random bytes"));
                if (byte < FAIR)
                        out[n++] = letters[byte % LETTERS];
        }
        out[JOIN_SECRET_LETTERS] = '\0';
        return true;
}

static bool give(struct join_secrets *j, size_t n_known, const struct pool *pool, struct err *e)
{
        char password[JOIN_SECRET_LETTERS + 1];
        struct entry want = { .key = arena_printf(j->arena, "%s %s", pool->school->id, pool->id) };
        struct entry *known = n_known ? bsearch(&want, j->entries, n_known, sizeof(want), by_key) : NULL;
        if (!known) {
                if (!draw(password, e))
                        return false;
                known = add(j, want.key, arena_strdup(j->arena, password));
                explicit_bzero(password, sizeof(password));
                j->drawn = true;
        }
        known->pool = pool;
        return true;
}

static bool give_all(struct join_secrets *j, const struct plan *plan, struct err *e)
{
        size_t n_known = j->n;
        if (n_known)
                qsort(j->entries, n_known, sizeof(*j->entries), by_key);
        for (size_t s = 0; s < plan->n_schools; s++)
                for (size_t p = 0; p < plan->schools[s]->n_pools; p++)
                        if (plan->schools[s]->pools[p]->n_hosts > 1 && !give(j, n_known, plan->schools[s]->pools[p], e))
                                return false;
        if (j->n)
                qsort(j->entries, j->n, sizeof(*j->entries), by_key);
        return true;
}

static bool keep(struct join_secrets *j, int dir, struct err *e)
{
        AUTO_STR text = STR_MAX(LARGEST_FILE);
        for (size_t i = 0; i < j->n; i++)
                str_addf(&text, "%s %s\n", j->entries[i].key, j->entries[i].password);
        bool fine = str_ok(&text, "secrets/join", e) && file_publish(dir, "join", str_bytes(&text), 0600, e);
        if (text.ptr)
                explicit_bzero(text.ptr, text.cap);
        return fine || err_ctx(e, "secrets");
}

/* --- finding --- */

static int by_pool(const void *a, const void *b)
{
        const struct pool *x = (*(struct entry *const *)a)->pool, *y = (*(struct entry *const *)b)->pool;
        return (x > y) - (x < y);
}

static void index_pools(struct join_secrets *j)
{
        j->by_pool = calloc(j->n + 1, sizeof(*j->by_pool));
        if (!j->by_pool)
                file_out_of_memory();
        for (size_t i = 0; i < j->n; i++)
                if (j->entries[i].pool)
                        j->by_pool[j->n_pools++] = &j->entries[i];
        qsort(j->by_pool, j->n_pools, sizeof(*j->by_pool), by_pool);
}

const char *join_secret_of(const struct join_secrets *j, const struct pool *pool)
{
        struct entry want = { .pool = pool }, *key = &want;
        struct entry **found = bsearch(&key, j->by_pool, j->n_pools, sizeof(*j->by_pool), by_pool);
        return found ? (*found)->password : NULL;
}

struct join_secrets *join_secrets_open(int out, const struct plan *plan, struct err *e)
{
        AUTO_FD int dir = openat(out, "secrets", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        struct join_secrets *j = calloc(1, sizeof(*j));
        if (!j)
                file_out_of_memory();
        j->arena = arena_new();
        if (dir < 0)
                err_sys(e, _("opening %s"), "secrets");
        else if (read_file(j, dir, e) && give_all(j, plan, e) && (!j->drawn || keep(j, dir, e))) {
                index_pools(j);
                return j;
        }
        join_secrets_free(j);
        return NULL;
}
