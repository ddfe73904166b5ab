#include "tests/xapi/network.h"

#include <arpa/inet.h>
#include <string.h>

struct object *network_on_bridge(const struct db *d, const char *bridge)
{
        return db_where(d, "network", "bridge", bridge);
}

struct object *pif_of(const struct db *d, const char *host, const char *device)
{
        EACH(d, "PIF", p)
        if (!strcmp(text_of(p, "host"), host) && !strcmp(text_of(p, "device"), device) && number_of(p, "VLAN") < 0)
                return p;
        return NULL;
}

static struct object *network_of_card(struct world *w, struct db *d, int eth)
{
        const char *bridge = arena_printf(w->a, "xenbr%d", eth);
        struct object *n = network_on_bridge(d, bridge);
        if (n)
                return n;
        n = db_add(d, "network");
        put_text(d, n, "name_label", arena_printf(w->a, "Pool-wide network associated with eth%d", eth));
        put_text(d, n, "bridge", bridge);
        put_number(d, n, "MTU", 1500);
        put_bool(d, n, "managed", true);
        return n;
}

static struct object *pif_add(struct db *d, const char *host, const char *device, const char *network, const char *mac)
{
        struct object *p = db_add(d, "PIF");
        put_text(d, p, "host", host);
        put_text(d, p, "device", device);
        put_text(d, p, "network", network);
        put_text(d, p, "MAC", mac);
        put_number(d, p, "MTU", 1500);
        put_number(d, p, "VLAN", -1);
        put_text(d, p, "ip_configuration_mode", "None");
        put_bool(d, p, "managed", true);
        return p;
}

static void configure_management(struct world *w, int host, struct object *p)
{
        struct host *h = &w->hosts[host];
        const char *dot = strrchr(h->address, '.');
        put_bool(h->db, p, "management", true);
        put_text(h->db, p, "ip_configuration_mode", h->dhcp ? "DHCP" : "Static");
        put_text(h->db, p, "IP", h->address);
        put_text(h->db, p, "netmask", "255.255.255.0");
        put_text(h->db, p, "gateway", arena_printf(w->a, "%.*s.1", dot ? (int)(dot - h->address) : 0, h->address));
}

struct object *card_add(struct world *w, struct db *d, int host, size_t nic, const char *network)
{
        struct host *h = &w->hosts[host];
        struct object *p = pif_add(d, h->ref, arena_printf(w->a, "eth%d", h->eth[nic]), network, h->macs[nic]);
        put_bool(d, p, "physical", true);
        put_bool(d, p, "currently_attached", true);
        return p;
}

/* Cards that have no PIF yet get one; the installer's choice becomes the management interface. */
void scan_cards(struct world *w, int host)
{
        struct host *h = &w->hosts[host];
        for (size_t i = 0; i < h->n_nics; i++) {
                bool known = false;
                EACH(h->db, "PIF", p)
                known |= !strcmp(text_of(p, "host"), h->ref) && !strcmp(text_of(p, "MAC"), h->macs[i]);
                if (known)
                        continue;
                struct object *p = card_add(w, h->db, host, i, network_of_card(w, h->db, h->eth[i])->ref);
                if ((int)i == h->management && h->master < 0)
                        configure_management(w, host, p);
        }
}

/* --- networks --- */

void network_create(struct call *c)
{
        static const char *const needed[] = { "other_config", NULL };
        if (!check_record(c, c->args[0], c->m->class, needed))
                return;
        struct object *n = add_from_record(c, c->args[0], "network");
        if (!*text_of(n, "bridge")) {
                int i = 0;
                while (network_on_bridge(c->db, arena_printf(c->a, "xapi%d", i)))
                        i++;
                put_text(c->db, n, "bridge", arena_printf(c->a, "xapi%d", i));
        }
        if (!val_member(c->args[0], "MTU"))
                put_number(c->db, n, "MTU", 1500);
        put_bool(c->db, n, "managed", true);
}

