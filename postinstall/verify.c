#include "postinstall/verify.h"
#include "postinstall/agent_parts.h"
#include "postinstall/storage.h"
#include "base/i18n.h"

#include <string.h>

struct verifying {
        const struct agent_plan *plan;
        void (*each)(void *, const struct verify_point *);
        void *arg;
        const char *deployment; /* the mark of the pool itself: a site file alone does not know it */
        const struct rpc_value *pool;
        struct rpc_answer pools, hosts, metrics, networks, pifs, bonds, srs, pbds, vms, schedules, heartbeat;
};

static void clear(struct verifying *v)
{
        struct rpc_answer *const all[] = { &v->pools, &v->hosts, &v->metrics, &v->networks, &v->pifs, &v->bonds,
                &v->srs, &v->pbds, &v->vms, &v->schedules, &v->heartbeat };
        for (size_t i = 0; i < COUNT(all); i++)
                rpc_answer_clear(all[i]);
}

/* The storage that HA's heartbeat lies on; empty when it lies nowhere. */
static bool read_heartbeat(struct verifying *v, struct xapi *x, struct err *e)
{
        const struct rpc_value *files = rpc_member(v->pool, "ha_statefiles");
        return !files->n ||
               xapi_call(x, &v->heartbeat, e, "VDI.get_SR", XAPI_ARGS(RPC_S(files->items[0].text))) == XAPI_DONE;
}

static bool read_all(struct verifying *v, struct xapi *x, struct err *e)
{
        const struct {
                const char *method;
                struct rpc_answer *out;
        } reads[] = {
                { "pool.get_all_records", &v->pools },
                { "host.get_all_records", &v->hosts },
                { "host_metrics.get_all_records", &v->metrics },
                { "network.get_all_records", &v->networks },
                { "PIF.get_all_records", &v->pifs },
                { "Bond.get_all_records", &v->bonds },
                { "SR.get_all_records", &v->srs },
                { "PBD.get_all_records", &v->pbds },
                { "VM.get_all_records", &v->vms },
                { v->plan->n_schedules ? "VMSS.get_all_records" : NULL, &v->schedules },
        };
        for (size_t i = 0; i < COUNT(reads); i++)
                if (reads[i].method && xapi_call(x, reads[i].out, e, reads[i].method, NULL, 0) != XAPI_DONE)
                        return false;
        if (!records_are_pool(&v->pools.value, &v->hosts.value, e))
                return false;
        v->pool = &v->pools.value.items[0];
        return read_heartbeat(v, x, e);
}

/* --- saying it --- */

static void point(const struct verifying *v, enum verdict verdict, const char *kind, const char *name, const char *what,
        const char *planned, const char *found)
{
        const struct verify_point p = { verdict, kind, name, what, planned, found };
        v->each(v->arg, &p);
}

static void compare(const struct verifying *v, const char *kind, const char *name, const char *what,
        const char *planned, const char *found)
{
        point(v, strcmp(planned, found) ? VERDICT_DIFFERS : VERDICT_SAME, kind, name, what, planned, found);
}

static void compare_number(
        const struct verifying *v, const char *kind, const char *name, const char *what, int64_t planned, int64_t found)
{
        char p[24], f[24];
        snprintf(p, sizeof(p), "%lld", (long long)planned);
        snprintf(f, sizeof(f), "%lld", (long long)found);
        compare(v, kind, name, what, p, f);
}

static void compare_yes(
        const struct verifying *v, const char *kind, const char *name, const char *what, bool planned, bool found)
{
        compare(v, kind, name, what, planned ? _("yes") : _("no"), found ? _("yes") : _("no"));
}

/* By our mark, so that what was renamed is found; else by its name. */
static const struct rpc_value *find(const struct verifying *v, const struct rpc_value *records, const char *name)
{
        for (size_t i = 0; i < records->n; i++) {
                const struct rpc_value *other = rpc_member(&records->items[i], "other_config");
                if (*v->deployment && !strcmp(rpc_text(other, MARK_DEPLOYMENT), v->deployment) &&
                        !strcmp(rpc_text(other, MARK_NAME), name))
                        return &records->items[i];
        }
        return record_where(records, "name_label", name);
}

