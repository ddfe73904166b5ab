#include "tests/simulation/sim.h"
#include "base/file.h"
#include "postinstall/agent.h"
#include "tests/simulation/host.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum {
        LONGEST_RUN = 72 * 3600, /* s of virtual time */
        MOST_TURNS = 300000,
};

void sim_fail(struct sim *s, const char *fmt, ...)
{
        AUTO_FREE char *text = NULL;
        va_list ap;
        va_start(ap, fmt);
        if (vasprintf(&text, fmt, ap) < 0)
                file_out_of_memory();
        va_end(ap);
        trace_add(&s->trace, "judge", "%s", text);
        if (!strstr(str_text(&s->failures), text))
                str_addf(&s->failures, "%s\n", text);
}

/* --- time --- */

static int64_t ready_at(const struct sim_host *h)
{
        return h->state == HOST_ENDED || h->due == INT64_MAX ? INT64_MAX
               : h->due > h->paused_until                    ? h->due
                                                             : h->paused_until;
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t next_time(struct sim *s)
{
        int64_t next = smaller(world_due(s->world), faults_due(s->faults));
        for (int i = 0; i < s->n; i++)
                next = smaller(next, ready_at(&s->hosts[i]));
        return next;
}

static bool anybody_left(const struct sim *s)
{
        for (int i = 0; i < s->n; i++)
                if (ready_at(&s->hosts[i]) != INT64_MAX)
                        return true;
        return false;
}

/* One of those that could go on now, by chance; -1 when all of them wait. */
static int whose_turn(struct sim *s)
{
        int n = 0, chosen = -1;
        for (int i = 0; i < s->n; i++)
                if (ready_at(&s->hosts[i]) <= s->now && chance_one_in(&s->order, (unsigned)++n))
                        chosen = i;
        return chosen;
}

static void take_turn(struct sim *s, int host)
{
        switch (s->hosts[host].state) {
        case HOST_OFF:
                host_boot(s, host);
                break;
        case HOST_ASKING:
                network_give_up(s, host);
                break;
        default:
                host_go_on(s, host);
        }
}

static void let_world_act(struct sim *s)
{
        struct world_reply r = { .body = STR_MAX(WIRE_LONGEST) };
        while (world_next(s->world, s->now, &r)) {
                network_answer(s, &r);
                r = (struct world_reply){ .body = STR_MAX(WIRE_LONGEST) };
        }
}

static void advance(struct sim *s)
{
        int64_t next = next_time(s);
        if (!anybody_left(s)) {
                s->over = true;
        } else if (next > (int64_t)LONGEST_RUN * 1000) {
                sim_fail(s, "no end after %d hours", LONGEST_RUN / 3600);
                s->over = true;
        } else if (next > s->now) {
                s->now = s->trace.now = next;
        }
}

static void roll(struct sim *s, long most_turns)
{
        for (long turn = 0; !s->over; turn++) {
                let_world_act(s);
                judge_password(s);
                struct fault *f = faults_by_time(s->faults, s->now);
                int host = f ? -1 : whose_turn(s);
                if (f)
                        host_strike(s, f->host, f);
                else if (host >= 0)
                        take_turn(s, host);
                else
                        advance(s);
                if (turn > most_turns) {
                        sim_fail(s, "no end after %ld turns", most_turns);
                        s->over = true;
                }
        }
}

/* What a power cut in the very end left: hosts that are still starting. */
static void settle(struct sim *s)
{
        enum { SETTLED = 600000, STEP = 1000 /* ms */ };
        struct world_reply r;
        for (int64_t until = s->now + SETTLED; s->now < until; s->now += STEP)
                while (world_next(s->world, s->now, &r))
                        str_clear(&r.body);
}

/* --- begin and end --- */

static bool make_host(struct sim *s, int i, struct err *e)
{
        struct sim_host *h = &s->hosts[i];
        AUTO_FREE char *stash = NULL;
        *h = (struct sim_host){ .name = world_host_name(s->world, i),
                .wire = -1,
                .root_fd = -1,
                .request = -1,
                .first_start = -1,
                .remembered = -1,
                .powered = true,
                .due = s->deployment->power_on[i],
                .answer = STR_MAX(WIRE_LONGEST),
                .end = AGENT_AGAIN };
        if (asprintf(&h->root, "%s/%s", s->work, h->name) < 0 || asprintf(&stash, "%s/.%s", s->work, h->name) < 0)
                file_out_of_memory();
        if (mkdir(stash, 0700) < 0)
                return err_sys(e, "creating %s", stash);
        h->disk = disk_new(h->root, stash);
        if (!deployment_root(s->deployment, i, h->root, e))
                return false;
        h->root_fd = open(h->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return h->root_fd < 0 ? err_sys(e, "opening %s", h->root) : world_host_root(s->world, i, h->root_fd, e);
}

static bool begin(struct sim *s, const struct sim_options *o, struct err *e)
{
        s->world = world_new(s->deployment->scenario, o->seed, e);
        if (!s->world)
                return false;
        if (world_hosts(s->world) != s->deployment->n)
                return err_set(e, ERR_WORLD, "the world has %d hosts, not %d", world_hosts(s->world), s->deployment->n);
        for (int i = 0; i < s->n; i++)
                if (!make_host(s, i, e))
                        return false;
        for (size_t i = 0; i < s->faults->n; i++)
                if (s->faults->items[i].when == AT_START) {
                        s->faults->items[i].spent = true;
                        host_strike(s, s->faults->items[i].host, &s->faults->items[i]);
                }
        return true;
}

static void end(struct sim *s, const struct sim_options *o)
{
        struct err e = ERR_INIT;
        for (int i = 0; i < s->n; i++) {
                if (s->hosts[i].pid)
                        host_kill(s, i, 0);
                disk_free(s->hosts[i].disk);
                free(s->hosts[i].root);
                str_clear(&s->hosts[i].answer);
        }
        world_free(s->world);
        for (int i = 0; i < s->n; i++)
                if (s->hosts[i].root_fd >= 0)
                        close(s->hosts[i].root_fd);
        if (!o->keep && !file_remove_tree(AT_FDCWD, s->work, &e))
                fprintf(stderr, "simulation: %s\n", e.text);
        free(s->hosts);
        free(s->work);
        trace_clear(&s->trace);
}

void sim_run(const struct deployment *d, struct faults *f, const struct sim_options *o, struct sim_result *r)
{
        struct err e = ERR_INIT;
        struct sim s = { .deployment = d,
                .faults = f,
                .n = d->n,
                .order = chance_stream(o->seed, "order"),
                .trace = { .show = o->trace },
                .failures = STR_MAX(65536) };
        *r = (struct sim_result){ .failures = STR_MAX(65536), .last = STR_MAX(1 << 20) };
        s.hosts = calloc((size_t)d->n, sizeof(*s.hosts));
        if (!s.hosts || asprintf(&s.work, "%s/run-%llu-%d", o->work, (unsigned long long)o->seed, (int)getpid()) < 0)
                file_out_of_memory();
        for (int i = 0; i < d->n; i++)
                s.hosts[i].wire = s.hosts[i].root_fd = -1;
        if (mkdir(s.work, 0700) < 0)
                sim_fail(&s, "%s: %m", s.work);
        else if (!begin(&s, o, &e))
                sim_fail(&s, "%s", e.text);
        else
                roll(&s, o->most_turns ? o->most_turns : MOST_TURNS);
        r->time = s.now;
        if (s.world) {
                settle(&s);
                judge_end(&s, o, r);
        }
        str_add(&r->failures, str_text(&s.failures));
        trace_last(&s.trace, &r->last);
        r->hash = s.trace.hash;
        end(&s, o);
        str_clear(&s.failures);
}

void sim_result_clear(struct sim_result *r)
{
        str_clear(&r->failures);
        str_clear(&r->last);
}
