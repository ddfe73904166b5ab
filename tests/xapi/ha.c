/* High availability: what must be so before it is switched on, and what it forbids afterwards. */
#include "tests/xapi/pool.h"

#include <string.h>

static bool has_statefile(const struct object *sr)
{
        static const char *const types[] = { "nfs", "lvmoiscsi", "lvmohba", "hba" };
        for (size_t i = 0; i < COUNT(types); i++)
                if (!strcmp(text_of(sr, "type"), types[i]))
                        return true;
        return false;
}

static bool attached_everywhere(const struct db *d, const struct object *sr)
{
        EACH(d, "host", h)
        {
                bool there = false;
                EACH(d, "PBD", p)
                there |= !strcmp(text_of(p, "host"), h->ref) && !strcmp(text_of(p, "SR"), sr->ref) &&
                         true_of(p, "currently_attached");
                if (!there)
                        return false;
        }
        return true;
}

static bool hosts_ready(struct call *c)
{
        EACH(c->db, "PIF", p)
        if (true_of(p, "disallow_unplug") && !true_of(p, "currently_attached")) {
                fail(c, "REQUIRED_PIF_IS_UNPLUGGED", p->ref, NULL);
                return false;
        }
        EACH(c->db, "host", h)
        {
                struct object *m = db_find(c->db, "host_metrics", text_of(h, "metrics"));
                if (!m || !true_of(m, "live")) {
                        fail(c, "HOST_OFFLINE", h->ref, NULL);
                        return false;
                }
        }
        return true;
}

/* Only the first of the list counts; an empty list means whichever will do. */
static struct object *choose_sr(struct call *c)
{
        if (c->args[0]->n) {
                struct object *sr = db_find(c->db, "SR", c->args[0]->items[0]->text);
                if (!sr)
                        fail(c, "HANDLE_INVALID", "SR", c->args[0]->items[0]->text, NULL);
                else if (!attached_everywhere(c->db, sr))
                        fail(c, "SR_HAS_NO_PBDS", sr->ref, NULL);
                else if (!strcmp(text_of(sr, "type"), "smb"))
                        refuse_unknown(c, "whether smb can hold a statefile");
                else if (!has_statefile(sr))
                        fail(c, "SR_OPERATION_NOT_SUPPORTED", sr->ref, NULL);
                return c->n_error ? NULL : sr;
        }
        EACH(c->db, "SR", sr)
        if (true_of(sr, "shared") && has_statefile(sr) && attached_everywhere(c->db, sr))
                return sr;
        fail(c, "CANNOT_CREATE_STATE_FILE", NULL);
        return NULL;
}

void pool_enable_ha(struct call *c)
{
        struct object *pool = pool_of(c->db);
        const struct host *owner = &c->w->hosts[c->db->owner];
        if (true_of(pool, "ha_enabled")) {
                fail(c, "HA_IS_ENABLED", NULL);
                return;
        }
        if (owner->no_ha_licence) {
                fail(c, "LICENCE_RESTRICTION", "HA", NULL);
                return;
        }
        for (size_t i = 0; i < c->args[1]->n; i++)
                if (strcmp(c->args[1]->keys[i], "timeout")) {
                        refuse_unknown(c, "the configuration %s", c->args[1]->keys[i]);
                        return;
                }
        if (!hosts_ready(c))
                return;
        if (c->db->joins_now) {
                fail(c, "OTHER_OPERATION_IN_PROGRESS", "pool", pool->ref, NULL);
                return;
        }
        struct object *sr = choose_sr(c);
        if (!sr)
                return;
        struct object *vdi = db_add(c->db, "VDI");
        put_text(c->db, vdi, "name_label", "Statefile for HA");
        put_text(c->db, vdi, "SR", sr->ref);
        put_text(c->db, vdi, "type", "ha_statefile");
        put(c->db, pool, "ha_statefiles", val_texts(c->a, &vdi->ref, 1));
        put(c->db, pool, "ha_configuration", c->args[1]);
        put_bool(c->db, pool, "ha_enabled", true);
        put_text(c->db, pool, "ha_plan_exists_for", text_of(pool, "ha_host_failures_to_tolerate"));
}

void pool_disable_ha(struct call *c)
{
        struct object *pool = pool_of(c->db);
        if (!true_of(pool, "ha_enabled"))
                return;
        for (struct object *v; (v = db_where(c->db, "VDI", "type", "ha_statefile"));)
                db_remove(c->db, v);
        put(c->db, pool, "ha_statefiles", val_set(c->a, NULL, 0));
        put_bool(c->db, pool, "ha_enabled", false);
}

static int64_t most(const struct db *d)
{
        int64_t n = 0;
        EACH(d, "host", h)
        {
                struct object *m = db_find(d, "host_metrics", text_of(h, "metrics"));
                n += m && true_of(m, "live") && true_of(h, "enabled");
        }
        return n > 0 ? n - 1 : 0;
}

void pool_compute_max(struct call *c) { c->result = val_number(c->a, most(c->db)); }
void pool_ha_plan_exists(struct call *c) { c->result = val_bool(arg_number(c, 0) <= most(c->db)); }

void pool_set_tolerate(struct call *c)
{
        struct object *pool = arg_object(c, 0);
        int64_t n = arg_number(c, 1);
        if (!pool)
                return;
        if (n < 0)
                fail(c, "INVALID_VALUE", "ha_host_failures_to_tolerate", arg_text(c, 1), NULL);
        else if (true_of(pool, "ha_enabled") && n > most(c->db))
                fail(c, "HA_NO_PLAN", NULL);
        else
                put_number(c->db, pool, "ha_host_failures_to_tolerate", n);
}
