/* Networks of the pool, made on the coordinator before anybody joins: members get them from there. Cards are known by
 * their addresses (MAC), never by a name that a kernel gave them. */
#include "postinstall/agent_parts.h"
#include "postinstall/networks.h"
#include "base/i18n.h"

#include <string.h>
#include <strings.h>

void network_view_clear(struct network_view *v)
{
        rpc_answer_clear(&v->networks);
        rpc_answer_clear(&v->pifs);
        rpc_answer_clear(&v->bonds);
}

enum look network_view_read(struct agent *a, struct network_view *v, struct err *e)
{
        enum look l = all_records(a, a->local, "network", &v->networks, e);
        if (l == LOOK_SO)
                l = all_records(a, a->local, "PIF", &v->pifs, e);
        return l == LOOK_SO ? all_records(a, a->local, "Bond", &v->bonds, e) : l;
}

static bool is_own(const struct agent *a, const struct rpc_value *pif)
{
        return !strcmp(rpc_text(pif, "host"), a->host);
}

/* --- cards and bonds --- */

static const struct rpc_value *pif_of_card(const struct agent *a, const struct network_view *v, int number)
{
        const struct nic *nic = machine_nic(a, number);
        for (size_t i = 0; nic && i < v->pifs.value.n; i++) {
                const struct rpc_value *p = &v->pifs.value.items[i];
                if (is_own(a, p) && rpc_true(p, "physical") && !strcasecmp(rpc_text(p, "MAC"), nic->mac))
                        return p;
        }
        return NULL;
}

/* The bond whose members are exactly these cards. */
static const struct rpc_value *bond_of(
        const struct agent *a, const struct network_view *v, const struct agent_network *n)
{
        for (size_t i = 0; i < v->bonds.value.n; i++) {
                const struct rpc_value *b = &v->bonds.value.items[i], *slaves = rpc_member(b, "slaves");
                size_t found = 0;
                for (size_t k = 0; k < n->n_bond; k++) {
                        const struct rpc_value *p = pif_of_card(a, v, n->bond[k]);
                        found += p && rpc_has_text(slaves, p->key);
                }
                if (found == n->n_bond && slaves->n == n->n_bond)
                        return b;
        }
        return NULL;
}

const struct rpc_value *network_carrier(
        const struct agent *a, const struct network_view *v, const struct agent_network *n)
{
        if (n->nic >= 0)
                return pif_of_card(a, v, n->nic);
        const struct rpc_value *bond = bond_of(a, v, n);
        return bond ? record_of(&v->pifs.value, rpc_text(bond, "master")) : NULL;
}

/* This host's interface on the network; NULL when it has none yet. */
const struct rpc_value *network_pif(const struct agent *a, const struct network_view *v, const struct agent_network *n)
{
        const struct rpc_value *carrier = network_carrier(a, v, n);
        if (!carrier || !n->vlan)
                return carrier;
        for (size_t i = 0; i < v->pifs.value.n; i++) {
                const struct rpc_value *p = &v->pifs.value.items[i];
                if (is_own(a, p) && rpc_number(p, "VLAN", -1) == n->vlan &&
                        !strcmp(rpc_text(p, "device"), rpc_text(carrier, "device")))
                        return p;
        }
        return NULL;
}

static bool look_for_cards(
        const struct agent *a, const struct network_view *v, const struct agent_network *n, struct err *e)
{
        char number[12];
        for (size_t k = 0; k < (n->nic >= 0 ? 1 : n->n_bond); k++) {
                int nic = n->nic >= 0 ? n->nic : n->bond[k];
                snprintf(number, sizeof(number), "%d", nic);
                if (!machine_nic(a, nic))
                        return err_rule(e, XR_STEP_NO_CARD, n->name, number, NULL);
                if (!pif_of_card(a, v, nic))
                        return err_rule(e, XR_STEP_NO_PIF, n->name, machine_nic(a, nic)->mac, NULL);
        }
        return true;
}

/* --- making them --- */

/* A network that carries our mark, or a new one. It is marked when it is made: none is made twice. */
static enum look network_made(struct agent *a, const struct network_view *v, const char *name, const char *description,
        int mtu, char ref[REF_TEXT], struct err *e)
{
        for (size_t i = 0; i < v->networks.value.n; i++) {
                const struct rpc_value *other = rpc_member(&v->networks.value.items[i], "other_config");
                if (!strcmp(rpc_text(other, MARK_DEPLOYMENT), a->plan->deployment) &&
                        !strcmp(rpc_text(other, MARK_NAME), name)) {
                        snprintf(ref, REF_TEXT, "%s", v->networks.value.items[i].key);
                        return LOOK_SO;
                }
        }
        OWN(rpc_answer_clear) struct rpc_answer made = { 0 };
        const char *const marks[] = { MARK_DEPLOYMENT, a->plan->deployment, MARK_NAME, name, NULL };
        const struct rpc_named record[] = { { "name_label", RPC_S(name) },
                { "name_description", RPC_S(description ? description : "") }, { "MTU", RPC_I(mtu ? mtu : 1500) },
                { "other_config", RPC_M(marks) } };
        enum look l = change(a, &made, e, "network.create", XAPI_ARGS(RPC_R(record)));
        if (l == LOOK_SO)
                snprintf(ref, REF_TEXT, "%s", made.value.text);
        return l;
}

