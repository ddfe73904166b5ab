#include "postinstall/members.h"
#include "base/cleanup.h"
#include "base/rule.h"
#include "postinstall/agent_parts.h"

#include <string.h>

#define OPENED_HERE "add-host" /* value of MARK_OPEN; the pool's own agent has another */

/* A half-on HA took 43 s to go off on a small pool. */
enum { USUAL = 60000, HALF_OFF = 180000, LONG = 600000 /* ms */, MOST_DISKS = 64 };

void members_clear(struct members *m)
{
        rpc_answer_clear(&m->pools);
        rpc_answer_clear(&m->hosts);
        m->pool = NULL;
}

static bool done(struct xapi *x, struct err *e, const char *method, const struct rpc_arg *args, size_t n)
{
        return xapi_call(x, NULL, e, method, args, n) == XAPI_DONE;
}

static bool ask(struct xapi *x, struct rpc_answer *out, struct err *e, const char *method, const char *ref)
{
        return xapi_call(x, out, e, method, XAPI_ARGS(RPC_S(ref))) == XAPI_DONE;
}

static bool records(struct xapi *x, struct rpc_answer *out, struct err *e, const char *method)
{
        return xapi_call(x, out, e, method, NULL, 0) == XAPI_DONE;
}

/* What is wanted, and was so already, is no failure. */
static bool unless_failed_with(struct xapi *x, bool fine, const char *code, struct err *e)
{
        if (fine || !xapi_failed_with(x, code))
                return fine;
        *e = (struct err)ERR_INIT;
        return true;
}

/* --- looking --- */

bool members_read(struct members *m, struct xapi *x, const struct agent_plan *p, struct err *e)
{
        members_clear(m);
        if (!records(x, &m->pools, e, "pool.get_all_records") || !records(x, &m->hosts, e, "host.get_all_records"))
                return false;
        if (!records_are_pool(&m->pools.value, &m->hosts.value, e))
                return false;
        m->pool = &m->pools.value.items[0];
        const struct rpc_value *other = rpc_member(m->pool, "other_config");
        return (!strcmp(rpc_text(other, MARK_DEPLOYMENT), p->deployment) &&
                       !strcmp(rpc_text(other, MARK_NAME), p->pool)) ||
               err_refuse(e, XR_STEP_OTHER_DEPLOYMENT, rpc_text(m->pool, "name_label"), NULL);
}

const struct rpc_value *members_find(const struct members *m, const struct agent_plan *p, const char *name)
{
        const struct rpc_value *hosts = &m->hosts.value;
        for (size_t i = 0; i < hosts->n; i++) {
                const struct rpc_value *other = rpc_member(&hosts->items[i], "other_config");
                if (!strcmp(rpc_text(other, MARK_DEPLOYMENT), p->deployment) &&
                        !strcmp(rpc_text(other, MARK_NAME), name))
                        return &hosts->items[i];
        }
        return record_where(hosts, "name_label", name);
}

bool members_is_ready(const struct rpc_value *host)
{
        return !strcmp(rpc_text(rpc_member(host, "other_config"), MARK_STATE), "ready");
}

/* A host without metrics is none that anybody hears from. */
bool members_is_live(struct xapi *x, const struct rpc_value *host, bool *live, struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer answer = { 0 };
        bool fine = ask(x, &answer, e, "host_metrics.get_live", rpc_text(host, "metrics"));
        *live = fine && (answer.value.kind != RPC_BOOL || strcmp(answer.value.text, "false") != 0);
        return unless_failed_with(x, fine, "HANDLE_INVALID", e);
}

/* --- high availability --- */

/* "SR-UUID TOLERATE TIMEOUT", timeout 0 when xapi's own. */
static bool describe_ha(const struct members *m, struct xapi *x, char out[80], struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer sr = { 0 }, uuid = { 0 };
        const struct rpc_value *files = rpc_member(m->pool, "ha_statefiles");
        if (!files->n)
                return err_rule(e, XR_MEMBERS_HA_UNCLEAR, NULL);
        if (!ask(x, &sr, e, "VDI.get_SR", files->items[0].text) || !ask(x, &uuid, e, "SR.get_uuid", sr.value.text))
                return false;
        snprintf(out, 80, "%.36s %lld %lld", uuid.value.text,
                (long long)rpc_number(m->pool, "ha_host_failures_to_tolerate", 0),
                (long long)rpc_number(rpc_member(m->pool, "ha_configuration"), "timeout", 0));
        return true;
}

static bool keep(const struct members *m, struct xapi *x, const char *key, const char *value, struct err *e)
{
        return (!*rpc_text(rpc_member(m->pool, "other_config"), key) ||
                       done(x, e, "pool.remove_from_other_config", XAPI_ARGS(RPC_S(m->pool->key), RPC_S(key)))) &&
               done(x, e, "pool.add_to_other_config", XAPI_ARGS(RPC_S(m->pool->key), RPC_S(key), RPC_S(value)));
}

