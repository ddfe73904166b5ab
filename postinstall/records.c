/* What xapi says there is, and how its answers read to a step. */
#include "postinstall/agent_parts.h"
#include "base/i18n.h"

#include <string.h>

enum { USUAL = 60000 /* ms */, LONG = 3600, GRACE = 10 /* s */ };

enum look after_call(struct agent *a, enum xapi_end end, struct err *e)
{
        (void)a;
        switch (end) {
        case XAPI_DONE:
                return LOOK_SO;
        case XAPI_FAILED:
                return e->kind == ERR_WORLD ? LOOK_WAIT : LOOK_STOP;
        case XAPI_FOREIGN:
                return LOOK_STOP;
        default:
                return LOOK_WAIT;
        }
}

enum look all_records(struct agent *a, struct xapi *x, const char *class, struct rpc_answer *out, struct err *e)
{
        char method[48];
        snprintf(method, sizeof(method), "%s.get_all_records", class);
        return after_call(a, xapi_call(x, out, e, method, NULL, 0), e);
}

/* Who stops listening to a call that changes something does not stop the call, and would make the change again: so it
 * is listened to for long, but not beyond the end of the join window, which nothing may delay. */
static int64_t patience(const struct agent *a)
{
        int64_t left = a->plan->join_window - memory_age(a) + GRACE;
        bool closes = a->plan->root_hash && !a->memory.rotated;
        return (closes && left < LONG ? left > GRACE ? left : GRACE : LONG) * 1000;
}

enum look change(struct agent *a, struct rpc_answer *out, struct err *e, const char *method, const struct rpc_arg *args,
        size_t n)
{
        forget_seen(a);
        xapi_patience(a->local, (int)patience(a));
        enum look l = after_call(a, xapi_call(a->local, out, e, method, args, n), e);
        xapi_patience(a->local, USUAL);
        return l;
}

enum look call(struct agent *a, struct err *e, const char *method, const struct rpc_arg *args, size_t n)
{
        return change(a, NULL, e, method, args, n);
}

const struct rpc_value *record_where(const struct rpc_value *records, const char *field, const char *text)
{
        for (size_t i = 0; i < records->n; i++)
                if (!strcmp(rpc_text(&records->items[i], field), text))
                        return &records->items[i];
        return NULL;
}

const struct rpc_value *record_of(const struct rpc_value *records, const char *reference)
{
        for (size_t i = 0; i < records->n; i++)
                if (!strcmp(records->items[i].key, reference))
                        return &records->items[i];
        return NULL;
}

const struct rpc_value *management_of(const struct rpc_value *pifs, const char *host)
{
        for (size_t i = 0; i < pifs->n; i++)
                if (rpc_true(&pifs->items[i], "management") && !strcmp(rpc_text(&pifs->items[i], "host"), host))
                        return &pifs->items[i];
        return NULL;
}

bool records_are_pool(const struct rpc_value *pools, const struct rpc_value *hosts, struct err *e)
{
        if (pools->n == 1 && record_of(hosts, rpc_text(&pools->items[0], "master")))
                return true;
        err_rule(e, XR_XAPI_ANSWER, _("it is no pool with a coordinator"), NULL);
        e->kind = ERR_WORLD;
        return false;
}

/* The inventory names this host for good; a journal may know it from before a join. */
enum look own_host(struct agent *a, const struct rpc_value *hosts, const struct rpc_value **record, struct err *e)
{
        char uuid[UUID_TEXT];
        if (!*a->memory.host_uuid) {
                if (!machine_uuid(a->root, uuid))
                        snprintf(uuid, sizeof(uuid), "%s", hosts->n == 1 ? rpc_text(&hosts->items[0], "uuid") : "");
                if (!*uuid) {
                        err_rule(e, XR_STEP_HOST_UNKNOWN, NULL);
                        return LOOK_WAIT;
                }
                if (!memory_note(a, "host", uuid, e))
                        return LOOK_WAIT;
        }
        *record = record_where(hosts, "uuid", a->memory.host_uuid);
        if (!*record) {
                err_rule(e, XR_STEP_HOST_UNKNOWN, NULL);
                return LOOK_WAIT;
        }
        snprintf(a->host, sizeof(a->host), "%s", (*record)->key);
        return LOOK_SO;
}

void forget_seen(struct agent *a) { a->hosts_fresh = a->pools_fresh = false; }

enum look read_host(struct agent *a, const struct rpc_value **host, struct err *e)
{
        enum look l = a->hosts_fresh ? LOOK_SO : all_records(a, a->local, "host", &a->hosts, e);
        a->hosts_fresh = l == LOOK_SO;
        return l == LOOK_SO ? own_host(a, &a->hosts.value, host, e) : l;
}

enum look own_pool(struct agent *a, const struct rpc_value **record, struct err *e)
{
        enum look l = a->pools_fresh ? LOOK_SO : all_records(a, a->local, "pool", &a->pools, e);
        a->pools_fresh = l == LOOK_SO;
        if (l != LOOK_SO)
                return l;
        if (a->pools.value.n != 1) {
                err_rule(e, XR_STEP_HOST_UNKNOWN, NULL);
                return LOOK_WAIT;
        }
        *record = &a->pools.value.items[0];
        snprintf(a->pool, sizeof(a->pool), "%s", (*record)->key);
        return LOOK_SO;
}

enum look mark(struct agent *a, const char *class, const char *ref, const struct rpc_value *record, const char *key,
        const char *value, struct err *e)
{
        char method[64];
        const struct rpc_value *now = rpc_member(rpc_member(record, "other_config"), key);
        if (now->kind == RPC_TEXT && !strcmp(now->text, value))
                return LOOK_SO;
        if (now->kind == RPC_TEXT) {
                snprintf(method, sizeof(method), "%s.remove_from_other_config", class);
                enum look l = call(a, e, method, XAPI_ARGS(RPC_S(ref), RPC_S(key)));
                if (l != LOOK_SO)
                        return l;
        }
        snprintf(method, sizeof(method), "%s.add_to_other_config", class);
        return call(a, e, method, XAPI_ARGS(RPC_S(ref), RPC_S(key), RPC_S(value)));
}
