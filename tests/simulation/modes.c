#include "tests/simulation/modes.h"
#include "tests/simulation/workers.h"

#include <string.h>
#include <sys/mman.h>

enum { MOST_SHOWN = 12, TORTURE_SEED = 7 };

/* Counted by all workers together. */
struct tally {
        _Atomic long runs, failed, converged, stopped, shown;
};

static struct tally *tally_new(void)
{
        struct tally *t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (t == MAP_FAILED)
                abort();
        return t;
}

static void count(struct tally *t, const struct sim_result *r, int hosts)
{
        t->runs++;
        t->failed += r->failures.len > 0;
        t->converged += r->converged == hosts;
        t->stopped += r->converged != hosts;
}

static void one_line(const struct str *text, char out[400])
{
        snprintf(out, 400, "%.399s", str_text(text));
        for (char *c = out; (c = strchr(c, '\n')); c++)
                *c = c[1] ? ';' : '\0';
}

static void report(const char *what, const char *again, const struct deployment *d, const struct faults *f,
        const struct sim_result *r, struct tally *t)
{
        char why[400];
        one_line(&r->failures, why);
        workers_lock();
        printf("not ok - simulation: %s: %s\n", what, why);
        if (t->shown++ < MOST_SHOWN) {
                AUTO_STR text = STR_MAX(1 << 20);
                deployment_show(d, &text);
                faults_show(f, &text);
                str_add(&text, str_text(&r->last));
                printf("%s        again, with everything it does: %s --trace\n", str_text(&text), again);
        }
        workers_unlock();
}

/* --- without faults --- */

static void roll_out(
        const struct modes *m, const char *what, const char *again, struct deployment *d, bool no_budget, uint64_t seed)
{
        struct faults none = { .n = 0 };
        struct sim_result r;
        struct tally t = { 0 };
        const struct sim_options o = { .seed = seed,
                .trace = m->trace,
                .keep = m->keep,
                .work = m->work,
                .faultless = true,
                .no_budget = no_budget };
        sim_run(d, &none, &o, &r);
        if (r.failures.len)
                report(what, again, d, &none, &r, &t);
        else
                printf("ok - simulation: %s converges in %lld s (joins: %lld s), at most %u calls a member\n", what,
                        (long long)r.time / 1000, (long long)r.joins / 1000, r.most_calls);
        fflush(stdout);
        sim_result_clear(&r);
        deployment_free(d);
}

void modes_rollout(const struct modes *m, int hosts, bool everything, uint64_t seed)
{
        char what[80];
        AUTO_STR again = STR_MAX(400);
        snprintf(what, sizeof(what), "a pool of %d%s", hosts, everything ? " with everything" : "");
        str_addf(&again, "%s %s--rollout %d --seed %llu", m->again, everything ? "--everything " : "", hosts,
                (unsigned long long)seed);
        roll_out(m, what, str_text(&again),
                deployment_new(hosts, everything ? WISH_EVERYTHING : WISH_ALL, "xcp-ng-8.3", NO_TROUBLE, seed),
                everything, seed);
}

void modes_odd(const struct modes *m, uint64_t seed)
{
        static const char *const names[] = { "other names of cards", "another management card",
                "more LUNs than are looked at" };
        AUTO_STR again = STR_MAX(400);
        str_addf(&again, "%s --odd --seed %llu", m->again, (unsigned long long)seed);
        for (int i = TROUBLES; i < ODDITIES; i++)
                roll_out(m, names[i - TROUBLES], str_text(&again),
                        deployment_new(3, WISH_ALL, "xcp-ng-8.3", (enum trouble)i, seed), false, seed);
}

/* --- with faults from a seed --- */

static void run_seed(const struct modes *m, uint64_t seed, struct tally *t, uint64_t *hash)
{
        char what[40];
        struct sim_result r;
        AUTO_FREE struct faults *f = calloc(1, sizeof(*f));
        AUTO_STR again = STR_MAX(400);
        struct chance c = chance_stream(seed, "faults");
        struct deployment *d = deployment_draw(seed);
        const struct sim_options o = { .seed = seed, .trace = m->trace, .keep = m->keep, .work = m->work };
        if (!f)
                abort();
        faults_draw(f, d, &c);
        sim_run(d, f, &o, &r);
        count(t, &r, d->n);
        snprintf(what, sizeof(what), "seed %llu", (unsigned long long)seed);
        str_addf(&again, "%s --seed %llu", m->again, (unsigned long long)seed);
        if (r.failures.len)
                report(what, str_text(&again), d, f, &r, t);
        if (hash)
                *hash = r.hash;
        sim_result_clear(&r);
        deployment_free(d);
}

bool modes_seed(const struct modes *m, uint64_t seed)
{
        struct tally *t = tally_new();
        run_seed(m, seed, t, NULL);
        if (!t->failed)
                printf("ok - simulation: seed %llu: %s\n", (unsigned long long)seed,
                        t->converged ? "all converged" : "somebody stopped");
        return !t->failed;
}

struct seeds {
        const struct modes *m;
        uint64_t from;
        struct tally *tally;
};

static void one_seed(long i, void *arg)
{
        const struct seeds *s = arg;
        run_seed(s->m, s->from + (uint64_t)i, s->tally, NULL);
}

void modes_seeds(const struct modes *m, uint64_t from, uint64_t to)
{
        struct seeds s = { m, from, tally_new() };
        if (!workers_run(m->processes, (long)(to - from) + 1, one_seed, &s))
                printf("not ok - simulation: seeds %llu-%llu: a worker died\n", (unsigned long long)from,
                        (unsigned long long)to);
        printf("%s - simulation: seeds %llu-%llu: of %ld runs %ld converged, %ld stopped with a reason%s\n",
                s.tally->failed ? "not ok" : "ok", (unsigned long long)from, (unsigned long long)to, s.tally->runs,
                s.tally->converged, s.tally->stopped, s.tally->failed ? ": see above" : "");
        munmap(s.tally, sizeof(*s.tally));
}

