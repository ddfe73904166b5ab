/* site.h - the one description of a deployment: district → school → pool → host.
 *
 * Everything downstream receives a `const struct plan *` whose defaults are resolved and whose values are checked;
 * nothing downstream re-reads YAML or re-decides a default. All memory belongs to the plan's arena. Strings are UTF-8;
 * those that reach an answer file are ASCII (checked). Addresses are in host byte order, sizes in bytes. */
#pragma once
#include "answerfiles/diag.h"
#include "answerfiles/release.h"
#include "base/arena.h"
#include <stdint.h>

/* Who said it; a higher level wins. */
enum level { LEVEL_RELEASE, LEVEL_DEFAULTS, LEVEL_BLUEPRINT, LEVEL_SCHOOL, LEVEL_POOL, LEVEL_HOST };

struct origin {
        struct pos pos;
        uint8_t level;                  /* enum level */
};

struct text_list {                      /* {NULL,0} = none */
        const char **items;
        struct pos *pos;
        size_t n;
};

/* An IPv4 address as resolved; given is false when absent. */
struct ip4 {
        uint32_t addr;
        bool given;
        struct pos pos;
};

/* An endpoint written as an IPv4 address, "+n", or a host name. text is what to use; ip.given when it is an address. */
struct endpoint {
        const char *text;
        struct ip4 ip;
        struct pos pos;
};

struct mac {
        uint8_t byte[6];
        bool given;
        struct pos pos;
};

enum bus { BUS_SATA = 1, BUS_SAS = 2, BUS_NVME = 4, BUS_USB = 8, BUS_VIRTIO = 16, BUS_RAID = 32 };   /* bit set */
enum disk_rule_kind { DISK_PICK_SMALLEST, DISK_PICK_LARGEST, DISK_BY_ID, DISK_BY_PATH, DISK_SERIAL, DISK_DEVICE, DISK_RAID };

/* Names exactly one disk, or refuses on the machine. */
struct disk_rule {
        enum disk_rule_kind kind;
        const char *value;              /* by-id / by-path: the link's name without directory; serial; device: "sda" */
        uint64_t at_least, at_most;     /* bytes; 0 = release's minimum / no limit */
        unsigned bus;                   /* enum bus set; 0 = any but USB */
        struct pos pos;
};

struct raid {                           /* two disks mirrored by the installer */
        const char *device;             /* "md127" */
        struct disk_rule disks[2];
        size_t n;
        struct pos pos;
};

enum local_storage { LOCAL_NONE, LOCAL_LVM, LOCAL_EXT };
enum on_installed { INSTALLED_REFUSE, INSTALLED_REINSTALL };
enum on_other_data { OTHER_REFUSE, OTHER_ERASE };

enum source_type { SOURCE_LOCAL, SOURCE_URL, SOURCE_NFS };
enum tri { TRI_UNSET, TRI_NO, TRI_YES };

struct install_source {
        enum source_type type;
        const char *url;                /* SOURCE_URL: http/https/ftp; SOURCE_NFS: "server:/path"; NULL for local */
        enum tri gpgcheck, repo_gpgcheck;
        struct pos pos;
};

struct source_list {
        struct install_source *items;
        size_t n;
};

enum stage { STAGE_INSTALLATION_START, STAGE_PACKAGES_INSTALLED, STAGE_FILESYSTEM_POPULATED, STAGE_INSTALLATION_COMPLETE, STAGES };

/* A user's script: either a URL the installer fetches itself, or a file carried on the medium. */
struct script {
        const char *url;                /* http, https, ftp, nfs; NULL when it is a file */
        const char *file;               /* as written, relative to the site file */
        const char *medium_name;        /* "hook-1a2b3c4d": its name under /xsinst; equal content, equal name */
        struct bytes content;
        struct pos pos;
};

struct script_list {
        struct script *items;
        size_t n;
};

enum password_kind { PASSWORD_UNSET, PASSWORD_HASH };

struct root_password {
        enum password_kind kind;
        const char *hash;               /* crypt(3), secret */
        struct pos pos;
};

enum ipv6_mode { IPV6_NONE, IPV6_DHCP, IPV6_AUTOCONF, IPV6_STATIC };

/* What may be said at every level. A host's are shared with its pool or school when nothing differs. */
enum setting {
        SET_KEYBOARD, SET_TIMEZONE, SET_NTP, SET_DNS, SET_ROOT_PASSWORD, SET_DISK, SET_GUEST_DISKS, SET_RAID,
        SET_LOCAL_STORAGE, SET_ALREADY_INSTALLED, SET_OTHER_DATA, SET_SOURCE, SET_PACKS, SET_DRIVER_DISKS,
        SET_SCRIPT_START, SET_SCRIPT_PACKAGES, SET_SCRIPT_POPULATED, SET_SCRIPT_COMPLETE,
        SET_MANAGEMENT_NIC, SET_DOMAIN, SET_IPV6, SET_VLAN, SET_TAGS, SET_ROLL_CALL, SET_ROLL_CALL_PIN, SETTINGS
};

