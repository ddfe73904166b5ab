#include "tests/simulation/deployment.h"
#include "base/arena.h"
#include "base/cleanup.h"
#include "tests/simulation/scenario.h"

#include <crypt.h>
#include <string.h>

#define JOIN_PASSWORD "0ne-Time-Join-Secret"
#define CHAP_PASSWORD "Chap-Secret-0123"
#define SMB_PASSWORD "Share-Secret-4567"

/* --- releases --- */

static const char *const stamps_8_2[] = { "/var/lib/misc/ran-network-init", "/var/lib/misc/ran-storage-init",
        "/var/lib/misc/ran-control-domain-params-init", "/var/lib/misc/ran-generate-iscsi-iqn",
        "/var/lib/misc/ran-create-guest-templates" };
static const char *const stamps_7[] = { "/etc/firstboot.d/state/10-prepare-storage",
        "/etc/firstboot.d/state/40-generate-iscsi-iqn", "/etc/firstboot.d/state/62-create-guest-templates",
        "/etc/firstboot.d/state/99-remove-firstboot-flag" };
static const char *const gone_7[] = { "/etc/firstboot.d/data/firstboot_in_progress" };

#define TEXTS(list)                                                                                                    \
        {                                                                                                              \
                .items = (const char **)(list), .n = COUNT(list)                                                       \
        }
#define LATER .vmss = true, .multipathing_call = true
static const struct agent_release releases[] = {
        { .id = "xcp-ng-8.3", .product = "XCP-ng 8.3", .await = TEXTS(stamps_8_2), LATER, .tls_flag = true },
        { .id = "xenserver-9",
                .product = "XenServer 9",
                .await = TEXTS(stamps_8_2),
                LATER,
                .tls_flag = true,
                .free_pool_size = 3 },
        { .id = "xenserver-8",
                .product = "XenServer 8",
                .await = TEXTS(stamps_8_2),
                LATER,
                .tls_flag = true,
                .free_pool_size = 3 },
        { .id = "xcp-ng-8.2", .product = "XCP-ng 8.2", .await = TEXTS(stamps_8_2), LATER },
        { .id = "citrix-hypervisor-8.0",
                .product = "Citrix Hypervisor 8.0",
                .await = TEXTS(stamps_7),
                .await_gone = TEXTS(gone_7),
                LATER,
                .free_pool_size = 3 },
        { .id = "xenserver-7.6",
                .product = "XenServer 7.6",
                .await = TEXTS(stamps_7),
                .await_gone = TEXTS(gone_7),
                LATER,
                .free_pool_size = 3 },
        { .id = "xenserver-7.0", .product = "XenServer 7.0", .await = TEXTS(stamps_7), .await_gone = TEXTS(gone_7) },
        { .id = "xenserver-6.5",
                .product = "XenServer 6.5",
                .await = TEXTS(stamps_7),
                .await_gone = TEXTS(gone_7),
                .plain_http = true,
                .cpu_features_equal = true },
};

static const struct agent_release *release_of(const char *id)
{
        for (size_t i = 0; i < COUNT(releases); i++)
                if (!strcmp(releases[i].id, id))
                        return &releases[i];
        return &releases[0];
}

/* --- pieces of the plan that all hosts share --- */

static void expect(struct deployment *d, const char *method, size_t n)
{
        d->expected[d->n_expected++] = (struct expected){ method, (unsigned)n };
}

static void keep_secret(struct deployment *d, const char *text) { d->secrets[d->n_secrets++] = text; }

static struct agent_texts one_text(struct arena *a, const char *text)
{
        struct agent_texts t = { ARENA_ARRAY(a, const char *, 1), 1 };
        t.items[0] = text;
        return t;
}

static void add_members(struct deployment *d, struct agent_plan *p)
{
        p->members = ARENA_ARRAY(d->arena, struct agent_member, (size_t)d->n);
        p->n_members = (size_t)d->n;
        for (int i = 0; i < d->n; i++)
                p->members[i] = (struct agent_member){ .name = arena_printf(d->arena, "xen%d", i + 1),
                        .address = arena_printf(d->arena, "192.168.0.%d", 11 + i),
                        .mac = scenario_mac(d->arena, i, scenario_management(d, i)),
                        .serial = arena_printf(d->arena, "SN%04d", i + 1),
                        .number = i + 1,
                        .coordinator = i == 0 };
}

