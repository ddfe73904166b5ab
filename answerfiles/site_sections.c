/* Hosts, pools, schools, blueprints and the whole file as tables. */
#include "answerfiles/site_tables.h"
#include "answerfiles/value.h"
#include "base/i18n.h"

#include <string.h>

#define FIELD(section, member) .offset = offsetof(struct section, member)

static bool read_id(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        return read_located(r, n, pos, f, at) && value_id(r->diags, pos, ((struct located *)at)->text);
}

static bool read_mac(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        const char *text = read_scalar(r, n, pos);
        return text && value_mac(r->diags, pos, text, at);
}

static bool read_serial(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        return read_located(r, n, pos, f, at) && value_serial(r->diags, pos, ((struct located *)at)->text);
}

static bool read_coordinator(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        ((struct raw_host *)((char *)at - offsetof(struct raw_host, coordinator)))->coordinator_pos = pos;
        return read_bool(r, n, pos, f, at);
}

static bool read_host_description(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        return read_located(r, n, pos, f, at) && value_text(r->diags, pos, ((struct located *)at)->text, LONGEST_DESCRIPTION);
}

static const struct field host_fields[] = {
        { "name", read_located, FIELD(raw_host, name), .sample = "nn36-xen1", .required = true,
          .help = N_("host name; in a blueprint a pattern with {school}, {pool} and {n}") },
        { "address", read_located, FIELD(raw_host, address), .sample = "+11",
          .help = N_("management address: 192.168.0.11, +11 in the school's subnet, or dhcp") },
        { "address6", read_located, FIELD(raw_host, address6), .sample = "2001:db8::11/64", .help = N_("with ipv6: static") },
        { "mac", read_mac, FIELD(raw_host, mac), .sample = "\"00:16:3e:00:00:11\"", .help = N_("of the management network card") },
        { "serial", read_serial, FIELD(raw_host, serial), .sample = "6CU2130XYZ", .help = N_("the server's serial number, where the MAC is not known") },
        { "description", read_host_description, FIELD(raw_host, description), .sample = "\"三楼机柜，上数第二台\"", .help = N_("what people read beside the name") },
        { "coordinator", read_coordinator, FIELD(raw_host, coordinator), .sample = "true", .help = N_("this host is its pool's coordinator") },
};
const struct section host_section = { N_("host"), host_fields, COUNT(host_fields), &settings_section };

static bool add_item(struct reader *r, struct fy_node *n, struct pos pos, void *arg)
{
        struct items *to = arg;
        void *item = to->array + to->n++ * to->size;
        to->start(r, item, pos);
        return section_read(r, n, pos, to->section, item, to->also ? to->also(item) : NULL);
}

bool read_items(struct reader *r, struct fy_node *n, struct pos pos, struct items *to)
{
        to->array = arena_alloc(r->arena, (read_count(n) + 1) * to->size);
        if (fy_node_is_scalar(n))
                return read_problem(r, XR_NEEDS_LIST, pos, r->key);
        return read_each(r, n, pos, add_item, to);
}

static void start_host(struct reader *r, void *item, struct pos pos)
{
        struct raw_host *h = item;
        h->pos = pos;
        h->level = r->level;
}
static void **also_host(void *item) { return (void **)&((struct raw_host *)item)->set; }

static bool read_count_of_hosts(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        const char *text = read_scalar(r, n, pos);
        return text && value_int(r->diags, pos, text, 1, 64, at);
}

static const struct field hosts_fields[] = {
        { "count", read_count_of_hosts, FIELD(raw_hosts, count), .sample = "3", .required = true, .help = N_("how many hosts the pool has") },
        { "name", read_located, FIELD(raw_hosts, pattern.name), .sample = "\"{school}-xen{n}\"", .required = true,
          .help = N_("pattern of their names: {school}, {pool}, {n}") },
        { "address", read_located, FIELD(raw_hosts, pattern.address), .sample = "+11", .help = N_("address of the first; the others follow it") },
        { "description", read_host_description, FIELD(raw_hosts, pattern.description), .sample = "\"机房服务器\"", .help = N_("what people read beside the name, the same for all") },
};
const struct section hosts_section = { N_("hosts"), hosts_fields, COUNT(hosts_fields), &settings_section };

/* Host-level settings are read at the level of whoever writes them: a blueprint's stay a blueprint's. */
static uint8_t host_level(const struct reader *r) { return r->level == LEVEL_BLUEPRINT ? LEVEL_BLUEPRINT : LEVEL_HOST; }

