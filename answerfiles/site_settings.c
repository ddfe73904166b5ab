/* The settings that every level of a site file may give, and how each is read. */
#include "answerfiles/site_tables.h"
#include "answerfiles/value.h"
#include "base/file.h"
#include "base/i18n.h"

#include <openssl/evp.h>
#include <string.h>

void *settings_new(struct reader *r) { return ARENA_NEW(r->arena, struct settings); }

/* Lists of words: NTP servers, name servers. arg is the function that judges one. */
struct word_judge {
        bool (*judge)(struct diags *, struct pos, const char *);
};

struct judged_words {
        struct text_list *list;
        const struct word_judge *judge;
};

static bool add_word(struct reader *r, struct fy_node *n, struct pos pos, void *arg)
{
        struct judged_words *to = arg;
        const char *text = read_scalar(r, n, pos);
        if (!text || !to->judge->judge(r->diags, pos, text))
                return false;
        to->list->items[to->list->n] = text;
        to->list->pos[to->list->n++] = pos;
        return true;
}

static bool read_words(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        struct text_list *list = at;
        size_t count = read_count(n);
        *list = (struct text_list){ ARENA_ARRAY(r->arena, const char *, count + 1), ARENA_ARRAY(r->arena, struct pos, count + 1), 0 };
        struct judged_words to = { list, f->arg };
        return read_each(r, n, pos, add_word, &to);
}

static const struct word_judge judge_server = { value_server }, judge_address = { value_address };

static bool read_timezone(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        return read_string(r, n, pos, f, at) && value_timezone(r->diags, pos, *(const char **)at);
}

static bool read_domain(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        return read_string(r, n, pos, f, at) && value_server(r->diags, pos, *(const char **)at);
}

static bool judge_tag(struct diags *d, struct pos pos, const char *text) { return value_text(d, pos, text, LONGEST_NAME); }
static const struct word_judge judge_tags = { judge_tag };

/* Disks. */

struct raw_disk {
        struct located pick, by_id, by_path, serial, device, at_least, at_most;
        unsigned bus;
};

static bool add_bus(struct reader *r, struct fy_node *n, struct pos pos, void *arg)
{
        static const char *const names[] = { "sata", "sas", "nvme", "usb", "virtio", "raid", NULL };
        const char *text = read_scalar(r, n, pos);
        int bus = text ? read_word(r, pos, text, names) : -1;
        if (bus < 0)
                return false;
        *(unsigned *)arg |= 1u << bus;
        return true;
}

static bool read_bus(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        return read_each(r, n, pos, add_bus, at);
}

#define FIELD(section, member) .offset = offsetof(struct section, member)

static const struct field disk_fields[] = {
        { "pick", read_located, FIELD(raw_disk, pick), .sample = "smallest",
          .help = N_("smallest or largest: the one disk that is so among those allowed; two alike are refused on the machine") },
        { "by-id", read_located, FIELD(raw_disk, by_id), .sample = "ata-INTEL_SSDSC2KB480G8_PHYF001",
          .help = N_("name under /dev/disk/by-id, without the folder") },
        { "by-path", read_located, FIELD(raw_disk, by_path), .sample = "pci-0000:00:1f.2-ata-1", .help = N_("name under /dev/disk/by-path: the slot") },
        { "serial", read_located, FIELD(raw_disk, serial), .sample = "PHYF001", .help = N_("the disk's serial number") },
        { "device", read_located, FIELD(raw_disk, device), .sample = "sda",
          .help = N_("kernel name; it may change between boots, so prefer the others") },
        { "at-least", read_located, FIELD(raw_disk, at_least), .sample = "60 GB", .help = N_("smaller disks are not considered") },
        { "at-most", read_located, FIELD(raw_disk, at_most), .sample = "2 TB", .help = N_("larger disks are not considered") },
        { "bus", read_bus, FIELD(raw_disk, bus), .sample = "[sata, sas, nvme]",
          .help = N_("only disks on these: sata, sas, nvme, virtio, raid, usb; without it any but usb") },
};
const struct section disk_section = { N_("disk"), disk_fields, COUNT(disk_fields), NULL };

