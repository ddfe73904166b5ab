#include "cmd/inspect_parts.h"
#include "answerfiles/pack_read.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/text.h"
#include "isobuilder/prepare.h"

#include <errno.h>
#include <string.h>

/* What is known of an image beyond what every medium has. */
struct stamped_image {
        bool prepared;
        struct slot_map map;
        struct str slot;        /* its bytes */
        struct pack_read *pack; /* NULL: nothing is stamped in, or nothing that makes sense */
        const char *intact;     /* "yes", "no", or why it was not checked */
};

static void stamped_image_clear(struct stamped_image *s)
{
        pack_read_free(s->pack);
        str_clear(&s->slot);
}

static bool read_slot(const struct medium *m, struct stamped_image *s, struct err *e)
{
        AUTO_FREE char *bytes = malloc(s->map.slot_size);
        if (!bytes)
                file_out_of_memory();
        if (pread(m->fd, bytes, s->map.slot_size, (off_t)slot_begin(&s->map)) != (ssize_t)s->map.slot_size)
                return err_sys(e, _("reading %s"), m->path);
        str_addn(&s->slot, bytes, s->map.slot_size);
        struct err why = ERR_INIT;
        s->pack = pack_read(str_bytes(&s->slot), &why);
        return str_ok(&s->slot, m->path, e);
}

static bool read_stamp(const struct medium *m, bool deep, struct stamped_image *s, struct err *e)
{
        struct err why = ERR_INIT;
        *s = (struct stamped_image){ .slot = STR_MAX(SLOT_LARGEST), .intact = N_("not checked") };
        if (!slot_read(m->fd, m->size, m->path, &s->map, &s->prepared, e))
                return false;
        if (!s->prepared)
                return true;
        if (s->map.image_size < m->size)
                s->intact = N_("not checked: on a stick the partition table is another one");
        else if (deep)
                s->intact = slot_check(m->fd, m->path, &s->map, &why) ? N_("yes") : N_("no");
        return read_slot(m, s, e);
}

/* --- text --- */

void inspect_line(const char *key, const char *value)
{
        AUTO_STR out = STR_MAX(4096);
        text_pad(&out, key, 22);
        printf("%s %s\n", str_text(&out), value && *value ? value : "-");
}

static const char *firmware_text(unsigned firmware)
{
        static const char *const texts[] = { N_("none"), "BIOS", "UEFI", "BIOS, UEFI" };
        return firmware ? texts[firmware & 3] : _(texts[0]);
}

static const char *yes_no(bool yes) { return yes ? _("yes") : _("no"); }

static const char *stick_text(const struct medium *m)
{
        if (m->hybrid_mbr || m->hybrid_gpt)
                return _("yes");
        if (prepare_makes_hybrid(m))
                return _("no, but images that xenroll makes from it do");
        return m->el_torito_bios && !m->bios_loader_hybrid ? _("no: its isolinux cannot be started from a stick")
                                                           : _("no: it has no partition table");
}

static void print_facts(const struct medium *m)
{
        char size[64];
        snprintf(size, sizeof(size), "%llu MB", (unsigned long long)(m->size / 1000000));
        inspect_line(_("file"), m->path);
        inspect_line(_("size"), size);
        inspect_line(_("product"), m->brand);
        inspect_line(_("version"), m->version);
        inspect_line(_("release"), m->release ? m->release->id : _("not one that xenroll knows"));
        inspect_line(_("volume label"), m->volume_id);
        inspect_line(_("volume UUID"), m->volume_uuid);
        inspect_line(_("boots under"), firmware_text(m->firmware));
        inspect_line(_("as a USB stick"), stick_text(m));
        inspect_line("install.img", compression_names[m->install_img]);
        inspect_line("Rock Ridge", yes_no(m->rock_ridge));
        inspect_line("Joliet", yes_no(m->joliet));
        inspect_line(_("packages on it"), yes_no(m->has_repo || m->old_repo));
        for (size_t i = 0; i < m->n_configs; i++)
                inspect_line(i ? "" : _("boot menus"), m->configs[i].path);
        if (*m->efiboot_config)
                printf("%22s %s: %s\n", "", m->efiboot_path, m->efiboot_config);
}

static void print_rule(enum rule rule, const char *path)
{
        struct err e = ERR_INIT;
        err_rule(&e, rule, path, NULL);
        printf("  XR-%03d: %s\n", (int)rule, e.text);
}

/* What stands against an image, before `build` says so. */
static void print_prospects(const struct medium *m)
{
        enum rule rules[PREPARE_OBSTACLES];
        size_t n = m->release ? prepare_obstacles(m, m->release, rules) : 0;
        if (m->gpg_flags)
                printf("%s\n", _("A boot entry switches signature checks off (no-*gpgcheck); with an answer file the "
                                 "installer would stop, so xenroll removes it."));
        if (m->release)
                inspect_line(_("xenroll makes images"), yes_no(!n));
        for (size_t i = 0; i < n; i++)
                print_rule(rules[i], m->path);
        printf("%s\n", _("When a machine starts from it, the vendor's interactive installer comes up; nothing happens "
                         "by itself."));
}

