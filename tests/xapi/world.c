#include "tests/xapi/inside.h"
#include "base/file.h"
#include "tests/xapi/serve.h"

#include <string.h>

enum { LONGEST_TEXT = 1 << 20 };

static struct world *empty(uint64_t seed)
{
        struct arena *a = arena_new();
        struct world *w = ARENA_NEW(a, struct world);
        w->a = a;
        w->chance = seed * 0x9e3779b97f4a7c15u + 0x7f4a7c15u;
        w->latency = 15;
        w->pace = 100;
        w->join_least = 20000;
        w->join_most = 40000;
        w->began = 1795420800;
        w->complaints = (struct str)STR_MAX(LONGEST_TEXT);
        w->breaches = (struct str)STR_MAX(LONGEST_TEXT);
        return w;
}

static bool read_scenario(struct world *w, const char *scenario, struct err *e)
{
        int number = 0;
        for (const char *at = scenario; *at; at += *at == '\n') {
                size_t n = strcspn(at, "\n");
                AUTO_FREE char *line = strndup(at, n);
                at += n;
                number++;
                if (!line || !parse_line(w, line, true, e))
                        return err_ctx(e, "line %d", number);
        }
        return w->n > 0 || err_set(e, ERR_INPUT, "the scenario has no host");
}

struct world *world_new(const char *scenario, uint64_t seed, struct err *e)
{
        struct world *w = empty(seed);
        if (!read_scenario(w, scenario, e)) {
                world_free(w);
                return NULL;
        }
        w->calls = ARENA_ARRAY(w->a, unsigned, (size_t)(w->n * (w->n + 1)));
        for (int i = 0; i < w->n; i++)
                host_begin(w, i);
        return w;
}

void world_free(struct world *w)
{
        if (!w)
                return;
        for (int i = 0; i < w->n; i++)
                db_free(w->hosts[i].own);
        for (size_t i = 0; i < w->n_requests; i++) {
                arena_free(w->requests[i]->a);
                free(w->requests[i]);
        }
        for (size_t i = w->first_reply; i < w->n_replies; i++)
                str_clear(&w->replies[i].body);
        for (size_t i = 0; i < w->n_faults; i++)
                free(w->faults[i].method);
        free(w->faults);
        free(w->timers);
        free(w->requests);
        free(w->replies);
        free(w->mutations);
        free(w->hosts);
        free(w->targets);
        free(w->cuts);
        free(w->names);
        free(w->templates);
        str_clear(&w->complaints);
        str_clear(&w->breaches);
        api_free(w->api);
        arena_free(w->a);
}

/* --- asked from outside --- */

int world_hosts(const struct world *w) { return w->n; }
const char *world_host_name(const struct world *w, int host) { return w->hosts[host].name; }
const char *world_host_address(const struct world *w, int host) { return w->hosts[host].address; }

int world_host_at(const struct world *w, const char *address)
{
        for (int i = 0; i < w->n; i++)
                if (!strcmp(w->hosts[i].address, address))
                        return i;
        return -1;
}

int host_named(const struct world *w, const char *name)
{
        for (int i = 0; i < w->n; i++)
                if (!strcmp(w->hosts[i].name, name))
                        return i;
        return world_host_at(w, name);
}

const char *world_complaints(const struct world *w) { return str_text(&w->complaints); }
const char *world_breaches(const struct world *w) { return str_text(&w->breaches); }
int64_t world_join_time(const struct world *w) { return w->join_time; }

unsigned world_calls(const struct world *w, int host, int from)
{
        unsigned n = 0;
        for (int h = host < 0 ? 0 : host; h <= (host < 0 ? w->n - 1 : host); h++)
                for (int f = from < 0 ? -1 : from; f <= (from < 0 ? w->n - 1 : from); f++)
                        n += w->calls[h * (w->n + 1) + f + 1];
        return n;
}

unsigned world_mutations(const struct world *w, const char *method)
{
        for (size_t i = 0; i < w->n_mutations; i++)
                if (!strcmp(w->mutations[i].method, method))
                        return w->mutations[i].n;
        return 0;
}

void count_mutation(struct world *w, const char *method)
{
        for (size_t i = 0; i < w->n_mutations; i++)
                if (!strcmp(w->mutations[i].method, method)) {
                        w->mutations[i].n++;
                        return;
                }
        w->mutations = realloc(w->mutations, (w->n_mutations + 1) * sizeof(*w->mutations));
        if (!w->mutations)
                abort();
        w->mutations[w->n_mutations++] = (struct counted){ arena_strdup(w->a, method), 1 };
}

static void note(struct world *w, struct str *out, const char *fmt, va_list ap)
{
        char text[600];
        vsnprintf(text, sizeof(text), fmt, ap);
        if (!strstr(str_text(out), text))
                str_addf(out, "%lld.%03lld %s\n", (long long)(w->now / 1000), (long long)(w->now % 1000), text);
}