static struct agent_address *addresses(struct deployment *d, const struct agent_plan *p, int net)
{
        struct agent_address *a = ARENA_ARRAY(d->arena, struct agent_address, (size_t)d->n);
        for (int i = 0; i < d->n; i++)
                a[i] = (struct agent_address){ p->members[i].name, arena_printf(d->arena, "10.0.%d.%d", net, 11 + i) };
        return a;
}

static void add_networks(struct deployment *d, struct agent_plan *p, unsigned wishes)
{
        struct agent_network *n = p->networks = ARENA_ARRAY(d->arena, struct agent_network, 8);
        n[p->n_networks++] = (struct agent_network){ .name = "Management", .nic = d->management };
        if (wishes & WISH_NETS) {
                n[p->n_networks++] = (struct agent_network){ .name = "Storage",
                        .nic = 1,
                        .netmask = "255.255.255.0",
                        .addresses = addresses(d, p, 1),
                        .n_addresses = (size_t)d->n };
                n[p->n_networks++] = (struct agent_network){ .name = "Classroom", .nic = 1, .vlan = 20 };
                expect(d, "pool.create_VLAN_from_PIF", 1);
        }
        if (wishes & WISH_BOND) {
                n[p->n_networks++] = (struct agent_network){
                        .name = "Guests", .nic = -1, .bond = { 2, 3 }, .n_bond = 2, .mode = "balance-slb"
                };
                expect(d, "Bond.create", 1);
        }
}

static struct agent_storage iscsi(struct deployment *d, bool by_serial)
{
        static const char *both[] = { "192.168.0.7", "192.168.0.8" };
        keep_secret(d, CHAP_PASSWORD);
        return (struct agent_storage){ .name = "iscsi",
                .type = AGENT_ISCSI,
                .portals = { both, by_serial ? 2 : 1 },
                .multipath = by_serial,
                .port = 3260,
                .iqn = "iqn.2017-08.local.mynet:storage.sys0",
                .lun = by_serial ? -1 : 0,
                .lun_serial = by_serial ? SCENARIO_SERIAL : NULL,
                .user = "xen",
                .password = CHAP_PASSWORD };
}

static struct agent_storage smb(struct deployment *d)
{
        keep_secret(d, SMB_PASSWORD);
        return (struct agent_storage){ .name = "smb",
                .type = AGENT_SMB,
                .server = "192.168.0.9",
                .path = "vm",
                .user = "xen",
                .password = SMB_PASSWORD,
                .lun = -1 };
}

static void add_storage(struct deployment *d, struct agent_plan *p, unsigned wishes)
{
        struct agent_storage *s = p->storage = ARENA_ARRAY(d->arena, struct agent_storage, 8);
        if (wishes & WISH_NFS)
                s[p->n_storage++] = (struct agent_storage){ .name = "nfs",
                        .description = "Disks",
                        .type = AGENT_NFS,
                        .server = "192.168.0.6",
                        .path = "/srv/vm",
                        .lun = -1,
                        .is_default = true,
                        .suspend = true,
                        .crash_dump = true };
        if (wishes & WISH_ISCSI)
                s[p->n_storage++] = iscsi(d, wishes & WISH_SERIAL);
        if (wishes & WISH_HBA)
                s[p->n_storage++] = (struct agent_storage){
                        .name = "fc", .type = AGENT_HBA, .scsi_id = SCENARIO_HBA_ID, .lun = -1
                };
        if (wishes & WISH_SMB && p->release.vmss && !p->release.free_pool_size)
                s[p->n_storage++] = smb(d);
        if (wishes & WISH_ISO)
                s[p->n_storage++] = (struct agent_storage){
                        .name = "iso", .type = AGENT_ISO_NFS, .server = "192.168.0.6", .path = "/srv/iso", .lun = -1
                };
        if (p->n_storage)
                expect(d, "SR.create+SR.introduce", p->n_storage);
}

