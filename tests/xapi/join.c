/* pool.join: what must be so before, in xapi's order, and what happens after its early answer. */
#include "tests/xapi/pool.h"

#include <inttypes.h>
#include <string.h>

enum { FREE_POOL = 3, OLD_CERTIFICATE = 86400 /* s that clocks may differ before certificates do not hold */ };

struct joining {
        struct call *c;
        const struct host *here, *there; /* joiner, coordinator */
        const struct db *mine, *pool;
        int joiner, coordinator;
};

static bool since(const struct joining *j, const char *code) { return api_since(j->c->w->api, code); }

static bool failed(const struct joining *j, const char *code, const char *a)
{
        fail(j->c, code, a, NULL);
        return false;
}

static size_t count(const struct db *d, const char *class)
{
        size_t n = 0;
        EACH(d, class, o)
        n++;
        return n;
}

static struct object *own_host(const struct joining *j) { return host_object(j->c->w, j->joiner); }

static bool check_licence(const struct joining *j)
{
        // Its own record, left by a join that was cut, is not one more.
        size_t others = count(j->pool, "host") - (db_by_uuid(j->pool, "host", j->here->uuid) ? 1 : 0);
        if (since(j, "inverness") && others >= FREE_POOL && j->there->restricted)
                return failed(j, "LICENCE_RESTRICTION", "pool size");
        return true;
}

static bool check_states(const struct joining *j)
{
        struct call *c = j->c;
        if (!db_where(j->mine, "PIF", "management", "1"))
                return failed(j, "HOST_STILL_BOOTING", NULL);
        if (true_of(pool_of(j->mine), "ha_enabled") || true_of(pool_of(j->pool), "ha_enabled"))
                return failed(j, "HA_IS_ENABLED", NULL);
        if (j->here->becomes >= 0 || j->here->master >= 0)
                return failed(j, "OPERATION_NOT_ALLOWED", "Host is already part of a pool");
        if (j->joiner == j->coordinator)
                return failed(j, "OPERATION_NOT_ALLOWED", "Host cannot become slave of itself");
        if (count(j->mine, "host") > 1)
                return failed(j, "JOINING_HOST_CANNOT_BE_MASTER_OF_OTHER_HOSTS", NULL);
        EACH(j->mine, "VM", vm)
        if (!strcmp(text_of(vm, "power_state"), "Running") && !true_of(vm, "is_control_domain"))
                return failed(j, "JOINING_HOST_CANNOT_HAVE_RUNNING_VMS", NULL);
        if (*j->here->guidance || *j->there->guidance)
                return failed(j, "HOST_PENDING_MANDATORY_GUIDANCE_NOT_EMPTY",
                        *j->here->guidance ? own_host(j)->ref : host_object(c->w, j->coordinator)->ref);
        return true;
}

static bool check_software(const struct joining *j)
{
        const struct host *x = j->here, *y = j->there;
        if (strcmp(x->platform, y->platform) || strcmp(x->brand, y->brand))
                return failed(j, "HOSTS_NOT_COMPATIBLE", NULL);
        if (strcmp(j->c->m->name, "join_force")) {
                if (strcmp(x->build, y->build) || strcmp(x->product, y->product))
                        return failed(j, "HOSTS_NOT_HOMOGENEOUS", "Software version differs");
                bool features = !since(j, "dundee");
                if (strcmp(x->cpu_vendor, y->cpu_vendor) || (features && strcmp(x->cpu_features, y->cpu_features)))
                        return failed(j, "HOSTS_NOT_HOMOGENEOUS", "CPUs differ");
        }
        EACH(j->mine, "SR", sr)
        if (true_of(sr, "shared") && !true_of(sr, "is_tools_sr") &&
                strcmp(key_of(sr, "other_config", "xensource_internal"), "tools"))
                return failed(j, "JOINING_HOST_CANNOT_CONTAIN_SHARED_SRS", NULL);
        return true;
}

static bool check_networks(const struct joining *j)
{
        bool strict = since(j, "dundee") && !since(j, "falcon");
        bool bonds = count(j->mine, "Bond") > 0, vlans = count(j->mine, "VLAN") > 0,
             tunnels = count(j->mine, "tunnel") > 0;
        if (strict && (bonds || vlans || tunnels))
                return failed(j, "POOL_JOINING_HOST_MUST_ONLY_HAVE_PHYSICAL_PIFS", NULL);
        if (bonds)
                return failed(j, "POOL_JOINING_HOST_HAS_BONDS", NULL);
        if (tunnels && since(j, "falcon"))
                return failed(j, "POOL_JOINING_HOST_HAS_TUNNELS", NULL);
        EACH(j->mine, "PIF", p)
        if (number_of(p, "VLAN") >= 0 && since(j, "falcon") && !true_of(p, "management"))
                return failed(j, "POOL_JOINING_HOST_HAS_NON_MANAGEMENT_VLANS", NULL);
        struct object *m = db_where(j->mine, "PIF", "management", "1");
        if (!since(j, "dundee") && !true_of(m, "physical"))
                return failed(j, "POOL_JOINING_HOST_MUST_HAVE_PHYSICAL_MANAGEMENT_NIC", NULL);
        return true;
}

