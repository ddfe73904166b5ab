#include "tests/xapi/pool.h"

#include <string.h>

/* --- hosts --- */

void host_get_servertime(struct call *c)
{
        struct object *o = arg_object(c, 0);
        int host = o ? host_of_object(c->w, c->db, o->ref) : -1;
        if (host >= 0)
                c->result = val_date(c->a, world_seconds(c->w, host));
}

void host_set_hostname_live(struct call *c)
{
        struct object *o = arg_object(c, 0);
        const char *name = arg_text(c, 1);
        size_t n = strlen(name);
        if (!o)
                return;
        if (!n)
                fail(c, "HOST_NAME_INVALID", "Hostname cannot be empty", NULL);
        else if (name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")] ||
                 *name == '-' || name[n - 1] == '-')
                fail(c, "HOST_NAME_INVALID", "Hostname contains invalid characters", NULL);
        else
                put_text(c->db, o, "hostname", name);
}

void host_enable(struct call *c)
{
        struct object *o = arg_object(c, 0);
        if (o)
                put_bool(c->db, o, "enabled", true);
}

void host_disable(struct call *c)
{
        struct object *o = arg_object(c, 0);
        if (o)
                put_bool(c->db, o, "enabled", false);
}

void host_set_multipathing(struct call *c)
{
        struct object *o = arg_object(c, 0);
        if (!o)
                return;
        put_bool(c->db, o, "multipathing", arg_true(c, 1));
        put_key(c->db, o, "other_config", "multipathing", arg_true(c, 1) ? "true" : "false");
}

void host_set_iscsi_iqn(struct call *c)
{
        struct object *o = arg_object(c, 0);
        if (!o)
                return;
        put_text(c->db, o, "iscsi_iqn", arg_text(c, 1));
        put_key(c->db, o, "other_config", "iscsi_iqn", arg_text(c, 1));
}

static void remove_where(struct db *d, const char *class, const char *field, const char *ref)
{
        for (struct object *o; (o = db_where(d, class, field, ref));)
                db_remove(d, o);
}

/* Storage that only this host had goes with it. */
static void remove_local_storage(struct db *d, const char *host)
{
        for (struct object *p; (p = db_where(d, "PBD", "host", host));) {
                struct object *sr = db_find(d, "SR", text_of(p, "SR"));
                db_remove(d, p);
                if (sr && !true_of(sr, "shared") && !db_where(d, "PBD", "SR", sr->ref))
                        db_remove(d, sr);
        }
}

/* Everything that the pool knows of a host. */
void forget_host(struct db *d, struct object *o)
{
        struct object *m = db_find(d, "host_metrics", text_of(o, "metrics"));
        remove_local_storage(d, o->ref);
        remove_where(d, "PIF", "host", o->ref);
        remove_where(d, "VM", "resident_on", o->ref);
        if (m)
                db_remove(d, m);
        db_remove(d, o);
}

void host_destroy(struct call *c)
{
        struct object *o = arg_object(c, 0), *m = o ? db_find(c->db, "host_metrics", text_of(o, "metrics")) : NULL;
        if (!o)
                return;
        int host = host_of_object(c->w, c->db, o->ref);
        if (host >= 0 && host == c->db->owner) {
                fail(c, "HOST_CANNOT_DESTROY_SELF", o->ref, NULL);
                return;
        }
        if (m && true_of(m, "live")) {
                fail(c, "HOST_IS_LIVE", o->ref, NULL);
                return;
        }
        EACH(c->db, "VM", vm)
        if (!strcmp(text_of(vm, "resident_on"), o->ref) && !true_of(vm, "is_control_domain")) {
                fail(c, "HOST_HAS_RESIDENT_VMS", o->ref, NULL);
                return;
        }
        forget_host(c->db, o);
        if (host >= 0 && c->w->hosts[host].joining) {
                c->w->hosts[host].joining = false;
                c->db->joins_now--;
        }
}

/* --- management --- */

void host_get_management_interface(struct call *c)
{
        struct object *o = arg_object(c, 0);
        EACH(c->db, "PIF", p)
        if (o && !strcmp(text_of(p, "host"), o->ref) && true_of(p, "management"))
                c->result = val_text(c->a, p->ref);
        if (o && !c->result)
                c->result = val_text(c->a, NULL_REF);
}

static void move_management(struct call *c, struct object *to)
{
        EACH(c->db, "PIF", p)
        if (p != to && !strcmp(text_of(p, "host"), text_of(to, "host")))
                put_bool(c->db, p, "management", false);
        put_bool(c->db, to, "management", true);
        struct object *h = db_find(c->db, "host", text_of(to, "host"));
        if (h)
                put_text(c->db, h, "address", text_of(to, "IP"));
}

static bool may_manage(struct call *c, struct object *pif)
{
        if (true_of(pool_of(c->db), "ha_enabled"))
                fail(c, "HA_IS_ENABLED", NULL);
        else if (!is_null(text_of(pif, "bond_slave_of")))
                fail(c, "CANNOT_PLUG_BOND_SLAVE", pif->ref, NULL);
        else if (!strcmp(text_of(pif, "ip_configuration_mode"), "None"))
                fail(c, "PIF_HAS_NO_NETWORK_CONFIGURATION", pif->ref, NULL);
        return !c->n_error;
}

void host_management_reconfigure(struct call *c)
{
        struct object *pif = arg_object(c, 0);
        if (pif && may_manage(c, pif))
                move_management(c, pif);
}

void pool_management_reconfigure(struct call *c)
{
        struct object *n = arg_object(c, 0);
        if (!n)
                return;
        EACH(c->db, "host", h)
        {
                struct object *found = NULL;
                EACH(c->db, "PIF", p)
                if (!strcmp(text_of(p, "host"), h->ref) && !strcmp(text_of(p, "network"), n->ref))
                        found = p;
                if (!found)
                        fail(c, "PIF_NOT_PRESENT", h->ref, n->ref, NULL);
                if (!found || !may_manage(c, found))
                        return;
        }
        EACH(c->db, "PIF", p)
        if (!strcmp(text_of(p, "network"), n->ref))
                move_management(c, p);
}

/* --- pool --- */

void pool_enable_tls(struct call *c)
{
        put_bool(c->db, pool_of(c->db), "tls_verification_enabled", true);
        EACH(c->db, "host", h)
        put_bool(c->db, h, "tls_verification_enabled", true);
        c->db->tls_once = true;
}

void pool_eject(struct call *c)
{
        if (!arg_object(c, 0))
                return;
        if (true_of(pool_of(c->db), "ha_enabled"))
                fail(c, "HA_IS_ENABLED", NULL);
        else
                refuse_unknown(c, "how a host leaves its pool");
}
