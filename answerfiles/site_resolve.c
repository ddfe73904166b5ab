/* From drafts to the plan: "+n" becomes an address, levels become settings, defaults are filled in. */
#include "answerfiles/site_plan.h"
#include "answerfiles/value.h"
#include "base/i18n.h"

#include <stdlib.h>
#include <string.h>

/* An address as written: dotted, or "+n" from the school's subnet. */
static bool resolve_ip(struct site_builder *b, const struct school *s, const struct located *text, struct ip4 *out)
{
        uint32_t n;
        out->pos = text->pos;
        if (!value_offset(text->text, &n))
                return out->given = value_ip4(b->reader->diags, text->pos, text->text, &out->addr);
        if (!s->subnet.given) {
                diag(b->reader->diags, XR_OFFSET_WITHOUT_SUBNET, text->pos, text->text, s->id, NULL);
                return false;
        }
        if (n > ~s->subnet.mask) {
                char base[IP4_TEXT], subnet[IP4_TEXT + 4];
                snprintf(subnet, sizeof(subnet), "%s/%d", ip4_text(s->subnet.addr, base), s->subnet.prefix);
                diag(b->reader->diags, XR_OFFSET_OUTSIDE, text->pos, text->text, subnet, NULL);
                return false;
        }
        out->addr = s->subnet.addr + n;
        return out->given = true;
}

/* A server as written: an address, "+n", or a name. */
static bool resolve_endpoint(struct site_builder *b, const struct school *s, const struct located *text, struct endpoint *out)
{
        char buf[IP4_TEXT];
        *out = (struct endpoint){ .text = text->text, .pos = text->pos };
        if (!text->text)
                return true;
        if (text->text[0] == '+' || strspn(text->text, "0123456789.") == strlen(text->text)) {
                if (!resolve_ip(b, s, text, &out->ip))
                        return false;
                ip4_text(out->ip.addr, buf);
                out->text = arena_intern(b->plan->arena, buf, strlen(buf));
                return true;
        }
        return value_server(b->reader->diags, text->pos, text->text);
}

static const struct located *either(const struct located *own, const struct located *blue)
{
        return own->text || !blue ? own : blue;
}

static void resolve_network(struct site_builder *b, struct school_draft *d, struct school *s)
{
        const struct raw_subnet *own = &d->raw->network, *blue = d->blueprint ? &d->blueprint->network : NULL;
        const struct located *subnet = either(&own->subnet, blue ? &blue->subnet : NULL);
        const struct located *gateway = either(&own->gateway, blue ? &blue->gateway : NULL);
        const struct located *server = either(&own->boot_server, blue ? &blue->boot_server : NULL);
        if (subnet->text)
                value_subnet(b->reader->diags, subnet->pos, subnet->text, &s->subnet);
        s->subnet.dhcp = own->dhcp_pos.line ? own->dhcp : blue && blue->dhcp;
        if (gateway->text && (s->subnet.given || !subnet->text))
                resolve_ip(b, s, gateway, &s->gateway);
        if (server->text && (s->subnet.given || !subnet->text))
                resolve_ip(b, s, server, &s->boot_server);
}

/* Where nobody says which: XenCenter takes the first shared storage as well. */
static void choose_default(struct pool *p)
{
        struct storage *first = NULL;
        for (size_t i = 0; i < p->n_storage; i++) {
                struct storage *s = &p->storage[i];
                if (s->is_default)
                        return;
                if (!first && s->type != SR_ISO_NFS && s->type != SR_ISO_SMB && s->type != SR_LOCAL)
                        first = s;
        }
        if (first)
                first->is_default = true;
}

static void resolve_storage(struct site_builder *b, const struct school *s, const struct raw_pool *from, struct pool *p)
{
        p->storage = ARENA_ARRAY(b->plan->arena, struct storage, from->n_storage + 1);
        for (size_t i = 0; i < from->n_storage; i++) {
                const struct raw_storage *raw = &from->storage[i];
                if (raw->type < 0)
                        continue;
                struct storage *to = &p->storage[p->n_storage++];
                *to = raw->s;
                to->type = (enum sr_type)raw->type;
                if (to->type == SR_ISO_SMB) {
                        to->smb_version = to->nfs_version;
                        to->nfs_version = NULL;
                }
                resolve_endpoint(b, s, &raw->server, &to->server);
                to->portals = ARENA_ARRAY(b->plan->arena, struct endpoint, raw->n_portals + 1);
                for (size_t k = 0; k < raw->n_portals; k++)
                        if (resolve_endpoint(b, s, &raw->portals[k], &to->portals[to->n_portals]))
                                to->n_portals++;
        }
        choose_default(p);
}

