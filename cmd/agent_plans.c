#include "cmd/agent_plans.h"
#include "base/cleanup.h"

#include <string.h>

enum { CLOCK_TOLERANCE = 60 /* seconds */ };

struct filling {
        struct agent_plan *out;
        struct arena *arena;
        const struct host *host;
        const struct pool *pool;
        const struct agent_marks *marks;
};

/* --- texts --- */

static const char *ip_of(const struct filling *f, uint32_t addr)
{
        char text[IP4_TEXT];
        return arena_strdup(f->arena, ip4_text(addr, text));
}

static const char *address_of(const struct filling *f, const struct host *h)
{
        return h->address.given ? ip_of(f, h->address.addr) : NULL;
}

static const char *mac_of(const struct filling *f, const struct host *h)
{
        char text[MAC_TEXT];
        return h->mac.given ? arena_strdup(f->arena, mac_text(&h->mac, text)) : NULL;
}

static const char *mask_of(const struct filling *f, int prefix)
{
        return ip_of(f, prefix > 0 ? UINT32_MAX << (32 - prefix) : 0);
}

/* "a|b" */
static struct agent_texts divided(struct arena *a, const char *list)
{
        struct agent_texts t = { NULL, 0 };
        if (!list)
                return t;
        size_t n = 1;
        for (const char *s = list; (s = strchr(s, '|')); s++)
                n++;
        t.items = ARENA_ARRAY(a, const char *, n);
        for (const char *s = list; s; s = strchr(s, '|') ? strchr(s, '|') + 1 : NULL)
                t.items[t.n++] = arena_strndup(a, s, strcspn(s, "|"));
        return t;
}

static struct agent_texts texts_of(const struct text_list *list)
{
        return (struct agent_texts){ list->items, list->n };
}

/* --- parts --- */

static void add_release(const struct filling *f, const struct release *r)
{
        f->out->release = (struct agent_release){ .id = r->id,
                .product = r->product,
                .await = divided(f->arena, r->first_boot),
                .await_gone = divided(f->arena, r->first_boot_gone),
                .plain_http = r->plain_http,
                .tls_flag = r->tls_flag,
                .cpu_features_equal = r->cpu_features_equal,
                .vmss = r->vmss,
                .multipathing_call = r->multipathing_call,
                .free_pool_size = r->free_pool_size };
}

static void add_members(const struct filling *f)
{
        const struct pool *p = f->pool;
        f->out->members = ARENA_ARRAY(f->arena, struct agent_member, p->n_hosts);
        f->out->n_members = p->n_hosts;
        for (size_t i = 0; i < p->n_hosts; i++) {
                const struct host *h = p->hosts[i];
                f->out->members[i] = (struct agent_member){ .name = h->name,
                        .address = address_of(f, h),
                        .mac = mac_of(f, h),
                        .serial = h->serial,
                        .number = (int)i + 1,
                        .coordinator = h->coordinator };
                if (h->coordinator)
                        f->out->coordinator_address = address_of(f, h);
        }
}

/* One address for each host, in the pool's order. */
static void add_addresses(const struct filling *f, const struct network *from, struct agent_network *to)
{
        if (!from->first)
                return;
        to->netmask = mask_of(f, from->prefix);
        to->addresses = ARENA_ARRAY(f->arena, struct agent_address, f->pool->n_hosts);
        to->n_addresses = f->pool->n_hosts;
        for (size_t i = 0; i < f->pool->n_hosts; i++)
                to->addresses[i] =
                        (struct agent_address){ f->pool->hosts[i]->name, ip_of(f, from->first + (uint32_t)i) };
}

static void add_networks(const struct filling *f)
{
        const struct pool *p = f->pool;
        f->out->networks = ARENA_ARRAY(f->arena, struct agent_network, p->n_networks);
        f->out->n_networks = p->n_networks;
        for (size_t i = 0; i < p->n_networks; i++) {
                const struct network *from = &p->networks[i];
                struct agent_network *to = &f->out->networks[i];
                *to = (struct agent_network){ .name = from->name,
                        .description = from->description,
                        .nic = from->n_bond ? -1 : from->nic,
                        .n_bond = from->n_bond,
                        .mode = from->mode,
                        .vlan = from->vlan,
                        .mtu = from->mtu };
                memcpy(to->bond, from->bond, sizeof(to->bond));
                add_addresses(f, from, to);
        }
}

static struct agent_texts portals_of(const struct filling *f, const struct storage *s)
{
        struct agent_texts t = { ARENA_ARRAY(f->arena, const char *, s->n_portals + 1), s->n_portals };
        for (size_t i = 0; i < s->n_portals; i++)
                t.items[i] = s->portals[i].text;
        return t;
}

