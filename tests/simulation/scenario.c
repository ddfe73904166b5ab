#include "tests/simulation/scenario.h"
#include "base/arena.h"
#include "postinstall/probe.h"

#include <string.h>

const char *scenario_mac(struct arena *a, int host, int nic)
{
        return arena_printf(a, "00:16:3e:%02x:%02x:%02x", host / 256, host % 256, nic);
}

int scenario_eth(const struct deployment *d, int host, int nic)
{
        return d->trouble == OTHER_CARDS && host == d->n - 1 && nic >= 2 ? 5 - nic : nic;
}

int scenario_management(const struct deployment *d, int host)
{
        return d->trouble == OTHER_MANAGEMENT && host == d->n - 1 ? d->management + 1 : d->management;
}

static void add_host(const struct deployment *d, int host, struct chance *c, struct str *out)
{
        const struct agent_member *m = &d->plans[0].members[host];
        int management = scenario_management(d, host);
        bool limited = d->plans[0].release.free_pool_size > 0;
        str_addf(out, "host %s %s ", m->name, m->address);
        for (int i = 0; i < d->nics; i++)
                str_addf(out, "%s%s@eth%d", i ? "," : "", scenario_mac(d->arena, host, i), scenario_eth(d, host, i));
        if (management)
                str_addf(out, " management=%d", management);
        if (host == d->n - 1 && d->trouble == OTHER_CPU)
                str_add(out, " cpu=AuthenticAMD");
        if (host == d->n - 1 && d->trouble == OTHER_BUILD)
                str_add(out, " build=other");
        str_addf(out, "%s%s\n", limited ? " edition=free" : "", chance_one_in(c, 4) ? " dies-early" : "");
}

/* Some of the storage has served before: then there is something to be introduced, and nothing to be made. */
static const char *maybe_used(const struct deployment *d, struct chance *c)
{
        char digits[13];
        if (!chance_one_in(c, 5))
                return "";
        chance_hex(c, digits, 12);
        return arena_printf(d->arena, " sr=0badcafe-0000-4000-8000-%s", digits);
}

/* Behind the one that is meant. */
static void add_luns(const struct agent_storage *s, struct str *out)
{
        for (int i = 1; i <= MOST_LUNS; i++)
                str_addf(out, "iscsi %s%s%s %s %d SN%d 36001405bb%06d user=%s password=%s\n", s->portals.items[0],
                        s->portals.n > 1 ? "," : "", s->portals.n > 1 ? s->portals.items[1] : "", s->iqn, i, i, i,
                        s->user, s->password);
}

static void add_storage(const struct deployment *d, const struct agent_storage *s, struct chance *c, struct str *out)
{
        const char *two = d->trouble == TWO_SRS
                                  ? " sr=0badcafe-0000-4000-8000-000000000001,0badcafe-0000-4000-8000-000000000002"
                                  : NULL;
        if (s->type == AGENT_NFS && d->trouble != NO_NFS)
                str_addf(out, "nfs %s %s%s\n", s->server, s->path, two ? two : maybe_used(d, c));
        else if (s->type == AGENT_ISO_NFS)
                str_addf(out, "iso-nfs %s %s files=debian.iso,tools.iso\n", s->server, s->path);
        else if (s->type == AGENT_HBA)
                str_addf(out, "hba %s%s\n", SCENARIO_HBA_ID, maybe_used(d, c));
        else if (s->type == AGENT_SMB)
                str_addf(out, "smb %s %s user=%s password=%s%s\n", s->server, s->path, s->user, s->password,
                        maybe_used(d, c));
        else if (s->type == AGENT_ISCSI)
                str_addf(out, "iscsi %s%s%s %s 0 " SCENARIO_SERIAL " %s user=%s password=%s%s\n", s->portals.items[0],
                        s->portals.n > 1 ? "," : "", s->portals.n > 1 ? s->portals.items[1] : "", s->iqn,
                        SCENARIO_SCSI_ID, s->user, d->trouble == WRONG_CHAP ? "other" : s->password,
                        d->trouble == FOREIGN_LUN ? " foreign"
                        : two                     ? two
                                                  : maybe_used(d, c));
}

const char *scenario_of(const struct deployment *d, struct chance *c)
{
        AUTO_STR text = STR_MAX(1 << 20);
        const struct agent_plan *p = &d->plans[0];
        str_addf(&text, "release %s\n", p->release.id);
        for (int i = 0; i < d->n; i++)
                add_host(d, i, c, &text);
        for (size_t i = 0; i < p->n_storage; i++) {
                add_storage(d, &p->storage[i], c, &text);
                if (d->trouble == MANY_LUNS && p->storage[i].type == AGENT_ISCSI)
                        add_luns(&p->storage[i], &text);
        }
        if (d->trouble != NO_TEMPLATE)
                str_addf(&text, "template \"%s\"\n", SCENARIO_TEMPLATE);
        return arena_strdup(d->arena, str_text(&text));
}