struct settings {
        const char *keyboard;
        const char *timezone;
        struct text_list ntp;
        struct text_list dns;                   /* IPv4 or IPv6 addresses */
        struct root_password root_password;
        struct disk_rule disk;
        struct disk_rule *guest_disks;
        size_t n_guest_disks;
        struct raid raid;                       /* n == 0: none */
        enum local_storage local_storage;
        enum on_installed already_installed;
        enum on_other_data other_data;
        struct install_source source;
        struct source_list packs;               /* supplemental packs */
        struct source_list driver_disks;
        struct script_list scripts[STAGES];     /* SET_SCRIPT_START + stage */
        int management_nic;                     /* PCI order, -1 = the only one with a link */
        const char *domain;                     /* appended to the host name; NULL = none */
        enum ipv6_mode ipv6;
        int vlan;                               /* management VLAN, 0 = untagged */
        struct text_list tags;                  /* of the host in its pool */
        const char *roll_call;                  /* "https://10.1.0.5", no slash behind it; NULL = none */
        const char *roll_call_pin;              /* SHA-256 of its certificate, lower-case hex; NULL = the first one is trusted */
        struct origin origin[SETTINGS];
};

struct host {
        const char *name;
        const char *serial;                     /* DMI system serial; NULL = none */
        const char *description;                /* NULL = leave it */
        const char *address6;                   /* "2001:db8::11/64"; NULL unless settings->ipv6 is static */
        struct pool *pool;
        const struct settings *set;             /* never NULL after resolution */
        struct mac mac;                         /* management NIC */
        struct ip4 address;                     /* not given = DHCP */
        bool coordinator;
        uint32_t number;                        /* 1… across the district, in plan order */
        struct pos pos, name_pos, serial_pos, description_pos, coordinator_pos;
        uint8_t identity_level;                 /* who supplied name and address: blueprint or host */
};

/* What `networks` of a virtual machine calls the network of the hosts' own addresses, which nobody declares. */
#define MANAGEMENT_NETWORK "management"

struct network {
        const char *name, *description;         /* description NULL = none */
        const char *mode;                       /* of the bond, never NULL with one: "balance-slb", "active-backup", "lacp" */
        int nic;                                /* -1 = bond */
        int bond[8];
        size_t n_bond;
        int vlan;                               /* 0 = untagged */
        int mtu;                                /* 0 = default */
        uint32_t first, last;                   /* storage addresses, one per host in order; 0 = none */
        int prefix;
        struct pos pos, mode_pos;
};

/* SR_LOCAL is what the installer made on each host; nothing is created for it. */
enum sr_type { SR_NFS, SR_ISCSI, SR_HBA, SR_SMB, SR_ISO_NFS, SR_ISO_SMB, SR_LOCAL, SR_TYPES };

struct storage {
        const char *name, *description;         /* description NULL = none */
        enum sr_type type;
        struct endpoint server;                 /* nfs, smb, iso-* */
        const char *path;                       /* nfs, iso-nfs: "/export"; smb, iso-smb: share name */
        const char *nfs_version;                /* "3", "4", "4.0", "4.1"; NULL = default */
        const char *smb_version;                /* iso-smb: "1.0", "3.0"; NULL = default */
        const char *options;                    /* nfs, iso-nfs: mount options with commas between them */
        struct endpoint *portals;               /* iscsi */
        size_t n_portals;
        int port;                               /* iscsi; 3260 */
        const char *iqn;                        /* target */
        int lun;                                /* -1 = by serial or scsi_id */
        const char *lun_serial, *scsi_id;
        const char *chap_user, *chap_password;  /* both or neither; the password is a secret */
        const char *username, *password;        /* smb */
        bool multipath;
        bool is_default, suspend, crash_dump;   /* each at most once in a pool; is_default is resolved */
        struct pos pos, name_pos, iqn_pos, path_pos, version_pos, options_pos, lun_pos;
};

struct ha {
        const char *heartbeat;                  /* name of a storage; NULL = no HA */
        int tolerate;                           /* at least 1 */
        int timeout;                            /* seconds; 0 = the release's default */
        struct pos pos;
};

struct vm_disk {
        uint64_t size;                          /* bytes */
        const char *storage;                    /* name; NULL only in a pool that declares no default: each host's own */
        struct pos pos;
};

/* One virtual machine: counts, patterns and spreads are resolved. */
struct vm {
        const char *name, *description;         /* description NULL = none */
        const char *template;                   /* its label */
        int vcpus;
        uint64_t memory;                        /* bytes; 0 = the template's */
        struct vm_disk *disks;
        size_t n_disks;
        struct text_list networks;              /* of the pool, or MANAGEMENT_NETWORK; in the order of the VM's cards */
        const char *iso;                        /* name of an image in an iso-* storage; NULL = none */
        const char *install_url;                /* NULL = none; never with iso */
        const char *boot_parameters;            /* kernel arguments; NULL unless install_url is given */
        bool start;                             /* now, and whenever its host starts */
        int order, delay;                       /* start order (-1 = any), seconds to wait before the next */
        const char *ha_priority;                /* "restart", "best-effort", ""; NULL = the pool has no HA */
        const char *snapshots;                  /* name of a schedule of the pool; NULL = none */
        struct pos pos, name_pos, install_pos, ha_pos, snapshots_pos;
};

