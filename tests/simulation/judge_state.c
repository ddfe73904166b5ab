/* The pool as its xapi shows it, held against the plan: what the agents say of themselves does not count here. */
#include "tests/simulation/sim.h"

#include <string.h>

struct state {
        struct sim *s;
        const char *text;
};

/* How many lines begin like this. */
static unsigned lines(const struct state *st, const char *begin)
{
        unsigned n = 0;
        size_t length = strlen(begin);
        for (const char *at = st->text; *at; at += strcspn(at, "\n"), at += *at == '\n')
                n += !strncmp(at + strspn(at, " "), begin, length);
        return n;
}

static void PRINTF_LIKE(2, 3) want_one(const struct state *st, const char *fmt, ...)
{
        char begin[300];
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(begin, sizeof(begin), fmt, ap);
        va_end(ap);
        unsigned n = lines(st, begin);
        if (n != 1)
                sim_fail(st->s, "all converged, but the pool has %u times: %s", n, begin);
}

static bool booted_since(const struct sim *s, const char *name)
{
        for (int i = 0; i < s->n; i++)
                if (!strcmp(s->hosts[i].name, name))
                        return s->hosts[i].booted_since;
        return false;
}

static void judge_storage(const struct state *st, const struct agent_plan *p)
{
        for (size_t i = 0; i < p->n_storage; i++) {
                want_one(st, "SR '%s' ", p->storage[i].name);
                if (p->storage[i].type == AGENT_ISO_NFS)
                        want_one(st, "SR \"%s\" other_config auto-scan=true", p->storage[i].name);
                for (size_t k = 0; k < p->n_members; k++)
                        want_one(st, "PBD of '%s' on %s%s", p->storage[i].name, p->members[k].name,
                                booted_since(st->s, p->members[k].name) ? " " : " attached");
        }
}

static void judge_pool(const struct state *st, const struct agent_plan *p)
{
        const char *shared = NULL;
        for (size_t i = 0; i < p->n_storage; i++)
                if (p->storage[i].is_default)
                        shared = p->storage[i].name;
        want_one(st, "pool '%s' coordinator %s ", p->pool_name, p->members[0].name);
        if (shared)
                want_one(st, "pool '%s' coordinator %s default %s suspend %s ha %s", p->pool_name, p->members[0].name,
                        shared, shared, p->ha.heartbeat ? "on" : "off");
        if (lines(st, "secret, left over"))
                sim_fail(st->s, "all converged, but a secret is left over in the pool's database");
        for (size_t i = 0; i < p->n_members; i++)
                want_one(st, "host '%s' %s enabled", p->members[i].name, p->members[i].address);
}

static void judge_the_rest(const struct state *st, const struct agent_plan *p)
{
        for (size_t i = 0; i < p->n_networks; i++)
                want_one(st, "network '%s' ", p->networks[i].name);
        for (size_t i = 0; i < p->n_vms; i++) {
                want_one(st, "VM '%s' ", p->vms[i].name);
                want_one(st, "of VM \"%s\" card 0 on \"Management\"", p->vms[i].name);
        }
}

void judge_state(struct sim *s)
{
        AUTO_STR text = STR_MAX(16 << 20);
        const struct agent_plan *p = &s->deployment->plans[0];
        world_show(s->world, &text);
        const struct state st = { s, str_text(&text) };
        judge_storage(&st, p);
        judge_pool(&st, p);
        judge_the_rest(&st, p);
}