/* Another network of the plan that is this bond without a tag gives it its name. */
static const struct agent_network *untagged(const struct agent_plan *p, const struct agent_network *n)
{
        for (size_t i = 0; i < p->n_networks; i++) {
                const struct agent_network *o = &p->networks[i];
                if (o->nic < 0 && !o->vlan && o->n_bond == n->n_bond &&
                        !memcmp(o->bond, n->bond, n->n_bond * sizeof(*n->bond)))
                        return o;
        }
        return NULL;
}

static enum look make_bond(struct agent *a, const struct network_view *v, const struct agent_network *n, struct err *e)
{
        static const char *const no_properties[] = { NULL };
        const char *cards[COUNT(n->bond) + 1] = { NULL };
        char ref[REF_TEXT];
        AUTO_STR name = STR_MAX(200);
        const struct agent_network *plain = n->vlan ? untagged(a->plan, n) : n;
        for (size_t k = 0; k < n->n_bond; k++) {
                cards[k] = pif_of_card(a, v, n->bond[k])->key;
                str_addf(&name, "%s%d", k ? "+" : "Bond ", n->bond[k]);
        }
        enum look l = network_made(
                a, v, plain ? plain->name : str_text(&name), plain ? plain->description : NULL, n->mtu, ref, e);
        if (l != LOOK_SO)
                return l;
        return call(a, e, "Bond.create",
                XAPI_ARGS(RPC_S(ref), RPC_A(cards), RPC_S(""), RPC_S(n->mode ? n->mode : "balance-slb"),
                        RPC_M(no_properties)));
}

static enum look make_vlan(struct agent *a, const struct network_view *v, const struct agent_network *n, struct err *e)
{
        char ref[REF_TEXT];
        const struct rpc_value *carrier = network_carrier(a, v, n);
        enum look l = network_made(a, v, n->name, n->description, n->mtu, ref, e);
        return l != LOOK_SO ? l
                            : call(a, e, "pool.create_VLAN_from_PIF",
                                      XAPI_ARGS(RPC_S(carrier->key), RPC_S(ref), RPC_I(n->vlan)));
}

static enum look name_network(struct agent *a, const struct network_view *v, const struct agent_network *n,
        const struct rpc_value *pif, struct err *e)
{
        const struct rpc_value *net = record_of(&v->networks.value, rpc_text(pif, "network"));
        enum look l = LOOK_SO;
        if (!net)
                return LOOK_WAIT;
        if (strcmp(rpc_text(net, "name_label"), n->name))
                l = call(a, e, "network.set_name_label", XAPI_ARGS(RPC_S(net->key), RPC_S(n->name)));
        if (l == LOOK_SO && n->description && strcmp(rpc_text(net, "name_description"), n->description))
                l = call(a, e, "network.set_name_description", XAPI_ARGS(RPC_S(net->key), RPC_S(n->description)));
        if (l == LOOK_SO && n->mtu && rpc_number(net, "MTU", 0) != n->mtu)
                l = call(a, e, "network.set_MTU", XAPI_ARGS(RPC_S(net->key), RPC_I(n->mtu)));
        if (l == LOOK_SO)
                l = mark(a, "network", net->key, net, MARK_DEPLOYMENT, a->plan->deployment, e);
        return l == LOOK_SO ? mark(a, "network", net->key, net, MARK_NAME, n->name, e) : l;
}

static bool is_named(
        const struct agent *a, const struct network_view *v, const struct agent_network *n, const struct rpc_value *pif)
{
        const struct rpc_value *net = record_of(&v->networks.value, rpc_text(pif, "network"));
        return net && !strcmp(rpc_text(net, "name_label"), n->name) &&
               (!n->mtu || rpc_number(net, "MTU", 0) == n->mtu) &&
               (!n->description || !strcmp(rpc_text(net, "name_description"), n->description)) &&
               !strcmp(rpc_text(rpc_member(net, "other_config"), MARK_DEPLOYMENT), a->plan->deployment) &&
               !strcmp(rpc_text(rpc_member(net, "other_config"), MARK_NAME), n->name);
}

/* --- this host's address on a network --- */

static const char *address_on(const struct agent *a, const struct agent_network *n)
{
        for (size_t i = 0; i < n->n_addresses; i++)
                if (!strcmp(n->addresses[i].host, a->plan->host))
                        return n->addresses[i].ip;
        return NULL;
}

