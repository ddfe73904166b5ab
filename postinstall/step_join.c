/* Joining the pool: in line, one at a time, and known to have worked only when the coordinator says so. */
#include "postinstall/agent_parts.h"
#include "base/i18n.h"
#include "postinstall/clock.h"

#include <string.h>

enum {
        NEXT_POLL = 4000, /* ms, should xapi give no events */
        PAUSE = 2000,     /* ms, once the pool has changed for nothing; twice as long each further time … */
        LONGEST_PAUSE = 12000,
        FRESH = 24000,       /* ms that no join takes less than */
        EACH = 24000,        /* ms for every host that is before the next */
        HEAD_DEAD = 300000,  /* ms without any progress: who is first does not come */
        LEASE_DEAD = 900000, /* ms without any progress: who has the right does not come back */
        JOIN_POLL = 4000,
        JOIN_DEAD = 300000, /* ms after which a join that nobody answered for is over */
        EVENTS = 30,        /* seconds */
};

static long own_number(const struct agent *a)
{
        for (size_t i = 0; i < a->plan->n_members; i++)
                if (!strcmp(a->plan->members[i].name, a->plan->host))
                        return a->plan->members[i].number;
        return 0;
}

static bool is_member(const struct agent *a)
{
        char of_pool[64];
        return machine_is_member(a->root, of_pool);
}

/* --- the line --- */

void queue_told(struct agent *a, const struct rpc_value *pool)
{
        lease_read(rpc_member(pool, "other_config"), own_number(a), &a->line);
        a->line_told = true;
}

/* Waits for the pool to change; without a token it is shown at once. An event shows it as it has become, and without
 * one, after a wait that missed nothing, it is as it was. False when xapi gives no events. */
static bool listen_to_pool(struct agent *a)
{
        static const char *const classes[] = { "pool", NULL };
        OWN(rpc_answer_clear) struct rpc_answer answer = { 0 };
        const struct rpc_value *pool = NULL;
        struct err ignored = ERR_INIT;
        bool waited = *a->token;
        if (xapi_wait_event(a->remote, &answer, classes, a->token, EVENTS, &ignored) != XAPI_DONE)
                return false;
        const struct rpc_value *events = rpc_member(&answer.value, "events");
        for (size_t i = 0; i < events->n; i++)
                if (!strcmp(rpc_text(&events->items[i], "class"), "pool"))
                        pool = rpc_member(&events->items[i], "snapshot");
        if (!*a->token)
                return true;
        if (pool && rpc_member(pool, "other_config")->kind == RPC_STRUCT)
                queue_told(a, pool);
        else if (waited && !events->n)
                a->line_told = true;
        return true;
}

/* Read together with the token from which the next change is waited for. */
static enum look read_line(struct agent *a, struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer pools = { 0 };
        a->token[0] = '\0';
        if (*a->pool && listen_to_pool(a) && a->line_told)
                return LOOK_SO;
        enum look l = all_records(a, a->remote, "pool", &pools, e);
        if (l != LOOK_SO || pools.value.n != 1)
                return l == LOOK_SO ? LOOK_WAIT : l;
        snprintf(a->pool, sizeof(a->pool), "%s", pools.value.items[0].key);
        queue_told(a, &pools.value.items[0]);
        return LOOK_SO;
}

/* False when another was faster: e is not set then. */
static enum look add_key(
        struct agent *a, struct xapi *x, const char *key, const char *value, bool *added, struct err *e)
{
        enum look l = after_call(a,
                xapi_call(x, NULL, e, "pool.add_to_other_config", XAPI_ARGS(RPC_S(a->pool), RPC_S(key), RPC_S(value))),
                e);
        *added = l == LOOK_SO;
        if (!*added && xapi_failed_with(x, "MAP_DUPLICATE_KEY")) {
                *e = (struct err)ERR_INIT;
                return LOOK_SO;
        }
        return l;
}

static bool is_ours(const struct agent *a, const struct lease_view *v)
{
        return v->generation && !v->left && atol(v->holder) == own_number(a);
}

/* How long nothing has moved in the line, as far as we saw. */
static int64_t stillness(const struct agent *a) { return clock_steady() - a->line_since; }

static void note_line(struct agent *a)
{
        struct lease_view *was = &a->line_moved;
        const struct lease_view *is = &a->line;
        bool passed_on = is->generation != was->generation || is->left != was->left;
        a->line_wakes = passed_on ? 0 : a->line_wakes + 1;
        if (passed_on || is->first != was->first || !a->line_since) {
                *was = *is;
                a->line_since = clock_steady();
        }
}

