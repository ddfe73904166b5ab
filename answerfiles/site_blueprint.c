/* Schools get their pools: from their own section, from a blueprint, or both. */
#include "answerfiles/site_plan.h"
#include "base/file.h"
#include "base/i18n.h"

#include <string.h>

const char *pool_draft_id(const struct pool_draft *p) { return (p->own ? p->own : p->blueprint)->id.text; }

struct raw_host *pool_draft_add(struct pool_draft *p)
{
        if (p->n == p->cap) {
                p->cap = p->cap ? p->cap * 2 : 4;
                p->hosts = reallocarray(p->hosts, p->cap, sizeof(*p->hosts));
                if (!p->hosts)
                        file_out_of_memory();
        }
        struct raw_host *h = &p->hosts[p->n++];
        *h = (struct raw_host){ 0 };
        return h;
}

static bool pattern_part(struct str *out, const char *part, size_t n, const char *school, const char *pool, size_t number)
{
        if (n == 6 && !memcmp(part, "school", 6))
                str_add(out, school);
        else if (n == 4 && !memcmp(part, "pool", 4))
                str_add(out, pool);
        else if (n == 1 && *part == 'n')
                str_addf(out, "%zu", number);
        else
                return false;
        return true;
}

const char *name_of_pattern(struct site_builder *b, const struct located *pattern, const char *school, const char *pool, size_t number)
{
        if (!pattern->text || !strchr(pattern->text, '{'))
                return pattern->text;
        AUTO_STR out = STR_MAX(256);
        for (const char *at = pattern->text; *at; at++) {
                const char *end = *at == '{' ? strchr(at, '}') : NULL;
                if (!end) {
                        str_addc(&out, *at);
                        continue;
                }
                if (!pattern_part(&out, at + 1, (size_t)(end - at - 1), school ? school : "", pool ? pool : "", number)) {
                        AUTO_STR part = STR_MAX(256);
                        str_addn(&part, at, (size_t)(end - at) + 1);
                        diag(b->reader->diags, XR_PATTERN_UNKNOWN, pattern->pos, str_text(&part), NULL);
                        return NULL;
                }
                at = end;
        }
        return arena_intern(b->plan->arena, str_text(&out), out.len);
}

/* The k-th host's address when the first one's is given: "+11" counts on, so does a dotted address. */
static const char *address_after(struct site_builder *b, const char *first, size_t k)
{
        unsigned long n, c[4];
        char end;
        if (!first || !k)
                return first;
        AUTO_STR text = STR_MAX(64);
        if (sscanf(first, "+%lu%c", &n, &end) == 1)
                str_addf(&text, "+%lu", n + k);
        else if (sscanf(first, "%lu.%lu.%lu.%lu%c", &c[0], &c[1], &c[2], &c[3], &end) == 4)
                str_addf(&text, "%lu.%lu.%lu.%lu", c[0], c[1], c[2], c[3] + k);
        else
                return first;
        return arena_intern(b->plan->arena, str_text(&text), text.len);
}

static void draft_hosts(struct site_builder *b, struct school_draft *s, struct pool_draft *p)
{
        const struct raw_pool *from = p->own && (p->own->hosts.n || p->own->hosts.count) ? p->own : p->blueprint;
        if (!from)
                return;
        const struct raw_hosts *hosts = &from->hosts;
        const char *school = s->raw->id.text, *pool = pool_draft_id(p);
        size_t n = hosts->count ? (size_t)hosts->count : hosts->n;
        p->fixed = hosts->count || from == p->blueprint;
        for (size_t i = 0; i < n; i++) {
                struct raw_host *h = pool_draft_add(p);
                *h = hosts->count ? hosts->pattern : hosts->items[i];
                h->set_of_blueprint = from == p->blueprint;
                h->name.text = name_of_pattern(b, &h->name, school, pool, i + 1);
                if (hosts->count)
                        h->address.text = address_after(b, h->address.text, i);
        }
}

static const struct raw_pool *pool_by_id(const struct raw_school *s, const char *id)
{
        for (size_t i = 0; s && id && i < s->n_pools; i++)
                if (s->pools[i].id.text && !strcmp(s->pools[i].id.text, id))
                        return &s->pools[i];
        return NULL;
}

static void report_duplicate_pools(struct site_builder *b, const struct raw_school *s)
{
        for (size_t i = 0; i < s->n_pools; i++)
                for (size_t k = 0; k < i; k++)
                        if (s->pools[i].id.text && s->pools[k].id.text && !strcmp(s->pools[i].id.text, s->pools[k].id.text))
                                diag(b->reader->diags, XR_DUPLICATE_ID, s->pools[i].id.pos, _("pool"), s->pools[i].id.text,
                                        diags_where(b->reader->diags, s->pools[k].id.pos), NULL);
}

static void draft_pools(struct site_builder *b, struct school_draft *s)
{
        const struct raw_school *own = s->raw, *blue = s->blueprint;
        s->pools = ARENA_ARRAY(b->plan->arena, struct pool_draft, own->n_pools + (blue ? blue->n_pools : 0) + 1);
        for (size_t i = 0; blue && i < blue->n_pools; i++) {
                const struct raw_pool *same = pool_by_id(own, blue->pools[i].id.text);
                s->pools[s->n_pools++] = (struct pool_draft){ .own = same, .blueprint = &blue->pools[i],
                        .pos = same ? same->pos : own->pos };
        }
        for (size_t i = 0; i < own->n_pools; i++)
                if (!pool_by_id(blue, own->pools[i].id.text))
                        s->pools[s->n_pools++] = (struct pool_draft){ .own = &own->pools[i], .pos = own->pools[i].pos };
        for (size_t i = 0; i < s->n_pools; i++)
                draft_hosts(b, s, &s->pools[i]);
        report_duplicate_pools(b, own);
}

static const struct raw_school *find_blueprint(struct site_builder *b, const struct located *name)
{
        AUTO_STR known = STR_MAX(2048);
        for (size_t i = 0; i < b->raw->n_blueprints; i++) {
                const struct raw_school *bp = &b->raw->blueprints[i];
                if (bp->id.text && !strcmp(bp->id.text, name->text))
                        return bp;
                str_addf(&known, "%s%s", i ? ", " : "", bp->id.text ? bp->id.text : "?");
        }
        diag(b->reader->diags, XR_BLUEPRINT_UNKNOWN, name->pos, name->text, str_text(&known), NULL);
        return NULL;
}

void drafts_make(struct site_builder *b)
{
        b->schools = ARENA_ARRAY(b->plan->arena, struct school_draft, b->raw->n_schools + 1);
        for (size_t i = 0; i < b->raw->n_schools; i++) {
                struct school_draft *s = &b->schools[b->n_schools++];
                s->raw = &b->raw->schools[i];
                s->blueprint = s->raw->blueprint.text ? find_blueprint(b, &s->raw->blueprint) : NULL;
                draft_pools(b, s);
        }
        for (size_t i = 0; i < b->raw->n_blueprints; i++)
                report_duplicate_pools(b, &b->raw->blueprints[i]);
}

void drafts_free(struct site_builder *b)
{
        for (size_t i = 0; i < b->n_schools; i++)
                for (size_t k = 0; k < b->schools[i].n_pools; k++)
                        free(b->schools[i].pools[k].hosts);
}
