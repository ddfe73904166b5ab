/* Name servers, time servers, and addresses that need the one to be found: settings that hosts share. */
#include "answerfiles/check_parts.h"
#include "answerfiles/value_text.h"

#include <string.h>

enum { RESOLVER_ASKS = 3 };

static struct pos place(const struct text_list *l, size_t i, const struct settings *set, enum setting s)
{
        return l->pos ? l->pos[i] : set->origin[s].pos;
}

static void check_list(struct check *c, const struct settings *set, const struct text_list *l, enum setting s)
{
        for (size_t i = 1; i < l->n; i++)
                for (size_t k = 0; k < i; k++)
                        if (!strcmp(l->items[i], l->items[k]))
                                check_say(c, place(l, i, set, s), XR_SERVER_TWICE, l->items[i]);
}

/* The host inside "http://server:80/x" or "server:/x" is a name. */
static bool is_by_name(const char *url)
{
        const char *host = strstr(url, "://");
        uint32_t addr;
        host = host ? host + 3 : url;
        return *host != '[' && !ip4_parse(host, strcspn(host, ":/"), &addr);
}

static void need_dns(struct check *c, const struct settings *set, const char *url, struct pos pos)
{
        if (url && !set->dns.n && !set->origin[SET_DNS].pos.line && is_by_name(url))
                check_say(c, pos, XR_NAME_NEEDS_DNS, url);
}

static void need_dns_each(struct check *c, const struct settings *set, const struct source_list *l)
{
        for (size_t i = 0; i < l->n; i++)
                need_dns(c, set, l->items[i].url, l->items[i].pos);
}

/* Hosts with fixed addresses get name servers from nobody else. */
static void check_names(struct check *c, const struct settings *set)
{
        for (size_t i = 0; i < set->ntp.n; i++)
                if (!strchr(set->ntp.items[i], ':'))
                        need_dns(c, set, set->ntp.items[i], place(&set->ntp, i, set, SET_NTP));
        need_dns(c, set, set->source.url, set->source.pos);
        need_dns_each(c, set, &set->packs);
        need_dns_each(c, set, &set->driver_disks);
        for (size_t stage = 0; stage < STAGES; stage++)
                for (size_t i = 0; i < set->scripts[stage].n; i++)
                        need_dns(c, set, set->scripts[stage].items[i].url, set->scripts[stage].items[i].pos);
}

void check_servers(struct check *c, const struct settings *set, bool fixed_address)
{
        check_list(c, set, &set->dns, SET_DNS);
        check_list(c, set, &set->ntp, SET_NTP);
        if (set->dns.n > RESOLVER_ASKS)
                check_say(c, place(&set->dns, RESOLVER_ASKS, set, SET_DNS), XR_DNS_MANY, check_number(c, set->dns.n));
        uint32_t addr;
        if (set->domain && ip4_parse(set->domain, strlen(set->domain), &addr))
                check_say(c, set->origin[SET_DOMAIN].pos, XR_DOMAIN_ADDRESS, set->domain);
        if (fixed_address)
                check_names(c, set);
}
