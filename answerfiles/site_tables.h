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
        struct located name, address, address6, serial;
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

struct raw_pool {
        struct located id, name;
        struct raw_hosts hosts;
        struct network *networks;
        size_t n_networks;
        struct raw_storage *storage;
        size_t n_storage;
        struct ha ha;
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
        struct settings *defaults;
        struct raw_school *blueprints, *schools;
        size_t n_blueprints, n_schools;
        struct located *rows_from;
        size_t n_rows_from;
};

extern const struct section settings_section, host_section, pool_section, school_section, blueprint_section, site_section;
extern const struct section storage_section, network_section, ha_section, subnet_section, hosts_section, district_section;
extern const struct section disk_section, raid_section, password_section, chap_section, source_section, scripts_section;

/* settings_section's struct, in the reader's arena; for reader.also_new. */
void *settings_new(struct reader *);

/* Custom readers, by file: site_settings.c */
bool disk_from_cell(struct reader *, struct pos, const char *cell, struct disk_rule *out);    /* "sda", "smallest", "serial:X" */
/* site_password.c */
read_fn read_root_password, read_chap, read_password_file;