/* The value of by-id and the like, without the folder that people copy along. */
static const char *bare_name(const char *text)
{
        static const char *const folders[] = { "/dev/disk/by-id/", "/dev/disk/by-path/", "disk/by-id/", "disk/by-path/", "/dev/" };
        for (size_t i = 0; i < COUNT(folders); i++)
                if (!strncmp(text, folders[i], strlen(folders[i])))
                        return text + strlen(folders[i]);
        return text;
}

static bool disk_from_raw(struct reader *r, struct pos pos, const struct raw_disk *raw, struct disk_rule *out)
{
        const struct located *rules[] = { &raw->pick, &raw->by_id, &raw->by_path, &raw->serial, &raw->device };
        static const enum disk_rule_kind kinds[] = { DISK_PICK_SMALLEST, DISK_BY_ID, DISK_BY_PATH, DISK_SERIAL, DISK_DEVICE };
        size_t given = 0;
        *out = (struct disk_rule){ .bus = raw->bus, .pos = pos };
        for (size_t i = 0; i < COUNT(rules); i++)
                if (rules[i]->text) {
                        given++;
                        out->kind = kinds[i];
                        out->value = bare_name(rules[i]->text);
                        out->pos = rules[i]->pos;
                }
        char count[8];
        snprintf(count, sizeof(count), "%zu", given);
        if (given != 1)
                return read_problem(r, XR_DISK_RULES, pos, r->key, count);
        if (raw->pick.text) {
                static const char *const picks[] = { "smallest", "largest", NULL };
                int pick = read_word(r, raw->pick.pos, raw->pick.text, picks);
                if (pick < 0)
                        return false;
                out->kind = pick ? DISK_PICK_LARGEST : DISK_PICK_SMALLEST;
                out->value = NULL;
        }
        return (!raw->at_least.text || value_size(r->diags, raw->at_least.pos, raw->at_least.text, &out->at_least)) &&
               (!raw->at_most.text || value_size(r->diags, raw->at_most.pos, raw->at_most.text, &out->at_most));
}

/* The short form of one word, in YAML and in a spreadsheet's cell. */
bool disk_from_cell(struct reader *r, struct pos pos, const char *cell, struct disk_rule *out)
{
        static const struct {
                const char *prefix;
                enum disk_rule_kind kind;
        } forms[] = { { "by-id:", DISK_BY_ID }, { "by-path:", DISK_BY_PATH }, { "serial:", DISK_SERIAL }, { "device:", DISK_DEVICE },
                { "/dev/disk/by-id/", DISK_BY_ID }, { "/dev/disk/by-path/", DISK_BY_PATH } };
        *out = (struct disk_rule){ .pos = pos };
        if (!strcmp(cell, "smallest") || !strcmp(cell, "largest")) {
                out->kind = *cell == 's' ? DISK_PICK_SMALLEST : DISK_PICK_LARGEST;
                return true;
        }
        for (size_t i = 0; i < COUNT(forms); i++)
                if (!strncmp(cell, forms[i].prefix, strlen(forms[i].prefix))) {
                        out->kind = forms[i].kind;
                        out->value = arena_strdup(r->arena, cell + strlen(forms[i].prefix) + strspn(cell + strlen(forms[i].prefix), " "));
                        return true;
                }
        out->kind = DISK_DEVICE;
        out->value = bare_name(cell);
        return true;
}

static bool read_one_disk(struct reader *r, struct fy_node *n, struct pos pos, struct disk_rule *out)
{
        if (fy_node_is_scalar(n)) {
                const char *text = read_scalar(r, n, pos);
                return text && disk_from_cell(r, pos, text, out);
        }
        struct raw_disk raw = { 0 };
        return section_read(r, n, pos, &disk_section, &raw, NULL) && disk_from_raw(r, pos, &raw, out);
}

static bool read_disk(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        return read_one_disk(r, n, pos, at);
}

struct disk_list {
        struct disk_rule *items;
        size_t n;
};

static bool add_disk(struct reader *r, struct fy_node *n, struct pos pos, void *arg)
{
        struct disk_list *to = arg;
        return read_one_disk(r, n, pos, &to->items[to->n]) && ++to->n;
}

