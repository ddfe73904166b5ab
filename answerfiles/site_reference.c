#include "answerfiles/site_reference.h"
#include "answerfiles/site_tables.h"
#include "base/i18n.h"

#include <string.h>

/* Settings that a first site file says; the others follow as comments. */
static const char *const chosen[] = { "keyboard", "timezone", "ntp", "dns", "root-password", "disk", "local-storage", "already-installed" };

static bool is_chosen(const char *key)
{
        for (size_t i = 0; i < COUNT(chosen); i++)
                if (!strcmp(key, chosen[i]))
                        return true;
        return false;
}

static void sample_settings(struct str *out, bool wanted)
{
        for (size_t i = 0; i < settings_section.n; i++) {
                const struct field *f = &settings_section.fields[i];
                if (is_chosen(f->key) != wanted)
                        continue;
                str_addf(out, "  # %s\n", _(f->help));
                str_addf(out, "  %s%s: %s\n", wanted ? "" : "# ", f->key, f->sample);
        }
}

/* What a pool may have besides hosts and storage, as comments. */
static void sample_pool(struct str *out)
{
        static const char *const keys[] = { "description", "networks", "ha", "join-window", "vms", "snapshots" };
        str_addf(out, "\n        # %s\n", _("less common:"));
        for (size_t i = 0; i < pool_section.n; i++) {
                const struct field *f = &pool_section.fields[i];
                for (size_t k = 0; k < COUNT(keys); k++)
                        if (!strcmp(f->key, keys[k]))
                                str_addf(out, "        # %s\n        # %s: %s\n", _(f->help), f->key, f->sample);
        }
        str_add(out, "\n");
}

/* Who is told, as comments. */
static void sample_telling(struct str *out)
{
        static const char *const keys[] = { "upstream", "notify" };
        str_add(out, "\n");
        for (size_t i = 0; i < site_section.n; i++) {
                const struct field *f = &site_section.fields[i];
                for (size_t k = 0; k < COUNT(keys); k++)
                        if (!strcmp(f->key, keys[k]))
                                str_addf(out, "# %s\n# %s: %s\n", _(f->help), f->key, f->sample);
        }
}

void site_sample(struct str *out, const char *release)
{
        str_addf(out, "# %s\n# %s\n\n", _("A site file for xenroll: describe once, check, build."), _("All keys: man xenroll-site. What is wrong with this file: xenroll check"));
        str_addf(out, "release: %s\n\n# %s\ndefaults:\n", release, _("for all hosts of all schools"));
        sample_settings(out, true);
        str_addf(out, "\n  # %s\n", _("less common:"));
        sample_settings(out, false);
        str_addf(out, "\n# %s\nblueprints:\n  - id: standard\n    network: {gateway: +1}\n    pools:\n      - id: teach\n        name: 教学资源池\n", _("a shape that many schools share; +n is the n-th address of a school's subnet"));
        str_add(out, "        hosts: {count: 2, name: \"{school}-xen{n}\", address: +11}\n");
        str_add(out, "        storage:\n          - {name: NAS, type: nfs, server: +103, path: /data/nfs, default: true}\n");
        sample_pool(out);
        str_addf(out, "# %s\nschools:\n  - {id: nn36, name: 南宁市第三十六中学, blueprint: standard, network: {subnet: 192.168.0.0/24}}\n\n", _("one line a school"));
        str_addf(out, "# %s\nhosts-from: servers.csv\n", _("one row a machine"));
        sample_telling(out);
}

/* In scdoc "_", "*", "\\", "<" and "#" at the start mean something. */
void scdoc_escape(struct str *out, const char *text)
{
        for (; *text; text++) {
                if (strchr("_*\\#", *text))
                        str_addc(out, '\\');
                str_addc(out, *text);
        }
}

