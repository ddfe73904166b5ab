#include "cmd/build_agent.h"
#include "cmd/agent_binary.h"
#include "cmd/agent_plans.h"
#include "cmd/agent_schema.h"
#include "cmd/join_secrets.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/progress.h"
#include "base/text.h"
#include "isobuilder/digest.h"
#include "rollcall/answers.h"

#include <crypt.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>

#define NO_BUILD "-" /* stands for the build's name while that is not known */

static void wipe(struct str *s)
{
        if (s->ptr)
                explicit_bzero(s->ptr, s->cap);
        str_clear(s);
}

void build_agent_clear(struct build_agent *b)
{
        join_secrets_free(b->secrets);
        str_clear(&b->binary);
        explicit_bzero(b, sizeof(*b));
}

/* Bytes that follow from the seed and a few words: the same for every build of this folder, and for no other folder. */
static void derive(const unsigned char seed[32], const char *what, const struct pool *pool, unsigned char out[32])
{
        struct digest *d = digest_new(NULL);
        digest_add(d, seed, 32);
        digest_add(d, what, strlen(what) + 1);
        if (pool) {
                digest_add(d, pool->school->id, strlen(pool->school->id) + 1);
                digest_add(d, pool->id, strlen(pool->id) + 1);
        }
        digest_finish(d, out);
}

/* --- passwords --- */

/* Few rounds: nobody guesses 142 random bits, and a district has thousands of pools. False when libcrypt has no such
 * form. */
