#include "rollcall/answers.h"
#include "base/embed.h"
#include "base/file.h"
#include "base/i18n.h"
#include "rollcall/answers_parts.h"

#include <openssl/evp.h>
#include <string.h>

EMBED(page_html, "rollcall/page.html");
EMBED(page_css, "rollcall/page.css");
EMBED(page_js, "rollcall/page.js");
EMBED(page_dialogs_js, "rollcall/page-dialogs.js");
EMBED(page_host_js, "rollcall/page-host.js");
EMBED(page_overview_js, "rollcall/page-overview.js");
EMBED(page_server_js, "rollcall/page-server.js");
EMBED(page_tiles_js, "rollcall/page-tiles.js");
EMBED(page_words_js, "rollcall/page-words.js");
EMBED(page_svg, "rollcall/page.svg");

/* --- what is known of the build --- */

static int by_host(const void *one, const void *other)
{
        const struct known_host *a = one, *b = other;
        int order = strcmp(a->school->id, b->school->id);
        return order ? order : strcmp(a->machine->name, b->machine->name);
}

static int by_digest(const void *one, const void *other)
{
        return memcmp(((const struct known_token *)one)->digest, ((const struct known_token *)other)->digest, 32);
}

const struct known_host *answers_known(const struct answers *a, const char *school, const char *host)
{
        struct expected_school s = { .id = school };
        struct expected_machine m = { .name = host };
        struct known_host key = { &s, NULL, &m };
        return a->n_hosts ? bsearch(&key, a->hosts, a->n_hosts, sizeof(key), by_host) : NULL;
}

const struct known_token *answers_by_token(const struct answers *a, const char *token)
{
        struct known_token key = { .host = NULL };
        if (strlen(token) != TOKEN_TEXT - 1 || !EVP_Digest(token, TOKEN_TEXT - 1, key.digest, NULL, EVP_sha256(), NULL))
                return NULL;
        return a->n_tokens ? bsearch(&key, a->tokens, a->n_tokens, sizeof(key), by_digest) : NULL;
}

static size_t count_hosts(const struct expected *x)
{
        size_t n = 0;
        for (size_t s = 0; s < x->n_schools; s++)
                for (size_t p = 0; p < x->schools[s].n_pools; p++)
                        n += x->schools[s].pools[p].n_hosts;
        return n;
}

static void index_hosts(struct answers *a)
{
        const struct expected *x = a->c.expected;
        a->hosts = calloc(count_hosts(x) + 1, sizeof(*a->hosts));
        if (!a->hosts)
                file_out_of_memory();
        for (size_t s = 0; s < x->n_schools; s++)
                for (size_t p = 0; p < x->schools[s].n_pools; p++)
                        for (size_t h = 0; h < x->schools[s].pools[p].n_hosts; h++)
                                a->hosts[a->n_hosts++] = (struct known_host){ &x->schools[s], &x->schools[s].pools[p],
                                        &x->schools[s].pools[p].hosts[h] };
        qsort(a->hosts, a->n_hosts, sizeof(*a->hosts), by_host);
}

static bool add_token(struct answers *a, const unsigned char seed[32], const char *school, const struct known_host *h)
{
        char token[TOKEN_TEXT];
        struct known_token *t = &a->tokens[a->n_tokens++];
        *t = (struct known_token){ .host = h, .school = school };
        answers_token(seed, school, h ? h->machine->name : NULL, token);
        bool fine = EVP_Digest(token, TOKEN_TEXT - 1, t->digest, NULL, EVP_sha256(), NULL);
        explicit_bzero(token, sizeof(token));
        return fine;
}

static bool add_tokens(struct answers *a, const unsigned char seed[32])
{
        const struct expected *x = a->c.expected;
        bool fine = add_token(a, seed, "", NULL);
        for (size_t i = 0; fine && i < a->n_hosts; i++)
                fine = add_token(a, seed, a->hosts[i].school->id, &a->hosts[i]);
        for (size_t i = 0; fine && i < x->n_schools; i++)
                fine = add_token(a, seed, x->schools[i].id, NULL);
        qsort(a->tokens, a->n_tokens, sizeof(*a->tokens), by_digest);
        return fine;
}