static bool check_rest(const struct joining *j)
{
        const struct host *x = j->here, *y = j->there;
        if (strcmp(x->edition, y->edition))
                return failed(j, "LICENSE_HOST_POOL_MISMATCH", NULL);
        if (strcmp(x->backend, y->backend))
                return failed(j, "OPERATION_NOT_ALLOWED", "Network backends differ");
        if (strcmp(x->patches, y->patches))
                return failed(j, "HOSTS_NOT_HOMOGENEOUS", "Software version differs");
        return true;
}

static bool check_tls(const struct joining *j)
{
        struct world *w = j->c->w;
        if (w->release->toolstack == 0)
                return true;
        if (!j->pool->tls_once)
                return failed(j, "POOL_JOINING_MASTER_CERTIFICATE_NOT_IN_POOL_BUNDLE",
                        text_of(host_object(w, j->coordinator), "uuid"));
        if (true_of(pool_of(j->mine), "tls_verification_enabled") !=
                true_of(pool_of(j->pool), "tls_verification_enabled"))
                return failed(j, "POOL_JOINING_HOST_TLS_VERIFICATION_MISMATCH", NULL);
        int64_t skew = j->here->skew - j->there->skew;
        if (skew > OLD_CERTIFICATE || skew < -OLD_CERTIFICATE)
                return failed(j, "INTERNAL_ERROR", "Stunnel.Stunnel_verify_error(\"certificate\")");
        return true;
}

/* The joiner logs in as anybody does. */
static bool log_in(struct joining *j, const char *address, const char *user, const char *password)
{
        struct world *w = j->c->w;
        j->coordinator = host_named(w, address);
        if (j->coordinator < 0 || strcmp(w->hosts[j->coordinator].address, address) ||
                !reaches(w, j->here->name, w->hosts[j->coordinator].name) || !w->hosts[j->coordinator].powered ||
                w->hosts[j->coordinator].state == XAPI_OFF)
                return failed(j, "JOINING_HOST_CONNECTION_FAILED", NULL);
        j->there = &w->hosts[j->coordinator];
        j->pool = j->there->db;
        if (j->there->state == XAPI_EMERGENCY)
                return failed(j, "HOST_STILL_BOOTING", NULL);
        if (j->there->master >= 0)
                return failed(j, "HOST_IS_SLAVE", w->hosts[j->there->master].address);
        return password_fits(w, j->coordinator, user, password) || failed(j, "SESSION_AUTHENTICATION_FAILED", NULL);
}

static void push_records(struct world *w, int host, struct db *to);

/* What a join that was cut off has left in the pool is taken up by the next. */
static bool forget_half_joined(struct joining *j)
{
        struct object *o = db_by_uuid(j->pool, "host", j->here->uuid);
        struct object *m = o ? db_find(j->pool, "host_metrics", text_of(o, "metrics")) : NULL;
        if (m && true_of(m, "live")) {
                refuse_unknown(j->c, "a host with this uuid is in the pool already");
                return false;
        }
        if (o)
                forget_host(j->there->db, o);
        return true;
}

/* The fault "pool.join-amid": the pool has the host's records, but the host does not know that it is a member. */
static bool cut_amid(struct joining *j)
{
        struct world *w = j->c->w;
        const struct fault *f = fault_take(w, "pool.join-amid", j->c->asked, -1);
        if (!f)
                return false;
        push_records(w, j->c->asked, j->there->db);
        if (f->kind == FAULT_ERROR)
                failed(j, f->error[0], f->n_error > 1 ? f->error[1] : NULL);
        else
                host_power(w, j->c->asked, false);
        return true;
}

void pool_join(struct call *c)
{
        struct world *w = c->w;
        struct joining j = { .c = c, .joiner = c->asked, .here = &w->hosts[c->asked], .mine = c->db };
        if (j.here->master >= 0) {
                fail(c, "OPERATION_NOT_ALLOWED", "Host is already part of a pool", NULL);
                return;
        }
        if (!log_in(&j, arg_text(c, 0), arg_text(c, 1), arg_text(c, 2)))
                return;
        if (!check_licence(&j) || !check_states(&j) || !check_software(&j) || !check_networks(&j) || !check_rest(&j) ||
                !check_tls(&j))
                return;
        if (!forget_half_joined(&j) || cut_amid(&j))
                return;
        join_begin(w, c->asked, j.coordinator, c->r->due - paced(w, POOL_JOIN_TAKES));
        c->changed = true;
}