static void resolve_address(struct site_builder *b, const struct school *s, const struct raw_host *raw, struct host *h)
{
        if (raw->address.text && strcmp(raw->address.text, "dhcp")) {
                /* A subnet that is there but wrong was reported; "+11" of it would be noise. */
                if (raw->address.text[0] != '+' || s->subnet.given || !s->subnet.pos.line)
                        resolve_ip(b, s, &raw->address, &h->address);
                return;
        }
        if (!raw->address.text && !s->subnet.dhcp) {
                diag(b->reader->diags, XR_ADDRESS_MISSING, raw->pos, h->name, NULL);
                h->address.pos = raw->pos; /* reported: not once more for the coordinator */
        }
}

static void check_place(struct site_builder *b, const struct host *h, const struct pool_draft *d, size_t number)
{
        char n[24];
        snprintf(n, sizeof(n), "%zu", number);
        bool tried = h->mac.pos.line || h->serial_pos.line || b->rows_lost;
        if (!d->fixed && !h->mac.given && !h->serial && !tried)
                diag(b->reader->diags, XR_HOST_IDENTITY, h->pos, h->name, h->pool->school->id, NULL);
        if (d->fixed && !h->mac.given && !h->serial && !tried)
                diag(b->reader->diags, XR_PLACE_WITHOUT_MACHINE, d->pos, n, h->pool->id, h->pool->school->id, NULL);
        const struct settings *set = h->set;
        if (!set->origin[SET_DISK].pos.line && !set->origin[SET_RAID].pos.line)
                diag(b->reader->diags, XR_DISK_MISSING, h->pos, h->name, NULL);
        if (set->origin[SET_DISK].pos.line && set->raid.n && set->origin[SET_DISK].level == set->origin[SET_RAID].level)
                diag(b->reader->diags, XR_RAID_AND_DISK, set->origin[SET_RAID].pos, NULL);
}

static struct host *resolve_host(struct site_builder *b, struct layers layers, struct pool *p, const struct raw_host *raw)
{
        struct host *h = ARENA_NEW(b->plan->arena, struct host);
        h->pool = p;
        h->name = raw->name.text ? raw->name.text : "?";
        h->name_pos = raw->name.pos;
        h->pos = raw->pos;
        h->mac = raw->mac;
        h->serial = raw->serial.text;
        h->serial_pos = raw->serial.pos;
        h->description = raw->description.text;
        h->description_pos = raw->description.pos;
        h->address6 = raw->address6.text;
        h->coordinator = raw->coordinator;
        h->coordinator_pos = raw->coordinator_pos;
        h->identity_level = raw->level;
        layers.at[raw->set_of_blueprint ? 4 : 7] = raw->set;
        layers.at[8] = raw->row_set;
        h->set = settings_merge(b->merger, &layers);
        resolve_address(b, p->school, raw, h);
        if (raw->name.text)
                value_hostname(b->reader->diags, raw->name.pos, raw->name.text);
        if (raw->address6.text)
                value_ip6_prefix(b->reader->diags, raw->address6.pos, raw->address6.text);
        h->number = (uint32_t)b->plan->n_hosts + 1;
        b->plan->hosts[b->plan->n_hosts++] = h;
        return h;
}

/* A pool of one host, or one whose places a blueprint counts, has its first host as coordinator when nobody says. */
static void choose_coordinator(const struct pool_draft *d, struct pool *p)
{
        for (size_t i = 0; i < p->n_hosts; i++)
                if (p->hosts[i]->coordinator)
                        return;
        if (p->n_hosts && (p->n_hosts == 1 || d->fixed))
                p->hosts[0]->coordinator = true;
}

enum { JOIN_WINDOW = 4 * 3600 };

