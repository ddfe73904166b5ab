#include "postinstall/agent_plan_table.h"
#include "base/cleanup.h"

#include <stddef.h>

#define TEXT(type, field, name_, need)                                                                                 \
        {                                                                                                              \
                .name = (name_), .kind = ATTRIBUTE_TEXT, .offset = offsetof(struct type, field), .needed = (need)      \
        }
#define INT(type, field, name_, otherwise)                                                                             \
        {                                                                                                              \
                .name = (name_), .kind = ATTRIBUTE_INT, .offset = offsetof(struct type, field),                        \
                .fallback = (otherwise)                                                                                \
        }
#define SIZE(type, field, name_)                                                                                       \
        {                                                                                                              \
                .name = (name_), .kind = ATTRIBUTE_SIZE, .offset = offsetof(struct type, field)                        \
        }
#define YES(type, field, name_)                                                                                        \
        {                                                                                                              \
                .name = (name_), .kind = ATTRIBUTE_YES, .offset = offsetof(struct type, field)                         \
        }
#define ATTRIBUTES(list) .attributes = (list), .n_attributes = COUNT(list)
#define CHILDREN(list) .children = (list), .n_children = COUNT(list)
#define ITEMS(type, field, count_)                                                                                     \
        .store = STORE_ITEMS, .offset = offsetof(struct type, field), .count = offsetof(struct type, count_),          \
        .size = sizeof(*((struct type *)0)->field)
#define TEXTS(type, field) .store = STORE_TEXTS, .offset = offsetof(struct type, field)
enum { NEEDED = true, OPTIONAL = false };

const char *const agent_sr_names[AGENT_SR_TYPES] = { [AGENT_NFS] = "nfs",
        [AGENT_ISCSI] = "iscsi",
        [AGENT_HBA] = "hba",
        [AGENT_SMB] = "smb",
        [AGENT_ISO_NFS] = "iso-nfs",
        [AGENT_ISO_SMB] = "iso-smb",
        [AGENT_LOCAL] = "local" };

/* Elements that hold one text or number. */
static const struct attribute path[] = { { .name = "path", .needed = true } };
static const struct attribute name[] = { { .name = "name", .needed = true } };
static const struct attribute server[] = { { .name = "server", .needed = true } };
static const struct attribute number[] = { { .name = "number", .kind = ATTRIBUTE_INT, .needed = true } };

static const struct attribute release[] = { TEXT(agent_release, id, "id", NEEDED),
        TEXT(agent_release, product, "product", NEEDED), YES(agent_release, plain_http, "plain-http"),
        YES(agent_release, tls_flag, "tls-flag"), YES(agent_release, cpu_features_equal, "cpu-features-equal"),
        YES(agent_release, vmss, "vmss"), YES(agent_release, multipathing_call, "multipathing-call"),
        INT(agent_release, free_pool_size, "free-pool-size", 0) };
static const struct element release_children[] = {
        { .name = "await", TEXTS(agent_release, await), ATTRIBUTES(path) },
        { .name = "await-gone", TEXTS(agent_release, await_gone), ATTRIBUTES(path) },
};

static const struct attribute member[] = { TEXT(agent_member, name, "name", NEEDED),
        TEXT(agent_member, address, "address", OPTIONAL), TEXT(agent_member, mac, "mac", OPTIONAL),
        TEXT(agent_member, serial, "serial", OPTIONAL), INT(agent_member, number, "number", 0),
        YES(agent_member, coordinator, "coordinator") };

static const struct attribute address[] = { TEXT(agent_address, host, "host", NEEDED),
        TEXT(agent_address, ip, "ip", NEEDED) };
static const struct attribute network[] = { TEXT(agent_network, name, "name", NEEDED),
        TEXT(agent_network, description, "description", OPTIONAL), INT(agent_network, nic, "nic", -1),
        TEXT(agent_network, mode, "mode", OPTIONAL), INT(agent_network, vlan, "vlan", 0),
        INT(agent_network, mtu, "mtu", 0), TEXT(agent_network, netmask, "netmask", OPTIONAL) };
static const struct element network_children[] = {
        { .name = "card",
                .store = STORE_INTS,
                .offset = offsetof(struct agent_network, bond),
                .count = offsetof(struct agent_network, n_bond),
                .most = COUNT(((struct agent_network *)0)->bond),
                ATTRIBUTES(number) },
        { .name = "address", ITEMS(agent_network, addresses, n_addresses), ATTRIBUTES(address) },
};

static const struct attribute storage[] = { TEXT(agent_storage, name, "name", NEEDED),
        { .name = "type", .kind = ATTRIBUTE_SR, .offset = offsetof(struct agent_storage, type), .needed = true },
        TEXT(agent_storage, description, "description", OPTIONAL), TEXT(agent_storage, server, "server", OPTIONAL),
        TEXT(agent_storage, path, "path", OPTIONAL), TEXT(agent_storage, nfs_version, "nfs-version", OPTIONAL),
        TEXT(agent_storage, options, "options", OPTIONAL), INT(agent_storage, port, "port", 0),
        TEXT(agent_storage, iqn, "iqn", OPTIONAL), INT(agent_storage, lun, "lun", -1),
        TEXT(agent_storage, lun_serial, "lun-serial", OPTIONAL), TEXT(agent_storage, scsi_id, "scsi-id", OPTIONAL),
        TEXT(agent_storage, user, "user", OPTIONAL), TEXT(agent_storage, password, "password", OPTIONAL),
        YES(agent_storage, multipath, "multipath"), YES(agent_storage, is_default, "default"),
        YES(agent_storage, suspend, "suspend"), YES(agent_storage, crash_dump, "crash-dump") };