static bool make_hash(
        const struct build_agent *b, const struct pool *pool, const char *password, char hash[ANSWER_HASH])
{
        static const char alphabet[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        unsigned char bytes[32];
        char salt[17] = "", setting[64];
        derive(b->seed, "salt", pool, bytes);
        for (int i = 0; i < 16; i++)
                salt[i] = alphabet[bytes[i] & 63];
        snprintf(setting, sizeof(setting), "$%c$rounds=1000$%s$", b->plan->release->hashes & HASH_SHA512 ? '6' : '5',
                salt);
        struct crypt_data *data = calloc(1, sizeof(*data));
        if (!data)
                file_out_of_memory();
        const char *made = crypt_r(password, setting, data);
        snprintf(hash, ANSWER_HASH, "%s", made ? made : "*");
        explicit_bzero(data, sizeof(*data));
        free(data);
        return *hash == '$';
}

bool build_agent_root_hash(void *arg, const struct host *h, char hash[ANSWER_HASH])
{
        const struct build_agent *b = arg;
        const char *password = h->coordinator ? join_secret_of(b->secrets, h->pool) : NULL;
        return password && make_hash(b, h->pool, password, hash);
}

/* Once, so that it cannot fail later, where a host would quietly get another password. */
static bool try_hash(const struct build_agent *b, struct err *e)
{
        char hash[ANSWER_HASH];
        return make_hash(b, NULL, "password", hash) ||
               err_set(e, ERR_WORLD, _("libcrypt makes no password hashes of the form that the release takes"));
}

static bool name_binary(struct build_agent *b, struct err *e)
{
        unsigned char sum[EVP_MAX_MD_SIZE];
        unsigned n = 0;
        if (!EVP_Digest(str_text(&b->binary), b->binary.len, sum, &n, EVP_sha256(), NULL))
                return err_set(e, ERR_WORLD, _("SHA-256 is not available"));
        digest_hex(sum, b->sha256);
        /* For an installer without sha256sum (6.5); a library that forbids MD5 leaves it out. */
        if (!EVP_Digest(str_text(&b->binary), b->binary.len, sum, &n, EVP_md5(), NULL))
                n = 0;
        text_hex(sum, n, b->md5);
        return true;
}

static bool digest_plans(struct build_agent *b, struct err *e)
{
        OWN(wipe) struct str text = STR_MAX(AGENT_PLAN_LONGEST);
        struct digest *d = digest_new(NULL);
        bool fine = true;
        digest_add(d, b->seed, sizeof(b->seed));
        digest_add(d, b->sha256, sizeof(b->sha256));
        for (size_t i = 0; fine && i < b->plan->n_hosts; i++) {
                str_reset(&text);
                fine = build_agent_plan(b, b->plan->hosts[i], NO_BUILD, &text, e);
                digest_add(d, str_text(&text), text.len + 1);
        }
        digest_finish(d, b->digest);
        return fine;
}

bool build_agent_open(struct build_agent *b, const char *named, const struct plan *plan, int out,
        const unsigned char seed[32], struct err *e)
{
        unsigned char mark[32];
        *b = (struct build_agent){ .plan = plan, .binary = STR_MAX(LARGEST_AGENT) };
        memcpy(b->seed, seed, sizeof(b->seed));
        if (!agent_binary_read(named, &b->binary, &b->there, e))
                return false;
        if (!b->there)
                return true;
        derive(seed, "deployment", NULL, mark);
        text_hex(mark, 16, b->deployment);
        b->secrets = join_secrets_open(out, plan, e);
        return b->secrets && try_hash(b, e) && name_binary(b, e) && digest_plans(b, e);
}

/* --- plans --- */

void build_agent_report(const struct build_agent *b, const struct host *h, struct str *out)
{
        char token[TOKEN_TEXT];
        if (!h->set->roll_call)
                return;
        answers_token(b->seed, h->pool->school->id, h->name, token);
        str_addf(out, "%s/events/%s", h->set->roll_call, token);
        explicit_bzero(token, sizeof(token));
}

bool build_agent_plan(
        const struct build_agent *b, const struct host *h, const char *build, struct str *out, struct err *e)
{
        if (!b->there)
                return true;
        OWN(wipe) struct str report = STR_MAX(1000);
        build_agent_report(b, h, &report);
        const struct agent_marks marks = { .deployment = b->deployment,
                .build = build,
                .join_password = join_secret_of(b->secrets, h->pool),
                .report = str_text(&report) };
        struct arena *arena = arena_new();
        struct agent_plan plan;
        agent_plan_of(&plan, arena, h, b->plan->release, &marks);
        bool fine = agent_plan_write(&plan, out, e);
        arena_free(arena);
        return fine || err_ctx(e, _("the agent's plan of %s"), h->name);
}

struct writing {
        const struct build_agent *b;
        struct agent_schema *schema;
        const char *build;
        int dir, folder;
        const struct school *school; /* whose folder is open */
};

static void writing_end(struct writing *w)
{
        agent_schema_free(w->schema);
        cleanup_fd(&w->folder);
        cleanup_fd(&w->dir);
}

/* What is written is read at once, as the agent will do it; the schema looks at one plan of each kind, since those of a
 * pool differ in a line. */
static bool check(struct writing *w, const struct host *h, const struct str *text, struct err *e)
{
        const struct host *second = h->pool->hosts[h->pool->hosts[0]->coordinator && h->pool->n_hosts > 1];
        if ((h->coordinator || h == second) && !agent_schema_check(w->schema, h->name, str_bytes(text), e))
                return false;
        struct agent_plan *read = agent_plan_read(str_bytes(text), e);
        agent_plan_free(read);
        return read || err_ctx(e, _("the agent's plan of %s"), h->name);
}

static bool open_folder(struct writing *w, const struct school *s, struct err *e)
{
        if (w->school == s)
                return true;
        cleanup_fd(&w->folder);
        w->folder = mkdirat(w->dir, s->id, 0700) < 0
                            ? -1
                            : openat(w->dir, s->id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        w->school = s;
        return w->folder >= 0 ? true : err_sys(e, _("creating %s"), s->id);
}

static bool put_file(int dir, const char *name, struct bytes content, mode_t mode, struct err *e)
{
        AUTO_FD int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
        if (fd < 0 || !file_write_all(fd, content.ptr, content.len))
                return err_sys(e, _("writing %s"), name);
        return true;
}

static bool write_plan(struct writing *w, const struct host *h, struct err *e)
{
        OWN(wipe) struct str text = STR_MAX(AGENT_PLAN_LONGEST);
        char name[160];
        snprintf(name, sizeof(name), "%s.xml", h->name);
        return build_agent_plan(w->b, h, w->build, &text, e) && check(w, h, &text, e) &&
               open_folder(w, h->pool->school, e) && put_file(w->folder, name, str_bytes(&text), 0600, e);
}

bool build_agent_write(const struct build_agent *b, const char *build, int draft, struct err *e)
{
        if (!b->there)
                return true;
        OWN(writing_end) struct writing w = { .b = b, .build = build, .dir = -1, .folder = -1 };
        w.dir = mkdirat(draft, "agent", 0700) < 0 ? -1 : openat(draft, "agent", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (w.dir < 0)
                return err_sys(e, _("creating %s"), "agent");
        w.schema = agent_schema_new(e);
        if (!w.schema || !put_file(w.dir, "xenroll-agent", str_bytes(&b->binary), 0755, e))
                return false;
        struct progress progress;
        progress_start(&progress, _("agents' plans"), b->plan->n_hosts);
        bool fine = true;
        for (size_t i = 0; fine && i < b->plan->n_hosts; i++) {
                fine = write_plan(&w, b->plan->hosts[i], e);
                progress_to(&progress, i + 1);
        }
        progress_end(&progress);
        return fine;
}