void modes_same(const struct modes *m, uint64_t seed)
{
        uint64_t first = 0, second = 0;
        struct tally t = { .shown = MOST_SHOWN };
        run_seed(m, seed, &t, &first);
        run_seed(m, seed, &t, &second);
        if (first == second)
                printf("ok - simulation: seed %llu runs the same way twice (%016llx)\n", (unsigned long long)seed,
                        (unsigned long long)first);
        else
                printf("not ok - simulation: seed %llu runs the same way twice: %016llx, then %016llx\n",
                        (unsigned long long)seed, (unsigned long long)first, (unsigned long long)second);
}

/* --- torture: every point in turn --- */

enum cruelty { DIES, LOSES_POWER, LOSES_JOURNAL, CRUELTIES };
static const char *const cruelties[CRUELTIES] = { "kill", "power", "journal" };

struct torture {
        const struct modes *m;
        struct deployment *d;
        unsigned points[2];
        struct tally *tally;
};

/* Returns how far cut can go; -1 when the point was not met. */
static int64_t torture_once(const struct torture *t, int host, long point, enum cruelty what, int64_t cut)
{
        char name[80];
        struct sim_result r;
        AUTO_FREE struct faults *f = calloc(1, sizeof(*f));
        AUTO_STR again = STR_MAX(400);
        const struct sim_options o = {
                .seed = TORTURE_SEED, .trace = t->m->trace, .keep = t->m->keep, .work = t->m->work
        };
        if (!f)
                abort();
        faults_add(f, (struct fault){ .kind = what == LOSES_POWER ? FAULT_POWER : FAULT_KILL,
                              .when = AT_POINT,
                              .host = host,
                              .nth = point,
                              .value = what == LOSES_POWER ? 120000 : 5000,
                              .cut = what == DIES ? -1 : cut });
        sim_run(t->d, f, &o, &r);
        count(t->tally, &r, t->d->n);
        snprintf(name, sizeof(name), "%d %ld %s %lld", host, point, cruelties[what], (long long)cut);
        str_addf(&again, "%s --torture-one '%s'", t->m->again, name);
        if (r.failures.len)
                report(name, str_text(&again), t->d, f, &r, t->tally);
        sim_result_clear(&r);
        return f->items[0].spent ? f->items[0].could : -1;
}

static void torture_new(struct torture *t, const struct modes *m)
{
        struct sim_result r;
        struct faults none = { .n = 0 };
        const struct sim_options o = { .seed = TORTURE_SEED, .work = m->work };
        *t = (struct torture){ .m = m,
                .d = deployment_new(2, WISH_NFS | WISH_ISCSI | WISH_ISO, "xcp-ng-8.3", NO_TROUBLE, TORTURE_SEED),
                .tally = tally_new() };
        t->d->boot_server = SAYS_YES;
        sim_run(t->d, &none, &o, &r);
        t->points[0] = r.points[0];
        t->points[1] = r.points[1];
        if (r.failures.len)
                report("torture, with nothing going wrong", "(--torture)", t->d, &none, &r, t->tally);
        sim_result_clear(&r);
}

static void point_of(const struct torture *t, long i, int *host, long *point)
{
        *host = i >= t->points[0];
        *point = *host ? i - t->points[0] + 1 : i + 1;
}

static void torture_point(long i, void *arg)
{
        const struct torture *t = arg;
        int host;
        long point;
        point_of(t, i, &host, &point);
        torture_once(t, host, point, DIES, -1);
        torture_once(t, host, point, LOSES_POWER, -1);
        for (int64_t cut = 0; cut <= torture_once(t, host, point, LOSES_POWER, cut); cut++)
                ;
}

/* A disk that lies may lose even what it said was safe: the whole journal, byte by byte, at a few moments. */
static void torture_journal(long i, void *arg)
{
        const struct torture *t = arg;
        int host = (int)(i % 2);
        long point = (long)t->points[host] * (i / 2 + 1) / 4;
        for (int64_t cut = 0; cut < torture_once(t, host, point, LOSES_JOURNAL, cut); cut++)
                ;
}

void modes_torture(const struct modes *m)
{
        struct torture t;
        torture_new(&t, m);
        long n = (long)t.points[0] + t.points[1];
        bool fine = workers_run(m->processes, n, torture_point, &t);
        printf("%s - simulation: killed and cut off at each of %ld points, and in each byte not yet safe: %ld runs\n",
                fine && !t.tally->failed && n ? "ok" : "not ok", n, t.tally->runs);
        t.tally->runs = t.tally->failed = 0;
        fine = workers_run(m->processes, 6, torture_journal, &t);
        printf("%s - simulation: the journal ends at each of its bytes: %ld runs\n",
                fine && !t.tally->failed ? "ok" : "not ok", t.tally->runs);
        deployment_free(t.d);
}

bool modes_torture_one(const struct modes *m, const char *text)
{
        struct torture t;
        int host;
        long point;
        char what[16];
        long long cut;
        struct modes quiet = *m;
        if (sscanf(text, "%d %ld %15s %lld", &host, &point, what, &cut) != 4)
                return false;
        quiet.trace = false;
        torture_new(&t, &quiet);
        t.m = m;
        for (int i = 0; i < CRUELTIES; i++)
                if (!strcmp(what, cruelties[i]))
                        torture_once(&t, host, point, (enum cruelty)i, cut);
        return !t.tally->failed;
}