/* Without a seed nobody has a token: the store is read only. */
static bool index_tokens(struct answers *a, struct err *e)
{
        AUTO_STR seed = STR_MAX(64);
        if (faccessat(a->c.out, "secrets/seed", F_OK, 0) < 0)
                return true;
        if (!file_read(a->c.out, "secrets/seed", 64, &seed, e))
                return false;
        a->tokens = calloc(a->n_hosts + a->c.expected->n_schools + 1, sizeof(*a->tokens));
        if (!a->tokens)
                file_out_of_memory();
        bool fine = seed.len >= 32 && add_tokens(a, (const unsigned char *)seed.ptr);
        if (seed.ptr)
                explicit_bzero(seed.ptr, seed.cap);
        return fine || err_set(e, ERR_WORLD, _("%s is damaged"), "secrets/seed");
}

struct answers *answers_new(const struct answers_config *c, struct err *e)
{
        struct answers *a = calloc(1, sizeof(*a));
        if (!a)
                file_out_of_memory();
        a->c = *c;
        a->overview.schools.max = LARGEST_REPLY / 2;
        a->visitors = visitors_new(store_database(c->store), c->out, c->now);
        expected_use_timezone(c->expected);
        index_hosts(a);
        if (index_tokens(a, e))
                return a;
        answers_free(a);
        return NULL;
}

void answers_free(struct answers *a)
{
        if (!a)
                return;
        visitors_free(a->visitors);
        str_clear(&a->overview.schools);
        free(a->tokens);
        free(a->hosts);
        free(a);
}

/* --- which question it is --- */

#define HTML "text/html; charset=utf-8"
#define STYLE "text/css; charset=utf-8"
#define SCRIPT "text/javascript; charset=utf-8"
static const struct file {
        const char *path, *type, *bytes, *end;
} files[] = {
        { "/", HTML, page_html, page_html_end },
        { "/page.css", STYLE, page_css, page_css_end },
        { "/page.svg", "image/svg+xml", page_svg, page_svg_end },
        { "/page.js", SCRIPT, page_js, page_js_end },
        { "/page-dialogs.js", SCRIPT, page_dialogs_js, page_dialogs_js_end },
        { "/page-host.js", SCRIPT, page_host_js, page_host_js_end },
        { "/page-overview.js", SCRIPT, page_overview_js, page_overview_js_end },
        { "/page-server.js", SCRIPT, page_server_js, page_server_js_end },
        { "/page-tiles.js", SCRIPT, page_tiles_js, page_tiles_js_end },
        { "/page-words.js", SCRIPT, page_words_js, page_words_js_end },
};

static const struct file *find_file(const char *path)
{
        for (size_t i = 0; i < COUNT(files); i++)
                if (!strcmp(files[i].path, path))
                        return &files[i];
        return NULL;
}

static void show_file(struct asked *q, const struct file *f)
{
        q->reply->status = 200;
        snprintf(q->reply->type, sizeof(q->reply->type), "%s", f->type);
        str_addn(&q->reply->body, f->bytes, (size_t)(f->end - f->bytes));
}

static void may_listen(struct asked *q) { q->reply->status = 204; }

enum need { FOR_ALL, READING, OURS, ACTING }; /* ours: sent by our page; acting: by somebody who has logged in there */