/* Key by key: what the school says of its pool, else what the blueprint does. */
static void resolve_keys(struct site_builder *b, struct pool *p, const struct raw_pool *own, const struct raw_pool *blue)
{
        static const struct raw_pool nothing = { .join_window = JOIN_WINDOW };
        const struct raw_pool *from[POOL_KEYS];
        for (enum pool_key k = 0; k < POOL_KEYS; k++) {
                from[k] = own && own->said[k].pos.line ? own : blue && blue->said[k].pos.line ? blue : &nothing;
                p->origin[k] = from[k]->said[k];
        }
        p->description = from[POOL_DESCRIPTION]->description;
        p->join_window = from[POOL_JOIN_WINDOW]->join_window;
        p->networks = from[POOL_NETWORKS]->networks;
        p->n_networks = from[POOL_NETWORKS]->n_networks;
        p->ha = from[POOL_HA]->ha;
        resolve_storage(b, p->school, from[POOL_STORAGE], p);
        resolve_machines(b, p, from[POOL_VMS], from[POOL_SNAPSHOTS]);
}

static struct pool *resolve_pool(struct site_builder *b, struct school_draft *sd, struct pool_draft *d, struct school *s)
{
        const struct raw_pool *own = d->own, *blue = d->blueprint;
        struct pool *p = ARENA_NEW(b->plan->arena, struct pool);
        p->id = pool_draft_id(d) ? pool_draft_id(d) : "?";
        p->name = own && own->name.text ? own->name.text : blue && blue->name.text ? blue->name.text : p->id;
        p->school = s;
        p->pos = d->pos;
        resolve_keys(b, p, own, blue);
        struct layers layers = { { b->base, b->raw->defaults, sd->blueprint ? sd->blueprint->set : NULL, blue ? blue->set : NULL,
                NULL, sd->raw->set, own ? own->set : NULL, NULL, NULL } };
        p->hosts = ARENA_ARRAY(b->plan->arena, struct host *, d->n + 1);
        for (size_t i = 0; i < d->n; i++) {
                p->hosts[p->n_hosts++] = resolve_host(b, layers, p, &d->hosts[i]);
                check_place(b, p->hosts[i], d, i + 1);
        }
        if (!p->n_hosts)
                diag(b->reader->diags, XR_NO_HOSTS, d->pos, p->id, s->id, NULL);
        choose_coordinator(d, p);
        return p;
}

static struct school *resolve_school(struct site_builder *b, struct school_draft *d)
{
        struct school *s = ARENA_NEW(b->plan->arena, struct school);
        s->id = d->raw->id.text ? d->raw->id.text : "?";
        s->name = d->raw->name.text ? d->raw->name.text : s->id;
        s->blueprint = d->blueprint ? d->blueprint->id.text : NULL;
        s->pos = d->raw->pos;
        resolve_network(b, d, s);
        s->pools = ARENA_ARRAY(b->plan->arena, struct pool *, d->n_pools + 1);
        for (size_t i = 0; i < d->n_pools; i++)
                s->pools[s->n_pools++] = resolve_pool(b, d, &d->pools[i], s);
        return s;
}

static int by_id(const void *x, const void *y)
{
        const struct school *a = *(struct school *const *)x, *b = *(struct school *const *)y;
        int order = strcmp(a->id, b->id);
        return order ? order : a < b ? -1 : 1;
}

static void report_duplicate_schools(struct site_builder *b)
{
        struct school **sorted = ARENA_ARRAY(b->plan->arena, struct school *, b->plan->n_schools + 1);
        memcpy(sorted, b->plan->schools, b->plan->n_schools * sizeof(*sorted));
        qsort(sorted, b->plan->n_schools, sizeof(*sorted), by_id);
        for (size_t i = 1; i < b->plan->n_schools; i++)
                if (!strcmp(sorted[i]->id, sorted[i - 1]->id) && strcmp(sorted[i]->id, "?"))
                        diag(b->reader->diags, XR_DUPLICATE_ID, sorted[i]->pos, _("school"), sorted[i]->id,
                                diags_where(b->reader->diags, sorted[i - 1]->pos), NULL);
}

void plan_resolve(struct site_builder *b)
{
        struct plan *plan = b->plan;
        size_t hosts = 0;
        for (size_t i = 0; i < b->n_schools; i++)
                for (size_t k = 0; k < b->schools[i].n_pools; k++)
                        hosts += b->schools[i].pools[k].n;
        plan->hosts = ARENA_ARRAY(plan->arena, struct host *, hosts + 1);
        plan->schools = ARENA_ARRAY(plan->arena, struct school *, b->n_schools + 1);
        for (size_t i = 0; i < b->n_schools; i++)
                plan->schools[plan->n_schools++] = resolve_school(b, &b->schools[i]);
        report_duplicate_schools(b);
}
