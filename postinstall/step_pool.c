/* The coordinator's side of a pool that grows: it opens the door, waits for everybody, and closes it for good. */
#include "postinstall/agent_parts.h"
#include "postinstall/lease.h"
#include "base/i18n.h"

#include <string.h>

enum {
        PAUSE = 3000,        /* ms */
        EVENTS = 30,         /* s */
        SEALED_POLL = 25000, /* ms, and … */
        EACH = 30000,        /* … for every host that is still in line */
};

static bool is_alone(const struct agent *a) { return a->plan->n_members < 2; }

/* --- the door --- */

static enum look look_open(struct agent *a, struct err *e)
{
        const struct rpc_value *pool;
        if (is_alone(a))
                return LOOK_SO;
        enum look l = own_pool(a, &pool, e);
        return l != LOOK_SO ? l : *rpc_text(rpc_member(pool, "other_config"), MARK_OPEN) ? LOOK_SO : LOOK_NOT_SO;
}

static enum look make_open(struct agent *a, struct err *e)
{
        const struct rpc_value *pool;
        enum look l = own_pool(a, &pool, e);
        return l == LOOK_SO ? mark(a, "pool", a->pool, pool, MARK_OPEN, "yes", e) : l;
}

const struct step step_open = { .name = "open", .look = look_open, .make = make_open, .patience = 600, .again = true };

/* --- everybody --- */

static bool has_arrived(const struct agent *a, const struct rpc_value *hosts, const char *name)
{
        for (size_t i = 0; i < hosts->n; i++) {
                const struct rpc_value *other = rpc_member(&hosts->items[i], "other_config");
                if (!strcmp(rpc_text(other, MARK_DEPLOYMENT), a->plan->deployment) &&
                        !strcmp(rpc_text(other, MARK_NAME), name) && !strcmp(rpc_text(other, MARK_STATE), "ready"))
                        return true;
        }
        return false;
}

static enum look look_members(struct agent *a, struct err *e)
{
        static const char *const classes[] = { "host", NULL };
        OWN(rpc_answer_clear) struct rpc_answer hosts = { 0 };
        AUTO_STR missing = STR_MAX(600);
        if (is_alone(a))
                return LOOK_SO;
        enum look l = all_records(a, a->local, "host", &hosts, e);
        if (l != LOOK_SO)
                return l;
        for (size_t i = 0; i < a->plan->n_members; i++) {
                const struct agent_member *m = &a->plan->members[i];
                if (!m->coordinator && !has_arrived(a, &hosts.value, m->name))
                        str_addf(&missing, "%s%s", missing.len ? ", " : "", m->name);
        }
        if (!missing.len)
                return LOOK_SO;
        struct err ignored = ERR_INIT;
        if (xapi_wait_event(a->local, NULL, classes, a->token, EVENTS, &ignored) == XAPI_DONE)
                a->wait = PAUSE; /* many things change at once when a host joins */
        err_rule(e, XR_STEP_MEMBERS, str_text(&missing), NULL);
        return LOOK_WAIT;
}

const struct step step_members = { .name = "members", .look = look_members };

/* --- the password --- */

/* Set once: what the administrator makes of it afterwards is his. */
static enum look look_password(struct agent *a, struct err *e)
{
        (void)e;
        return !a->plan->root_hash || a->memory.rotated || shadow_is(a->root, a->plan->root_hash) ? LOOK_SO
                                                                                                  : LOOK_NOT_SO;
}

static enum look make_password(struct agent *a, struct err *e)
{
        return shadow_set(a->root, a->plan->root_hash, e) && memory_note(a, "rotated", "", e) ? LOOK_SO : LOOK_WAIT;
}

const struct step step_password = { .name = "password", .look = look_password, .make = make_password, .patience = 600 };

/* A member's xapi fetches the coordinator's password whenever it starts. So as long as that is the one-time password,
 * it may come back here, and the administrator's is set when the door is closed. */
static enum look look_sealed(struct agent *a, struct err *e)
{
        const struct rpc_value *pool;
        if (!a->plan->root_hash)
                return LOOK_SO;
        enum look l = own_pool(a, &pool, e);
        if (l != LOOK_SO)
                return l == LOOK_STOP ? LOOK_WAIT : l;
        if (!*rpc_text(rpc_member(pool, "other_config"), MARK_OPEN))
                return shadow_is(a->root, a->plan->root_hash) ? LOOK_SO : LOOK_NOT_SO;
        struct lease_view line;
        lease_read(rpc_member(pool, "other_config"), 0, &line);
        a->wait = SEALED_POLL + EACH * (int64_t)line.waiting;
        err_rule(e, XR_STEP_UNSEALED, NULL);
        return LOOK_WAIT;
}

const struct step step_sealed = { .name = "sealed", .look = look_sealed, .make = make_password, .again = true };

/* --- what is left lying about --- */

bool is_litter(const char *key) { return lease_is_key(key) || !strcmp(key, MARK_OPEN); }

static enum look tidy(struct agent *a, bool make_so, struct err *e)
{
        const struct rpc_value *pool;
        enum look l = own_pool(a, &pool, e);
        const struct rpc_value *other = l == LOOK_SO ? rpc_member(pool, "other_config") : NULL;
        for (size_t i = 0; l == LOOK_SO && i < other->n; i++) {
                if (!is_litter(other->items[i].key))
                        continue;
                if (!make_so)
                        return LOOK_NOT_SO;
                l = call(a, e, "pool.remove_from_other_config", XAPI_ARGS(RPC_S(a->pool), RPC_S(other->items[i].key)));
        }
        return l;
}

static enum look look_tidy(struct agent *a, struct err *e) { return tidy(a, false, e); }
static enum look make_tidy(struct agent *a, struct err *e) { return tidy(a, true, e); }
const struct step step_tidy = { .name = "tidy", .look = look_tidy, .make = make_tidy, .patience = 600 };
