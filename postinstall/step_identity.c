/* Who this host is: name, description, tags, host name, and the marks by which we know it again. */
#include "postinstall/agent_parts.h"
#include "base/i18n.h"

#include <string.h>

static bool same_tags(const struct rpc_value *have, const struct agent_texts *want)
{
        for (size_t i = 0; i < want->n; i++)
                if (!rpc_has_text(have, want->items[i]))
                        return false;
        return true;
}

static bool is_marked(const struct agent *a, const struct rpc_value *host)
{
        const struct rpc_value *other = rpc_member(host, "other_config");
        return !strcmp(rpc_text(other, MARK_DEPLOYMENT), a->plan->deployment) &&
               !strcmp(rpc_text(other, MARK_NAME), a->plan->host) && !*rpc_text(other, MARK_PASSWORD) &&
               (a->plan->coordinator ? *rpc_text(other, MARK_NICS) != '\0'
                                     : !strcmp(rpc_text(other, MARK_STATE), "ready"));
}

static bool is_named(const struct agent *a, const struct rpc_value *host)
{
        const struct agent_plan *p = a->plan;
        return !strcmp(rpc_text(host, "name_label"), p->host) && !strcmp(rpc_text(host, "hostname"), p->host) &&
               (!p->description || !strcmp(rpc_text(host, "name_description"), p->description)) &&
               same_tags(rpc_member(host, "tags"), &p->tags);
}

/* A join copies the name, and leaves the marks behind: a member is marked when it is through. */
static enum look look_at(struct agent *a, bool marks, struct err *e)
{
        const struct rpc_value *host;
        enum look l = read_host(a, &host, e);
        if (l != LOOK_SO)
                return l;
        if (!rpc_true(host, "enabled")) { /* a power cut may have come between */
                err_rule(e, XR_STEP_HOST_DISABLED, NULL);
                return LOOK_WAIT;
        }
        return is_named(a, host) && (!marks || is_marked(a, host)) ? LOOK_SO : LOOK_NOT_SO;
}

static enum look set_text(struct agent *a, const struct rpc_value *host, const char *field, const char *method,
        const char *value, struct err *e)
{
        if (!value || !strcmp(rpc_text(host, field), value))
                return LOOK_SO;
        return call(a, e, method, XAPI_ARGS(RPC_S(a->host), RPC_S(value)));
}

static enum look add_tags(struct agent *a, const struct rpc_value *host, struct err *e)
{
        const struct agent_texts *want = &a->plan->tags;
        enum look l = LOOK_SO;
        for (size_t i = 0; i < want->n && l == LOOK_SO; i++)
                if (!rpc_has_text(rpc_member(host, "tags"), want->items[i]))
                        l = call(a, e, "host.add_tags", XAPI_ARGS(RPC_S(a->host), RPC_S(want->items[i])));
        return l;
}

/* Which card is which number here: members hold theirs against the coordinator's. */
static void describe_nics(const struct agent *a, struct str *out)
{
        for (size_t i = 0; i < a->n_nics; i++)
                str_addf(out, "%s%s=%s", i ? "," : "", a->nics[i].device, a->nics[i].mac);
        if (!a->n_nics)
                str_add(out, "-");
}

static enum look put_names(struct agent *a, const struct rpc_value *host, struct err *e)
{
        enum look l = set_text(a, host, "name_label", "host.set_name_label", a->plan->host, e);
        if (l == LOOK_SO)
                l = set_text(a, host, "name_description", "host.set_name_description", a->plan->description, e);
        if (l == LOOK_SO)
                l = set_text(a, host, "hostname", "host.set_hostname_live", a->plan->host, e);
        return l == LOOK_SO ? add_tags(a, host, e) : l;
}

static enum look put_marks(struct agent *a, const struct rpc_value *host, struct err *e)
{
        AUTO_STR nics = STR_MAX(4096);
        describe_nics(a, &nics);
        enum look l = mark(a, "host", a->host, host, MARK_DEPLOYMENT, a->plan->deployment, e);
        if (l == LOOK_SO)
                l = mark(a, "host", a->host, host, MARK_NAME, a->plan->host, e);
        /* The secret that it named stayed in the database of before the join. */
        if (l == LOOK_SO && *rpc_text(rpc_member(host, "other_config"), MARK_PASSWORD))
                l = call(a, e, "host.remove_from_other_config", XAPI_ARGS(RPC_S(a->host), RPC_S(MARK_PASSWORD)));
        if (!a->plan->coordinator)
                return l == LOOK_SO ? mark(a, "host", a->host, host, MARK_STATE, "ready", e) : l;
        /* Once only: when bonds are there, cards may show another address than their own. */
        if (l == LOOK_SO && !*rpc_text(rpc_member(host, "other_config"), MARK_NICS))
                l = mark(a, "host", a->host, host, MARK_NICS, str_text(&nics), e);
        return l;
}

static enum look make_at(struct agent *a, bool marks, struct err *e)
{
        const struct rpc_value *host;
        enum look l = read_host(a, &host, e);
        if (l == LOOK_SO)
                l = put_names(a, host, e);
        return l == LOOK_SO && marks ? put_marks(a, host, e) : l;
}