/* --- afterwards --- */

static void breach_of_two(struct world *w, int coordinator)
{
        for (int i = 0; i < w->n; i++) {
                const struct host *h = &w->hosts[i];
                int k = h->becomes >= 0 ? h->becomes : h->master;
                if (k >= 0 && k != coordinator && w->hosts[k].master < 0)
                        breach(w, "two coordinators: %s has members, and %s gets one", w->hosts[k].name,
                                w->hosts[coordinator].name);
        }
}

static const char *copy_network(struct world *w, const struct db *from, struct db *to, const char *ref)
{
        const struct object *n = db_find(from, "network", ref);
        struct object *same = n ? network_on_bridge(to, text_of(n, "bridge")) : NULL;
        if (!n || same)
                return same ? same->ref : NULL_REF;
        same = db_add(to, "network");
        for (size_t i = 0; i < n->class->n; i++)
                if (strcmp(n->class->fields[i].name, "uuid"))
                        put(to, same, n->class->fields[i].name, n->values[i]);
        (void)w;
        return same->ref;
}

static struct object *copy(struct db *to, const struct object *o, const char *host)
{
        struct object *made = db_add(to, o->class->name);
        for (size_t i = 0; i < o->class->n; i++)
                put(to, made, o->class->fields[i].name, o->values[i]);
        if (class_field(o->class, "host"))
                put_text(to, made, "host", host);
        return made;
}

static void copy_storage(const struct db *from, struct db *to, const char *host)
{
        EACH(from, "SR", sr)
        {
                if (true_of(sr, "shared"))
                        continue;
                struct object *made = copy(to, sr, host);
                EACH(from, "PBD", p)
                if (!strcmp(text_of(p, "SR"), sr->ref)) {
                        struct object *pbd = copy(to, p, host);
                        put_text(to, pbd, "SR", made->ref);
                        put_bool(to, pbd, "currently_attached", false);
                }
        }
}

/* xapi pushes its records before it restarts: host, cards, local storage. */
static void push_records(struct world *w, int host, struct db *to)
{
        struct host *h = &w->hosts[host];
        const struct object *old = host_object(w, host);
        struct object *o = copy(to, old, NULL_REF), *m = db_add(to, "host_metrics");
        put_bool(to, o, "enabled", false);
        put_text(to, o, "metrics", m->ref);
        put_number(to, m, "memory_total", h->memory);
        put_number(to, m, "memory_free", h->memory - (2ll << 30));
        EACH(h->db, "PIF", p)
        {
                struct object *pif = copy(to, p, o->ref);
                put_text(to, pif, "network", copy_network(w, h->db, to, text_of(p, "network")));
        }
        copy_storage(h->db, to, o->ref);
        EACH(h->db, "VM", vm)
        if (true_of(vm, "is_control_domain"))
                put_text(to, copy(to, vm, NULL_REF), "resident_on", o->ref);
        const struct object *master = db_find(to, "host", text_of(pool_of(to), "master"));
        put(to, o, "updates", get(master, "updates"));
        put(to, o, "patches", get(master, "patches"));
}

void join_begin(struct world *w, int host, int coordinator, int64_t asked)
{
        struct host *h = &w->hosts[host];
        struct db *to = w->hosts[coordinator].db;
        int64_t total = draw(w, w->join_least, w->join_most), part = w->join_least / 20;
        char line[80];
        breach_of_two(w, coordinator);
        push_records(w, host, to);
        snprintf(line, sizeof(line), "slave:%s", w->hosts[coordinator].address);
        host_writes(w, host, "etc/xensource/pool.conf", line);
        h->becomes = coordinator;
        h->joining = true;
        h->join_asked = asked;
        h->join_live = asked + total * 7 / 10;
        h->join_enabled = asked + total;
        if (++to->joins_now > to->joins_most)
                to->joins_most = to->joins_now;
        after(w, draw(w, 5 * part, 10 * part), host, h->life, join_fuse, NULL);
}

void join_fuse(struct world *w, int host, const char *arg)
{
        (void)arg;
        xapi_restarts(w, host, 3 * w->join_least / 20);
}

/* From now on its calls go to the coordinator, and its own database is no more. */
void become_member(struct world *w, int host)
{
        struct host *h = &w->hosts[host];
        h->master = h->becomes;
        h->becomes = -1;
        h->db = w->hosts[h->master].db;
        struct object *o = db_by_uuid(h->db, "host", h->uuid);
        h->ref = o ? o->ref : NULL_REF;
        h->away_since = w->now;
        h->cold = true;
}