static bool has_address(const struct rpc_value *pif, const struct agent_network *n, const char *ip)
{
        return !strcmp(rpc_text(pif, "IP"), ip) && !strcmp(rpc_text(pif, "netmask"), n->netmask) &&
               !strcmp(rpc_text(pif, "ip_configuration_mode"), "Static") && rpc_true(pif, "disallow_unplug") &&
               rpc_true(pif, "currently_attached");
}

static enum look give_address(
        struct agent *a, const struct rpc_value *pif, const struct agent_network *n, const char *ip, struct err *e)
{
        enum look l = LOOK_SO;
        if (rpc_true(pif, "management")) {
                err_refuse(e, XR_STEP_MANAGEMENT_CARD, n->name, NULL);
                return LOOK_STOP;
        }
        if (strcmp(rpc_text(pif, "IP"), ip) || strcmp(rpc_text(pif, "netmask"), n->netmask))
                l = call(a, e, "PIF.reconfigure_ip",
                        XAPI_ARGS(
                                RPC_S(pif->key), RPC_S("Static"), RPC_S(ip), RPC_S(n->netmask), RPC_S(""), RPC_S("")));
        if (l == LOOK_SO && !rpc_true(pif, "currently_attached"))
                l = call(a, e, "PIF.plug", XAPI_ARGS(RPC_S(pif->key)));
        /* HA demands that it cannot be taken away, and storage hangs on it. */
        if (l == LOOK_SO && !rpc_true(pif, "disallow_unplug"))
                l = call(a, e, "PIF.set_disallow_unplug", XAPI_ARGS(RPC_S(pif->key), RPC_B(true)));
        return l;
}

/* --- the steps --- */

/* The first network that is not as planned; NULL when all are. LOOK_WAIT when that cannot be told. */
static enum look first_wrong(struct agent *a, const struct network_view *v, bool coordinator,
        const struct agent_network **wrong, struct err *e)
{
        for (size_t i = 0; i < a->plan->n_networks; i++) {
                const struct agent_network *n = &a->plan->networks[i];
                const char *ip = address_on(a, n);
                if (!coordinator && !ip)
                        continue;
                if (!look_for_cards(a, v, n, e))
                        return e->kind == ERR_WORLD ? LOOK_WAIT : LOOK_STOP;
                const struct rpc_value *pif = network_pif(a, v, n);
                *wrong = n;
                if (!pif || (coordinator && !is_named(a, v, n, pif)) || (ip && !has_address(pif, n, ip)))
                        return LOOK_NOT_SO;
        }
        *wrong = NULL;
        return LOOK_SO;
}

static enum look look_at(struct agent *a, bool coordinator, struct err *e)
{
        OWN(network_view_clear) struct network_view v = { 0 };
        const struct agent_network *wrong;
        if (!a->plan->n_networks)
                return LOOK_SO;
        enum look l = network_view_read(a, &v, e);
        return l == LOOK_SO ? first_wrong(a, &v, coordinator, &wrong, e) : l;
}

/* One thing at a time, each from a fresh look: what a bond or a VLAN brings along is seen before it is used. */
static enum look make_at(struct agent *a, bool coordinator, struct err *e)
{
        enum { CHANGES = 4 /* at most, to one network: bond, name, VLAN, address */ };
        for (size_t i = 0; i < CHANGES * a->plan->n_networks; i++) {
                OWN(network_view_clear) struct network_view v = { 0 };
                const struct agent_network *n;
                enum look l = network_view_read(a, &v, e);
                if (l == LOOK_SO)
                        l = first_wrong(a, &v, coordinator, &n, e);
                if (l != LOOK_NOT_SO)
                        return l;
                const struct rpc_value *pif = network_pif(a, &v, n);
                const char *ip = address_on(a, n);
                if (!pif && !coordinator) {
                        err_rule(e, XR_STEP_NO_PIF, n->name, "-", NULL);
                        return LOOK_WAIT;
                }
                if (!pif)
                        l = network_carrier(a, &v, n) ? make_vlan(a, &v, n, e) : make_bond(a, &v, n, e);
                else if (coordinator && !is_named(a, &v, n, pif))
                        l = name_network(a, &v, n, pif, e);
                else
                        l = give_address(a, pif, n, ip, e);
                if (l != LOOK_SO)
                        return l;
        }
        return LOOK_NOT_SO;
}

static enum look look_networks(struct agent *a, struct err *e) { return look_at(a, true, e); }
static enum look make_networks(struct agent *a, struct err *e) { return make_at(a, true, e); }
static enum look look_addresses(struct agent *a, struct err *e) { return look_at(a, false, e); }
static enum look make_addresses(struct agent *a, struct err *e) { return make_at(a, false, e); }

const struct step step_networks = {
        .name = "networks", .needs_host = true, .look = look_networks, .make = make_networks, .patience = 900
};
const struct step step_addresses = {
        .name = "addresses", .needs_host = true, .look = look_addresses, .make = make_addresses, .patience = 900
};
