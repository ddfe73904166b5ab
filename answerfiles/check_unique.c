/* What may exist once: machines in the district, names and addresses in a school. */
#include "answerfiles/check_parts.h"
#include "base/i18n.h"

#include <arpa/inet.h>
#include <string.h>

static struct pos address_pos(const struct host *h) { return check_pos(h->address.pos, h->pos); }
static struct pos name_pos(const struct host *h) { return check_pos(h->name_pos, h->pos); }

/* As the output folders have it: names may occur in several schools. */
static const char *full_name(struct check *c, const struct host *h)
{
        return arena_printf(c->arena, "%s/%s", h->pool->school->id, h->name);
}

static void mac_once(struct check *c, struct seen *seen, const struct host *h)
{
        uint64_t number = 0;
        for (int i = 0; i < 6; i++)
                number = number << 8 | h->mac.byte[i];
        struct pos pos = check_pos(h->mac.pos, h->pos);
        const struct seen_entry *first = seen_before(seen, (struct seen_key){ 0, number, NULL }, pos, h);
        char buf[MAC_TEXT];
        if (first)
                check_say(c, pos, XR_MAC_TWICE, full_name(c, h), mac_text(&h->mac, buf), full_name(c, first->who),
                        check_where(c, first->pos));
}

static void serial_once(struct check *c, struct seen *seen, const struct host *h)
{
        struct pos pos = check_pos(h->serial_pos, h->pos);
        const struct seen_entry *first =
                seen_before(seen, (struct seen_key){ 0, 0, check_lower(c, h->serial) }, pos, h);
        if (first)
                check_say(c, pos, XR_SERIAL_TWICE, full_name(c, h), h->serial, full_name(c, first->who),
                        check_where(c, first->pos));
}

void check_unique(struct check *c)
{
        OWN(seen_clear) struct seen macs = { 0 }, serials = { 0 };
        for (size_t i = 0; i < c->plan->n_hosts; i++) {
                const struct host *h = c->plan->hosts[i];
                if (h->mac.given)
                        mac_once(c, &macs, h);
                if (h->serial && *h->serial)
                        serial_once(c, &serials, h);
        }
}

/* Within a school. Each address has an owner that a message can name. */

struct owner {
        const char *what; /* "host %s", N_() */
        const char *name; /* NULL = what has no %s */
};

static const struct owner *owner_new(struct check *c, const char *what, const char *name)
{
        struct owner *o = ARENA_NEW(c->arena, struct owner);
        *o = (struct owner){ what, name };
        return o;
}

static const char *owner_text(struct check *c, const struct owner *o)
{
        if (!o->name)
                return _(o->what);
        const char *what = _(o->what), *hole = strstr(what, "%s");
        return hole ? arena_printf(c->arena, "%.*s%s%s", (int)(hole - what), what, o->name, hole + 2) : what;
}

struct taken {
        struct check *c;
        struct seen addresses; /* who: struct owner */
};

static void infrastructure(struct taken *t, const struct ip4 *ip, const char *what, const char *name)
{
        if (ip->given)
                seen_before(
                        &t->addresses, (struct seen_key){ 0, ip->addr, NULL }, ip->pos, owner_new(t->c, what, name));
}

static void storage_servers(struct taken *t, const struct school *s)
{
        for (size_t i = 0; i < s->n_pools; i++)
                for (size_t k = 0; k < s->pools[i]->n_storage; k++) {
                        const struct storage *sr = &s->pools[i]->storage[k];
                        infrastructure(t, &sr->server.ip, N_("storage %s"), sr->name);
                        for (size_t n = 0; n < sr->n_portals; n++)
                                infrastructure(t, &sr->portals[n].ip, N_("storage %s"), sr->name);
                }
}

static void host_once(struct taken *t, const struct host *h)
{
        struct check *c = t->c;
        const struct seen_entry *first = seen_before(&t->addresses, (struct seen_key){ 0, h->address.addr, NULL },
                address_pos(h), owner_new(c, N_("host %s"), h->name));
        if (first)
                check_say(c, address_pos(h), XR_ADDRESS_TWICE, h->name, check_ip(c, h->address.addr),
                        owner_text(c, first->who), check_where(c, first->pos));
}

static void storage_addresses_once(struct taken *t, const struct pool *p, const struct network *n)
{
        struct check *c = t->c;
        for (size_t i = 0; n->first && i < p->n_hosts && i <= n->last - n->first; i++) {
                uint32_t addr = n->first + (uint32_t)i;
                const struct seen_entry *first = seen_before(&t->addresses, (struct seen_key){ 0, addr, NULL }, n->pos,
                        owner_new(c, N_("host %s"), p->hosts[i]->name));
                if (first)
                        check_say(c, n->pos, XR_STORAGE_ADDRESS_TWICE, n->name, p->hosts[i]->name, check_ip(c, addr),
                                owner_text(c, first->who), check_where(c, first->pos));
        }
}

static void name_once(struct check *c, struct seen *names, const struct host *h)
{
        const struct school *s = h->pool->school;
        if (!strcmp(h->name, "?"))
                return;
        const struct seen_entry *first = seen_before(names, (struct seen_key){ 0, 0, h->name }, name_pos(h), h);
        if (first)
                check_say(c, name_pos(h), XR_HOSTNAME_TWICE, s->id, h->name,
                        check_where(c, check_pos(first->pos, h->pos)));
}

/* "2001:DB8::1/64" and "2001:db8:0::1/64" are the same machine. */
static void ip6_once(struct check *c, struct seen *addresses, const struct host *h)
{
        char text[64];
        uint64_t a[2];
        snprintf(text, sizeof(text), "%.*s", (int)strcspn(h->address6, "/"), h->address6);
        if (inet_pton(AF_INET6, text, a) != 1)
                return;
        const struct seen_entry *first = seen_before(addresses, (struct seen_key){ a[0], a[1], NULL }, h->pos, h);
        if (first)
                check_say(c, h->pos, XR_IPV6_TWICE, h->name, text, ((const struct host *)first->who)->name,
                        check_where(c, first->pos));
}

static void hosts_once(struct check *c, const struct school *s)
{
        OWN(seen_clear) struct seen names = { 0 }, addresses6 = { 0 };
        for (size_t i = 0; i < s->n_pools; i++)
                for (size_t k = 0; k < s->pools[i]->n_hosts; k++) {
                        const struct host *h = s->pools[i]->hosts[k];
                        name_once(c, &names, h);
                        if (h->address6)
                                ip6_once(c, &addresses6, h);
                }
}

void check_addresses(struct check *c, const struct school *s)
{
        struct taken t = { .c = c };
        hosts_once(c, s);
        infrastructure(&t, &s->gateway, N_("the gateway"), NULL);
        infrastructure(&t, &s->boot_server, N_("the boot server"), NULL);
        storage_servers(&t, s);
        for (size_t i = 0; i < s->n_pools; i++)
                for (size_t k = 0; k < s->pools[i]->n_hosts; k++)
                        if (s->pools[i]->hosts[k]->address.given)
                                host_once(&t, s->pools[i]->hosts[k]);
        for (size_t i = 0; i < s->n_pools; i++)
                for (size_t k = 0; k < s->pools[i]->n_networks; k++)
                        storage_addresses_once(&t, s->pools[i], &s->pools[i]->networks[k]);
        seen_clear(&t.addresses);
}