bool members_pause_ha(const struct members *m, struct xapi *x, bool *paused, struct err *e)
{
        char kept[80];
        *paused = false;
        if (!rpc_true(m->pool, "ha_enabled"))
                return true;
        if (!describe_ha(m, x, kept, e) || !keep(m, x, MARK_HA, kept, e))
                return false;
        xapi_patience(x, LONG);
        *paused = done(x, e, "pool.disable_ha", NULL, 0);
        xapi_patience(x, USUAL);
        return *paused;
}

static bool enable(
        const struct members *m, struct xapi *x, const char *uuid, long tolerate, long timeout, struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer sr = { 0 };
        char number[24];
        snprintf(number, sizeof(number), "%ld", timeout);
        const char *settings[] = { timeout ? "timeout" : NULL, number, NULL };
        if (!ask(x, &sr, e, "SR.get_by_uuid", uuid))
                return false;
        const char *srs[] = { sr.value.text, NULL };
        if (rpc_number(m->pool, "ha_host_failures_to_tolerate", -1) != tolerate &&
                !done(x, e, "pool.set_ha_host_failures_to_tolerate", XAPI_ARGS(RPC_S(m->pool->key), RPC_I(tolerate))))
                return false;
        xapi_patience(x, LONG);
        bool fine = done(x, e, "pool.enable_ha", XAPI_ARGS(RPC_A(srs), RPC_M(settings)));
        xapi_patience(x, USUAL);
        return fine;
}

/* --- the door --- */

/* Open already: by the pool's own agent, whose members are on their way, or by somebody who was cut off here. */
bool members_open(const struct members *m, struct xapi *x, struct err *e)
{
        return unless_failed_with(x,
                done(x, e, "pool.add_to_other_config",
                        XAPI_ARGS(RPC_S(m->pool->key), RPC_S(MARK_OPEN), RPC_S(OPENED_HERE))),
                "MAP_DUPLICATE_KEY", e);
}

static bool close_door(const struct members *m, struct xapi *x, struct err *e)
{
        const struct rpc_value *other = rpc_member(m->pool, "other_config");
        bool fine = true;
        if (strcmp(rpc_text(other, MARK_OPEN), OPENED_HERE) != 0)
                return true;
        for (size_t i = 0; fine && i < other->n; i++)
                if (is_litter(other->items[i].key))
                        fine = done(x, e, "pool.remove_from_other_config",
                                XAPI_ARGS(RPC_S(m->pool->key), RPC_S(other->items[i].key)));
        return fine;
}

/* What a failed enable_ha left behind. */
static bool disable_half(const struct members *m, struct xapi *x, struct err *e)
{
        if (!rpc_true(m->pool, "ha_enabled"))
                return true;
        xapi_patience(x, HALF_OFF);
        bool fine = done(x, e, "pool.disable_ha", NULL, 0);
        xapi_patience(x, USUAL);
        return fine;
}

static bool resume_ha(const struct members *m, struct xapi *x, bool *resumed, struct err *e)
{
        char uuid[UUID_TEXT];
        long tolerate, timeout;
        const char *kept = rpc_text(rpc_member(m->pool, "other_config"), MARK_HA);
        if (!*kept)
                return true;
        if (sscanf(kept, "%36s %ld %ld", uuid, &tolerate, &timeout) != 3)
                return err_rule(e, XR_MEMBERS_HA_UNCLEAR, NULL);
        if (!ha_is_on(m->pool) && (!disable_half(m, x, e) || !enable(m, x, uuid, tolerate, timeout, e)))
                return false;
        *resumed = true;
        return done(x, e, "pool.remove_from_other_config", XAPI_ARGS(RPC_S(m->pool->key), RPC_S(MARK_HA)));
}

bool members_settle(struct xapi *x, const struct agent_plan *p, bool *resumed, struct err *e)
{
        OWN(members_clear) struct members m = { 0 };
        *resumed = false;
        return members_read(&m, x, p, e) && close_door(&m, x, e) && resume_ha(&m, x, resumed, e);
}

/* --- the password, for a host that is still alone --- */

/* The secret that the host's mark names; "" when there is none (any more). */
static bool find_left(struct xapi *x, const struct rpc_value *host, char ref[REF_TEXT], struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer found = { 0 };
        const char *uuid = rpc_text(rpc_member(host, "other_config"), MARK_PASSWORD);
        *ref = '\0';
        if (!*uuid)
                return true;
        if (!ask(x, &found, e, "secret.get_by_uuid", uuid))
                return unless_failed_with(x, false, "UUID_INVALID", e);
        snprintf(ref, REF_TEXT, "%s", found.value.text);
        return true;
}

static bool unmark(struct xapi *x, const struct rpc_value *host, struct err *e)
{
        return !*rpc_text(rpc_member(host, "other_config"), MARK_PASSWORD) ||
               done(x, e, "host.remove_from_other_config", XAPI_ARGS(RPC_S(host->key), RPC_S(MARK_PASSWORD)));
}

static bool take_back_from(struct xapi *x, const struct rpc_value *host, struct err *e)
{
        char ref[REF_TEXT];
        return find_left(x, host, ref, e) && (!*ref || done(x, e, "secret.destroy", XAPI_ARGS(RPC_S(ref)))) &&
               unmark(x, host, e);
}