static const struct element storage_children[] = {
        { .name = "portal", TEXTS(agent_storage, portals), ATTRIBUTES(server) }
};

static const struct attribute ha[] = { TEXT(agent_ha, heartbeat, "heartbeat", NEEDED),
        INT(agent_ha, tolerate, "tolerate", 0), INT(agent_ha, timeout, "timeout", 0) };

static const struct attribute disk[] = { SIZE(agent_disk, size, "size"),
        TEXT(agent_disk, storage, "storage", OPTIONAL) };
static const struct attribute vm[] = { TEXT(agent_vm, name, "name", NEEDED),
        TEXT(agent_vm, description, "description", OPTIONAL), TEXT(agent_vm, template, "template", NEEDED),
        INT(agent_vm, vcpus, "vcpus", 0), SIZE(agent_vm, memory, "memory"), TEXT(agent_vm, iso, "iso", OPTIONAL),
        TEXT(agent_vm, install_url, "install-url", OPTIONAL),
        TEXT(agent_vm, boot_parameters, "boot-parameters", OPTIONAL), YES(agent_vm, start, "start"),
        INT(agent_vm, order, "order", -1), INT(agent_vm, delay, "delay", 0),
        TEXT(agent_vm, ha_priority, "ha-priority", OPTIONAL), TEXT(agent_vm, snapshots, "snapshots", OPTIONAL) };
static const struct element vm_children[] = {
        { .name = "disk", ITEMS(agent_vm, disks, n_disks), ATTRIBUTES(disk) },
        { .name = "on", TEXTS(agent_vm, networks), ATTRIBUTES(name) },
};

static const struct attribute schedule[] = { TEXT(agent_schedule, name, "name", NEEDED),
        TEXT(agent_schedule, type, "type", NEEDED), TEXT(agent_schedule, frequency, "frequency", NEEDED),
        INT(agent_schedule, keep, "keep", 0), INT(agent_schedule, hour, "hour", 0),
        INT(agent_schedule, minute, "minute", 0) };
static const struct element schedule_children[] = { { .name = "day", TEXTS(agent_schedule, days), ATTRIBUTES(name) } };

static const struct attribute self[] = { TEXT(agent_plan, host, "host", NEEDED),
        TEXT(agent_plan, description, "description", OPTIONAL), TEXT(agent_plan, report, "report", OPTIONAL),
        TEXT(agent_plan, management_mac, "management-mac", OPTIONAL), YES(agent_plan, coordinator, "coordinator"),
        TEXT(agent_plan, root_hash, "root-hash", OPTIONAL),
        TEXT(agent_plan, join_password, "join-password", OPTIONAL) };
static const struct element self_children[] = { { .name = "tag", TEXTS(agent_plan, tags), ATTRIBUTES(name) } };

static const struct attribute plan[] = { TEXT(agent_plan, deployment, "deployment", NEEDED),
        TEXT(agent_plan, build, "build", NEEDED), TEXT(agent_plan, school, "school", NEEDED),
        TEXT(agent_plan, school_name, "school-name", OPTIONAL), TEXT(agent_plan, pool, "pool", NEEDED),
        TEXT(agent_plan, pool_name, "pool-name", NEEDED),
        TEXT(agent_plan, pool_description, "pool-description", OPTIONAL),
        TEXT(agent_plan, coordinator_address, "coordinator-address", OPTIONAL),
        TEXT(agent_plan, coordinator_pin, "coordinator-pin", OPTIONAL), INT(agent_plan, join_window, "join-window", 0),
        INT(agent_plan, clock_tolerance, "clock-tolerance", 0) };
static const struct element plan_children[] = {
        { .name = "release",
                .store = STORE_HERE,
                .offset = offsetof(struct agent_plan, release),
                ATTRIBUTES(release),
                CHILDREN(release_children),
                .needed = true },
        { .name = "ntp", TEXTS(agent_plan, ntp), ATTRIBUTES(server) },
        { .name = "member", ITEMS(agent_plan, members, n_members), ATTRIBUTES(member) },
        { .name = "network", ITEMS(agent_plan, networks, n_networks), ATTRIBUTES(network), CHILDREN(network_children) },
        { .name = "storage", ITEMS(agent_plan, storage, n_storage), ATTRIBUTES(storage), CHILDREN(storage_children) },
        { .name = "ha", .store = STORE_HERE, .offset = offsetof(struct agent_plan, ha), ATTRIBUTES(ha) },
        { .name = "schedule",
                ITEMS(agent_plan, schedules, n_schedules),
                ATTRIBUTES(schedule),
                CHILDREN(schedule_children) },
        { .name = "vm", ITEMS(agent_plan, vms, n_vms), ATTRIBUTES(vm), CHILDREN(vm_children) },
        { .name = "self", .store = STORE_HERE, ATTRIBUTES(self), CHILDREN(self_children), .needed = true },
};
const struct element agent_plan_root = {
        .name = "agent-plan", .store = STORE_HERE, ATTRIBUTES(plan), CHILDREN(plan_children), .needed = true
};