static void add_storage(const struct filling *f, const struct storage *from, struct agent_storage *to)
{
        static const enum agent_sr types[] = { [SR_NFS] = AGENT_NFS,
                [SR_ISCSI] = AGENT_ISCSI,
                [SR_HBA] = AGENT_HBA,
                [SR_SMB] = AGENT_SMB,
                [SR_ISO_NFS] = AGENT_ISO_NFS,
                [SR_ISO_SMB] = AGENT_ISO_SMB,
                [SR_LOCAL] = AGENT_LOCAL };
        bool iscsi = from->type == SR_ISCSI;
        *to = (struct agent_storage){ .name = from->name,
                .description = from->description,
                .type = types[from->type],
                .server = from->server.text,
                .path = from->path,
                .version = from->type == SR_ISO_SMB ? from->smb_version : from->nfs_version,
                .options = from->options,
                .portals = portals_of(f, from),
                .port = iscsi ? from->port : 0,
                .iqn = from->iqn,
                .lun = from->lun,
                .lun_serial = from->lun_serial,
                .scsi_id = from->scsi_id,
                .user = iscsi ? from->chap_user : from->username,
                .password = iscsi ? from->chap_password : from->password,
                .multipath = from->multipath,
                .is_default = from->is_default,
                .suspend = from->suspend,
                .crash_dump = from->crash_dump };
}

static void add_storages(const struct filling *f)
{
        const struct pool *p = f->pool;
        f->out->storage = ARENA_ARRAY(f->arena, struct agent_storage, p->n_storage);
        f->out->n_storage = p->n_storage;
        for (size_t i = 0; i < p->n_storage; i++)
                add_storage(f, &p->storage[i], &f->out->storage[i]);
        f->out->ha = (struct agent_ha){ .heartbeat = p->ha.heartbeat, .tolerate = p->ha.tolerate, .timeout = p->ha.timeout };
}

static struct agent_disk *disks_of(const struct filling *f, const struct vm *vm)
{
        struct agent_disk *disks = ARENA_ARRAY(f->arena, struct agent_disk, vm->n_disks);
        for (size_t i = 0; i < vm->n_disks; i++)
                disks[i] = (struct agent_disk){ vm->disks[i].size, vm->disks[i].storage };
        return disks;
}

static void add_machines(const struct filling *f)
{
        const struct pool *p = f->pool;
        f->out->vms = ARENA_ARRAY(f->arena, struct agent_vm, p->n_vms);
        f->out->n_vms = p->n_vms;
        for (size_t i = 0; i < p->n_vms; i++) {
                const struct vm *from = &p->vms[i];
                f->out->vms[i] = (struct agent_vm){ .name = from->name,
                        .description = from->description,
                        .template = from->template,
                        .vcpus = from->vcpus,
                        .memory = from->memory,
                        .disks = disks_of(f, from),
                        .n_disks = from->n_disks,
                        .networks = texts_of(&from->networks),
                        .iso = from->iso,
                        .install_url = from->install_url,
                        .boot_parameters = from->boot_parameters,
                        .start = from->start,
                        .order = from->order,
                        .delay = from->delay,
                        .ha_priority = from->ha_priority,
                        .snapshots = from->snapshots };
        }
}

static void add_schedules(const struct filling *f)
{
        const struct pool *p = f->pool;
        f->out->schedules = ARENA_ARRAY(f->arena, struct agent_schedule, p->n_schedules);
        f->out->n_schedules = p->n_schedules;
        for (size_t i = 0; i < p->n_schedules; i++) {
                const struct schedule *from = &p->schedules[i];
                f->out->schedules[i] = (struct agent_schedule){ .name = from->name,
                        .type = from->type,
                        .frequency = from->frequency,
                        .keep = from->keep,
                        .hour = from->hour,
                        .minute = from->minute,
                        .days = texts_of(&from->days) };
        }
}

static void add_pool(const struct filling *f)
{
        const struct pool *p = f->pool;
        struct agent_plan *out = f->out;
        out->school = p->school->id;
        out->school_name = p->school->name;
        out->pool = p->id;
        out->pool_name = p->name ? p->name : p->id;
        out->pool_description = p->description;
        out->join_window = p->join_window;
        out->clock_tolerance = CLOCK_TOLERANCE;
}

/* The coordinator does not know the one-time password, it has its hash. What is to follow it every host knows: xapi copies
 * the coordinator's password file to a member whenever the member's xapi starts. */
static void add_self(const struct filling *f)
{
        const struct host *h = f->host;
        struct agent_plan *out = f->out;
        out->host = h->name;
        out->description = h->description;
        out->tags = texts_of(&h->set->tags);
        out->management_mac = mac_of(f, h);
        out->coordinator = h->coordinator;
        out->ntp = texts_of(&h->set->ntp);
        if (f->marks->report && *f->marks->report) {
                out->report = arena_strdup(f->arena, f->marks->report);
                out->report_pin = h->set->roll_call_pin;
        }
        if (!f->marks->join_password)
                return;
        out->root_hash = h->set->root_password.hash;
        if (!h->coordinator)
                out->join_password = f->marks->join_password;
}

void agent_plan_of(struct agent_plan *out, struct arena *a, const struct host *h, const struct release *r,
        const struct agent_marks *marks)
{
        struct filling f = { .out = out, .arena = a, .host = h, .pool = h->pool, .marks = marks };
        *out = (struct agent_plan){ .deployment = marks->deployment, .build = marks->build };
        add_release(&f, r);
        add_pool(&f);
        add_members(&f);
        add_networks(&f);
        add_storages(&f);
        add_machines(&f);
        add_schedules(&f);
        add_self(&f);
}
