/* Before a join: what pool.join would refuse, late and in its own words, said early and in ours. */
#include "postinstall/agent_parts.h"
#include "base/i18n.h"

#include <string.h>

enum { OPEN_POLL = 30000 /* ms */ };

/* --- reaching the coordinator --- */

/* Later on the administrator's computer puts the pool's password into the xapi of a host that is still alone. */
static void read_handed(struct agent *a)
{
        OWN(rpc_answer_clear) struct rpc_answer ref = { 0 }, value = { 0 };
        struct err ignored = ERR_INIT;
        const struct rpc_value *host;
        char of_pool[64];
        if (machine_is_member(a->root, of_pool) || read_host(a, &host, &ignored) != LOOK_SO)
                return;
        const char *uuid = rpc_text(rpc_member(host, "other_config"), MARK_PASSWORD);
        if (!*uuid || xapi_call(a->local, &ref, &ignored, "secret.get_by_uuid", XAPI_ARGS(RPC_S(uuid))) != XAPI_DONE ||
                xapi_call(a->local, &value, &ignored, "secret.get_value", XAPI_ARGS(RPC_S(ref.value.text))) !=
                        XAPI_DONE ||
                !value.value.text || !*value.value.text)
                return;
        secret_clear(&a->handed);
        a->handed = secret_of(value.value.text, strlen(value.value.text));
}

const char *coordinator_password(const struct agent *a)
{
        return a->handed.ptr ? a->handed.ptr : a->plan->join_password;
}

bool coordinator_connect(struct agent *a, struct err *e)
{
        AUTO_STR url = STR_MAX(300);
        const struct agent_plan *p = a->plan;
        if (a->remote)
                return true;
        read_handed(a);
        const char *secret = coordinator_password(a);
        if (!secret || !p->coordinator_address)
                return err_rule(e, XR_STEP_WINDOW_CLOSED, NULL);
        str_addf(&url, "%s://%s/", p->release.plain_http ? "http" : "https", p->coordinator_address);
        const char *pin = *a->memory.pin ? a->memory.pin : p->coordinator_pin;
        const struct transport_target target = { .url = str_text(&url), .pin = pin };
        AUTO_SECRET password = secret_of(secret, strlen(secret));
        a->remote = xapi_new(&target, &password, agent_log_call, a, e);
        return a->remote != NULL;
}

/* The certificate of the first contact is the one from then on. */
static bool keep_pin(struct agent *a, struct err *e)
{
        const char *seen = xapi_fingerprint(a->remote);
        return *a->memory.pin || !*seen || memory_note(a, "pin", seen, e);
}

/* --- one host held against another --- */

static bool differ(const struct rpc_value *ours, const struct rpc_value *theirs, const char *map, const char *key)
{
        return strcmp(rpc_text(rpc_member(ours, map), key), rpc_text(rpc_member(theirs, map), key)) != 0;
}

static enum look say_differ(enum rule rule, const struct rpc_value *ours, const struct rpc_value *theirs,
        const char *map, const char *key, struct err *e)
{
        err_rule(e, rule, rpc_text(rpc_member(ours, map), key), rpc_text(rpc_member(theirs, map), key), NULL);
        return LOOK_STOP;
}

static enum look compare_software(const struct rpc_value *ours, const struct rpc_value *theirs, struct err *e)
{
        static const char *const keys[] = { "product_brand", "product_version", "platform_version", "build_number",
                "xapi", "xapi_build", "git_id" };
        for (size_t i = 0; i < COUNT(keys); i++)
                if (differ(ours, theirs, "software_version", keys[i]))
                        return say_differ(XR_STEP_SOFTWARE, ours, theirs, "software_version", keys[i], e);
        return LOOK_SO;
}

static enum look compare_cpu(
        const struct agent *a, const struct rpc_value *ours, const struct rpc_value *theirs, struct err *e)
{
        if (differ(ours, theirs, "cpu_info", "vendor"))
                return say_differ(XR_STEP_CPU, ours, theirs, "cpu_info", "vendor", e);
        if (a->plan->release.cpu_features_equal && differ(ours, theirs, "cpu_info", "features"))
                return say_differ(XR_STEP_CPU, ours, theirs, "cpu_info", "modelname", e);
        return LOOK_SO;
}

/* Both start with verification off, and each one's first boot turns it on. */
static enum look compare_tls(
        const struct agent *a, const struct rpc_value *ours, const struct rpc_value *theirs, struct err *e)
{
        if (!a->plan->release.tls_flag)
                return LOOK_SO;
        bool here = rpc_true(ours, "tls_verification_enabled"), there = rpc_true(theirs, "tls_verification_enabled");
        if (here && there)
                return LOOK_SO;
        err_rule(e, XR_STEP_TLS, here ? a->plan->coordinator_address : a->plan->host, NULL);
        return LOOK_WAIT;
}

