/* High availability: what carries the heartbeat, and how many hosts it takes. */
#include "answerfiles/check_parts.h"

enum { GOOD_FOR_HA = 3 };

static void check_heartbeat(struct check *c, const struct pool *p, struct pos pos)
{
        const struct storage *s = check_storage_named(p, p->ha.heartbeat);
        if (!s)
                check_say(c, pos, XR_HA_UNKNOWN, p->id, p->ha.heartbeat, check_storage_names(c, p));
        else if (s->type != SR_NFS && s->type != SR_ISCSI && s->type != SR_HBA)
                check_say(c, pos, XR_HA_TYPE, s->name, sr_type_names[s->type]);
}

static void check_hosts(struct check *c, const struct pool *p, struct pos pos)
{
        const char *hosts = check_number(c, p->n_hosts);
        if (p->n_hosts == 1)
                check_say(c, pos, XR_HA_ALONE, p->id);
        else if ((size_t)p->ha.tolerate >= p->n_hosts)
                check_say(c, pos, XR_HA_TOLERATE, p->id, hosts, check_number(c, (size_t)p->ha.tolerate));
        else if (p->n_hosts < GOOD_FOR_HA)
                check_say(c, pos, XR_HA_FEW, p->id, hosts);
}

void check_ha(struct check *c, const struct pool *p)
{
        struct pos pos = check_pos(p->ha.pos, p->pos);
        if (!p->ha.heartbeat)
                return;
        check_heartbeat(c, p, pos);
        if (p->n_hosts)
                check_hosts(c, p, pos);
        /* The releases that limit the size of a pool without a licence are those that limit this as well. */
        if (c->release->free_pool_size && check_first(c, "licence of HA", (struct pos){ 0 }))
                check_say(c, pos, XR_HA_LICENCE, c->release->product);
}