void network_destroy(struct call *c)
{
        struct object *n = arg_object(c, 0);
        if (!n)
                return;
        struct object *p = db_where(c->db, "PIF", "network", n->ref), *v = db_where(c->db, "VIF", "network", n->ref);
        if (p)
                fail(c, "NETWORK_CONTAINS_PIF", p->ref, NULL);
        else if (v)
                fail(c, "NETWORK_CONTAINS_VIF", v->ref, NULL);
        else
                db_remove(c->db, n);
}

/* --- cards --- */

void pif_scan(struct call *c)
{
        struct object *h = arg_object(c, 0);
        int host = h ? host_of_object(c->w, c->db, h->ref) : -1;
        if (host >= 0)
                scan_cards(c->w, host);
}

void pif_plug(struct call *c)
{
        struct object *p = arg_object(c, 0);
        if (p && !is_null(text_of(p, "bond_slave_of")))
                fail(c, "CANNOT_PLUG_BOND_SLAVE", p->ref, NULL);
        else if (p)
                put_bool(c->db, p, "currently_attached", true);
}

void pif_unplug(struct call *c)
{
        struct object *p = arg_object(c, 0);
        if (!p)
                return;
        if (true_of(p, "management"))
                fail(c, "PIF_IS_MANAGEMENT_INTERFACE", p->ref, NULL);
        else if (true_of(p, "disallow_unplug"))
                fail(c, "PIF_DOES_NOT_ALLOW_UNPLUG", p->ref, NULL);
        else if (true_of(pool_of(c->db), "ha_enabled"))
                fail(c, "HA_IS_ENABLED", NULL);
        else
                put_bool(c->db, p, "currently_attached", false);
}

void pif_set_disallow_unplug(struct call *c)
{
        struct object *p = arg_object(c, 0);
        if (p)
                put_bool(c->db, p, "disallow_unplug", arg_true(c, 1));
}

static bool is_address(const char *text)
{
        struct in_addr a;
        return inet_pton(AF_INET, text, &a) == 1;
}

static void check_unique(struct call *c, struct object *p, const char *ip)
{
        EACH(c->db, "PIF", other)
        if (other != p && !strcmp(text_of(other, "IP"), ip))
                complain(c->w, "PIF.reconfigure_ip: %s is another interface's already", ip);
}

void pif_reconfigure_ip(struct call *c)
{
        static const char *const fields[] = { "IP", "netmask", "gateway", "DNS" };
        struct object *p = arg_object(c, 0);
        if (!p)
                return;
        bool is_static = !strcmp(arg_text(c, 1), "Static");
        for (size_t i = 0; is_static && i < 2; i++)
                if (!is_address(arg_text(c, 2 + i)))
                        fail(c, "INVALID_IP_ADDRESS_SPECIFIED", fields[i], NULL);
        if (!c->n_error && *arg_text(c, 4) && !is_address(arg_text(c, 4)))
                fail(c, "INVALID_IP_ADDRESS_SPECIFIED", "gateway", NULL);
        if (!c->n_error && !is_null(text_of(p, "bond_slave_of")))
                fail(c, "CANNOT_PLUG_BOND_SLAVE", p->ref, NULL);
        if (!c->n_error && true_of(p, "management") && true_of(pool_of(c->db), "ha_enabled"))
                fail(c, "HA_IS_ENABLED", NULL);
        if (!c->n_error && true_of(p, "management") && (!is_static || strcmp(arg_text(c, 2), text_of(p, "IP"))))
                refuse_unknown(c, "a new address for the management interface");
        if (c->n_error)
                return;
        check_unique(c, p, arg_text(c, 2));
        put_text(c->db, p, "ip_configuration_mode", arg_text(c, 1));
        for (size_t i = 0; i < 4; i++)
                put_text(c->db, p, fields[i], is_static ? arg_text(c, 2 + i) : "");
        put_bool(c->db, p, "currently_attached", true);
}

/* --- bonds --- */

