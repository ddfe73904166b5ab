#include "cmd/serve_network.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "pxe/notify.h"
#include "pxe/rivals.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <string.h>

enum { LISTEN_MS = 4000 };

void serve_network_clear(struct serve_network *n)
{
        free(n->hosts);
        n->hosts = NULL;
}

static void address_text(uint32_t address, char out[20])
{
        struct in_addr a = { htonl(address) };
        inet_ntop(AF_INET, &a, out, 20);
}

static bool read_address(const char *text, const char *option, uint32_t *out, struct err *e)
{
        struct in_addr a;
        *out = 0;
        if (text && inet_pton(AF_INET, text, &a) != 1)
                return err_set(e, ERR_USAGE, _("%s: '%s' is not an IPv4 address"), option, text);
        *out = text ? ntohl(a.s_addr) : 0;
        return true;
}

static bool choose_interface(const struct network_choice *c, struct serve_network *n, struct err *e)
{
        OWN(interface_list_clear) struct interface_list list = { 0 };
        uint32_t address;
        if (!read_address(c->address, "--address", &address, e) || !interface_list(&list, e) ||
                !interface_choose(&list, c->interface, address, &n->wish.on, e))
                return false;
        n->wish.address = n->wish.on.address;
        address_text(n->wish.address, n->address);
        return true;
}

/* "192.168.0.200-192.168.0.250", within the interface's network. */
static bool read_range(const struct network_choice *c, struct serve_network *n, struct err *e)
{
        char first[64];
        const char *dash = c->range ? strchr(c->range, '-') : NULL;
        struct dnsmasq_wish *w = &n->wish;
        if (!c->range)
                return true;
        snprintf(first, sizeof(first), "%.*s", dash ? (int)(dash - c->range) : 0, c->range);
        if (!dash || !read_address(first, "--range", &w->range_first, e) ||
                !read_address(dash + 1, "--range", &w->range_last, e))
                return dash ? false
                            : err_set(e, ERR_USAGE, _("--range takes two addresses: 192.168.0.200-192.168.0.250"));
        bool ours = (w->range_first & w->on.mask) == (w->on.address & w->on.mask) &&
                    (w->range_last & w->on.mask) == (w->on.address & w->on.mask);
        if (!ours || w->range_first > w->range_last)
                return err_set(e, ERR_USAGE, _("--range %s does not lie in the network of %s"), c->range, w->on.name);
        return true;
}

/* --- who gives addresses --- */

static bool find_mode(const char *word, int *mode, struct err *e)
{
        *mode = -1;
        for (int i = DHCP_OURS; word && i <= DHCP_NONE; i++)
                if (!strcmp(word, dhcp_mode_names[i]))
                        *mode = i;
        return !word || *mode >= 0 || err_set(e, ERR_USAGE, _("--dhcp is dhcp, proxy or none, not '%s'"), word);
}

static bool choose_mode(const struct network_choice *c, struct serve_network *n, struct err *e)
{
        struct dhcp_offers offers = { .n = 0 };
        int mode;
        if (!find_mode(c->dhcp, &mode, e))
                return false;
        if (mode != DHCP_NONE && !c->offline) {
                say_line(SAY_INFO, _("asking the network which DHCP servers it has"));
                if (!dhcp_probe(&n->wish.on, true, LISTEN_MS, &offers, e))
                        return false;
        }
        bool another = dhcp_offers_addresses(&offers);
        if (mode < 0) {
                mode = another ? DHCP_PROXY : DHCP_OURS;
                say_line(SAY_NOTICE,
                        another ? _("another DHCP server gives addresses here: adding only what to boot (--dhcp proxy)")
                                : _("no DHCP server answers here: giving addresses to the hosts of this build (--dhcp "
                                    "dhcp)"));
        }
        n->wish.mode = (enum dhcp_mode)mode;
        n->wish.beside_another = another && mode == DHCP_OURS;
        struct err warning = ERR_INIT;
        if (!c->offline && dhcp_warning(&offers, n->wish.mode, n->wish.address, &warning))
                say_line(SAY_WARNING, warning.text);
        return c->offline || dhcp_rivals(&offers, n->wish.mode, c->second_server, e);
}