static bool read_guest_disks(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        struct settings *s = (struct settings *)((char *)at - offsetof(struct settings, guest_disks));
        struct disk_list to = { ARENA_ARRAY(r->arena, struct disk_rule, read_count(n) + 1), 0 };
        bool fine = read_each(r, n, pos, add_disk, &to);
        s->guest_disks = to.items;
        s->n_guest_disks = to.n;
        return fine;
}

static bool read_raid_disks(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        struct raid *raid = (struct raid *)((char *)at - offsetof(struct raid, disks));
        if (!fy_node_is_sequence(n) || read_count(n) != 2)
                return read_problem(r, XR_NEEDS_LIST, pos, r->key);
        struct disk_list to = { raid->disks, 0 };
        bool fine = read_each(r, n, pos, add_disk, &to);
        raid->n = to.n;
        return fine;
}

static const struct field raid_fields[] = {
        { "device", read_string, FIELD(raid, device), .sample = "md127", .help = N_("name of the mirror; md127 unless given") },
        { "disks", read_raid_disks, FIELD(raid, disks), .sample = "[{by-id: ata-A}, {by-id: ata-B}]", .required = true,
          .help = N_("the two disks that mirror each other") },
};
const struct section raid_section = { N_("raid"), raid_fields, COUNT(raid_fields), NULL };

static bool read_raid(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        struct raid *raid = at;
        raid->pos = pos;
        raid->device = "md127";
        return section_read(r, n, pos, &raid_section, raid, NULL);
}

/* Sources: the medium itself, a URL, an NFS export. */

static bool read_tri(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        bool on;
        if (!read_bool(r, n, pos, f, &on))
                return false;
        *(enum tri *)at = on ? TRI_YES : TRI_NO;
        return true;
}

static const struct field source_fields[] = {
        { "url", read_string, FIELD(install_source, url), .sample = "http://192.168.0.5/xcp-ng/", .required = true,
          .help = N_("http, https or ftp address, or nfs://server/path") },
        { "gpgcheck", read_tri, FIELD(install_source, gpgcheck), .sample = "yes", .help = N_("whether the installer verifies packages") },
        { "repo-gpgcheck", read_tri, FIELD(install_source, repo_gpgcheck), .sample = "yes",
          .help = N_("whether the installer verifies the list of packages") },
};
const struct section source_section = { N_("source"), source_fields, COUNT(source_fields), NULL };

/* nfs://server/path, as people write it, is server:/path in an answer file. */
static bool source_finish(struct reader *r, struct pos pos, struct install_source *s)
{
        s->pos = pos;
        if (!s->url || !strcmp(s->url, "local")) {
                s->url = NULL;
                s->type = SOURCE_LOCAL;
                return true;
        }
        if (strncmp(s->url, "nfs://", 6)) {
                s->type = SOURCE_URL;
                return value_url(r->diags, pos, s->url);
        }
        const char *server = s->url + 6, *path = strchr(server, '/');
        size_t n = path ? (size_t)(path - server) : strlen(server);
        s->type = SOURCE_NFS;
        bool colon = n && server[n - 1] == ':';
        const char *name = arena_strndup(r->arena, server, n - colon);
        s->url = arena_printf(r->arena, "%s:%s", name, path ? path : "/");
        return value_server(r->diags, pos, name);
}

static bool read_one_source(struct reader *r, struct fy_node *n, struct pos pos, struct install_source *out)
{
        if (fy_node_is_scalar(n)) {
                out->url = read_scalar(r, n, pos);
                return out->url && source_finish(r, pos, out);
        }
        return section_read(r, n, pos, &source_section, out, NULL) && source_finish(r, pos, out);
}

static bool read_source(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        return read_one_source(r, n, pos, at);
}

static bool add_source(struct reader *r, struct fy_node *n, struct pos pos, void *arg)
{
        struct source_list *to = arg;
        return read_one_source(r, n, pos, &to->items[to->n]) && ++to->n;
}

static bool read_sources(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        struct source_list *to = at;
        *to = (struct source_list){ ARENA_ARRAY(r->arena, struct install_source, read_count(n) + 1), 0 };
        return read_each(r, n, pos, add_source, to);
}

