#include "postinstall/agent_plan_table.h"
#include "base/cleanup.h"

#include <stddef.h>

#define AT(type, field, name_, kind_, ...)                                                                             \
        {                                                                                                              \
                .name = (name_), .kind = (kind_), .offset = offsetof(struct type, field), __VA_ARGS__                  \
        }
#define TEXT(type, field, name_, need) AT(type, field, name_, ATTRIBUTE_TEXT, .needed = (need))
#define WORD(type, field, name_, need) AT(type, field, name_, ATTRIBUTE_WORD, .needed = (need))
#define LINES(type, field, name_) AT(type, field, name_, ATTRIBUTE_LINES, .needed = false)
#define MAC(type, field, name_) AT(type, field, name_, ATTRIBUTE_MAC, .needed = false)
#define IP4(type, field, name_, need) AT(type, field, name_, ATTRIBUTE_IP4, .needed = (need))
#define HEX(type, field, name_, need, digits) AT(type, field, name_, ATTRIBUTE_HEX, .needed = (need), .most = (digits))
#define ONE_OF(type, field, name_, need, list)                                                                         \
        AT(type, field, name_, ATTRIBUTE_CHOICE, .needed = (need), .choices = (list))
#define INT(type, field, name_, otherwise) AT(type, field, name_, ATTRIBUTE_INT, .fallback = (otherwise))
#define SIZE(type, field, name_, need) AT(type, field, name_, ATTRIBUTE_SIZE, .needed = (need))
#define YES(type, field, name_) AT(type, field, name_, ATTRIBUTE_YES, .needed = false)
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

static const char *const modes[] = { "balance-slb", "active-backup", "lacp", NULL };
static const char *const priorities[] = { "restart", "best-effort", "", NULL };
static const char *const snapshot_types[] = { "snapshot", "checkpoint", NULL };
static const char *const frequencies[] = { "hourly", "daily", "weekly", NULL };
static const char *const days[] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
        NULL };

/* Elements that hold one text or number. */
static const struct attribute path[] = { { .name = "path", .kind = ATTRIBUTE_PATH, .needed = true } };
static const struct attribute name[] = { { .name = "name", .needed = true } };
static const struct attribute server[] = { { .name = "server", .kind = ATTRIBUTE_WORD, .needed = true } };
static const struct attribute day[] = { { .name = "name", .kind = ATTRIBUTE_CHOICE, .needed = true, .choices = days } };
static const struct attribute number[] = { { .name = "number", .kind = ATTRIBUTE_INT, .needed = true } };

static const struct attribute release[] = { WORD(agent_release, id, "id", NEEDED),
        TEXT(agent_release, product, "product", NEEDED), YES(agent_release, plain_http, "plain-http"),
        YES(agent_release, tls_flag, "tls-flag"), YES(agent_release, cpu_features_equal, "cpu-features-equal"),
        YES(agent_release, vmss, "vmss"), YES(agent_release, multipathing_call, "multipathing-call"),
        INT(agent_release, free_pool_size, "free-pool-size", 0) };
static const struct element release_children[] = {
        { .name = "await", TEXTS(agent_release, await), ATTRIBUTES(path) },
        { .name = "await-gone", TEXTS(agent_release, await_gone), ATTRIBUTES(path) },
};

static const struct attribute member[] = { WORD(agent_member, name, "name", NEEDED),
        IP4(agent_member, address, "address", OPTIONAL), MAC(agent_member, mac, "mac"),
        TEXT(agent_member, serial, "serial", OPTIONAL), INT(agent_member, number, "number", 0),
        YES(agent_member, coordinator, "coordinator") };

static const struct attribute address[] = { WORD(agent_address, host, "host", NEEDED),
        IP4(agent_address, ip, "ip", NEEDED) };
static const struct attribute network[] = { TEXT(agent_network, name, "name", NEEDED),
        LINES(agent_network, description, "description"), INT(agent_network, nic, "nic", -1),
        ONE_OF(agent_network, mode, "mode", OPTIONAL, modes), INT(agent_network, vlan, "vlan", 0),
        INT(agent_network, mtu, "mtu", 0), IP4(agent_network, netmask, "netmask", OPTIONAL) };
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
        LINES(agent_storage, description, "description"), WORD(agent_storage, server, "server", OPTIONAL),
        TEXT(agent_storage, path, "path", OPTIONAL), WORD(agent_storage, version, "version", OPTIONAL),
        TEXT(agent_storage, options, "options", OPTIONAL), INT(agent_storage, port, "port", 0),
        WORD(agent_storage, iqn, "iqn", OPTIONAL), INT(agent_storage, lun, "lun", -1),
        TEXT(agent_storage, lun_serial, "lun-serial", OPTIONAL), WORD(agent_storage, scsi_id, "scsi-id", OPTIONAL),
        TEXT(agent_storage, user, "user", OPTIONAL), TEXT(agent_storage, password, "password", OPTIONAL),
        YES(agent_storage, multipath, "multipath"), YES(agent_storage, is_default, "default"),
        YES(agent_storage, suspend, "suspend"), YES(agent_storage, crash_dump, "crash-dump") };