static bool read_hosts(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        struct raw_hosts *hosts = at;
        uint8_t level = r->level;
        r->level = host_level(r);
        hosts->pos = pos;
        bool fine;
        if (fy_node_is_mapping(n)) {
                start_host(r, &hosts->pattern, pos);
                fine = section_read(r, n, pos, &hosts_section, hosts, (void **)&hosts->pattern.set);
        } else {
                struct items to = { &host_section, NULL, sizeof(struct raw_host), 0, start_host, also_host };
                fine = read_items(r, n, pos, &to);
                hosts->items = (struct raw_host *)to.array;
                hosts->n = to.n;
        }
        r->level = level;
        return fine;
}

static void start_network(struct reader *r, void *item, struct pos pos)
{
        (void)r;
        struct network *w = item;
        w->nic = -1;
        w->pos = pos;
}

static unsigned bond_cards(const struct network *w)
{
        unsigned cards = 0;
        for (size_t i = 0; i < w->n_bond; i++)
                cards |= 1u << (w->bond[i] & 31);
        return cards;
}

/* VLANs of one bond have its mode, wherever it was said. */
static void settle_modes(struct network *list, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                for (size_t k = 0; list[i].n_bond && !list[i].mode && k < n; k++)
                        if (list[k].mode_pos.line && bond_cards(&list[k]) == bond_cards(&list[i]))
                                list[i].mode = list[k].mode;
                if (list[i].n_bond && !list[i].mode)
                        list[i].mode = "balance-slb";
        }
}

static bool read_networks(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        struct raw_pool *p = (struct raw_pool *)((char *)at - offsetof(struct raw_pool, networks));
        p->said[POOL_NETWORKS] = (struct origin){ r->key_pos, r->level };
        struct items to = { &network_section, NULL, sizeof(struct network), 0, start_network, NULL };
        bool fine = read_items(r, n, pos, &to);
        p->networks = (struct network *)to.array;
        p->n_networks = to.n;
        settle_modes(p->networks, p->n_networks);
        return fine;
}

static void start_storage(struct reader *r, void *item, struct pos pos)
{
        (void)r;
        struct raw_storage *s = item;
        s->type = -1;
        s->s.pos = pos;
        s->s.lun = -1;
        s->s.port = 3260;
}

static bool read_storage(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        struct raw_pool *p = (struct raw_pool *)((char *)at - offsetof(struct raw_pool, storage));
        p->said[POOL_STORAGE] = (struct origin){ r->key_pos, r->level };
        struct items to = { &storage_section, NULL, sizeof(struct raw_storage), 0, start_storage, NULL };
        bool fine = read_items(r, n, pos, &to);
        p->storage = (struct raw_storage *)to.array;
        p->n_storage = to.n;
        return fine;
}

static bool read_ha(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        struct raw_pool *p = (struct raw_pool *)((char *)at - offsetof(struct raw_pool, ha));
        const char *word = yaml_text(r->yaml, n);
        p->said[POOL_HA] = (struct origin){ r->key_pos, r->level };
        if (word && !strcmp(word, "none"))
                return true;
        p->ha = (struct ha){ .tolerate = 1, .pos = pos };
        return section_read(r, n, pos, &ha_section, at, NULL);
}

static bool read_pool_description(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        struct raw_pool *p = (struct raw_pool *)((char *)at - offsetof(struct raw_pool, description));
        p->said[POOL_DESCRIPTION] = (struct origin){ r->key_pos, r->level };
        return read_description(r, n, pos, f, at);
}

/* Long enough for a pool to come up, short enough for a password that lies on a stick. */
static const struct limits window = { 30 * 60, 48 * 3600 };

static bool read_join_window(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        struct raw_pool *p = (struct raw_pool *)((char *)at - offsetof(struct raw_pool, join_window));
        p->said[POOL_JOIN_WINDOW] = (struct origin){ r->key_pos, r->level };
        return read_duration(r, n, pos, f, at);
}

static const struct field pool_fields[] = {
        { "id", read_id, FIELD(raw_pool, id), .sample = "teach", .required = true, .help = N_("short name: a-z, 0-9 and -") },
        { "name", read_located, FIELD(raw_pool, name), .sample = "教学资源池", .help = N_("what people read") },
        { "description", read_pool_description, FIELD(raw_pool, description), .sample = "\"教学与考试\"", .help = N_("what people read beside the name") },
        { "hosts", read_hosts, FIELD(raw_pool, hosts), .sample = "{count: 3, name: \"{school}-xen{n}\", address: +11}",
          .help = N_("a list of hosts, or a count with a pattern") },
        { "networks", read_networks, FIELD(raw_pool, networks), .sample = "[{name: 存储网, nic: 1}]", .help = N_("further networks of the pool") },
        { "storage", read_storage, FIELD(raw_pool, storage), .sample = "[{name: NAS, type: nfs, server: +103, path: /data/nfs}]",
          .help = N_("storage of the pool, and libraries of images") },
        { "ha", read_ha, FIELD(raw_pool, ha), .sample = "{heartbeat: NAS, tolerate: 1}", .help = N_("high availability; none switches off what a blueprint says") },
        { "join-window", read_join_window, FIELD(raw_pool, join_window), .arg = &window, .sample = "4 h",
          .help = N_("how long after its first start the coordinator lets the other hosts join without a password being asked; 4 h when left out") },
        { "vms", read_vms, FIELD(raw_pool, vms), .sample = "[{name: \"pc{n}\", count: 2, template: Other install media, disks: [40 GB]}]",
          .help = N_("virtual machines, created once when the pool is complete and never changed afterwards") },
        { "snapshots", read_schedules, FIELD(raw_pool, schedules), .sample = "[{name: nightly, frequency: daily, at: \"02:30\", keep: 7}]",
          .help = N_("schedules of snapshots that virtual machines name") },
};
const struct section pool_section = { N_("pool"), pool_fields, COUNT(pool_fields), &settings_section };