/* "eth0=MAC,eth1=MAC,…": the device at a place; "" when there are not as many. */
static void device_at(const char *list, int place, char out[DEVICE_CHARS])
{
        for (; place > 0 && list; place--) {
                list = strchr(list, ',');
                list = list ? list + 1 : NULL;
        }
        snprintf(out, DEVICE_CHARS, "%.*s", list ? (int)strcspn(list, "=,") : 0, list ? list : "");
}

/* Networks are matched by the names of their cards: where those differ, storage would end up on the wrong wire. */
static enum look compare_nics(const struct agent *a, const struct rpc_value *theirs, struct err *e)
{
        const char *list = rpc_text(rpc_member(theirs, "other_config"), MARK_NICS);
        for (size_t i = 0; i < a->plan->n_networks; i++) {
                const struct agent_network *n = &a->plan->networks[i];
                for (size_t k = 0; k < (n->nic >= 0 ? 1 : n->n_bond); k++) {
                        char device[DEVICE_CHARS], number[12];
                        int place = n->nic >= 0 ? n->nic : n->bond[k];
                        const struct nic *nic = machine_nic(a, place);
                        device_at(list, place, device);
                        if (nic && !strcmp(nic->device, device))
                                continue;
                        snprintf(number, sizeof(number), "%d", place);
                        err_rule(e, nic ? XR_STEP_NIC_ORDER : XR_STEP_NO_CARD, nic ? number : n->name,
                                nic ? nic->device : number, device, NULL);
                        return LOOK_STOP;
                }
        }
        return LOOK_SO;
}

/* "" when the list has no such card. */
static void device_of(const char *list, const char *mac, char out[DEVICE_CHARS])
{
        *out = '\0';
        for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',') {
                size_t name = strcspn(at, "=,");
                if (at[name] == '=' && !strncmp(at + name + 1, mac, MAC_CHARS - 1))
                        snprintf(out, DEVICE_CHARS, "%.*s", (int)name, at);
        }
}

/* Cards that no network of the plan uses stop nobody; but the pool matches them all the same. */
static void warn_of_nics(struct agent *a, const char *list)
{
        char device[DEVICE_CHARS], number[24];
        for (size_t i = 0; i < a->n_nics; i++) {
                device_at(list, (int)i, device);
                if (!*device || !strcmp(device, "-") || !strcmp(device, a->nics[i].device))
                        continue;
                snprintf(number, sizeof(number), "%zu", i);
                agent_warn(a, XR_STEP_NIC_NAMES, number, a->nics[i].device, device, NULL);
                return; /* where one is another, so is a second one */
        }
}

/* By the addresses in the plan: of machines that it knows by their serial numbers it has none. */
static void warn_of_management(struct agent *a, const char *list)
{
        const struct agent_plan *p = a->plan;
        char here[DEVICE_CHARS] = "", there[DEVICE_CHARS] = "";
        for (size_t i = 0; p->management_mac && i < a->n_nics; i++)
                if (!strcmp(a->nics[i].mac, p->management_mac))
                        snprintf(here, sizeof(here), "%s", a->nics[i].device);
        for (size_t i = 0; i < p->n_members; i++)
                if (p->members[i].coordinator && p->members[i].mac)
                        device_of(list, p->members[i].mac, there);
        if (*here && *there && strcmp(here, there))
                agent_warn(a, XR_STEP_MANAGEMENT_NAMES, here, there, NULL);
}

static bool has_uuid(const struct rpc_value *records, const struct rpc_value *refs, const char *uuid)
{
        for (size_t i = 0; i < refs->n; i++) {
                const struct rpc_value *r = record_of(records, refs->items[i].text);
                if (r && !strcmp(rpc_text(r, "uuid"), uuid))
                        return true;
        }
        return false;
}

static enum look compare_update_names(
        struct agent *a, const struct rpc_value *ours, const struct rpc_value *theirs, struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer here = { 0 }, there = { 0 };
        const struct rpc_value *applied = rpc_member(ours, "updates");
        enum look l = all_records(a, a->local, "pool_update", &here, e);
        if (l == LOOK_SO)
                l = all_records(a, a->remote, "pool_update", &there, e);
        for (size_t i = 0; l == LOOK_SO && i < applied->n; i++) {
                const struct rpc_value *u = record_of(&here.value, applied->items[i].text);
                if (u && !has_uuid(&there.value, rpc_member(theirs, "updates"), rpc_text(u, "uuid"))) {
                        err_rule(e, XR_STEP_UPDATES, rpc_text(u, "name_label"), "-", NULL);
                        l = LOOK_STOP;
                }
        }
        return l;
}