static struct object *bond_add(struct world *w, struct db *d, struct object *const *members, size_t n,
        const char *network, const char *mac, const char *mode, const struct val *properties)
{
        int number = 0;
        const char *host = text_of(members[0], "host");
        while (pif_of(d, host, arena_printf(w->a, "bond%d", number)))
                number++;
        struct object *p = pif_add(
                d, host, arena_printf(w->a, "bond%d", number), network, *mac ? mac : text_of(members[0], "MAC"));
        struct object *b = db_add(d, "Bond");
        put_text(d, b, "master", p->ref);
        put_text(d, b, "primary_slave", members[0]->ref);
        put_text(d, b, "mode", mode);
        if (properties)
                put(d, b, "properties", properties);
        put_bool(d, p, "currently_attached", true);
        for (size_t i = 0; i < n; i++) {
                put_text(d, members[i], "bond_slave_of", b->ref);
                put_bool(d, members[i], "currently_attached", false);
        }
        return b;
}

static bool may_bond(struct call *c, struct object *p, const struct object *first)
{
        if (strcmp(text_of(p, "host"), text_of(first, "host")))
                fail(c, "PIF_CANNOT_BOND_CROSS_HOST", NULL);
        else if (!is_null(text_of(p, "bond_slave_of")))
                fail(c, "PIF_ALREADY_BONDED", p->ref, NULL);
        else if (number_of(p, "VLAN") >= 0)
                fail(c, "PIF_IS_VLAN", p->ref, NULL);
        else if (!true_of(p, "physical"))
                fail(c, "PIF_IS_NOT_PHYSICAL", p->ref, NULL);
        else if (db_where(c->db, "VLAN", "tagged_PIF", p->ref))
                fail(c, "PIF_VLAN_STILL_EXISTS", p->ref, NULL);
        else if (true_of(p, "management"))
                refuse_unknown(c, "what becomes of the management interface in a bond");
        return !c->n_error;
}

void bond_create(struct call *c)
{
        struct object *n = arg_object(c, 0), *members[8];
        size_t k = c->args[1]->n;
        const char *mode = c->n > 3 ? arg_text(c, 3) : "balance-slb";
        if (!n)
                return;
        if (k < 2 || k > COUNT(members)) {
                fail(c, "PIF_BOND_NEEDS_MORE_MEMBERS", NULL);
                return;
        }
        for (size_t i = 0; i < k; i++) {
                members[i] = db_find(c->db, "PIF", c->args[1]->items[i]->text);
                if (!members[i]) {
                        fail(c, "HANDLE_INVALID", "PIF", c->args[1]->items[i]->text, NULL);
                        return;
                }
                if (!may_bond(c, members[i], members[0]))
                        return;
        }
        if (db_where(c->db, "PIF", "network", n->ref)) {
                fail(c, "NETWORK_ALREADY_CONNECTED", text_of(members[0], "host"),
                        db_where(c->db, "PIF", "network", n->ref)->ref, NULL);
                return;
        }
        struct object *b =
                bond_add(c->w, c->db, members, k, n->ref, arg_text(c, 2), mode, c->n > 4 ? c->args[4] : NULL);
        c->result = val_text(c->a, b->ref);
}

/* --- VLANs --- */

static struct object *vlan_of(const struct db *d, const char *pif, int64_t tag)
{
        EACH(d, "VLAN", v)
        if (!strcmp(text_of(v, "tagged_PIF"), pif) && number_of(v, "tag") == tag)
                return v;
        return NULL;
}

static struct object *vlan_add(struct db *d, const struct object *tagged, const char *network, int64_t tag)
{
        struct object *p =
                pif_add(d, text_of(tagged, "host"), text_of(tagged, "device"), network, text_of(tagged, "MAC"));
        struct object *v = db_add(d, "VLAN");
        put_number(d, p, "VLAN", tag);
        put_text(d, p, "VLAN_master_of", v->ref);
        put_bool(d, p, "currently_attached", true);
        put_text(d, v, "tagged_PIF", tagged->ref);
        put_text(d, v, "untagged_PIF", p->ref);
        put_number(d, v, "tag", tag);
        return v;
}