/* --- hosts and the pool --- */

static void check_hosts(const struct verifying *v)
{
        for (size_t i = 0; i < v->plan->n_members; i++) {
                const struct agent_member *m = &v->plan->members[i];
                const struct rpc_value *h = find(v, &v->hosts.value, m->name);
                if (!h) {
                        point(v, VERDICT_MISSING, "host", m->name, "", "", "");
                        continue;
                }
                const struct rpc_value *metrics = record_of(&v->metrics.value, rpc_text(h, "metrics"));
                compare(v, "host", m->name, _("name"), m->name, rpc_text(h, "name_label"));
                if (m->address)
                        compare(v, "host", m->name, _("address"), m->address, rpc_text(h, "address"));
                compare_yes(v, "host", m->name, _("alive"), true, metrics && rpc_true(metrics, "live"));
                compare_yes(v, "host", m->name, _("enabled"), true, rpc_true(h, "enabled"));
                compare_yes(v, "host", m->name, _("coordinator"), m->coordinator,
                        !strcmp(h->key, rpc_text(v->pool, "master")));
        }
}

static bool is_planned_host(const struct verifying *v, const struct rpc_value *host)
{
        for (size_t i = 0; i < v->plan->n_members; i++)
                if (find(v, &v->hosts.value, v->plan->members[i].name) == host)
                        return true;
        return false;
}

static void check_strangers(const struct verifying *v)
{
        for (size_t i = 0; i < v->hosts.value.n; i++)
                if (!is_planned_host(v, &v->hosts.value.items[i]))
                        point(v, VERDICT_EXTRA, "host", rpc_text(&v->hosts.value.items[i], "name_label"), "", "", "");
}

static void check_ha(const struct verifying *v)
{
        const struct agent_ha *ha = &v->plan->ha;
        const char *name = v->plan->pool_name;
        compare_yes(v, "HA", name, _("on"), ha->heartbeat != NULL, rpc_true(v->pool, "ha_enabled"));
        if (!ha->heartbeat)
                return;
        compare_number(v, "HA", name, _("hosts that may fail"), ha->tolerate,
                rpc_number(v->pool, "ha_host_failures_to_tolerate", 0));
        const struct rpc_value *sr = v->heartbeat.arena ? record_of(&v->srs.value, v->heartbeat.value.text) : NULL;
        if (sr && sr != find(v, &v->srs.value, ha->heartbeat))
                point(v, VERDICT_DIFFERS, "HA", name, _("heartbeat"), ha->heartbeat, rpc_text(sr, "name_label"));
        else if (sr)
                point(v, VERDICT_SAME, "HA", name, _("heartbeat"), ha->heartbeat, ha->heartbeat);
}

static void check_pool(const struct verifying *v)
{
        compare(v, "pool", v->plan->pool_name, _("name"), v->plan->pool_name, rpc_text(v->pool, "name_label"));
        if (v->plan->pool_description)
                compare(v, "pool", v->plan->pool_name, _("description"), v->plan->pool_description,
                        rpc_text(v->pool, "name_description"));
        check_ha(v);
}

/* --- networks and storage --- */

static bool has_vlan(const struct verifying *v, const struct rpc_value *net, int vlan)
{
        for (size_t i = 0; i < v->pifs.value.n; i++) {
                const struct rpc_value *p = &v->pifs.value.items[i];
                if (!strcmp(rpc_text(p, "network"), net->key) && rpc_number(p, "VLAN", -1) != (vlan ? vlan : -1))
                        return false;
        }
        return true;
}

static size_t hosts_on(const struct verifying *v, const struct rpc_value *net)
{
        size_t n = 0;
        for (size_t i = 0; i < v->pifs.value.n; i++)
                n += !strcmp(rpc_text(&v->pifs.value.items[i], "network"), net->key) &&
                     rpc_true(&v->pifs.value.items[i], "currently_attached");
        return n;
}