static void start_pool(struct reader *r, void *item, struct pos pos)
{
        (void)r;
        ((struct raw_pool *)item)->pos = pos;
}
static void **also_pool(void *item) { return (void **)&((struct raw_pool *)item)->set; }

static bool read_pools(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        struct raw_school *s = (struct raw_school *)((char *)at - offsetof(struct raw_school, pools));
        uint8_t level = r->level;
        r->level = level == LEVEL_BLUEPRINT ? LEVEL_BLUEPRINT : LEVEL_POOL;
        struct items to = { &pool_section, NULL, sizeof(struct raw_pool), 0, start_pool, also_pool };
        bool fine = read_items(r, n, pos, &to);
        r->level = level;
        s->pools = (struct raw_pool *)to.array;
        s->n_pools = to.n;
        return fine;
}

static bool read_dhcp(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        ((struct raw_subnet *)((char *)at - offsetof(struct raw_subnet, dhcp)))->dhcp_pos = pos;
        return read_bool(r, n, pos, f, at);
}

static const struct field subnet_fields[] = {
        { "subnet", read_located, FIELD(raw_subnet, subnet), .sample = "192.168.0.0/24", .help = N_("the school's management network") },
        { "gateway", read_located, FIELD(raw_subnet, gateway), .sample = "+1", .help = N_("the router's address") },
        { "boot-server", read_located, FIELD(raw_subnet, boot_server), .sample = "+5", .help = N_("where 'xenroll serve' will run; no host may have this address") },
        { "dhcp", read_dhcp, FIELD(raw_subnet, dhcp), .sample = "false", .help = N_("hosts without an address get theirs by DHCP") },
};
const struct section subnet_section = { N_("network"), subnet_fields, COUNT(subnet_fields), NULL };

static bool read_subnet(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        return section_read(r, n, pos, &subnet_section, at, NULL);
}

/* "00:16:3e:00:00:11" or a serial number: a MAC has separators. */
static bool add_machine(struct reader *r, struct fy_node *n, struct pos pos, void *arg)
{
        struct raw_school *s = arg;
        const char *text = read_scalar(r, n, pos);
        if (!text)
                return false;
        struct raw_machine *m = &s->machines[s->n_machines++];
        m->pos = pos;
        if (strpbrk(text, ":") || (strlen(text) == 17 && strpbrk(text, "-")))
                return value_mac(r->diags, pos, text, &m->mac);
        m->serial = text;
        return value_serial(r->diags, pos, text);
}

static bool read_machines(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        struct raw_school *s = (struct raw_school *)((char *)at - offsetof(struct raw_school, machines));
        s->machines = ARENA_ARRAY(r->arena, struct raw_machine, read_count(n) + 1);
        return read_each(r, n, pos, add_machine, s);
}

static const struct field school_fields[] = {
        { "id", read_id, FIELD(raw_school, id), .sample = "nn36", .required = true, .help = N_("short name: a-z, 0-9 and -; names the school's folder") },
        { "name", read_located, FIELD(raw_school, name), .sample = "南宁市第三十六中学", .help = N_("what people read") },
        { "blueprint", read_located, FIELD(raw_school, blueprint), .sample = "standard", .help = N_("id of the blueprint that this school follows") },
        { "network", read_subnet, FIELD(raw_school, network), .sample = "{subnet: 192.168.0.0/24, gateway: +1}", .help = N_("the management network") },
        { "pools", read_pools, FIELD(raw_school, pools), .sample = "[…]", .help = N_("the school's pools; with a blueprint only what differs, by id") },
        { "machines", read_machines, FIELD(raw_school, machines), .sample = "[\"00:16:3e:00:00:11\", 6CU2130XYZ]",
          .help = N_("MACs or serial numbers that fill a blueprint's hosts in order; or use a spreadsheet") },
};
const struct section school_section = { N_("school"), school_fields, COUNT(school_fields), &settings_section };

