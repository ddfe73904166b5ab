#include "answerfiles/answer_parts.h"

#include <string.h>

static void add_ip4(const struct answer_page *p, xmlNode *node)
{
        const struct school *school = p->host->pool->school;
        char text[IP4_TEXT];
        if (!p->host->address.given) {
                answer_attribute(node, "proto", "dhcp");
                return;
        }
        answer_attribute(node, "proto", "static");
        answer_element(node, "ip", ip4_text(p->host->address.addr, text));
        answer_element(node, "subnet", ip4_text(school->subnet.mask, text));
        /* Without a gateway the installer refuses the file; so does our schema. */
        if (school->gateway.given)
                answer_element(node, "gateway", ip4_text(school->gateway.addr, text));
}

static void add_ip6(const struct answer_page *p, xmlNode *node)
{
        static const char *const modes[] = {
                [IPV6_NONE] = NULL, [IPV6_DHCP] = "dhcp", [IPV6_AUTOCONF] = "autoconf", [IPV6_STATIC] = "static",
        };
        if (!p->release->ipv6 || p->set->ipv6 == IPV6_NONE)
                return;
        answer_attribute(node, "protov6", modes[p->set->ipv6]);
        if (p->set->ipv6 != IPV6_STATIC)
                return;
        answer_element(node, "ipv6", p->host->address6);
        answer_element(node, "gatewayv6", NULL); /* must be there; empty means that routers announce themselves */
}

static void add_interface(const struct answer_page *p)
{
        char text[MAC_TEXT];
        xmlNode *node = answer_element(p->root, "admin-interface", NULL);
        answer_attribute(node, "hwaddr", p->host->mac.given ? mac_text(&p->host->mac, text) : ANSWER_PICK_NIC);
        if (p->set->vlan && p->release->vlan) {
                char tag[12];
                snprintf(tag, sizeof(tag), "%d", p->set->vlan);
                answer_attribute(node, "vlan", tag);
        }
        add_ip4(p, node);
        add_ip6(p, node);
}

void answer_network(const struct answer_page *p)
{
        add_interface(p);
        for (size_t i = 0; i < p->set->dns.n; i++)
                answer_element(p->root, "name-server", p->set->dns.items[i]);
        AUTO_STR name = STR_MAX(1024);
        str_add(&name, p->host->name);
        if (p->set->domain)
                str_addf(&name, ".%s", p->set->domain);
        answer_element(p->root, "hostname", str_text(&name));
}