static void add_schedules(struct deployment *d, struct agent_plan *p)
{
        p->schedules = ARENA_ARRAY(d->arena, struct agent_schedule, 2);
        p->schedules[p->n_schedules++] = (struct agent_schedule){
                .name = "nightly", .type = "snapshot", .frequency = "daily", .keep = 7, .hour = 2, .minute = 30
        };
        p->schedules[p->n_schedules++] = (struct agent_schedule){ .name = "weekly",
                .type = "checkpoint",
                .frequency = "weekly",
                .keep = 4,
                .hour = 23,
                .days = one_text(d->arena, "Monday") };
        expect(d, "VMSS.create", p->n_schedules);
}

static void add_vms(struct deployment *d, struct agent_plan *p, unsigned wishes)
{
        if (!(wishes & WISH_VMS))
                return;
        p->vms = ARENA_ARRAY(d->arena, struct agent_vm, 2);
        for (int i = 0; i < 2; i++) {
                struct agent_vm *v = &p->vms[p->n_vms++];
                *v = (struct agent_vm){ .name = i ? "server2" : "server1",
                        .template = SCENARIO_TEMPLATE,
                        .vcpus = 2,
                        .memory = 2ull << 30,
                        .networks = one_text(d->arena, i ? "management" : "Management"),
                        .start = i == 0,
                        .order = i,
                        .n_disks = 1 };
                v->disks = ARENA_ARRAY(d->arena, struct agent_disk, 1);
                v->disks[0] = (struct agent_disk){ .size = 8ull << 30 };
                if (wishes & WISH_HA)
                        v->ha_priority = i ? "best-effort" : "restart";
                if (wishes & WISH_SNAPSHOTS && p->release.vmss)
                        v->snapshots = i ? "weekly" : "nightly";
        }
        if (wishes & WISH_SNAPSHOTS && p->release.vmss)
                add_schedules(d, p);
        expect(d, "VM.clone+VM.copy", p->n_vms);
        expect(d, "VM.provision", p->n_vms);
}

static void fill_shared(
        struct deployment *d, struct agent_plan *p, unsigned wishes, const char *release, struct chance *c)
{
        char *id = arena_alloc(d->arena, 33), *build = arena_alloc(d->arena, 17);
        chance_hex(c, id, 32);
        chance_hex(c, build, 16);
        p->arena = d->arena;
        p->deployment = id;
        p->build = build;
        p->release = *release_of(release);
        p->school = "nn36";
        p->school_name = "School 36";
        p->pool = "pool";
        p->pool_name = "nn36 pool";
        p->pool_description = "First pool";
        p->join_window = 4 * 3600;
        p->clock_tolerance = 30;
        if (d->n > 1) {
                p->coordinator_address = "192.168.0.11";
                p->join_password = JOIN_PASSWORD;
        }
        add_members(d, p);
        add_networks(d, p, wishes);
        add_storage(d, p, wishes);
        add_vms(d, p, wishes);
        if (wishes & WISH_HA) {
                p->ha = (struct agent_ha){
                        .heartbeat = wishes & WISH_NFS ? "nfs" : "iscsi", .tolerate = d->n > 1 ? 1 : 0, .timeout = 0
                };
                expect(d, "pool.enable_ha", 1);
        }
        expect(d, "pool.join", (size_t)d->n - 1);
}

/* --- one host's own lines --- */

static void fill_self(const struct deployment *d, struct agent_plan *p, int host)
{
        p->host = p->members[host].name;
        p->description = host % 2 ? NULL : "in the cellar";
        p->tags = one_text(d->arena, "school");
        p->management_mac = p->members[host].mac;
        p->coordinator = host == 0;
        p->root_hash = d->n > 1 ? d->admin_hash : NULL;
        p->report = d->boot_server == NOBODY_LISTENS && host % 2 ? NULL : "http://192.168.0.2:8080/report";
}

static const char *hash_of(struct arena *a, const char *password, const char *salt)
{
        struct crypt_data data = { 0 };
        return arena_printf(a, "%s", crypt_r(password, salt, &data));
}

