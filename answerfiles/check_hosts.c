/* A host's own address and identity, its pool's coordinator and size, its school's gateway. */
#include "answerfiles/check_parts.h"

#include <string.h>

enum { LARGEST_POOL = 64 };

static bool is_first_or_last(const struct subnet *s, uint32_t addr)
{
        return s->given && (addr & s->mask) == s->addr && (addr == s->addr || addr == (s->addr | ~s->mask));
}

static bool is_inside(const struct subnet *s, uint32_t addr) { return (addr & s->mask) == s->addr; }

static const struct host *first_static(const struct school *s)
{
        for (size_t i = 0; i < s->n_pools; i++)
                for (size_t k = 0; k < s->pools[i]->n_hosts; k++)
                        if (s->pools[i]->hosts[k]->address.given)
                                return s->pools[i]->hosts[k];
        return NULL;
}

void check_school(struct check *c, const struct school *s)
{
        const struct subnet *net = &s->subnet;
        const struct ip4 *gateway = &s->gateway, *server = &s->boot_server;
        const char *subnet = net->given ? check_subnet(c, net->addr, net->prefix) : "";
        /* A gateway that was written and is wrong has its position, and was reported. */
        if (!gateway->given && !gateway->pos.line && net->given && first_static(s))
                check_say(c, check_pos(net->pos, s->pos), XR_GATEWAY_MISSING, s->id);
        if (gateway->given && net->given && !is_inside(net, gateway->addr))
                check_say(c, gateway->pos, XR_GATEWAY_OUTSIDE, check_ip(c, gateway->addr), subnet);
        if (gateway->given && is_first_or_last(net, gateway->addr))
                check_say(c, gateway->pos, XR_GATEWAY_RESERVED, check_ip(c, gateway->addr), subnet);
        if (server->given && is_first_or_last(net, server->addr))
                check_say(c, server->pos, XR_BOOT_SERVER_RESERVED, check_ip(c, server->addr), subnet);
}

static void check_coordinators(struct check *c, const struct pool *p)
{
        const struct host *first = NULL;
        for (size_t i = 0; i < p->n_hosts; i++) {
                const struct host *h = p->hosts[i];
                if (!h->coordinator)
                        continue;
                if (first)
                        check_say(c, check_pos(h->coordinator_pos, h->pos), XR_COORDINATOR_TWICE, p->id, p->school->id,
                                h->name, first->name, check_where(c, check_pos(first->coordinator_pos, first->pos)));
                else
                        first = h;
        }
        if (first && p->n_hosts > 1 && !first->address.given && !first->address.pos.line)
                check_say(c, check_pos(first->coordinator_pos, first->pos), XR_COORDINATOR_ADDRESS, first->name, p->id);
        if (p->n_hosts && !first)
                check_say(c, p->pos, XR_COORDINATOR_NONE, p->id, p->school->id);
}

void check_pool(struct check *c, const struct pool *p)
{
        int free_size = c->release->free_pool_size;
        check_coordinators(c, p);
        if (p->n_hosts > LARGEST_POOL)
                check_say(c, p->pos, XR_POOL_LARGE, p->id, p->school->id, check_number(c, p->n_hosts),
                        check_number(c, LARGEST_POOL));
        else if (free_size && p->n_hosts > (size_t)free_size)
                check_say(c, p->pos, XR_POOL_LICENCE, p->id, p->school->id, check_number(c, p->n_hosts),
                        c->release->product, check_number(c, (size_t)free_size));
        if (p->n_hosts > 1 && !p->hosts[0]->set->ntp.n && !p->hosts[0]->set->origin[SET_NTP].pos.line &&
                check_first(c, "no time server", (struct pos){ 0 }))
                check_say(c, p->pos, XR_NTP_MISSING, p->id, p->school->id, check_number(c, p->n_hosts));
}

static void check_address(struct check *c, const struct host *h)
{
        const struct school *s = h->pool->school;
        struct pos pos = check_pos(h->address.pos, h->pos);
        uint32_t addr = h->address.addr;
        if (!s->subnet.given) {
                if (!s->subnet.pos.line)
                        check_say(c, pos, XR_ADDRESS_WITHOUT_SUBNET, h->name, check_ip(c, addr), s->id);
                return;
        }
        if (!is_inside(&s->subnet, addr))
                check_say(c, pos, XR_ADDRESS_OUTSIDE, h->name, check_ip(c, addr),
                        check_subnet(c, s->subnet.addr, s->subnet.prefix));
        else if (is_first_or_last(&s->subnet, addr))
                check_say(c, pos, XR_ADDRESS_RESERVED, h->name, check_ip(c, addr),
                        check_subnet(c, s->subnet.addr, s->subnet.prefix));
}

static void check_ip6(struct check *c, const struct host *h)
{
        bool wanted = h->set->ipv6 == IPV6_STATIC;
        if (wanted && !h->address6)
                check_say(c, check_pos(h->set->origin[SET_IPV6].pos, h->pos), XR_IPV6_ADDRESS_MISSING, h->name);
        if (!wanted && h->address6)
                check_say(c, h->pos, XR_IPV6_ADDRESS_UNUSED, h->name);
}

/* A host that looks itself up, or waits for its own clock, waits for ever. */
static void check_self(struct check *c, const struct host *h, const struct text_list *list, const char *what)
{
        char own[IP4_TEXT];
        ip4_text(h->address.addr, own);
        for (size_t i = 0; i < list->n; i++)
                if (!strcmp(list->items[i], own))
                        check_say(c, list->pos ? list->pos[i] : h->pos, XR_SERVER_SELF, h->name, own, what);
}

void check_host(struct check *c, const struct host *h)
{
        if (h->address.given) {
                check_address(c, h);
                check_self(c, h, &h->set->dns, "dns");
                check_self(c, h, &h->set->ntp, "ntp");
        }
        check_ip6(c, h);
}
