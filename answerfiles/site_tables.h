/* site_tables.h - the site file as written: one table per section, and the structs the tables fill.
 *
 * Private to the loader (site_*.c) and to what prints the tables (reference page, sample). Everything here is still
 * unresolved: "+11" is text, a blueprint's holes are holes. */
#pragma once
#include "answerfiles/fields.h"
#include "answerfiles/site.h"

struct raw_subnet {
        struct located subnet, gateway, boot_server;
        bool dhcp;
        struct pos dhcp_pos;
};

struct raw_host {
        struct located name, address, address6, serial, description;
        struct mac mac;
        bool coordinator;
        struct pos coordinator_pos, pos;
        struct settings *set;           /* given with the host, or with a blueprint's places */
        struct settings *row_set;       /* given by a spreadsheet's row */
        bool set_of_blueprint;
        uint8_t level;                  /* who named it */
};

struct raw_hosts {                      /* either list or count form */
        struct raw_host *items;
        size_t n;
        long count;                     /* 0 = list form */
        struct raw_host pattern;
        struct pos pos;
};

struct raw_storage {
        struct storage s;
        struct located server, *portals;
        size_t n_portals;
        int type;                       /* -1 = not given */
};

struct raw_schedule {
        struct schedule s;              /* name NULL when it stands with a machine */
        struct located at;
        struct pos days_pos;
};

/* So many machines that differ in their number, and in the network that they are spread over. */
struct raw_vm {
        struct vm vm;                   /* but name, networks, ha_priority and snapshots */
        struct located name, schedule;  /* schedule: name of one of the pool's */
        struct raw_schedule *own_schedule;
        int count;
        struct text_list networks, spread;
        bool networks_given;
        bool same_names;                /* reported: several machines, and no {n} */
        int ha;                         /* index of vm_ha_words, -1 = not given */
};
extern const char *const vm_ha_words[];

struct raw_pool {
        struct located id, name;
        const char *description;
        int join_window;                /* seconds */
        struct raw_hosts hosts;
        struct network *networks;
        size_t n_networks;
        struct raw_storage *storage;
        size_t n_storage;
        struct ha ha;
        struct raw_vm *vms;
        size_t n_vms;
        struct raw_schedule *schedules;
        size_t n_schedules;
        struct origin said[POOL_KEYS];
        struct settings *set;
        struct pos pos;
};

struct raw_machine {                    /* MAC or serial */
        struct mac mac;
        const char *serial;
        struct pos pos;
};

struct raw_school {                     /* also a blueprint */
        struct located id, name, blueprint;
        struct raw_subnet network;
        struct raw_pool *pools;
        size_t n_pools;
        struct raw_machine *machines;
        size_t n_machines;
        struct settings *set;
        struct pos pos;
};

struct raw_site {
        struct located release, district_id, district_name, volume_label;
        struct plan_upstream upstream;
        struct plan_notice *notices;
        size_t n_notices;
        struct settings *defaults;
        struct raw_school *blueprints, *schools;
        size_t n_blueprints, n_schools;
        struct located *rows_from;
        size_t n_rows_from;
};

extern const struct section settings_section, host_section, pool_section, school_section, blueprint_section, site_section;
extern const struct section storage_section, network_section, ha_section, subnet_section, hosts_section, district_section;
extern const struct section disk_section, raid_section, password_section, chap_section, source_section, scripts_section;
extern const struct section upstream_section, notice_section;
extern const struct section vm_section, vm_disk_section, install_section, schedule_section;

/* settings_section's struct, in the reader's arena; for reader.also_new. */
void *settings_new(struct reader *);

/* A list of sections into a freshly allocated array. */
struct items {
        const struct section *section;
        char *array;
        size_t size, n;
        void (*start)(struct reader *, void *item, struct pos);
        void **(*also)(void *item);
};
bool read_items(struct reader *, struct fy_node *, struct pos, struct items *);

/* Custom readers, by file: site_vms.c; at: in a raw_pool */
read_fn read_vms, read_schedules;
/* site_settings.c */
bool disk_from_cell(struct reader *, struct pos, const char *cell, struct disk_rule *out);    /* "sda", "smallest", "serial:X" */
/* site_password.c */
read_fn read_root_password, read_chap, read_password_file;
/* The first line of a small file, in the reader's arena; NULL after reporting: unreadable, or `empty` with the file's name. */
const char *read_secret_line(struct reader *, struct pos, const char *name, enum rule empty);
/* site_notify.c */
read_fn read_upstream, read_notify, read_roll_call, read_roll_call_pin;
/* Once the schools are known. */
void upstream_check(const struct raw_site *, struct diags *);
