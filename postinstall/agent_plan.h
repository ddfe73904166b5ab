/* agent_plan.h - what one host is to become: the file that its agent works from.
 *
 * `xenroll build` writes it with every default resolved; the agent decides nothing that was decided there. The file holds
 * secrets (mode 0600), and is removed when the agent is done. All memory belongs to the plan's arena; texts are UTF-8.
 *
 * A plan is written per host, but apart from <self> all hosts of a pool get the same lines, so that a pack stores them once. */
#pragma once
#include "base/arena.h"
#include "base/str.h"
#include <stdint.h>

#define AGENT_PLAN_FORMAT "1"
enum { AGENT_PLAN_LONGEST = 1 << 20 };

struct agent_texts {
        const char **items;
        size_t n;
};

struct agent_pairs {                    /* key, value, key, value: n counts pairs */
        const char **items;
        size_t n;
};

/* What differs between releases, decided where the table of releases is. */
struct agent_release {
        const char *id, *product;       /* "xcp-ng-8.3", "XCP-ng 8.3" */
        struct agent_texts await;       /* absolute paths that exist once the first boot has finished */
        struct agent_texts await_gone;  /* … that no longer exist by then */
        bool plain_http;                /* 6.5: the coordinator is asked over HTTP, its TLS is too old for us */
        bool tls_flag;                  /* the pool's TLS verification must be on, on both sides, before a join */
        bool cpu_features_equal;        /* 6.5: a join wants equal CPU features, not only the vendor */
        bool vmss;                      /* snapshot schedules exist */
        bool multipathing_call;         /* host.set_multipathing exists (7.5); before, other_config says it */
        int free_pool_size;             /* hosts in a pool without a licence; 0 = no limit */
};

struct agent_member {                   /* every host of the pool, in plan order, the coordinator too */
        const char *name;
        const char *address;            /* "192.168.0.11"; NULL = DHCP */
        const char *mac, *serial;       /* lower case; NULL = not known */
        int number;                     /* 1 … in the pool */
        bool coordinator;
};

struct agent_network {
        const char *name, *description;
        int nic;                        /* PCI order from 0; -1 = a bond */
        int bond[8];
        size_t n_bond;
        const char *mode;               /* of the bond: "balance-slb", "active-backup", "lacp" */
        int vlan, mtu;                  /* 0 = untagged, 0 = default */
        const char *netmask;            /* NULL = no addresses on it */
        struct agent_address {
                const char *host, *ip;
        } *addresses;                   /* of hosts on this network (storage) */
        size_t n_addresses;
};

enum agent_sr { AGENT_NFS, AGENT_ISCSI, AGENT_HBA, AGENT_SMB, AGENT_ISO_NFS, AGENT_ISO_SMB, AGENT_LOCAL, AGENT_SR_TYPES };
extern const char *const agent_sr_names[AGENT_SR_TYPES];        /* "nfs" … as in the file */

struct agent_storage {
        const char *name, *description;
        enum agent_sr type;
        const char *server, *path;      /* nfs, iso-nfs: host and "/export"; smb, iso-smb: host and share */
        const char *version, *options;  /* of NFS, or of SMB for iso-smb; NULL = the release's default */
        struct agent_texts portals;     /* iscsi: addresses or names */
        int port;
        const char *iqn;
        int lun;                        /* -1 = by serial or scsi_id */
        const char *lun_serial, *scsi_id;
        const char *user, *password;    /* CHAP or SMB; NULL = none. The password is a secret */
        bool multipath;
        bool is_default, suspend, crash_dump;
};

struct agent_ha {
        const char *heartbeat;          /* name of a storage; NULL = no HA */
        int tolerate;
        int timeout;                    /* seconds; 0 = xapi's default */
};

struct agent_vm {
        const char *name, *description, *template;      /* template: its label */
        int vcpus;
        uint64_t memory;                /* bytes; 0 = the template's */
        struct agent_disk {
                uint64_t size;          /* bytes */
                const char *storage;    /* name; NULL = the pool's default */
        } *disks;
        size_t n_disks;
        struct agent_texts networks;    /* names, in the order of the VM's cards */
        const char *iso;                /* name of an image in an ISO library; NULL = none */
        const char *install_url;        /* NULL = none; never with iso */
        const char *boot_parameters;    /* kernel arguments for a URL installation; NULL = none */
        bool start;                     /* now, and whenever its host starts */
        int order, delay;               /* start order (-1 = any), seconds to wait before the next */
        const char *ha_priority;        /* "restart", "best-effort", ""; NULL = HA is not on */
        const char *snapshots;          /* name of a schedule; NULL = none */
};

struct agent_schedule {                 /* snapshots */
        const char *name;
        const char *type;               /* "snapshot", "checkpoint" */
        const char *frequency;          /* "hourly", "daily", "weekly" */
        int keep, hour, minute;
        struct agent_texts days;        /* "Monday" … for weekly */
};

struct agent_plan {
        struct arena *arena;
        /* <self>: this host's alone */
        const char *host, *description; /* description NULL = leave it */
        struct agent_texts tags;
        const char *report;             /* URL that is told how far it is, when it was no boot server that installed it; NULL = nobody */
        const char *report_pin;         /* fingerprint of that server's certificate; NULL = the first one is trusted */
        const char *management_mac;     /* lower case; NULL = whichever has the management interface */
        bool coordinator;
        const char *root_hash;          /* in a pool of several: crypt(3), follows the one-time password; NULL = stays */
        /* the same for the whole pool */
        const char *deployment;         /* 32 hex digits: marks in other_config what is ours */
        const char *build;              /* build's id */
        struct agent_release release;
        const char *school, *school_name, *pool, *pool_name, *pool_description;
        const char *coordinator_address;        /* NULL only when the pool has one host */
        const char *coordinator_pin;    /* fingerprint of its certificate; NULL = not known yet */
        const char *join_password;      /* a secret; NULL at the coordinator, which has its hash, and when the pool has one host */
        int join_window;                /* seconds from the agent's first start */
        int clock_tolerance;            /* seconds between host and coordinator */
        struct agent_texts ntp;
        struct agent_member *members;
        size_t n_members;
        struct agent_network *networks;
        size_t n_networks;
        struct agent_storage *storage;
        size_t n_storage;
        struct agent_ha ha;
        struct agent_vm *vms;
        size_t n_vms;
        struct agent_schedule *schedules;
        size_t n_schedules;
};

/* Appends the file. Deterministic; one element a line, <self> last. */
MUST_USE bool agent_plan_write(const struct agent_plan *, struct str *out, struct err *e);

/* Reads and checks it as the schema says (agent-plan.rng), without a schema library. NULL and e set (an XR rule with the line
 * and what is wrong) when it does not fit. Caller frees; the arena is wiped then. */
MUST_USE struct agent_plan *agent_plan_read(struct bytes, struct err *e);
void agent_plan_free(struct agent_plan *);