static const struct field blueprint_fields[] = {
        { "id", read_id, FIELD(raw_school, id), .sample = "standard", .required = true, .help = N_("what schools name it by") },
        { "name", read_located, FIELD(raw_school, name), .sample = "标准方案", .help = N_("what people read") },
        { "network", read_subnet, FIELD(raw_school, network), .sample = "{gateway: +1}", .help = N_("what the schools' networks have in common") },
        { "pools", read_pools, FIELD(raw_school, pools), .sample = "[…]", .required = true, .help = N_("the pools that each school gets") },
};
const struct section blueprint_section = { N_("blueprint"), blueprint_fields, COUNT(blueprint_fields), &settings_section };

static void start_school(struct reader *r, void *item, struct pos pos)
{
        (void)r;
        ((struct raw_school *)item)->pos = pos;
}
static void **also_school(void *item) { return (void **)&((struct raw_school *)item)->set; }

static bool read_schools(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        bool blueprint = f->arg == &blueprint_section;
        struct items to = { f->arg, NULL, sizeof(struct raw_school), 0, start_school, also_school };
        r->level = blueprint ? LEVEL_BLUEPRINT : LEVEL_SCHOOL;
        bool fine = read_items(r, n, pos, &to);
        struct raw_site *site = r->context;
        *(struct raw_school **)at = (struct raw_school *)to.array;
        *(blueprint ? &site->n_blueprints : &site->n_schools) = to.n;
        return fine;
}

static bool read_defaults(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        r->level = LEVEL_DEFAULTS;
        struct settings *s = settings_new(r);
        *(struct settings **)at = s;
        return section_read(r, n, pos, &settings_section, s, NULL);
}

static bool add_rows_from(struct reader *r, struct fy_node *n, struct pos pos, void *arg)
{
        struct raw_site *site = arg;
        const char *text = read_scalar(r, n, pos);
        if (text)
                site->rows_from[site->n_rows_from++] = (struct located){ text, pos };
        return text;
}

static bool read_rows_from(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        (void)at;
        struct raw_site *site = r->context;
        site->rows_from = ARENA_ARRAY(r->arena, struct located, read_count(n) + 1);
        return read_each(r, n, pos, add_rows_from, site);
}

static bool read_label(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        return read_located(r, n, pos, f, at) && value_label(r->diags, pos, ((struct located *)at)->text);
}

static const struct field district_fields[] = {
        { "id", read_id, FIELD(raw_site, district_id), .sample = "nanning", .help = N_("short name: a-z, 0-9 and -") },
        { "name", read_located, FIELD(raw_site, district_name), .sample = "南宁市", .help = N_("what people read") },
};
const struct section district_section = { N_("district"), district_fields, COUNT(district_fields), NULL };

/* Writes into the site itself: its field has offset 0. */
static bool read_district(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        return section_read(r, n, pos, &district_section, at, NULL);
}

static const struct field site_fields[] = {
        { "release", read_located, FIELD(raw_site, release), .sample = "xcp-ng-8.3", .help = N_("what is installed; read from the base ISO when left out") },
        { "district", read_district, .offset = 0, .sample = "{id: nanning, name: 南宁市}", .help = N_("whose deployment this is") },
        { "volume-label", read_label, FIELD(raw_site, volume_label), .sample = "XCP-ng 8.3.0", .help = N_("label of the image; the base's own when left out") },
        { "defaults", read_defaults, FIELD(raw_site, defaults), .sample = "{…}", .help = N_("settings for all hosts") },
        { "blueprints", read_schools, FIELD(raw_site, blueprints), .arg = &blueprint_section, .sample = "[…]", .help = N_("shapes that many schools share") },
        { "schools", read_schools, FIELD(raw_site, schools), .arg = &school_section, .sample = "[…]", .required = true, .help = N_("the schools") },
        { "upstream", read_upstream, FIELD(raw_site, upstream), .sample = "{url: https://10.1.0.5, token-file: secrets/upstream.token}",
          .help = N_("the district's server, to which this one passes on what it hears") },
        { "notify", read_notify, .offset = 0, .sample = "[{wecom: {url-file: secrets/wecom.url}}, {mail: it@example.org, from: xenroll@example.org, smtp: \"smtp://192.168.0.4\"}]",
          .help = N_("who is told when a school has arrived or a host has failed") },
        { "hosts-from", read_rows_from, .offset = 0, .sample = "servers.csv", .help = N_("spreadsheets with one row a machine") },
};
const struct section site_section = { N_("site file"), site_fields, COUNT(site_fields), NULL };