struct deployment *deployment_new(int hosts, unsigned wishes, const char *release, enum trouble trouble, uint64_t seed)
{
        struct arena *arena = arena_new();
        struct chance c = chance_stream(seed, "deployment");
        struct agent_plan shared = { 0 };
        struct deployment *d = ARENA_NEW(arena, struct deployment);
        d->arena = arena;
        d->n = hosts;
        d->nics = 4;
        d->management = wishes & (WISH_NETS | WISH_BOND) ? 0 : 1;
        d->trouble = trouble;
        d->secrets = ARENA_ARRAY(arena, const char *, 8);
        if (hosts > 1)
                keep_secret(d, JOIN_PASSWORD);
        d->join_hash = hash_of(arena, JOIN_PASSWORD, "$5$rounds=1000$joinjoin$");
        d->admin_hash = hash_of(arena, "the administrator's", "$5$rounds=1000$adminadmin$");
        d->boot_server = (enum boot_server)chance_in(&c, 0, 3);
        fill_shared(d, &shared, wishes, release, &c);
        d->plans = ARENA_ARRAY(arena, struct agent_plan, (size_t)hosts);
        d->power_on = ARENA_ARRAY(arena, int64_t, (size_t)hosts);
        for (int i = 0; i < hosts; i++) {
                d->plans[i] = shared;
                fill_self(d, &d->plans[i], i);
                d->power_on[i] = chance_in(&c, 0, 20000);
        }
        d->scenario = scenario_of(d, &c);
        return d;
}

static int draw_hosts(struct chance *c)
{
        int64_t lot = chance_in(c, 1, 100);
        return lot <= 12   ? 1
               : lot <= 90 ? (int)chance_in(c, 2, 4)
               : lot <= 98 ? (int)chance_in(c, 5, 9)
                           : (int)chance_in(c, 10, 20);
}

/* Only what this deployment can meet. */
static enum trouble draw_trouble(struct chance *c, int hosts, unsigned wishes)
{
        enum trouble t = chance_one_in(c, 8) ? (enum trouble)chance_in(c, 1, TROUBLES - 1) : NO_TROUBLE;
        unsigned needs = t == FOREIGN_LUN || t == WRONG_CHAP ? WISH_ISCSI
                         : t == NO_NFS                       ? WISH_NFS
                         : t == TWO_SRS                      ? WISH_NFS | WISH_ISCSI
                         : t == NO_TEMPLATE                  ? WISH_VMS
                                                             : 0;
        bool meets = needs ? (wishes & needs) != 0 : hosts > 1;
        return meets ? t : NO_TROUBLE;
}

struct deployment *deployment_draw(uint64_t seed)
{
        struct chance c = chance_stream(seed, "draw");
        static const char *const ids[] = { "xcp-ng-8.3", "xcp-ng-8.3", "xcp-ng-8.2", "xenserver-9", "xenserver-8",
                "citrix-hypervisor-8.0", "xenserver-7.6", "xenserver-7.0", "xenserver-6.5" };
        int hosts = draw_hosts(&c);
        const char *release = chance_of(&c, ids, COUNT(ids));
        unsigned wishes = (unsigned)chance_in(&c, 0, WISH_EVERYTHING);
        if (hosts > 3 && release_of(release)->free_pool_size)
                release = "xcp-ng-8.2";
        if (!(wishes & (WISH_NFS | WISH_ISCSI)))
                wishes &= ~(unsigned)(WISH_HA | WISH_VMS);
        struct deployment *d = deployment_new(hosts, wishes, release, draw_trouble(&c, hosts, wishes), seed);
        for (int i = 0; i < hosts; i++)
                if (chance_one_in(&c, 12))
                        d->power_on[i] = chance_in(&c, 1, 7200) * 1000; /* somebody found the switch later */
        return d;
}

void deployment_free(struct deployment *d)
{
        if (d)
                arena_free(d->arena);
}

void deployment_show(const struct deployment *d, struct str *out)
{
        const struct agent_plan *p = &d->plans[0];
        str_addf(out, "        %d hosts, %s, networks:", d->n, p->release.id);
        for (size_t i = 0; i < p->n_networks; i++)
                str_addf(out, " %s", p->networks[i].name);
        str_add(out, ", storage:");
        for (size_t i = 0; i < p->n_storage; i++)
                str_addf(out, " %s", p->storage[i].name);
        if (d->trouble)
                str_addf(out, ", trouble %d", (int)d->trouble);
        str_addf(out, "%s%s, window %d s\n", p->ha.heartbeat ? ", HA" : "", p->n_vms ? ", VMs" : "", p->join_window);
}