/* A member's name is looked at again together with its marks. */
static enum look look_identity(struct agent *a, struct err *e)
{
        return memory_done(a, step_ready.name) ? LOOK_SO : look_at(a, a->plan->coordinator, e);
}
static enum look make_identity(struct agent *a, struct err *e) { return make_at(a, a->plan->coordinator, e); }
static enum look look_marks(struct agent *a, struct err *e) { return look_at(a, true, e); }
static enum look make_marks(struct agent *a, struct err *e) { return make_at(a, true, e); }

const struct step step_identity = { .name = "identity", .look = look_identity, .make = make_identity, .patience = 600 };
/* The last of a member: with it the coordinator knows that it is through. */
const struct step step_ready = {
        .name = "ready", .look = look_marks, .make = make_marks, .patience = 600, .again = true
};

/* --- several paths to one disk: the host has to be told before anything is attached --- */

static bool wants_multipath(const struct agent *a)
{
        for (size_t i = 0; i < a->plan->n_storage; i++)
                if (a->plan->storage[i].multipath)
                        return true;
        return false;
}

static bool has_multipath(const struct agent *a, const struct rpc_value *host)
{
        return a->plan->release.multipathing_call
                       ? rpc_true(host, "multipathing")
                       : !strcmp(rpc_text(rpc_member(host, "other_config"), "multipathing"), "true");
}

static enum look look_multipath(struct agent *a, struct err *e)
{
        const struct rpc_value *host;
        if (!wants_multipath(a))
                return LOOK_SO;
        enum look l = read_host(a, &host, e);
        return l != LOOK_SO ? l : has_multipath(a, host) ? LOOK_SO : LOOK_NOT_SO;
}

static enum look make_multipath(struct agent *a, struct err *e)
{
        const struct rpc_value *host;
        enum look l = read_host(a, &host, e);
        if (l != LOOK_SO)
                return l;
        if (a->plan->release.multipathing_call)
                return call(a, e, "host.set_multipathing", XAPI_ARGS(RPC_S(a->host), RPC_B(true)));
        l = mark(a, "host", a->host, host, "multipathhandle", "dmp", e);
        return l == LOOK_SO ? mark(a, "host", a->host, host, "multipathing", "true", e) : l;
}

const struct step step_multipath = {
        .name = "multipath", .look = look_multipath, .make = make_multipath, .patience = 600
};

/* --- the pool --- */

/* A pool that somebody else made is never taken over. */
static enum look refuse_foreign(struct agent *a, const struct rpc_value *pool, struct err *e)
{
        const char *mark = rpc_text(rpc_member(pool, "other_config"), MARK_DEPLOYMENT);
        char of_pool[64];
        if (machine_is_member(a->root, of_pool)) {
                err_refuse(e, XR_STEP_MEMBER_ELSEWHERE, of_pool, NULL);
                return LOOK_STOP;
        }
        if (*mark && strcmp(mark, a->plan->deployment)) {
                err_refuse(e, XR_STEP_OTHER_DEPLOYMENT, a->plan->pool_name, NULL);
                return LOOK_STOP;
        }
        return LOOK_SO;
}

static bool pool_is_so(const struct agent *a, const struct rpc_value *pool)
{
        const struct agent_plan *p = a->plan;
        return !strcmp(rpc_text(pool, "name_label"), p->pool_name) &&
               (!p->pool_description || !strcmp(rpc_text(pool, "name_description"), p->pool_description)) &&
               !strcmp(rpc_text(rpc_member(pool, "other_config"), MARK_DEPLOYMENT), p->deployment) &&
               !strcmp(rpc_text(rpc_member(pool, "other_config"), MARK_NAME), p->pool);
}

static enum look look_pool(struct agent *a, struct err *e)
{
        const struct rpc_value *pool;
        enum look l = own_pool(a, &pool, e);
        if (l == LOOK_SO)
                l = refuse_foreign(a, pool, e);
        return l != LOOK_SO ? l : pool_is_so(a, pool) ? LOOK_SO : LOOK_NOT_SO;
}

static enum look make_pool(struct agent *a, struct err *e)
{
        const struct rpc_value *pool;
        enum look l = own_pool(a, &pool, e);
        if (l == LOOK_SO && strcmp(rpc_text(pool, "name_label"), a->plan->pool_name))
                l = call(a, e, "pool.set_name_label", XAPI_ARGS(RPC_S(a->pool), RPC_S(a->plan->pool_name)));
        if (l == LOOK_SO && a->plan->pool_description)
                l = call(
                        a, e, "pool.set_name_description", XAPI_ARGS(RPC_S(a->pool), RPC_S(a->plan->pool_description)));
        if (l == LOOK_SO)
                l = mark(a, "pool", a->pool, pool, MARK_NAME, a->plan->pool, e);
        /* Last: with it the pool is ours. */
        if (l == LOOK_SO)
                l = mark(a, "pool", a->pool, pool, MARK_DEPLOYMENT, a->plan->deployment, e);
        return l;
}

const struct step step_pool = { .name = "pool", .look = look_pool, .make = make_pool, .patience = 600 };
