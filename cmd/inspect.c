#include "cmd/command.h"
#include "base/i18n.h"
#include "base/text.h"
#include "isobuilder/medium.h"

#include <fcntl.h>
#include <jansson.h>

struct options {
        bool json;
};

static const char *firmware_text(unsigned firmware)
{
        static const char *const texts[] = { N_("none"), "BIOS", "UEFI", "BIOS, UEFI" };
        return firmware ? texts[firmware & 3] : _(texts[0]);
}

static void line(const char *key, const char *value)
{
        AUTO_STR out = STR_MAX(4096);
        text_pad(&out, key, 22);
        printf("%s %s\n", str_text(&out), value && *value ? value : "-");
}

static const char *yes_no(bool yes) { return yes ? _("yes") : _("no"); }

static void print_text(const struct medium *m)
{
        char size[64];
        snprintf(size, sizeof(size), "%llu MB", (unsigned long long)(m->size / 1000000));
        line(_("file"), m->path);
        line(_("size"), size);
        line(_("product"), m->brand);
        line(_("version"), m->version);
        line(_("release"), m->release ? m->release->id : _("not one that xenroll knows"));
        line(_("volume label"), m->volume_id);
        line(_("volume UUID"), m->volume_uuid);
        line(_("boots under"), firmware_text(m->firmware));
        line(_("as a USB stick"), yes_no(m->hybrid_mbr || m->hybrid_gpt));
        line("install.img", compression_names[m->install_img]);
        line("Rock Ridge", yes_no(m->rock_ridge));
        line("Joliet", yes_no(m->joliet));
        line(_("packages on it"), yes_no(m->has_repo || m->old_repo));
        for (size_t i = 0; i < m->n_configs; i++)
                line(i ? "" : _("boot menus"), m->configs[i].path);
        if (*m->efiboot_config)
                printf("%22s %s: %s\n", "", m->efiboot_path, m->efiboot_config);
        if (m->gpg_flags)
                printf("%s\n", _("A boot entry switches signature checks off (no-*gpgcheck); with an answer file the installer would stop, so xenroll removes it."));
        if (m->release && !m->release->make_ramdisk)
                printf("%s\n", _("This release cannot read answers from the medium itself; an image for it is not supported yet."));
}

static bool print_json(const struct medium *m, struct err *e)
{
        json_t *configs = json_array();
        for (size_t i = 0; i < m->n_configs; i++)
                json_array_append_new(configs, json_string(m->configs[i].path));
        json_t *o = json_pack("{s:s, s:I, s:s, s:s, s:s?, s:s, s:s, s:b, s:b, s:b, s:s, s:b, s:b, s:b, s:o}", "file", m->path, "size",
                (json_int_t)m->size, "product", m->brand, "version", m->version, "release", m->release ? m->release->id : NULL,
                "volume-label", m->volume_id, "volume-uuid", m->volume_uuid, "bios", !!(m->firmware & FIRMWARE_BIOS), "uefi",
                !!(m->firmware & FIRMWARE_UEFI), "usb", m->hybrid_mbr || m->hybrid_gpt, "install-img", compression_names[m->install_img],
                "rock-ridge", m->rock_ridge, "joliet", m->joliet, "packages", m->has_repo || m->old_repo, "boot-menus", configs);
        bool fine = o && json_dumpf(o, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF;
        json_decref(o);
        return fine ? true : err_set(e, ERR_WORLD, _("%s has a name that is not UTF-8 text"), m->path);
}

static void close_medium(struct medium **m) { medium_free(*m); }

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        (void)argc;
        OWN(close_medium) struct medium *m = medium_open(AT_FDCWD, argv[0], e);
        if (!m)
                return false;
        if (o->json)
                return print_json(m, e);
        print_text(m);
        return true;
}

static const struct option_row rows[] = {
        { "json", 'j', NULL, OPTION_FLAG, offsetof(struct options, json), N_("print it as JSON") },
};

const struct command command_inspect = {
        .name = "inspect", .arguments = "ISO",
        .summary = N_("say what an installation ISO is and how it boots"),
        .about = N_("Reads an ISO without mounting it: product, release, firmware, boot menus, compression, labels. It fails on what is not an installation medium of XenServer or XCP-ng."),
        .example = "  xenroll inspect xcp-ng-8.3.0.iso\n",
        .options = rows, .n_options = COUNT(rows), .size = sizeof(struct options), .min_args = 1, .max_args = 1, .run = run,
};
