#include "cmd/arrivals.h"
#include "base/file.h"
#include "base/now.h"

#include <string.h>

void arrivals_clear(struct arrivals *a)
{
        arena_free(a->arena);
        free(a->items);
        free(a->by_name);
        *a = (struct arrivals){ 0 };
}

/* --- who is expected --- */

static int by_name(const void *x, const void *y)
{
        const struct arrival *a = *(struct arrival *const *)x, *b = *(struct arrival *const *)y;
        int order = strcmp(a->school->id, b->school->id);
        return order ? order : strcmp(a->host->name, b->host->name);
}

static struct arrival *find(const struct arrivals *a, const char *school, const char *host)
{
        const struct expected_school s = { .id = school };
        const struct expected_machine h = { .name = host };
        const struct arrival wanted = { .school = &s, .host = &h }, *key = &wanted;
        struct arrival **found = a->n ? bsearch(&key, a->by_name, a->n, sizeof(*a->by_name), by_name) : NULL;
        return found ? *found : NULL;
}

static size_t count(const struct expected *x)
{
        size_t n = 0;
        for (size_t i = 0; i < x->n_schools; i++)
                for (size_t k = 0; k < x->schools[i].n_pools; k++)
                        n += x->schools[i].pools[k].n_hosts;
        return n;
}

static void add_pool(struct arrivals *a, const struct expected_school *s, const struct expected_pool *p)
{
        for (size_t i = 0; i < p->n_hosts; i++)
                a->items[a->n++] = (struct arrival){ .school = s,
                        .pool = p,
                        .host = &p->hosts[i],
                        .percent = -1,
                        .step = "",
                        .outcome = "",
                        .detail = "" };
}

static void begin(struct arrivals *a, const struct expected *x, const char *school)
{
        size_t most = count(x);
        a->arena = arena_new();
        a->items = calloc(most + 1, sizeof(*a->items));
        a->by_name = calloc(most + 1, sizeof(struct arrival *));
        if (!a->items || !a->by_name)
                file_out_of_memory();
        for (size_t i = 0; i < x->n_schools; i++)
                for (size_t k = 0; k < x->schools[i].n_pools; k++)
                        if (!school || !strcmp(x->schools[i].id, school))
                                add_pool(a, &x->schools[i], &x->schools[i].pools[k]);
        for (size_t i = 0; i < a->n; i++)
                a->by_name[i] = &a->items[i];
        qsort(a->by_name, a->n, sizeof(*a->by_name), by_name);
        a->with_agent = x->with_agent;
}

/* --- the store --- */

static bool take_row(void *arg, const struct host_row *row, const struct host_more *more)
{
        struct arrivals *a = arg;
        struct arrival *to = find(a, row->school, row->host);
        (void)more;
        if (!to || !row->heard)
                return true;
        to->standing = row->standing;
        to->stage = row->stage;
        to->overdue = standing_overdue(row, now_wall());
        to->attempt = row->attempt;
        to->code = row->code;
        to->percent = row->percent;
        to->since = row->since;
        to->heard = row->heard;
        to->step = arena_intern(a->arena, row->step, strlen(row->step));
        to->outcome = arena_intern(a->arena, row->outcome, strlen(row->outcome));
        to->detail = arena_intern(a->arena, row->detail, strlen(row->detail));
        return true;
}

/* --- state.db: of hosts that were armed before there was a store, or by a server that has none --- */

struct arming_read {
        struct arrivals *a;
        struct arming *arming;
        struct err *e;
        bool fine;
};

static int64_t newest(const struct arm_row *row)
{
        const int64_t times[] = { row->armed, row->started, row->ended };
        int64_t last = 0;
        for (size_t i = 0; i < COUNT(times); i++)
                last = times[i] > last ? times[i] : last;
        return last * 1000;
}

static void take_agent(struct arrivals *a, struct arrival *to, const struct agent_report *r)
{
        bool stopped = !strcmp(r->outcome, "stopped") || !strcmp(r->outcome, "failed");
        to->standing = !strcmp(r->outcome, "converged") ? STANDING_ARRIVED
                       : stopped                        ? STANDING_FAILED
                                                        : STANDING_FINISHING;
        to->stage = STAGE_AGENT;
        to->step = arena_strdup(a->arena, r->step);
        to->outcome = arena_strdup(a->arena, r->outcome);
        to->code = r->code;
        to->detail = arena_strdup(a->arena, r->detail);
        to->since = to->heard = r->at * 1000;
}

static bool take_armed(void *arg, const struct arm_row *row)
{
        static const enum standing standings[] = { [ARM_IDLE] = STANDING_UNHEARD,
                [ARM_ARMED] = STANDING_ARMED,
                [ARM_STARTED] = STANDING_INSTALLING,
                [ARM_INSTALLED] = STANDING_INSTALLED,
                [ARM_FAILED] = STANDING_FAILED };
        struct arming_read *r = arg;
        struct arrival *to = find(r->a, row->school, row->host);
        if (!to)
                return true;
        to->is_armed = true;
        to->state = row->state;
        if (to->heard)
                return true;
        to->standing = standings[row->state];
        to->stage = row->state <= ARM_ARMED ? STAGE_ARMING : STAGE_INSTALL;
        to->since = to->heard = newest(row);
        to->code = row->code;
        to->detail = arena_strdup(r->a->arena, row->detail);
        struct agent_report report;
        bool told = false;
        r->fine = row->state != ARM_INSTALLED ||
                  agent_report_get(r->arming, row->school, row->host, &report, &told, r->e);
        if (told)
                take_agent(r->a, to, &report);
        return r->fine;
}

/* --- all of it --- */

static void count_up(struct arrivals *a)
{
        for (size_t i = 0; i < a->n; i++) {
                struct arrival *x = &a->items[i];
                x->arrived = standing_has_arrived(x->standing, a->with_agent);
                a->arrived += x->arrived;
                a->failed += x->standing == STANDING_FAILED;
                a->waiting += x->standing == STANDING_UNHEARD || x->standing == STANDING_ARMED;
        }
        a->moving = a->n - a->arrived - a->failed - a->waiting;
}

bool arrivals_read(struct arrivals *a, struct roll *r, const char *school, struct err *e)
{
        const struct host_filter filter = { .school = school };
        arrivals_clear(a);
        begin(a, r->expected, school);
        if (r->store && !store_hosts(r->store, &filter, take_row, a, e))
                return false;
        struct arming_read armed = { a, r->arming, e, true };
        if (!arming_each(r->arming, take_armed, &armed, e) || !armed.fine)
                return false;
        count_up(a);
        return true;
}