/* Scripts: fetched by the installer from a server, or carried on the medium. */

enum { LARGEST_SCRIPT = 1 << 20 };

static bool script_from_file(struct reader *r, struct pos pos, const char *name, struct script *out)
{
        struct err e = ERR_INIT;
        AUTO_STR text = STR_MAX(LARGEST_SCRIPT);
        if (!file_read(r->dir, name, LARGEST_SCRIPT, &text, &e))
                return read_problem(r, XR_FILE_UNREADABLE, pos, e.text);
        unsigned char digest[32];
        EVP_Digest(str_text(&text), text.len, digest, NULL, EVP_sha256(), NULL);
        char *medium_name = arena_printf(r->arena, "hook-%02x%02x%02x%02x%02x%02x", digest[0], digest[1], digest[2], digest[3],
                digest[4], digest[5]);
        *out = (struct script){ .file = name, .medium_name = medium_name, .pos = pos };
        out->content = bytes_of(arena_strndup(r->arena, str_text(&text), text.len), text.len);
        return true;
}

static bool add_script(struct reader *r, struct fy_node *n, struct pos pos, void *arg)
{
        struct script_list *to = arg;
        const char *text = read_scalar(r, n, pos);
        if (!text)
                return false;
        struct script *s = &to->items[to->n];
        if (strstr(text, "://")) {
                *s = (struct script){ .url = text, .pos = pos };
                if (strncmp(text, "nfs://", 6) && !value_url(r->diags, pos, text))
                        return false;
        } else if (!script_from_file(r, pos, text, s))
                return false;
        to->n++;
        return true;
}

static bool read_script_list(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        struct script_list *to = at;
        *to = (struct script_list){ ARENA_ARRAY(r->arena, struct script, read_count(n) + 1), 0 };
        return read_each(r, n, pos, add_script, to);
}

#define SCRIPTS(key_, stage, set_, help_) \
        { key_, read_script_list, FIELD(settings, scripts[stage]), .setting = set_ + 1, .sample = "[scripts/note.sh]", .help = help_ }

static const struct field script_fields[] = {
        SCRIPTS("installation-start", STAGE_INSTALLATION_START, SET_SCRIPT_START, N_("run before anything is installed")),
        SCRIPTS("packages-installed", STAGE_PACKAGES_INSTALLED, SET_SCRIPT_PACKAGES, N_("run after the packages (XenServer 9 only)")),
        SCRIPTS("filesystem-populated", STAGE_FILESYSTEM_POPULATED, SET_SCRIPT_POPULATED, N_("run with the new system's folder as argument")),
        SCRIPTS("installation-complete", STAGE_INSTALLATION_COMPLETE, SET_SCRIPT_COMPLETE, N_("run at the end, with 0 for success as argument")),
};
const struct section scripts_section = { N_("scripts"), script_fields, COUNT(script_fields), NULL };

/* The scripts' section writes into the settings themselves: offset 0 hands them over. */
static bool read_scripts(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        return section_read(r, n, pos, &scripts_section, at, NULL);
}

static const char *const local_storage_words[] = { "none", "lvm", "ext", NULL };
static const char *const installed_words[] = { "refuse", "reinstall", NULL };
static const char *const other_data_words[] = { "refuse", "erase", NULL };
static const char *const ipv6_words[] = { "none", "dhcp", "autoconf", "static", NULL };
static const struct limits nic_limits = { 0, 31 }, vlan_limits = { 1, 4094 };

#define SETTING(member, set_) FIELD(settings, member), .setting = (set_) + 1

