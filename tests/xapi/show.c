/* The state in lines that people and tests can read: no references, sorted, the same for the same state. */
#include "tests/xapi/inside.h"

#include <stdlib.h>
#include <string.h>

struct lines {
        char **at;
        size_t n, room;
        const struct world *w;
        const struct db *db;
};

static void add(struct lines *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void add(struct lines *l, const char *fmt, ...)
{
        va_list ap;
        char *text = NULL;
        va_start(ap, fmt);
        if (vasprintf(&text, fmt, ap) < 0)
                abort();
        va_end(ap);
        if (l->n == l->room) {
                l->room = l->room ? 2 * l->room : 64;
                l->at = realloc(l->at, l->room * sizeof(*l->at));
                if (!l->at)
                        abort();
        }
        l->at[l->n++] = text;
}

static const char *host_shown(const struct lines *l, const char *ref)
{
        int host = host_of_object(l->w, l->db, ref);
        const struct object *o = db_find(l->db, "host", ref);
        return host >= 0 ? l->w->hosts[host].name : o ? text_of(o, "name_label") : "-";
}

static const char *label(const struct lines *l, const char *class, const char *ref)
{
        const struct object *o = db_find(l->db, class, ref);
        return o ? text_of(o, "name_label") : "-";
}

static void add_map(struct lines *l, const char *what, const struct val *map)
{
        for (size_t i = 0; i < map->n; i++)
                add(l, "%s %s=%s", what, map->keys[i], map->items[i]->text);
}

static void add_tags(struct lines *l, const char *what, const struct object *o)
{
        const struct val *tags = get(o, "tags");
        for (size_t i = 0; i < tags->n; i++)
                add(l, "%s tag %s", what, tags->items[i]->text);
}

static const char *yes(bool is, const char *word) { return is ? word : ""; }

static void show_pool(struct lines *l)
{
        const struct object *p = pool_of(l->db);
        add(l, "pool '%s' coordinator %s default %s suspend %s ha %s tolerate %s crash-dump %s%s \"%s\"",
                text_of(p, "name_label"), host_shown(l, text_of(p, "master")), label(l, "SR", text_of(p, "default_SR")),
                label(l, "SR", text_of(p, "suspend_image_SR")), true_of(p, "ha_enabled") ? "on" : "off",
                text_of(p, "ha_host_failures_to_tolerate"), label(l, "SR", text_of(p, "crash_dump_SR")),
                yes(true_of(p, "tls_verification_enabled"), " TLS"), text_of(p, "name_description"));
        add_map(l, "pool other_config", get(p, "other_config"));
        add_tags(l, "pool", p);
        add(l, "pool joins now %d", l->db->joins_now);
}

static void show_hosts(struct lines *l)
{
        char what[200];
        EACH(l->db, "host", h)
        {
                const struct object *m = db_find(l->db, "host_metrics", text_of(h, "metrics"));
                const char *name = host_shown(l, h->ref);
                add(l, "host '%s' %s %s%s%s hostname %s \"%s\"", text_of(h, "name_label"), text_of(h, "address"),
                        true_of(h, "enabled") ? "enabled" : "disabled", yes(m && true_of(m, "live"), " live"),
                        yes(true_of(h, "multipathing"), " multipathing"), text_of(h, "hostname"),
                        text_of(h, "name_description"));
                snprintf(what, sizeof(what), "host %s other_config", name);
                add_map(l, what, get(h, "other_config"));
                snprintf(what, sizeof(what), "host %s", name);
                add_tags(l, what, h);
        }
}

static void show_pif(struct lines *l, const struct object *p)
{
        add(l, "PIF %s of %s on '%s' vlan %s ip %s %s %s %s%s%s%s%s", text_of(p, "device"),
                host_shown(l, text_of(p, "host")), label(l, "network", text_of(p, "network")), text_of(p, "VLAN"),
                text_of(p, "IP"), text_of(p, "netmask"), text_of(p, "ip_configuration_mode"), text_of(p, "MAC"),
                yes(true_of(p, "management"), " management"), yes(true_of(p, "currently_attached"), " attached"),
                yes(true_of(p, "disallow_unplug"), " stays"), yes(!is_null(text_of(p, "bond_slave_of")), " bonded"));
}

static void show_networks(struct lines *l)
{
        char what[300];
        EACH(l->db, "network", n)
        {
                add(l, "network '%s' mtu %s bridge %s \"%s\"", text_of(n, "name_label"), text_of(n, "MTU"),
                        text_of(n, "bridge"), text_of(n, "name_description"));
                snprintf(what, sizeof(what), "network \"%s\" other_config", text_of(n, "name_label"));
                add_map(l, what, get(n, "other_config"));
        }
        EACH(l->db, "PIF", p)
        show_pif(l, p);
        EACH(l->db, "Bond", b)
        {
                const struct object *m = db_find(l->db, "PIF", text_of(b, "master"));
                size_t n = 0;
                EACH(l->db, "PIF", p)
                n += !strcmp(text_of(p, "bond_slave_of"), b->ref);
                add(l, "bond %s %s of %zu %s", m ? host_shown(l, text_of(m, "host")) : "-",
                        m ? text_of(m, "device") : "-", n, text_of(b, "mode"));
        }
}

static void show_pbd(struct lines *l, const struct object *p)
{
        struct str config = STR_MAX(1 << 16);
        const struct val *map = get(p, "device_config");
        for (size_t i = 0; i < map->n; i++) {
                bool secret = strstr(map->keys[i], "secret") || strstr(map->keys[i], "password");
                str_addf(&config, " %s=%s", map->keys[i], secret ? "(secret)" : map->items[i]->text);
        }
        add(l, "PBD of '%s' on %s %s%s", label(l, "SR", text_of(p, "SR")), host_shown(l, text_of(p, "host")),
                true_of(p, "currently_attached") ? "attached" : "unplugged", str_text(&config));
        str_clear(&config);
}

static void show_storage(struct lines *l)
{
        char what[300];
        EACH(l->db, "SR", sr)
        {
                add(l, "SR '%s' %s %s %s \"%s\"", text_of(sr, "name_label"), text_of(sr, "type"),
                        true_of(sr, "shared") ? "shared" : "local", text_of(sr, "content_type"),
                        text_of(sr, "name_description"));
                snprintf(what, sizeof(what), "SR \"%s\" other_config", text_of(sr, "name_label"));
                add_map(l, what, get(sr, "other_config"));
        }
        EACH(l->db, "PBD", p)
        show_pbd(l, p);
        EACH(l->db, "secret", s)
        {
                bool used = false;
                EACH(l->db, "PBD", p)
                for (size_t i = 0; i < get(p, "device_config")->n; i++)
                        used |= !strcmp(get(p, "device_config")->items[i]->text, text_of(s, "uuid"));
                if (!used)
                        add(l, "secret, left over");
        }
}

static void show_vm(struct lines *l, const struct object *vm)
{
        char what[300];
        add(l, "VM '%s' %s%s vcpus %s/%s memory %s order %s delay %s priority \"%s\" \"%s\"", text_of(vm, "name_label"),
                text_of(vm, "power_state"), yes(true_of(vm, "is_a_template"), " template"),
                text_of(vm, "VCPUs_at_startup"), text_of(vm, "VCPUs_max"), text_of(vm, "memory_static_max"),
                text_of(vm, "order"), text_of(vm, "start_delay"), text_of(vm, "ha_restart_priority"),
                text_of(vm, "name_description"));
        snprintf(what, sizeof(what), "of VM \"%s\" other_config", text_of(vm, "name_label"));
        EACH(l->db, "VBD", b)
        if (!strcmp(text_of(b, "VM"), vm->ref)) {
                const struct object *v = db_find(l->db, "VDI", text_of(b, "VDI"));
                add(l, "of VM \"%s\" %s %s \"%s\" %s on \"%s\"", text_of(vm, "name_label"), text_of(b, "type"),
                        text_of(b, "userdevice"), v ? text_of(v, "name_label") : "-",
                        v ? text_of(v, "virtual_size") : "-", v ? label(l, "SR", text_of(v, "SR")) : "-");
        }
        EACH(l->db, "VIF", v)
        if (!strcmp(text_of(v, "VM"), vm->ref))
                add(l, "of VM \"%s\" card %s on \"%s\"", text_of(vm, "name_label"), text_of(v, "device"),
                        label(l, "network", text_of(v, "network")));
        if (!is_null(text_of(vm, "snapshot_schedule")))
                add(l, "of VM \"%s\" schedule \"%s\"", text_of(vm, "name_label"),
                        label(l, "VMSS", text_of(vm, "snapshot_schedule")));
        add_map(l, what, get(vm, "other_config"));
}

static void show_machines(struct lines *l)
{
        EACH(l->db, "VM", vm)
        if (!true_of(vm, "is_control_domain") && !true_of(vm, "is_default_template"))
                show_vm(l, vm);
        EACH(l->db, "VMSS", v)
        {
                const struct val *s = get(v, "schedule");
                add(l, "schedule '%s' %s %s keep %s at %s:%s %s%s", text_of(v, "name_label"), text_of(v, "frequency"),
                        text_of(v, "type"), text_of(v, "retained_snapshots"), val_member_text(s, "hour"),
                        val_member_text(s, "min"), val_member_text(s, "days"), yes(!true_of(v, "enabled"), " off"));
        }
}

static int compare(const void *x, const void *y) { return strcmp(*(char *const *)x, *(char *const *)y); }

static void write_lines(struct lines *l, struct str *out)
{
        if (l->n)
                qsort(l->at, l->n, sizeof(*l->at), compare);
        for (size_t i = 0; i < l->n; i++) {
                str_addf(out, "  %s\n", l->at[i]);
                free(l->at[i]);
        }
        free(l->at);
}

static void show_xapis(const struct world *w, struct str *out)
{
        static const char *const states[] = {
                [XAPI_OFF] = "no xapi", [XAPI_ON] = "xapi", [XAPI_EMERGENCY] = "emergency"
        };
        for (int i = 0; i < w->n; i++) {
                const struct host *h = &w->hosts[i];
                str_addf(out, "%s: %s, %s, %s%s\n", h->name, h->powered ? "on" : "off", states[h->state],
                        h->master < 0 ? "coordinator" : "member of ", h->master < 0 ? "" : w->hosts[h->master].name);
        }
}

void world_show(const struct world *w, struct str *out)
{
        int most = 0;
        for (int i = 0; i < w->n; i++) {
                const struct host *h = &w->hosts[i];
                struct lines l = { .w = w, .db = h->db };
                if (h->master >= 0)
                        continue;
                most = h->db->joins_most > most ? h->db->joins_most : most;
                str_addf(out, "pool of %s\n", h->name);
                show_pool(&l);
                show_hosts(&l);
                show_networks(&l);
                show_storage(&l);
                show_machines(&l);
                write_lines(&l, out);
        }
        show_xapis(w, out);
        str_addf(out, "most joins at once: %d\n", most);
}