/* The first takes a free right; others only when the first, or who holds it, does not stir: one after the other. */
static bool may_take(const struct agent *a)
{
        const struct lease_view *v = &a->line;
        int64_t still = stillness(a);
        if (v->left)
                return v->before == 0 || still > HEAD_DEAD * (int64_t)v->before;
        return still > LEASE_DEAD + HEAD_DEAD * (int64_t)v->before;
}

/* Who is next waits for the pool to change, so that no time is lost between two joins; but while many line up, most
 * changes mean nothing, and the pauses grow. Who is further back sleeps as long as the others before will take at
 * least. */
static void wait_in_line(struct agent *a)
{
        if (a->line.before > 1) {
                a->wait = EACH * (int64_t)(a->line.before - 1);
                return;
        }
        int64_t pause = a->line_wakes > 1 ? (int64_t)PAUSE << (a->line_wakes < 5 ? a->line_wakes - 2 : 3) : 0;
        clock_sleep(pause < LONGEST_PAUSE ? pause : LONGEST_PAUSE);
        a->wait = listen_to_pool(a) ? 100 : NEXT_POLL;
}

static enum look look_queue(struct agent *a, struct err *e)
{
        if (is_member(a))
                return LOOK_SO;
        if (!coordinator_connect(a, e))
                return LOOK_STOP;
        enum look l = a->line_told ? LOOK_SO : read_line(a, e);
        a->line_told = false;
        if (l != LOOK_SO || is_ours(a, &a->line))
                return l;
        note_line(a);
        if (!a->line.queued || may_take(a))
                return LOOK_NOT_SO;
        wait_in_line(a);
        err_rule(e, XR_STEP_IN_LINE, NULL);
        return LOOK_WAIT;
}

static enum look make_queue(struct agent *a, struct err *e)
{
        char key[64], number[16];
        bool added;
        enum look l = LOOK_SO;
        if (!a->line.queued) {
                lease_queue_key(key, own_number(a));
                l = add_key(a, a->remote, key, a->plan->host, &added, e);
        }
        if (l == LOOK_SO && may_take(a)) {
                snprintf(number, sizeof(number), "%ld", own_number(a));
                lease_key(key, a->line.generation + 1);
                l = add_key(a, a->remote, key, number, &added, e);
                if (added) { /* nobody else can have it: there is nothing to look at again */
                        a->line.generation++;
                        a->line.left = false;
                        snprintf(a->line.holder, sizeof(a->line.holder), "%s", number);
                        a->line_told = true;
                }
        }
        return l;
}

const struct step step_queue = { .name = "queue", .look = look_queue, .make = make_queue };

/* --- the join --- */

static enum look look_join(struct agent *a, struct err *e)
{
        (void)e;
        return is_member(a) ? LOOK_SO : LOOK_NOT_SO;
}

/* A join whose answer was lost may be under way: the coordinator knows our uuid then. */
static enum look known_there(struct agent *a, bool *known, struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer ref = { 0 };
        enum look l = after_call(
                a, xapi_call(a->remote, &ref, e, "host.get_by_uuid", XAPI_ARGS(RPC_S(a->memory.host_uuid))), e);
        *known = l == LOOK_SO;
        if (!*known && xapi_failed_with(a->remote, "UUID_INVALID")) {
                *e = (struct err)ERR_INIT;
                return LOOK_SO;
        }
        return l;
}

/* The coordinator knows a host early in its join. What was cut off then, or refused, is to be asked for again. */
static bool may_be_under_way(const struct agent *a)
{
        int64_t since = a->join_asked ? a->join_asked : a->life;
        return !a->join_refused && clock_steady() - since < JOIN_DEAD;
}

static enum look make_join(struct agent *a, struct err *e)
{
        bool known = false;
        if (!coordinator_connect(a, e))
                return LOOK_STOP;
        enum look l = a->memory.joined                  ? known_there(a, &known, e)
                      : memory_note(a, "joined", "", e) ? LOOK_SO
                                                        : LOOK_WAIT;
        if (l != LOOK_SO)
                return l;
        a->wait = JOIN_POLL;
        err_rule(e, XR_STEP_JOINING, a->plan->coordinator_address, NULL);
        if (known && may_be_under_way(a))
                return LOOK_WAIT;
        struct err refused = ERR_INIT;
        a->join_asked = clock_steady();
        l = change(a, NULL, &refused, "pool.join",
                XAPI_ARGS(RPC_S(a->plan->coordinator_address), RPC_S("root"), RPC_S(coordinator_password(a))));
        a->wait = FRESH;
        if (l == LOOK_SO)
                return LOOK_WAIT;
        a->join_refused = *xapi_failure(a->local)->code;
        *e = refused;
        return l;
}

