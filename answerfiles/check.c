#include "answerfiles/check_parts.h"

void check_say_(struct check *c, struct pos pos, enum rule rule, ...)
{
        uint64_t place = (uint64_t)pos.file << 48 | (uint64_t)pos.line << 16 | pos.col;
        if (seen_before(&c->said, (struct seen_key){ (uint64_t)rule, place, NULL }, pos, NULL))
                return;
        va_list ap;
        va_start(ap, rule);
        diag_v(c->diags, false, rule, pos, ap);
        va_end(ap);
}

bool check_first(struct check *c, const void *kind, struct pos pos)
{
        uint64_t place = (uint64_t)pos.file << 48 | (uint64_t)pos.line << 16 | pos.col;
        return !seen_before(&c->places, (struct seen_key){ (uintptr_t)kind, place, NULL }, pos, NULL);
}

const char *check_number(struct check *c, size_t n) { return arena_printf(c->arena, "%zu", n); }

const char *check_ip(struct check *c, uint32_t addr)
{
        char buf[IP4_TEXT];
        return arena_strdup(c->arena, ip4_text(addr, buf));
}

const char *check_subnet(struct check *c, uint32_t addr, int prefix)
{
        char buf[IP4_TEXT];
        return arena_printf(c->arena, "%s/%d", ip4_text(addr, buf), prefix);
}

/* In the unit that people wrote it in, as far as it can be told: "46 GiB" and "60 GB" are both round numbers. */
const char *check_size(struct check *c, uint64_t bytes)
{
        uint64_t gib = (uint64_t)1 << 30, gb = 1000000000;
        if (bytes % gib == 0)
                return arena_printf(c->arena, "%llu GiB", (unsigned long long)(bytes / gib));
        return arena_printf(c->arena, "%.4g GB", (double)bytes / (double)gb);
}

const char *check_lower(struct check *c, const char *text)
{
        char *copy = arena_strdup(c->arena, text);
        for (char *s = copy; *s; s++)
                if (*s >= 'A' && *s <= 'Z')
                        *s = (char)(*s | 0x20);
        return copy;
}

const char *check_where(struct check *c, struct pos pos) { return arena_strdup(c->arena, diags_where(c->diags, pos)); }

/* Settings are shared by all hosts that say nothing of their own. */
static void check_settings(struct check *c, const struct settings *set, bool fixed_address)
{
        check_release(c, set);
        check_disks(c, set);
        check_servers(c, set, fixed_address);
}

static void check_hosts(struct check *c, const struct pool *p)
{
        const struct settings *before = NULL;
        bool fixed_before = false;
        for (size_t i = 0; i < p->n_hosts; i++) {
                const struct host *h = p->hosts[i];
                check_host(c, h);
                if (h->set != before || h->address.given != fixed_before)
                        check_settings(c, h->set, h->address.given);
                before = h->set;
                fixed_before = h->address.given;
        }
}

void plan_check(const struct plan *plan, struct diags *d)
{
        struct check c = { .plan = plan, .release = plan->release, .diags = d, .arena = arena_new() };
        for (size_t i = 0; i < plan->n_schools; i++) {
                const struct school *s = plan->schools[i];
                check_school(&c, s);
                check_addresses(&c, s);
                for (size_t k = 0; k < s->n_pools; k++) {
                        check_pool(&c, s->pools[k]);
                        check_networks(&c, s->pools[k]);
                        check_storages(&c, s->pools[k]);
                        check_ha(&c, s->pools[k]);
                        check_vms(&c, s->pools[k]);
                        check_hosts(&c, s->pools[k]);
                }
        }
        check_unique(&c);
        check_luns(&c);
        check_wipes(&c);
        check_passwords(&c);
        seen_clear(&c.said);
        seen_clear(&c.places);
        arena_free(c.arena);
}