static void scdoc_section(struct str *out, const struct section *s, const char *where)
{
        str_add(out, "# ");
        for (const char *at = _(s->name); *at; at++)
                str_addc(out, *at >= 'a' && *at <= 'z' ? (char)(*at - 32) : *at);
        str_add(out, "\n\n");
        if (*where) {
                scdoc_escape(out, where);
                str_add(out, "\n\n");
        }
        for (size_t i = 0; i < s->n; i++) {
                const struct field *f = &s->fields[i];
                str_add(out, "*");
                scdoc_escape(out, f->key);
                str_addf(out, "*%s\n\t", f->required ? _(" (required)") : "");
                scdoc_escape(out, _(f->help));
                str_add(out, "\n\n\t");
                scdoc_escape(out, _("Example: "));
                scdoc_escape(out, f->key);
                str_add(out, ": ");
                scdoc_escape(out, f->sample);
                str_add(out, "\n\n");
        }
}

void site_scdoc(struct str *out)
{
        static const struct {
                const struct section *section;
                const char *where;
        } pages[] = {
                { &site_section, N_("The keys at the top of the file.") },
                { &settings_section, N_("Settings may stand under defaults, in a blueprint, a school, a pool or a host. The stronger level wins: host, pool, school, blueprint, defaults, release. 'xenroll plan --why HOST' tells where a value comes from.") },
                { &disk_section, N_("Exactly one of pick, by-id, by-path, serial and device; the others narrow the choice. The boot medium and USB disks are never chosen unless bus says usb. Where no disk or more than one fits, the machine refuses. A single word also works: 'disk: smallest', 'disk: sda'.") },
                { &password_section, "" },
                { &raid_section, "" },
                { &source_section, N_("A single word or URL also works: 'source: local'.") },
                { &scripts_section, "" },
                { &school_section, "" },
                { &subnet_section, N_("The key 'network' of a school or blueprint. Wherever an address is expected, +n is the n-th address of the school's subnet.") },
                { &blueprint_section, N_("A blueprint is a school with holes. A school that names it supplies only what differs; a pool with the same id overrides the blueprint's, key by key.") },
                { &pool_section, "" },
                { &host_section, "" },
                { &hosts_section, N_("Instead of a list of hosts: so many of them, named by a pattern.") },
                { &network_section, N_("Items of a pool's 'networks'.") },
                { &storage_section, N_("Items of a pool's 'storage'. The LUN of an iscsi or hba storage is chosen by exactly one of lun, lun-serial and scsi-id. An existing storage is taken over, never erased.") },
                { &chap_section, "" },
                { &ha_section, N_("High availability is switched on last, when every host is there. Three hosts or more are wise.") },
                { &vm_section, N_("Items of a pool's 'vms'. They are created once by the pool's coordinator; what was created is never changed or removed by xenroll.") },
                { &vm_disk_section, N_("Items of 'disks'. A size alone also works: 'disks: [40 GB]'.") },
                { &install_section, N_("Exactly one of iso and url.") },
                { &schedule_section, N_("Items of a pool's 'snapshots', or the value of 'snapshots' at a virtual machine. Equal schedules become one.") },
                { &district_section, "" },
                { &upstream_section, N_("For a school's server: what it hears goes on to the district's, also when that was away for days.") },
                { &notice_section, N_("Items of 'notify'. Exactly one of wecom, dingtalk, web-hook and mail; the address of a hook is a password at the same time, so it had better stand in a file: '{url-file: FILE}'.") },
        };
        str_addf(out, "xenroll-site(5)\n\n# %s\n\nxenroll-site - ", _("NAME"));
        scdoc_escape(out, _("the file that describes a deployment"));
        str_addf(out, "\n\n# %s\n\n", _("DESCRIPTION"));
        scdoc_escape(out, _("A site file is YAML. Anchors, aliases and merge keys work. Unknown and repeated keys are errors. Files that it names are relative to its folder."));
        str_add(out, "\n\n");
        for (size_t i = 0; i < COUNT(pages); i++)
                scdoc_section(out, pages[i].section, *pages[i].where ? _(pages[i].where) : "");
        str_addf(out, "# %s\n\n", _("SPREADSHEET"));
        scdoc_escape(out, _("A spreadsheet named by 'hosts-from' has one row a machine, saved as CSV in UTF-8 or GB18030. Its first row names the columns, in English or Chinese: school (学校), pool (资源池), name (主机名), MAC, serial (序列号), address (IP), disk (磁盘), coordinator (主控). Rows fill the places that the school's blueprint has, by name or in order; in a pool without a blueprint each row is a host."));
        str_add(out, "\n");
}
