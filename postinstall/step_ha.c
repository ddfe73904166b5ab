/* High availability, last of all: while it is on, xapi lets nobody join and nobody change a management network. */
#include "postinstall/agent_parts.h"
#include "base/i18n.h"

#include <string.h>

struct ha_view { /* zero-initialised is empty */
        struct rpc_answer srs;
        const struct rpc_value *pool, *heartbeat;
};

static void view_clear(struct ha_view *v) { rpc_answer_clear(&v->srs); }

static enum look view_read(struct agent *a, struct ha_view *v, struct err *e)
{
        enum look l = own_pool(a, &v->pool, e);
        if (l == LOOK_SO)
                l = all_records(a, a->local, "SR", &v->srs, e);
        for (size_t i = 0; l == LOOK_SO && i < v->srs.value.n; i++) {
                const struct rpc_value *other = rpc_member(&v->srs.value.items[i], "other_config");
                if (!strcmp(rpc_text(other, MARK_DEPLOYMENT), a->plan->deployment) &&
                        !strcmp(rpc_text(other, MARK_NAME), a->plan->ha.heartbeat))
                        v->heartbeat = &v->srs.value.items[i];
        }
        return l;
}

bool ha_is_on(const struct rpc_value *pool)
{
        return rpc_true(pool, "ha_enabled") && rpc_member(pool, "ha_statefiles")->n > 0;
}

static bool tolerates(const struct agent *a, const struct ha_view *v)
{
        return rpc_number(v->pool, "ha_host_failures_to_tolerate", -1) == a->plan->ha.tolerate;
}

static enum look look(struct agent *a, struct err *e)
{
        OWN(view_clear) struct ha_view v = { 0 };
        if (!a->plan->ha.heartbeat)
                return LOOK_SO;
        enum look l = view_read(a, &v, e);
        return l != LOOK_SO ? l : ha_is_on(v.pool) && tolerates(a, &v) && !a->ha_doubted ? LOOK_SO : LOOK_NOT_SO;
}

static enum look set_tolerance(struct agent *a, const struct ha_view *v, struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer most = { 0 };
        char number[12];
        if (tolerates(a, v))
                return LOOK_SO;
        enum look l = after_call(
                a, xapi_call(a->local, &most, e, "pool.ha_compute_max_host_failures_to_tolerate", NULL, 0), e);
        if (l != LOOK_SO)
                return l;
        if (most.value.text && atoi(most.value.text) < a->plan->ha.tolerate) {
                snprintf(number, sizeof(number), "%d", a->plan->ha.tolerate);
                err_rule(e, XR_STEP_HA_TOLERATE, number, most.value.text, NULL);
                return LOOK_STOP;
        }
        return call(
                a, e, "pool.set_ha_host_failures_to_tolerate", XAPI_ARGS(RPC_S(a->pool), RPC_I(a->plan->ha.tolerate)));
}

static enum look enable(struct agent *a, const struct ha_view *v, struct err *e)
{
        char timeout[12];
        const char *srs[] = { v->heartbeat->key, NULL }, *settings[] = { NULL, NULL, NULL };
        snprintf(timeout, sizeof(timeout), "%d", a->plan->ha.timeout);
        if (a->plan->ha.timeout) {
                settings[0] = "timeout";
                settings[1] = timeout;
        }
        enum look l = call(a, e, "pool.enable_ha", XAPI_ARGS(RPC_A(srs), RPC_M(settings)));
        a->ha_doubted = *xapi_failure(a->local)->code;
        return l;
}

/* What was refused half-way may look as if it were on: off, and again from the beginning. */
static enum look disable(struct agent *a, struct err *e)
{
        enum look l = call(a, e, "pool.disable_ha", NULL, 0);
        a->ha_doubted &= l != LOOK_SO;
        return l;
}

/* XenCenter's order: how many may fail, then on. */
static enum look make(struct agent *a, struct err *e)
{
        OWN(view_clear) struct ha_view v = { 0 };
        enum look l = view_read(a, &v, e);
        if (l == LOOK_SO && !v.heartbeat) {
                err_rule(e, XR_STEP_NO_HEARTBEAT, a->plan->ha.heartbeat, NULL);
                return LOOK_STOP;
        }
        if (l == LOOK_SO && rpc_true(v.pool, "ha_enabled") && (!ha_is_on(v.pool) || a->ha_doubted))
                return disable(a, e);
        if (l == LOOK_SO) {
                a->ha_doubted = false; /* it is off, for certain */
                l = set_tolerance(a, &v, e);
        }
        return l == LOOK_SO && !ha_is_on(v.pool) ? enable(a, &v, e) : l;
}

const struct step step_ha = { .name = "ha", .look = look, .make = make, .patience = 1800 };