struct schedule {                               /* snapshots; equal content, equal name, unless named by hand */
        const char *name;
        const char *type;                       /* "snapshot", "checkpoint" */
        const char *frequency;                  /* "hourly", "daily", "weekly" */
        int keep, hour, minute;                 /* minute 0, 15, 30 or 45; hour 0 for hourly */
        struct text_list days;                  /* "Monday" … in the order of the week, for weekly */
        struct pos pos;
};

/* Keys of a pool that a school may say otherwise than its blueprint. */
enum pool_key { POOL_DESCRIPTION, POOL_JOIN_WINDOW, POOL_NETWORKS, POOL_STORAGE, POOL_HA, POOL_VMS, POOL_SNAPSHOTS, POOL_KEYS };

struct pool {
        const char *id, *name;
        struct school *school;
        struct host **hosts;
        size_t n_hosts;
        struct network *networks;
        size_t n_networks;
        struct storage *storage;
        size_t n_storage;
        struct ha ha;
        const char *description;                /* NULL = none */
        int join_window;                        /* seconds in which members may join with the one-time password */
        struct vm *vms;
        size_t n_vms;
        struct schedule *schedules;
        size_t n_schedules;
        struct origin origin[POOL_KEYS];
        struct pos pos;
};

struct subnet {
        uint32_t addr, mask;
        int prefix;
        bool given, dhcp;
        struct pos pos;
};

struct school {
        const char *id, *name;
        const char *blueprint;                  /* id, NULL = none */
        struct subnet subnet;
        struct ip4 gateway, boot_server;
        struct pool **pools;
        size_t n_pools;
        struct pos pos;
};

/* Where this server passes on what it hears. */
struct plan_upstream {
        const char *url;                        /* no slash behind it; NULL = nowhere */
        const char *pin;                        /* "sha256//BASE64" of its public key; NULL = the system's certificates */
        const char *token;                      /* a secret */
        const char *school;                     /* whose server this is; NULL = the only one */
        struct pos pos, school_pos;
};

enum plan_notice_form { PLAN_NOTICE_WEB_HOOK, PLAN_NOTICE_WECOM, PLAN_NOTICE_DINGTALK, PLAN_NOTICE_MAIL, PLAN_NOTICE_FORMS };
struct plan_notice {                            /* who is told when a school has arrived or a host has failed */
        enum plan_notice_form form;
        const char *url;                        /* of a hook: a secret; of mail: its server */
        const char *to, *from, *user, *password;        /* of mail; NULL = none. The password is a secret */
        bool on_complete, on_failed;
        struct pos pos;
};

struct plan {
        const struct release *release;
        struct origin release_origin;
        const char *district_id, *district_name;
        const char *volume_label;               /* NULL = keep the base's */
        struct pos volume_label_pos;
        struct plan_upstream upstream;
        struct plan_notice *notices;
        size_t n_notices;
        struct school **schools;
        size_t n_schools;
        struct host **hosts;                    /* all, in plan order */
        size_t n_hosts;
        struct arena *arena;
};

/* Reads the site file and what it names, resolves, and checks everything. Problems go to diags; NULL and e set only
 * when reading could not go on (no such file, not YAML at all); otherwise the plan is returned even with errors, for
 * use by nothing but messages: the caller asks diags_errors() first.
 * release_hint: what a base ISO says, or NULL. seed: 32 bytes that salts of plain passwords derive from. */
struct site_options {
        const char *release_hint;
        const unsigned char *seed;              /* NULL: plain passwords are checked but hashed with a zero seed */
        const char *draft_of;                   /* a file that is read as if draft stood in it: the site file, or … */
        struct bytes draft;                     /* … a spreadsheet, named as messages name it; NULL: none. Borrowed */
};
MUST_USE struct plan *site_load(int dir, const char *file, const struct site_options *, struct diags *, struct err *e);
void plan_free(struct plan *);

/* "00:16:3e:00:00:11" and "192.168.0.11" */
enum { MAC_TEXT = 18, IP4_TEXT = 16 };
const char *mac_text(const struct mac *, char buf[MAC_TEXT]);
const char *ip4_text(uint32_t addr, char buf[IP4_TEXT]);

extern const char *const stage_names[STAGES];           /* "installation-start" … */
extern const char *const sr_type_names[];               /* "nfs" … by enum sr_type */
extern const char *const plan_notice_names[PLAN_NOTICE_FORMS];  /* "web-hook" … as in the file */