static const struct rpc_value *pif_on(const struct verifying *v, const char *network, const char *host)
{
        for (size_t i = 0; i < v->pifs.value.n; i++) {
                const struct rpc_value *p = &v->pifs.value.items[i];
                if (!strcmp(rpc_text(p, "network"), network) && !strcmp(rpc_text(p, "host"), host))
                        return p;
        }
        return NULL;
}

static void check_addresses(const struct verifying *v, const struct agent_network *n, const struct rpc_value *net)
{
        for (size_t i = 0; i < n->n_addresses; i++) {
                const struct rpc_value *h = find(v, &v->hosts.value, n->addresses[i].host);
                const struct rpc_value *p = h ? pif_on(v, net->key, h->key) : NULL;
                AUTO_STR what = STR_MAX(300);
                str_addf(&what, _("address of %s"), n->addresses[i].host);
                if (h)
                        compare(v, "network", n->name, str_text(&what), n->addresses[i].ip, p ? rpc_text(p, "IP") : "");
        }
}

/* What carries a network with a tag is the same host's interface of that name without one. */
static const struct rpc_value *below(const struct verifying *v, const struct rpc_value *pif)
{
        if (!pif || rpc_number(pif, "VLAN", -1) < 0)
                return pif;
        for (size_t i = 0; i < v->pifs.value.n; i++) {
                const struct rpc_value *p = &v->pifs.value.items[i];
                if (rpc_number(p, "VLAN", -1) < 0 && !strcmp(rpc_text(p, "host"), rpc_text(pif, "host")) &&
                        !strcmp(rpc_text(p, "device"), rpc_text(pif, "device")))
                        return p;
        }
        return NULL;
}

/* Members have theirs from the coordinator. */
static void check_bond(const struct verifying *v, const struct agent_network *n, const struct rpc_value *net)
{
        const struct rpc_value *pif = below(v, pif_on(v, net->key, rpc_text(v->pool, "master")));
        const struct rpc_value *of = pif ? rpc_member(pif, "bond_master_of") : NULL;
        const struct rpc_value *bond = of && of->n ? record_of(&v->bonds.value, of->items[0].text) : NULL;
        compare_number(v, "network", n->name, _("cards in its bond"), (int64_t)n->n_bond,
                bond ? (int64_t)rpc_member(bond, "slaves")->n : 0);
        if (bond && n->n_bond)
                compare(v, "network", n->name, _("kind of bond"), n->mode ? n->mode : "balance-slb",
                        rpc_text(bond, "mode"));
}

static void check_networks(const struct verifying *v)
{
        for (size_t i = 0; i < v->plan->n_networks; i++) {
                const struct agent_network *n = &v->plan->networks[i];
                const struct rpc_value *net = find(v, &v->networks.value, n->name);
                if (!net) {
                        point(v, VERDICT_MISSING, "network", n->name, "", "", "");
                        continue;
                }
                compare(v, "network", n->name, _("name"), n->name, rpc_text(net, "name_label"));
                if (n->mtu)
                        compare_number(v, "network", n->name, "MTU", n->mtu, rpc_number(net, "MTU", 0));
                compare_yes(v, "network", n->name, _("VLAN as planned"), true, has_vlan(v, net, n->vlan));
                compare_number(v, "network", n->name, _("hosts connected"), (int64_t)v->hosts.value.n,
                        (int64_t)hosts_on(v, net));
                check_bond(v, n, net);
                check_addresses(v, n, net);
        }
}

static size_t hosts_attached(const struct verifying *v, const struct rpc_value *sr)
{
        size_t n = 0;
        for (size_t i = 0; i < v->pbds.value.n; i++)
                n += !strcmp(rpc_text(&v->pbds.value.items[i], "SR"), sr->key) &&
                     rpc_true(&v->pbds.value.items[i], "currently_attached");
        return n;
}