/* --- reservations --- */

static bool holds(const struct roster_school *s, uint32_t address)
{
        uint32_t mask = s->prefix ? ~0u << (32 - s->prefix) : 0;
        return s->subnet && (s->subnet & mask) == (address & mask);
}

/* The school whose network this is. NULL without an error when the mode needs none. */
static bool choose_school(const struct network_choice *c, const struct roster *r, const struct serve_network *n,
        const struct roster_school **school, struct err *e)
{
        AUTO_STR fitting = STR_MAX(300);
        size_t n_fitting = 0;
        *school = NULL;
        for (size_t i = 0; i < roster_schools(r); i++) {
                const struct roster_school *s = roster_school_at(r, i);
                if (c->school ? strcmp(s->id, c->school) != 0 : !holds(s, n->wish.on.address))
                        continue;
                *school = s;
                str_addf(&fitting, "%s%s", n_fitting++ ? ", " : "", s->id);
        }
        if (c->school && !n_fitting)
                return err_rule(e, XR_ARM_NO_SCHOOL, c->school, roster_school_at(r, 0)->id, NULL);
        if (n->wish.mode != DHCP_OURS)
                return true;
        if (n_fitting > 1)
                return err_rule(e, XR_SERVE_SCHOOLS, str_text(&fitting), NULL);
        if (!n_fitting || ((*school)->subnet && !holds(*school, n->wish.on.address)))
                return err_rule(e, XR_SERVE_NO_ADDRESS, n->wish.on.name, n_fitting ? (*school)->id : "-", NULL);
        return true;
}

static void reserve(struct serve_network *n, const struct roster_host *h)
{
        unsigned b[6];
        if (!h->mac || sscanf(h->mac, "%x:%x:%x:%x:%x:%x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]) != 6) {
                n->without_mac++;
                return;
        }
        struct reservation *to = &n->hosts[n->wish.n_hosts++];
        *to = (struct reservation){ .address = h->address, .name = h->name };
        for (int i = 0; i < 6; i++)
                to->mac[i] = (uint8_t)b[i];
}

static void reserve_all(struct serve_network *n, const struct roster *r, const struct roster_school *school)
{
        n->hosts = calloc(roster_count(r) + 1, sizeof(*n->hosts));
        if (!n->hosts)
                file_out_of_memory();
        for (size_t i = 0; i < roster_count(r); i++)
                if (!school || roster_at(r, i)->school == school)
                        reserve(n, roster_at(r, i));
        n->wish.hosts = n->hosts;
}

static void take_school(struct serve_network *n, const struct roster_school *s)
{
        n->wish.gateway = s->gateway;
        for (size_t i = 0; i < s->n_dns && i < COUNT(n->dns); i++)
                n->dns[n->wish.n_dns++] = s->dns[i];
        n->wish.dns = n->dns;
}

static bool check_range(const struct network_choice *c, const struct serve_network *n, struct err *e)
{
        if (n->wish.mode != DHCP_OURS || n->wish.range_first)
                return true;
        if (c->enrol)
                return err_set(
                        e, ERR_USAGE, _("--enrol needs addresses for machines that nobody knows: --range FIRST-LAST"));
        if (n->without_mac)
                say_line(SAY_WARNING, _("hosts that are known by their serial number alone get no address: --range "
                                        "FIRST-LAST gives them one"));
        return true;
}

bool serve_network_choose(const struct network_choice *c, struct netbuild *b, struct serve_network *n, struct err *e)
{
        const struct roster_school *school;
        if (!choose_interface(c, n, e) || !read_range(c, n, e) || !choose_mode(c, n, e) ||
                !choose_school(c, b->roster, n, &school, e))
                return false;
        if (school)
                take_school(n, school);
        reserve_all(n, b->roster, school);
        n->wish.user = getpwnam("dnsmasq") ? "dnsmasq" : "nobody";
        return check_range(c, n, e);
}