static const struct element storage_children[] = {
        { .name = "portal", TEXTS(agent_storage, portals), ATTRIBUTES(server) }
};

static const struct attribute ha[] = { TEXT(agent_ha, heartbeat, "heartbeat", NEEDED),
        INT(agent_ha, tolerate, "tolerate", 0), INT(agent_ha, timeout, "timeout", 0) };

static const struct attribute disk[] = { SIZE(agent_disk, size, "size", NEEDED),
        TEXT(agent_disk, storage, "storage", OPTIONAL) };
static const struct attribute vm[] = { TEXT(agent_vm, name, "name", NEEDED),
        LINES(agent_vm, description, "description"), TEXT(agent_vm, template, "template", NEEDED),
        INT(agent_vm, vcpus, "vcpus", 0), SIZE(agent_vm, memory, "memory", OPTIONAL),
        TEXT(agent_vm, iso, "iso", OPTIONAL), WORD(agent_vm, install_url, "install-url", OPTIONAL),
        TEXT(agent_vm, boot_parameters, "boot-parameters", OPTIONAL), YES(agent_vm, start, "start"),
        INT(agent_vm, order, "order", -1), INT(agent_vm, delay, "delay", 0),
        ONE_OF(agent_vm, ha_priority, "ha-priority", OPTIONAL, priorities),
        TEXT(agent_vm, snapshots, "snapshots", OPTIONAL) };
static const struct element vm_children[] = {
        { .name = "disk", ITEMS(agent_vm, disks, n_disks), ATTRIBUTES(disk) },
        { .name = "on", TEXTS(agent_vm, networks), ATTRIBUTES(name) },
};

static const struct attribute schedule[] = { TEXT(agent_schedule, name, "name", NEEDED),
        ONE_OF(agent_schedule, type, "type", NEEDED, snapshot_types),
        ONE_OF(agent_schedule, frequency, "frequency", NEEDED, frequencies), INT(agent_schedule, keep, "keep", 0),
        INT(agent_schedule, hour, "hour", 0), INT(agent_schedule, minute, "minute", 0) };
static const struct element schedule_children[] = { { .name = "day", TEXTS(agent_schedule, days), ATTRIBUTES(day) } };

static const struct attribute self[] = { WORD(agent_plan, host, "host", NEEDED),
        LINES(agent_plan, description, "description"), WORD(agent_plan, report, "report", OPTIONAL),
        HEX(agent_plan, report_pin, "report-pin", OPTIONAL, 64),
        MAC(agent_plan, management_mac, "management-mac"), YES(agent_plan, coordinator, "coordinator"),
        WORD(agent_plan, root_hash, "root-hash", OPTIONAL),
        WORD(agent_plan, join_password, "join-password", OPTIONAL) };
static const struct element self_children[] = { { .name = "tag", TEXTS(agent_plan, tags), ATTRIBUTES(name) } };

static const struct attribute plan[] = { HEX(agent_plan, deployment, "deployment", NEEDED, 32),
        WORD(agent_plan, build, "build", NEEDED), WORD(agent_plan, school, "school", NEEDED),
        TEXT(agent_plan, school_name, "school-name", OPTIONAL), WORD(agent_plan, pool, "pool", NEEDED),
        TEXT(agent_plan, pool_name, "pool-name", NEEDED), LINES(agent_plan, pool_description, "pool-description"),
        IP4(agent_plan, coordinator_address, "coordinator-address", OPTIONAL),
        HEX(agent_plan, coordinator_pin, "coordinator-pin", OPTIONAL, 64),
        INT(agent_plan, join_window, "join-window", 0), INT(agent_plan, clock_tolerance, "clock-tolerance", 0) };
static const struct element plan_children[] = {
        { .name = "release",
                .store = STORE_HERE,
                .offset = offsetof(struct agent_plan, release),
                ATTRIBUTES(release),
                CHILDREN(release_children),
                .needed = true },
        { .name = "ntp", TEXTS(agent_plan, ntp), ATTRIBUTES(server) },
        { .name = "member", ITEMS(agent_plan, members, n_members), ATTRIBUTES(member), .needed = true },
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