void complain(struct world *w, const char *fmt, ...)
{
        va_list ap;
        va_start(ap, fmt);
        note(w, &w->complaints, fmt, ap);
        va_end(ap);
}

void breach(struct world *w, const char *fmt, ...)
{
        va_list ap;
        va_start(ap, fmt);
        note(w, &w->breaches, fmt, ap);
        va_end(ap);
}

/* --- chance --- */

static uint64_t next_chance(struct world *w)
{
        uint64_t z = (w->chance += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
}

int64_t draw(struct world *w, int64_t least, int64_t most)
{
        return most > least ? least + (int64_t)(next_chance(w) % (uint64_t)(most - least + 1)) : least;
}

const char *draw_uuid(struct world *w)
{
        uint64_t x = next_chance(w), y = next_chance(w);
        return arena_printf(w->a, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(x >> 32), (unsigned)(x >> 16) & 0xffff,
                (unsigned)x & 0xfff, 0x8000 | ((unsigned)(y >> 48) & 0x3fff), (unsigned long long)y & 0xffffffffffffu);
}

/* --- time --- */

int64_t paced(const struct world *w, int64_t ms) { return ms * w->pace / 100; }

void after(struct world *w, int64_t ms, int host, unsigned life, void (*act)(struct world *, int, const char *),
        const char *arg)
{
        if (w->n_timers == w->room_timers) {
                w->room_timers = w->room_timers ? 2 * w->room_timers : 64;
                w->timers = realloc(w->timers, w->room_timers * sizeof(*w->timers));
                if (!w->timers)
                        abort();
        }
        w->timers[w->n_timers++] = (struct timer){ w->now + ms, w->next_timer++, act, host, life, arg };
}

static struct timer *first_timer(const struct world *w)
{
        struct timer *first = NULL;
        for (size_t i = 0; i < w->n_timers; i++) {
                struct timer *t = &w->timers[i];
                if (!first || t->at < first->at || (t->at == first->at && t->number < first->number))
                        first = t;
        }
        return first;
}

static void run_timer(struct world *w, struct timer *at)
{
        struct timer t = *at;
        *at = w->timers[--w->n_timers];
        if (!t.life || t.life == w->hosts[t.host].life)
                t.act(w, t.host, t.arg);
}

/* The next thing that happens by itself, at its own time; false when there is none by then. */
static bool step(struct world *w, int64_t now)
{
        struct timer *t = first_timer(w);
        struct request *r = request_next(w);
        int64_t timer = t ? t->at : INT64_MAX, request = r ? request_due(w, r) : INT64_MAX,
                at = timer < request ? timer : request;
        if (at > now)
                return false;
        if (at > w->now)
                w->now = at;
        if (timer <= request)
                run_timer(w, t);
        else
                request_run(w, r);
        return true;
}

bool world_next(struct world *w, int64_t now, struct world_reply *reply)
{
        while (w->first_reply == w->n_replies && step(w, now))
                ;
        if (w->now < now)
                w->now = now;
        if (w->first_reply == w->n_replies) {
                w->first_reply = w->n_replies = 0;
                return false;
        }
        *reply = w->replies[w->first_reply++];
        return true;
}

int64_t world_due(const struct world *w)
{
        if (w->first_reply < w->n_replies)
                return w->now;
        struct timer *t = first_timer(w);
        struct request *r = request_next(w);
        int64_t timer = t ? t->at : INT64_MAX, request = r ? request_due(w, r) : INT64_MAX;
        return timer < request ? timer : request;
}

bool world_do(struct world *w, const char *line, int64_t now, struct err *e)
{
        while (step(w, now))
                ;
        if (w->now < now)
                w->now = now;
        return parse_line(w, line, false, e);
}

int64_t world_seconds(const struct world *w, int host) { return w->began + w->now / 1000 + w->hosts[host].skew; }

bool reaches(const struct world *w, const char *a, const char *b)
{
        int x = host_named(w, a), y = host_named(w, b);
        const char *names[2][2] = { { a, x < 0 ? a : w->hosts[x].address }, { b, y < 0 ? b : w->hosts[y].address } };
        if (x >= 0)
                names[0][0] = w->hosts[x].name;
        if (y >= 0)
                names[1][0] = w->hosts[y].name;
        for (size_t i = 0; i < w->n_cuts; i++)
                for (int k = 0; k < 4; k++) {
                        const char *p = names[0][k & 1], *q = names[1][k >> 1];
                        const struct cut *c = &w->cuts[i];
                        if ((!strcmp(c->a, p) && (!strcmp(c->b, q) || !strcmp(c->b, "*"))) ||
                                (!strcmp(c->a, q) && (!strcmp(c->b, p) || !strcmp(c->b, "*"))))
                                return x == y && x >= 0;
                }
        return true;
}