static const struct route {
        const char *method, *path;
        enum need need;
        void (*answer)(struct asked *);
} routes[] = {
        { "GET", "/words.json", FOR_ALL, read_words },
        { "GET", "/api/summary", FOR_ALL, read_summary },
        { "GET", "/api/hosts", READING, read_hosts },
        { "GET", "/api/host", READING, read_one_host },
        { "GET", "/api/changes", READING, read_changes },
        { "GET", "/api/stream", READING, may_listen },
        { "GET", "/api/enrolled", READING, read_enrolled },
        { "GET", "/api/rule", FOR_ALL, read_rule },
        { "POST", "/api/login", OURS, act_login },
        { "POST", "/api/language", OURS, act_language },
        { "POST", "/api/logout", ACTING, act_logout },
        { "POST", "/api/arm", ACTING, act_arm },
        { "POST", "/api/disarm", ACTING, act_disarm },
        { "POST", "/api/enrol", ACTING, act_enrol },
        { "POST", "/api/forget", ACTING, act_forget },
};

static bool is_json(const struct ask *ask)
{
        char type[64];
        return ask_field(ask, "Content-Type", type, sizeof(type)) && !strncmp(type, "application/json", 16) &&
               strchr("; ", type[16]);
}

/* The web server asks for its streams, and has no visitor. */
static bool is_inside(const struct asked *q) { return !*q->ask->peer && !strcmp(q->path, "/api/changes"); }

bool may_read(const struct asked *q) { return q->visitor.logged_in || q->a->c.everybody_reads || is_inside(q); }

static bool let_through(struct asked *q, enum need need)
{
        if (need == READING && !may_read(q)) {
                answer_error(q, 401, N_("Log in first."));
                return false;
        }
        bool forged = need >= OURS && (!visitor_is_ours(q->ask) || !is_json(q->ask));
        if (!forged && need == ACTING && !q->visitor.logged_in) {
                answer_error(q, 401, N_("Log in first."));
                return false;
        }
        /* A session's own token is asked for wherever there is a session, but to log in anew. */
        if (!forged && need >= OURS && q->visitor.logged_in && strcmp(q->path, "/api/login") != 0)
                forged = !visitor_has_token(&q->visitor, q->ask);
        if (forged)
                answer_rule(q, 403, XR_WEB_FORGED, NULL);
        return !forged;
}

static void find_route(struct asked *q)
{
        const struct file *file = find_file(q->path);
        bool known = file;
        if (file && !strcmp(q->ask->method, "GET"))
                return show_file(q, file);
        for (size_t i = 0; i < COUNT(routes); i++) {
                if (strcmp(routes[i].path, q->path) != 0)
                        continue;
                known = true;
                if (strcmp(routes[i].method, q->ask->method) != 0)
                        continue;
                if (let_through(q, routes[i].need))
                        routes[i].answer(q);
                return;
        }
        answer_error(q, known ? 405 : 404,
                known ? N_("This is asked in another way.") : N_("There is nothing of that name."));
}

bool answers_is_events(const struct ask *ask)
{
        return !strcmp(ask->method, "POST") && !strncmp(ask->path, "/events", 7) &&
               (!ask->path[7] || ask->path[7] == '/');
}

static void split_path(struct asked *q)
{
        const char *path = q->ask->path;
        size_t n = strcspn(path, "?");
        snprintf(q->path, sizeof(q->path), "%.*s", (int)n, path);
        if (path[n])
                snprintf(q->query, sizeof(q->query), "%s", path + n + 1);
        else if (!ask_field(q->ask, "Query", q->query, sizeof(q->query)))
                *q->query = '\0';
}

/* What holds for every answer of the web server, it adds itself. */
static void add_fields(struct reply *r)
{
        str_add(&r->fields, "Cross-Origin-Resource-Policy: same-origin\nCross-Origin-Opener-Policy: same-origin\n");
}

void answers_answer(void *arg, const struct ask *ask, struct reply *r)
{
        struct asked q = { .a = arg, .ask = ask, .reply = r };
        struct err e = ERR_INIT;
        if (answers_is_events(ask))
                return answers_take(arg, ask, NULL, r);
        split_path(&q);
        add_fields(r);
        if (visitors_meet(q.a->visitors, ask, &q.visitor, &e))
                find_route(&q);
        else
                answer_trouble(&q, &e);
        explicit_bzero(&q.visitor, sizeof(q.visitor));
}