const struct step step_join = { .name = "join", .look = look_join, .make = make_join, .quiet = true };

/* --- what the coordinator sees --- */

/* Our reference in the pool; the one of before the join is worth nothing there. */
static enum look find_there(struct agent *a, struct xapi *x, struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer ref = { 0 };
        if (*a->there)
                return LOOK_SO;
        enum look l =
                after_call(a, xapi_call(x, &ref, e, "host.get_by_uuid", XAPI_ARGS(RPC_S(a->memory.host_uuid))), e);
        if (l == LOOK_SO)
                snprintf(a->there, sizeof(a->there), "%s", ref.value.text);
        return l;
}

static bool is_true(const struct rpc_answer *answer)
{
        return answer->value.text && !strcmp(answer->value.text, "true");
}

static enum look seen_by(struct agent *a, struct xapi *x, struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer host = { 0 }, live = { 0 };
        enum look l = find_there(a, x, e);
        if (l == LOOK_SO)
                l = after_call(a, xapi_call(x, &host, e, "host.get_record", XAPI_ARGS(RPC_S(a->there))), e);
        if (l != LOOK_SO || !rpc_true(&host.value, "enabled"))
                return l == LOOK_SO ? LOOK_WAIT : l;
        const char *metrics = rpc_text(&host.value, "metrics");
        l = after_call(a, xapi_call(x, &live, e, "host_metrics.get_live", XAPI_ARGS(RPC_S(metrics))), e);
        return l == LOOK_SO && !is_true(&live) ? LOOK_WAIT : l;
}

/* After pool.join has returned, our own xapi goes on for some seconds as if nothing had happened. */
static enum look speaks_for_the_pool(struct agent *a, struct err *e)
{
        const struct rpc_value *pool;
        enum look l = own_pool(a, &pool, e);
        return l != LOOK_SO || !strcmp(rpc_text(rpc_member(pool, "other_config"), MARK_DEPLOYMENT), a->plan->deployment)
                       ? l
                       : LOOK_WAIT;
}

/* Asked is the coordinator; our own xapi only when the password that opens it is dead. */
static enum look look_joined(struct agent *a, struct err *e)
{
        struct err ignored = ERR_INIT;
        a->wait = JOIN_POLL;
        enum look l = coordinator_connect(a, &ignored) ? seen_by(a, a->remote, e) : LOOK_STOP;
        if (l == LOOK_STOP) {
                l = speaks_for_the_pool(a, e);
                l = l == LOOK_SO ? seen_by(a, a->local, e) : l;
        }
        if (l == LOOK_SO) {
                snprintf(a->host, sizeof(a->host), "%s", a->there);
                xapi_free(a->remote); /* from now on our own xapi speaks for the pool */
                a->remote = NULL;
                xapi_forget_session(a->local);
                return LOOK_SO;
        }
        err_rule(e, XR_STEP_JOINING, a->plan->coordinator_address, NULL);
        return LOOK_WAIT;
}

const struct step step_joined = {
        .name = "joined", .look = look_joined, .patience = 1200, .late = XR_STEP_JOIN_STUCK, .again = true
};

/* --- the next, please --- */

static enum look look_release(struct agent *a, struct err *e)
{
        const struct rpc_value *pool;
        enum look l = own_pool(a, &pool, e);
        if (l != LOOK_SO)
                return l;
        lease_read(rpc_member(pool, "other_config"), own_number(a), &a->line);
        return a->line.queued || is_ours(a, &a->line) ? LOOK_NOT_SO : LOOK_SO;
}

static enum look make_release(struct agent *a, struct err *e)
{
        char key[64];
        bool added;
        enum look l = LOOK_SO;
        if (is_ours(a, &a->line)) {
                lease_left_key(key, a->line.generation);
                l = add_key(a, a->local, key, a->plan->host, &added, e);
        }
        if (l == LOOK_SO && a->line.queued) {
                lease_queue_key(key, own_number(a));
                l = call(a, e, "pool.remove_from_other_config", XAPI_ARGS(RPC_S(a->pool), RPC_S(key)));
        }
        return l;
}

const struct step step_release = {
        .name = "release", .look = look_release, .make = make_release, .again = true, .quiet = true
};