static bool may_tag(struct call *c, const struct object *p, const struct object *n, int64_t tag)
{
        if (tag < 0 || tag > 4094)
                fail(c, "VLAN_TAG_INVALID", arena_printf(c->a, "%lld", (long long)tag), NULL);
        else if (number_of(p, "VLAN") >= 0)
                fail(c, "PIF_IS_VLAN", p->ref, NULL);
        else if (!is_null(text_of(p, "bond_slave_of")))
                fail(c, "CANNOT_ADD_VLAN_TO_BOND_SLAVE", p->ref, NULL);
        else if (vlan_of(c->db, p->ref, tag))
                fail(c, "PIF_VLAN_EXISTS", p->ref, NULL);
        EACH(c->db, "PIF", other)
        if (!c->n_error && !strcmp(text_of(other, "network"), n->ref) &&
                !strcmp(text_of(other, "host"), text_of(p, "host")))
                fail(c, "NETWORK_ALREADY_CONNECTED", text_of(p, "host"), other->ref, NULL);
        return !c->n_error;
}

void vlan_create(struct call *c)
{
        struct object *p = arg_object(c, 0), *n = p ? arg_object(c, 2) : NULL;
        if (n && may_tag(c, p, n, arg_number(c, 1)))
                c->result = val_text(c->a, vlan_add(c->db, p, n->ref, arg_number(c, 1))->ref);
}

/* On every host, on the card that is on the same network. */
void pool_create_vlan_from_pif(struct call *c)
{
        struct object *p = arg_object(c, 0), *n = p ? arg_object(c, 1) : NULL;
        const char *refs[256];
        size_t k = 0;
        if (!n)
                return;
        EACH(c->db, "PIF", each)
        if (!strcmp(text_of(each, "network"), text_of(p, "network")) && !may_tag(c, each, n, arg_number(c, 2)))
                return;
        EACH(c->db, "PIF", each)
        if (!strcmp(text_of(each, "network"), text_of(p, "network")) && k < COUNT(refs))
                refs[k++] = text_of(vlan_add(c->db, each, n->ref, arg_number(c, 2)), "untagged_PIF");
        c->result = val_texts(c->a, refs, k);
}

/* --- a new member takes over the coordinator's --- */

static void replicate_bond(struct world *w, struct db *d, const struct object *bond, const char *host)
{
        const struct object *master = db_find(d, "PIF", text_of(bond, "master"));
        struct object *members[8];
        size_t n = 0;
        if (pif_of(d, host, text_of(master, "device")))
                return;
        EACH(d, "PIF", p)
        if (!strcmp(text_of(p, "bond_slave_of"), bond->ref) && n < COUNT(members)) {
                members[n] = pif_of(d, host, text_of(p, "device"));
                if (!members[n] || !is_null(text_of(members[n], "bond_slave_of")))
                        return;
                n++;
        }
        if (n >= 2)
                bond_add(w, d, members, n, text_of(master, "network"), "", text_of(bond, "mode"),
                        get(bond, "properties"));
}

static void replicate_vlan(struct db *d, const struct object *vlan, const char *host)
{
        const struct object *tagged = db_find(d, "PIF", text_of(vlan, "tagged_PIF"));
        const struct object *untagged = db_find(d, "PIF", text_of(vlan, "untagged_PIF"));
        const struct object *mine = tagged ? pif_of(d, host, text_of(tagged, "device")) : NULL;
        if (mine && untagged && !vlan_of(d, mine->ref, number_of(vlan, "tag")) &&
                is_null(text_of(mine, "bond_slave_of")))
                vlan_add(d, mine, text_of(untagged, "network"), number_of(vlan, "tag"));
}

void replicate_networks(struct world *w, int host)
{
        struct db *d = w->hosts[host].db;
        const char *master = text_of(pool_of(d), "master"), *here = w->hosts[host].ref;
        EACH(d, "Bond", b)
        if (!strcmp(text_of(db_find(d, "PIF", text_of(b, "master")), "host"), master))
                replicate_bond(w, d, b, here);
        EACH(d, "VLAN", v)
        if (!strcmp(text_of(db_find(d, "PIF", text_of(v, "tagged_PIF")), "host"), master))
                replicate_vlan(d, v, here);
}