bool members_take_back(struct xapi *x, struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer hosts = { 0 };
        return records(x, &hosts, e, "host.get_all_records") &&
               (hosts.value.n != 1 || take_back_from(x, &hosts.value.items[0], e));
}

bool members_hand_over(struct xapi *x, const char *name, const struct secret *password, struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer hosts = { 0 }, made = { 0 }, uuid = { 0 };
        char left[REF_TEXT];
        if (!records(x, &hosts, e, "host.get_all_records"))
                return false;
        const struct rpc_value *host = hosts.value.n == 1 ? &hosts.value.items[0] : NULL;
        if (!host || strcmp(rpc_text(host, "name_label"), name) || !find_left(x, host, left, e))
                return false;
        /* An earlier run's: one call, so that an agent that looks meanwhile finds one or the other. Finding none it
         * would try the plan's dead one, and look again only minutes later. */
        if (*left)
                return done(x, e, "secret.set_value", XAPI_ARGS(RPC_S(left), RPC_S(password->ptr)));
        if (!unmark(x, host, e))
                return false;
        const struct rpc_named record[] = { { "value", RPC_S(password->ptr) } };
        return xapi_call(x, &made, e, "secret.create", XAPI_ARGS(RPC_R(record))) == XAPI_DONE &&
               ask(x, &uuid, e, "secret.get_uuid", made.value.text) &&
               done(x, e, "host.add_to_other_config",
                       XAPI_ARGS(RPC_S(host->key), RPC_S(MARK_PASSWORD), RPC_S(uuid.value.text)));
}

/* --- forgetting --- */

static bool assert_dead(const struct members *m, struct xapi *x, const struct rpc_value *host, struct err *e)
{
        const char *name = rpc_text(host, "name_label");
        bool live;
        if (!strcmp(rpc_text(m->pool, "master"), host->key))
                return err_refuse(e, XR_MEMBERS_COORDINATOR, name, NULL);
        return members_is_live(x, host, &live, e) && (!live || err_refuse(e, XR_HOST_IS_LIVE, name, NULL));
}

static bool runs_there(const struct rpc_value *vm, const char *host)
{
        return !strcmp(rpc_text(vm, "resident_on"), host) && !rpc_true(vm, "is_control_domain");
}

/* act: they are taken for switched off; otherwise only whether that may be. */
static bool halt_machines(struct xapi *x, const struct rpc_value *host, bool powered_off, bool act, struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer vms = { 0 };
        char number[24];
        size_t n = 0;
        bool fine = records(x, &vms, e, "VM.get_all_records");
        for (size_t i = 0; fine && i < vms.value.n; i++) {
                const struct rpc_value *vm = &vms.value.items[i];
                if (!runs_there(vm, host->key))
                        continue;
                n++;
                if (act && powered_off)
                        fine = done(x, e, "VM.power_state_reset", XAPI_ARGS(RPC_S(vm->key)));
        }
        snprintf(number, sizeof(number), "%zu", n);
        return fine &&
               (!n || powered_off || err_refuse(e, XR_MEMBERS_MACHINES, number, rpc_text(host, "name_label"), NULL));
}

bool members_may_forget(
        const struct members *m, struct xapi *x, const struct rpc_value *host, bool powered_off, struct err *e)
{
        return assert_dead(m, x, host, e) && halt_machines(x, host, powered_off, false, e);
}

/* Storage that only this host was linked to: nobody else can read it, and its disks are in a broken machine. */
static size_t local_storage(
        const struct rpc_value *srs, const struct rpc_value *pbds, const char *host, const char *out[MOST_DISKS])
{
        size_t n = 0;
        for (size_t i = 0; i < srs->n && n < MOST_DISKS; i++) {
                bool here = false, elsewhere = rpc_true(&srs->items[i], "shared");
                for (size_t k = 0; k < pbds->n; k++)
                        if (!strcmp(rpc_text(&pbds->items[k], "SR"), srs->items[i].key))
                                *(strcmp(rpc_text(&pbds->items[k], "host"), host) ? &elsewhere : &here) = true;
                if (here && !elsewhere)
                        out[n++] = srs->items[i].key;
        }
        return n;
}

bool members_forget(
        const struct members *m, struct xapi *x, const struct rpc_value *host, bool powered_off, struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer srs = { 0 }, pbds = { 0 };
        const char *lost[MOST_DISKS];
        if (!assert_dead(m, x, host, e) || !halt_machines(x, host, powered_off, true, e) ||
                !records(x, &srs, e, "SR.get_all_records") || !records(x, &pbds, e, "PBD.get_all_records"))
                return false;
        size_t n = local_storage(&srs.value, &pbds.value, host->key, lost);
        xapi_patience(x, LONG);
        bool fine = done(x, e, "host.destroy", XAPI_ARGS(RPC_S(host->key)));
        xapi_patience(x, USUAL);
        /* What xapi has not removed together with the host. */
        for (size_t i = 0; fine && i < n; i++)
                fine = unless_failed_with(x, done(x, e, "SR.forget", XAPI_ARGS(RPC_S(lost[i]))), "HANDLE_INVALID", e);
        return fine;
}