static void print_hosts(const struct pack_read *p)
{
        for (size_t i = 0; i < pack_read_hosts(p); i++) {
                struct pack_host h = pack_read_host(p, i);
                printf("  %s/%s  %s  %s\n", h.school, h.name, *h.mac ? h.mac : "-", *h.serial ? h.serial : "-");
        }
}

static void print_stamp(const struct medium *m, const struct stamped_image *s)
{
        char usage[80];
        snprintf(usage, sizeof(usage), _("%zu of %llu bytes"), s->pack ? pack_read_length(s->pack) : 0,
                (unsigned long long)s->map.slot_size);
        inspect_line(_("made by xenroll from"), s->map.base);
        inspect_line(_("unchanged since"), _(s->intact));
        inspect_line(_("slot"), usage);
        if (!s->pack) {
                printf("%s\n", _("When a machine starts from it, it refuses to install: no answers have been stamped "
                                 "into it."));
                return;
        }
        inspect_line(_("build"), pack_read_build(s->pack));
        printf(_("hosts: %zu\n"), pack_read_hosts(s->pack));
        print_hosts(s->pack);
        if (!pack_read_fits(s->pack))
                printf("%s\n",
                        _("When a machine starts from it, it refuses to install: the answers in it are damaged."));
        else
                printf(_("When a machine starts from it, it looks for its MAC address or serial number in this list, "
                         "installs %s by itself if its disks may be written to, and refuses otherwise. Every machine "
                         "that is not listed refuses; its disks stay as they are.\n"),
                        m->release ? m->release->product : m->brand);
}

bool inspect_medium(const struct medium *m, bool deep, struct err *e)
{
        OWN(stamped_image_clear) struct stamped_image s;
        if (!read_stamp(m, deep, &s, e))
                return false;
        print_facts(m);
        if (s.prepared)
                print_stamp(m, &s);
        else
                print_prospects(m);
        return true;
}

/* --- JSON --- */

static json_t *hosts_json(const struct pack_read *p)
{
        json_t *list = json_array();
        for (size_t i = 0; i < pack_read_hosts(p); i++) {
                struct pack_host h = pack_read_host(p, i);
                json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "school", h.school, "host", h.name, "mac",
                                                    h.mac, "serial", h.serial));
        }
        return list;
}

static json_t *obstacles_json(const struct medium *m)
{
        enum rule rules[PREPARE_OBSTACLES];
        size_t n = m->release ? prepare_obstacles(m, m->release, rules) : 0;
        json_t *list = json_array();
        for (size_t i = 0; i < n; i++) {
                struct err e = ERR_INIT;
                err_rule(&e, rules[i], m->path, NULL);
                json_array_append_new(list, json_pack("{s:i, s:s}", "rule", (int)rules[i], "message", e.text));
        }
        return list;
}

static json_t *stamp_json(const struct stamped_image *s)
{
        json_t *o = json_pack("{s:s, s:s, s:I, s:I, s:b}", "base-sha256", s->map.base, "key", s->map.key, "slot-size",
                (json_int_t)s->map.slot_size, "slot-used", (json_int_t)(s->pack ? pack_read_length(s->pack) : 0),
                "stamped", !!s->pack);
        if (!strcmp(s->intact, "yes") || !strcmp(s->intact, "no"))
                json_object_set_new(o, "unchanged", json_boolean(!strcmp(s->intact, "yes")));
        if (s->pack) {
                json_object_set_new(o, "build", json_string(pack_read_build(s->pack)));
                json_object_set_new(o, "answers-intact", json_boolean(pack_read_fits(s->pack)));
                json_object_set_new(o, "hosts", hosts_json(s->pack));
        }
        return o;
}

static json_t *facts_json(const struct medium *m)
{
        json_t *configs = json_array();
        for (size_t i = 0; i < m->n_configs; i++)
                json_array_append_new(configs, json_string(m->configs[i].path));
        return json_pack("{s:s, s:I, s:s, s:s, s:s?, s:s, s:s, s:b, s:b, s:b, s:s, s:b, s:b, s:b, s:o}", "file",
                m->path, "size", (json_int_t)m->size, "product", m->brand, "version", m->version, "release",
                m->release ? m->release->id : NULL, "volume-label", m->volume_id, "volume-uuid", m->volume_uuid, "bios",
                !!(m->firmware & FIRMWARE_BIOS), "uefi", !!(m->firmware & FIRMWARE_UEFI), "usb",
                m->hybrid_mbr || m->hybrid_gpt, "install-img", compression_names[m->install_img], "rock-ridge",
                m->rock_ridge, "joliet", m->joliet, "packages", m->has_repo || m->old_repo, "boot-menus", configs);
}

json_t *inspect_medium_json(const struct medium *m, bool deep, struct err *e)
{
        OWN(stamped_image_clear) struct stamped_image s;
        if (!read_stamp(m, deep, &s, e))
                return NULL;
        json_t *o = facts_json(m);
        if (!o) {
                err_set(e, ERR_WORLD, _("%s has a name that is not UTF-8 text"), m->path);
                return NULL;
        }
        if (s.prepared)
                json_object_set_new(o, "xenroll", stamp_json(&s));
        else
                json_object_set_new(o, "obstacles", obstacles_json(m));
        return o;
}