static enum look compare_updates(
        struct agent *a, const struct rpc_value *ours, const struct rpc_value *theirs, struct err *e)
{
        char here[24], there[24];
        const char *kind = rpc_member(ours, "updates")->kind == RPC_ARRAY ? "updates" : "patches";
        size_t n = rpc_member(ours, kind)->n, m = rpc_member(theirs, kind)->n;
        if (n == m)
                return n && !strcmp(kind, "updates") ? compare_update_names(a, ours, theirs, e) : LOOK_SO;
        snprintf(here, sizeof(here), "%zu", n);
        snprintf(there, sizeof(there), "%zu", m);
        err_rule(e, XR_STEP_UPDATES, here, there, NULL);
        return LOOK_STOP;
}

static bool is_free(const char *edition)
{
        return !strcmp(edition, "free") || !strcmp(edition, "express") || !strcmp(edition, "trial");
}

static enum look check_size(const struct agent *a, const struct rpc_value *ours, size_t n_hosts, struct err *e)
{
        char limit[12];
        int most = a->plan->release.free_pool_size;
        if (!most || n_hosts < (size_t)most || !is_free(rpc_text(ours, "edition")))
                return LOOK_SO;
        snprintf(limit, sizeof(limit), "%d", most);
        err_rule(e, XR_STEP_POOL_SIZE, limit, NULL);
        return LOOK_STOP;
}

/* --- the pool --- */

static enum look check_pool(const struct agent *a, const struct rpc_value *pool, struct err *e)
{
        const struct rpc_value *other = rpc_member(pool, "other_config");
        const char *mark = rpc_text(other, MARK_DEPLOYMENT);
        if (*mark && (strcmp(mark, a->plan->deployment) || strcmp(rpc_text(other, MARK_NAME), a->plan->pool))) {
                err_refuse(e, XR_STEP_OTHER_DEPLOYMENT, rpc_text(pool, "name_label"), NULL);
                return LOOK_STOP;
        }
        if (!*mark || !*rpc_text(other, MARK_OPEN)) {
                err_rule(e, XR_STEP_NOT_OPEN, a->plan->coordinator_address, NULL);
                return LOOK_WAIT;
        }
        if (rpc_true(pool, "ha_enabled")) {
                err_rule(e, XR_STEP_HA_ON, NULL);
                return LOOK_STOP;
        }
        return LOOK_SO;
}

static enum look compare(struct agent *a, const char *master, struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer there = { 0 };
        const struct rpc_value *ours;
        enum look l = all_records(a, a->remote, "host", &there, e);
        if (l == LOOK_SO)
                l = read_host(a, &ours, e);
        if (l != LOOK_SO)
                return l;
        const struct rpc_value *theirs = record_of(&there.value, master);
        if (!theirs) {
                err_rule(e, XR_STEP_HOST_UNKNOWN, NULL);
                return LOOK_WAIT;
        }
        l = compare_software(ours, theirs, e);
        if (l == LOOK_SO)
                l = compare_cpu(a, ours, theirs, e);
        if (l == LOOK_SO)
                l = compare_updates(a, ours, theirs, e);
        if (l == LOOK_SO)
                l = compare_nics(a, theirs, e);
        if (l == LOOK_SO)
                l = check_size(a, ours, there.value.n, e);
        if (l != LOOK_SO)
                return l;
        const char *nics = rpc_text(rpc_member(theirs, "other_config"), MARK_NICS);
        warn_of_nics(a, nics);
        warn_of_management(a, nics);
        return compare_tls(a, ours, theirs, e);
}

static enum look look(struct agent *a, struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer pools = { 0 };
        char of_pool[64];
        if (machine_is_member(a->root, of_pool)) {
                if (!a->plan->coordinator_address || strcmp(of_pool, a->plan->coordinator_address)) {
                        err_refuse(e, XR_STEP_MEMBER_ELSEWHERE, of_pool, NULL);
                        return LOOK_STOP;
                }
                return LOOK_SO;
        }
        if (!coordinator_connect(a, e))
                return e->code == XR_STEP_WINDOW_CLOSED ? LOOK_STOP : LOOK_WAIT;
        enum look l = all_records(a, a->remote, "pool", &pools, e);
        a->wait = OPEN_POLL;
        if (e->code == XR_XAPI_LOGIN) { /* another one may be handed over */
                xapi_free(a->remote);
                a->remote = NULL;
        }
        if (l == LOOK_SO && !keep_pin(a, e))
                return LOOK_WAIT;
        if (l != LOOK_SO || pools.value.n != 1)
                return l == LOOK_SO ? LOOK_WAIT : l;
        snprintf(a->pool, sizeof(a->pool), "%s", pools.value.items[0].key);
        l = check_pool(a, &pools.value.items[0], e);
        const char *master = rpc_text(&pools.value.items[0], "master");
        if (l == LOOK_SO)
                l = compare(a, master, e);
        if (l == LOOK_SO)
                l = clock_compare(a, master, e);
        if (l == LOOK_SO)
                queue_told(a, &pools.value.items[0]);
        return l;
}

const struct step step_preflight = { .name = "preflight", .look = look };