static const struct field setting_fields[] = {
        { "keyboard", read_string, SETTING(keyboard, SET_KEYBOARD), .sample = "us", .help = N_("keyboard layout of the console") },
        { "timezone", read_timezone, SETTING(timezone, SET_TIMEZONE), .sample = "Asia/Shanghai", .help = N_("time zone, as in tzdata") },
        { "ntp", read_words, SETTING(ntp, SET_NTP), .arg = &judge_server, .sample = "[ntp.aliyun.com, ntp.ntsc.ac.cn]", .help = N_("time servers") },
        { "dns", read_words, SETTING(dns, SET_DNS), .arg = &judge_address, .sample = "[223.5.5.5]", .help = N_("addresses of name servers") },
        { "domain", read_domain, SETTING(domain, SET_DOMAIN), .sample = "school.example", .help = N_("appended to the host's name") },
        { "root-password", read_root_password, SETTING(root_password, SET_ROOT_PASSWORD), .secret = true,
          .sample = "{hash-file: secrets/root.hash}", .help = N_("hash-file, hash, or plain-file (hashed when read, never stored)") },
        { "disk", read_disk, SETTING(disk, SET_DISK), .sample = "{pick: smallest, at-least: 60 GB, bus: [sata, sas, nvme]}",
          .help = N_("the disk the system goes to: exactly one rule; every other disk is left alone") },
        { "guest-disks", read_guest_disks, SETTING(guest_disks, SET_GUEST_DISKS), .sample = "[{by-id: ata-DATA}]",
          .help = N_("further disks that become local storage for virtual machines; they are erased") },
        { "raid", read_raid, SETTING(raid, SET_RAID), .sample = "{disks: [{by-path: pci-0000:00:1f.2-ata-1}, {by-path: pci-0000:00:1f.2-ata-2}]}",
          .help = N_("mirror two disks in software and install there (instead of disk)") },
        { "local-storage", read_choice, SETTING(local_storage, SET_LOCAL_STORAGE), .arg = local_storage_words, .sample = "ext",
          .help = N_("none, lvm, or ext (thin provisioning)") },
        { "already-installed", read_choice, SETTING(already_installed, SET_ALREADY_INSTALLED), .arg = installed_words, .sample = "refuse",
          .help = N_("what to do with a disk that holds XenServer or its storage: refuse or reinstall") },
        { "other-data", read_choice, SETTING(other_data, SET_OTHER_DATA), .arg = other_data_words, .sample = "refuse",
          .help = N_("what to do with a disk that holds anything else: refuse or erase") },
        { "source", read_source, SETTING(source, SET_SOURCE), .sample = "local", .help = N_("where packages come from: local (the medium) or a URL") },
        { "supplemental-packs", read_sources, SETTING(packs, SET_PACKS), .sample = "[http://192.168.0.5/pack/]", .help = N_("further package sources") },
        { "driver-disks", read_sources, SETTING(driver_disks, SET_DRIVER_DISKS), .sample = "[http://192.168.0.5/driver/]",
          .help = N_("drivers loaded before disks are looked for") },
        { "scripts", read_scripts, .offset = 0, .sample = "{filesystem-populated: [scripts/note.sh]}",
          .help = N_("your own scripts for each stage: files beside the site file, or URLs") },
        { "management-nic", read_limited, SETTING(management_nic, SET_MANAGEMENT_NIC), .arg = &nic_limits, .sample = "0",
          .help = N_("for hosts known by serial number only: which network card, counted from 0 in slot order") },
        { "vlan", read_limited, SETTING(vlan, SET_VLAN), .arg = &vlan_limits, .sample = "10", .help = N_("VLAN tag of the management network") },
        { "tags", read_words, SETTING(tags, SET_TAGS), .arg = &judge_tags, .sample = "[teaching, rack-2]",
          .help = N_("tags of the hosts, as XenCenter shows and searches them") },
        { "roll-call", read_roll_call, SETTING(roll_call, SET_ROLL_CALL), .sample = "https://10.1.0.5",
          .help = N_("where hosts that are installed from sticks report; those of a network boot report to their boot server") },
        { "roll-call-pin", read_roll_call_pin, SETTING(roll_call_pin, SET_ROLL_CALL_PIN),
          .sample = "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"",
          .help = N_("fingerprint (SHA-256) of that server's certificate; without it each host trusts the one that it sees first") },
        { "ipv6", read_choice, SETTING(ipv6, SET_IPV6), .arg = ipv6_words, .sample = "none", .help = N_("none, dhcp, autoconf, or static (with address6)") },
};
const struct section settings_section = { N_("settings"), setting_fields, COUNT(setting_fields), NULL };
