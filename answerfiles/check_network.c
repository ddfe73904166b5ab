/* A pool's further networks: cards, bonds, addresses. */
#include "answerfiles/check_parts.h"

#include <string.h>

enum { MOST_CARDS = 32, SMALLEST_BOND = 2, LARGEST_BOND = 4 };

static uint32_t mask_of(int prefix) { return prefix ? ~0u << (32 - prefix) : 0; }

static void check_bond(struct check *c, const struct network *n)
{
        if (n->n_bond && (n->n_bond < SMALLEST_BOND || n->n_bond > LARGEST_BOND))
                check_say(c, n->pos, XR_BOND_SIZE, n->name, check_number(c, n->n_bond));
        for (size_t i = 1; i < n->n_bond; i++)
                for (size_t k = 0; k < i; k++)
                        if (n->bond[i] == n->bond[k])
                                check_say(c, n->pos, XR_BOND_SAME_NIC, n->name, check_number(c, (size_t)n->bond[i]));
        if (n->mode && !n->n_bond)
                check_say(c, n->pos, XR_MODE_WITHOUT_BOND, n->name);
        if ((n->nic >= 0) == (n->n_bond > 0))
                check_say(c, n->pos, XR_NETWORK_NIC, n->name);
}

/* Untagged or with the management's own tag: the management network itself, which may be named here but not changed. */
static bool is_management(const struct network *n, const struct settings *set)
{
        return set->management_nic >= 0 && set->management_nic == n->nic && n->vlan == set->vlan;
}

static void check_management(struct check *c, const struct network *n, const struct host *h)
{
        int card = h->set->management_nic;
        for (size_t i = 0; i < n->n_bond; i++)
                if (card >= 0 && n->bond[i] == card)
                        check_say(c, n->pos, XR_BOND_MANAGEMENT, n->name, check_number(c, (size_t)card), h->name);
        if (n->first && is_management(n, h->set))
                check_say(c, n->pos, XR_NIC_IS_MANAGEMENT, n->name, check_number(c, (size_t)n->nic));
}

static uint32_t cards_of(const struct network *n)
{
        uint32_t cards = 0;
        if (n->nic >= 0 && n->nic < MOST_CARDS)
                cards |= 1u << n->nic;
        for (size_t i = 0; i < n->n_bond; i++)
                if (n->bond[i] >= 0 && n->bond[i] < MOST_CARDS)
                        cards |= 1u << n->bond[i];
        return cards;
}

/* Two networks may share cards when both mean the same ones, with different tags. */
static bool may_share(const struct network *a, const struct network *b)
{
        return cards_of(a) == cards_of(b) && a->vlan != b->vlan;
}

static const struct network *user_of_cards(const struct pool *p, size_t index, int *card)
{
        const struct network *n = &p->networks[index];
        for (size_t i = 0; i < index; i++) {
                uint32_t common = cards_of(&p->networks[i]) & cards_of(n);
                if (!common || may_share(&p->networks[i], n))
                        continue;
                *card = __builtin_ctz(common);
                return &p->networks[i];
        }
        return NULL;
}

static void check_pair(struct check *c, const struct pool *p, const struct network *a, const struct network *b)
{
        if (a->name && b->name && !strcmp(a->name, b->name))
                check_say(c, b->pos, XR_NETWORK_NAME_TWICE, p->id, b->name, check_where(c, a->pos));
        /* One that names none has the other's. */
        if (a->n_bond && cards_of(a) == cards_of(b) && a->mode_pos.line && b->mode_pos.line && strcmp(a->mode, b->mode))
                check_say(c, b->mode_pos, XR_BOND_MODE_DIFFERS, b->name, a->name, b->mode, a->mode);
        if (!a->first || !b->first)
                return;
        uint32_t wider = mask_of(a->prefix < b->prefix ? a->prefix : b->prefix);
        if ((a->first & wider) == (b->first & wider))
                check_say(c, b->pos, XR_NETWORKS_OVERLAP, b->name, a->name, check_where(c, a->pos));
}

static void check_range(struct check *c, const struct pool *p, const struct network *n)
{
        const struct school *s = p->school;
        size_t count = (size_t)(n->last - n->first) + 1;
        if (!n->first)
                return;
        if (count < p->n_hosts)
                check_say(c, n->pos, XR_ADDRESSES_SHORT, n->name, check_number(c, count), check_number(c, p->n_hosts),
                        p->id, s->id);
        int prefix = n->prefix < s->subnet.prefix ? n->prefix : s->subnet.prefix;
        uint32_t wider = mask_of(prefix);
        if (s->subnet.given && (n->first & wider) == (s->subnet.addr & wider))
                check_say(c, n->pos, XR_NETWORK_IN_MANAGEMENT, n->name,
                        check_subnet(c, n->first & mask_of(n->prefix), n->prefix),
                        check_subnet(c, s->subnet.addr, s->subnet.prefix));
}

void check_networks(struct check *c, const struct pool *p)
{
        for (size_t i = 0; i < p->n_networks; i++) {
                const struct network *n = &p->networks[i];
                int card = 0;
                if (check_first(c, "network", n->pos)) {
                        check_bond(c, n);
                        if (n->name && !strcmp(n->name, MANAGEMENT_NETWORK))
                                check_say(c, n->pos, XR_NETWORK_RESERVED, n->name);
                        const struct network *other = user_of_cards(p, i, &card);
                        if (other)
                                check_say(c, n->pos, XR_NIC_TWICE, check_number(c, (size_t)card), other->name,
                                        check_where(c, other->pos));
                        for (size_t k = 0; k < i; k++)
                                check_pair(c, p, &p->networks[k], n);
                }
                check_range(c, p, n);
                for (size_t k = 0; k < p->n_hosts; k++)
                        if (!k || p->hosts[k]->set != p->hosts[k - 1]->set)
                                check_management(c, n, p->hosts[k]);
        }
}