/* What one host's link to it says in another way than planned; NULL when all agree. */
static const char *other_value(const struct verifying *v, const char *sr, const char *key, const char *planned)
{
        for (size_t i = 0; i < v->pbds.value.n; i++) {
                const char *found = rpc_text(rpc_member(&v->pbds.value.items[i], "device_config"), key);
                if (!strcmp(rpc_text(&v->pbds.value.items[i], "SR"), sr) && strcmp(found, planned))
                        return found;
        }
        return NULL;
}

/* Where it lies; options and logins may be another matter. */
static void check_place(const struct verifying *v, const struct agent_storage *s, const char *sr)
{
        static const char *const telling[] = { "server", "serverpath", "location", "target", "targetIQN", "SCSIid" };
        struct device_config ours;
        storage_config(s, s->scsi_id ? s->scsi_id : "", "", &ours);
        for (size_t i = 0; i < ours.n; i++)
                for (size_t k = 0; k < COUNT(telling); k++) {
                        const char *key = ours.pairs[2 * i], *planned = ours.values[i];
                        if (strcmp(key, telling[k]))
                                continue;
                        const char *other = other_value(v, sr, key, planned);
                        compare(v, "storage", s->name, key, planned, other ? other : planned);
                }
}

static void check_uses(const struct verifying *v, const struct agent_storage *s, const char *sr)
{
        const struct {
                bool planned;
                const char *what, *field;
        } uses[] = { { s->is_default, _("default"), "default_SR" },
                { s->suspend, _("for suspended machines"), "suspend_image_SR" },
                { s->crash_dump, _("for crash dumps"), "crash_dump_SR" } };
        for (size_t i = 0; i < COUNT(uses); i++)
                if (uses[i].planned)
                        compare_yes(v, "storage", s->name, uses[i].what, true,
                                !strcmp(rpc_text(v->pool, uses[i].field), sr));
}

static void check_storage(const struct verifying *v)
{
        for (size_t i = 0; i < v->plan->n_storage; i++) {
                const struct agent_storage *s = &v->plan->storage[i];
                const struct rpc_value *sr = find(v, &v->srs.value, s->name);
                if (!sr) {
                        point(v, VERDICT_MISSING, "storage", s->name, "", "", "");
                        continue;
                }
                compare(v, "storage", s->name, _("name"), s->name, rpc_text(sr, "name_label"));
                if (storage_driver(s))
                        compare(v, "storage", s->name, _("kind"), storage_driver(s), rpc_text(sr, "type"));
                if (storage_is_shared(s))
                        compare_number(v, "storage", s->name, _("hosts attached"), (int64_t)v->hosts.value.n,
                                (int64_t)hosts_attached(v, sr));
                check_place(v, s, sr->key);
                check_uses(v, s, sr->key);
        }
}

static void check_vms(const struct verifying *v)
{
        for (size_t i = 0; i < v->plan->n_vms; i++) {
                const char *name = v->plan->vms[i].name;
                point(v, find(v, &v->vms.value, name) ? VERDICT_SAME : VERDICT_MISSING, "vm", name, "", "", "");
        }
}

static void check_schedules(const struct verifying *v)
{
        for (size_t i = 0; i < v->plan->n_schedules; i++) {
                const char *name = v->plan->schedules[i].name;
                bool there = record_where(&v->schedules.value, "name_label", name) != NULL;
                point(v, there ? VERDICT_SAME : VERDICT_MISSING, "schedule", name, "", "", "");
        }
}

bool verify_pool(const struct agent_plan *p, struct xapi *x, void (*each)(void *, const struct verify_point *),
        void *arg, struct err *e)
{
        OWN(clear) struct verifying v = { .plan = p, .each = each, .arg = arg };
        if (!read_all(&v, x, e))
                return false;
        v.deployment = rpc_text(rpc_member(v.pool, "other_config"), MARK_DEPLOYMENT);
        check_pool(&v);
        check_hosts(&v);
        check_strangers(&v);
        check_networks(&v);
        check_storage(&v);
        check_schedules(&v);
        check_vms(&v);
        return true;
}
