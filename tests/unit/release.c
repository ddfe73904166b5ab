#include "tests/unit/unit.h"
#include "answerfiles/release.h"
#include "base/cleanup.h"

static const char *id_of(const struct release *r) { return r ? r->id : "(none)"; }

static void spellings(void)
{
        static const struct { const char *text, *id; } cases[] = {
                { "xcp-ng-8.3", "xcp-ng-8.3" },
                { "xcp-ng 8.3", "xcp-ng-8.3" },
                { "XCP-ng 8.3", "xcp-ng-8.3" },
                { "XCP-ng 8.3.0", "xcp-ng-8.3" },
                { "xcpng8.2", "xcp-ng-8.2" },
                { "xenserver-8.2", "citrix-hypervisor-8.2" },
                { "citrix hypervisor 8.2", "citrix-hypervisor-8.2" },
                { "Citrix_Hypervisor-8.0.0", "citrix-hypervisor-8.0" },
                { "XenServer 7.6", "xenserver-7.6" },
                { "XenServer 8", "xenserver-8" },
                { "XenServer 8.4", "xenserver-8" },
                { "xs9", "xenserver-9" },
                { "xenserver-6.5", "xenserver-6.5" },
                { "xenserver-7.7", "(none)" },
                { "xenserver-6", "(none)" },
                { "xcp-ng-8", "(none)" },
                { "xcp-ng-9.0", "(none)" },
                { "xcp-ng-8.30", "(none)" },
                { "xcp-ng", "(none)" },
                { "8.3", "(none)" },
                { "proxmox-8.3", "(none)" },
                { "xcp-ng-8.3; rm", "(none)" },
                { "xcp+ng-8.3", "(none)" },
                { "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz8.3", "(none)" },
                { "", "(none)" },
        };
        for (size_t i = 0; i < COUNT(cases); i++)
                unit_same("release spelling", cases[i].text, id_of(release_find(cases[i].text)), cases[i].id);
}

static void media(void)
{
        static const struct { const char *brand, *version, *id; } cases[] = {
                { "XCP-ng", "8.3.0", "xcp-ng-8.3" },        { "XCP-ng", "8.2.1", "xcp-ng-8.2" },
                { "XenServer", "7.6", "xenserver-7.6" },    { "XenServer", "7.1.2", "xenserver-7.1" },
                { "XenServer", "8.4.0", "xenserver-8" },    { "XenServer", "9.0.0", "xenserver-9" },
                { "Citrix Hypervisor", "8.2.0", "citrix-hypervisor-8.2" },
                { "XCP-ng", "7.6.0", "(none)" },            { "XenServer", "10.0.0", "(none)" },
                { "Debian", "12", "(none)" },               { "", "", "(none)" },
        };
        for (size_t i = 0; i < COUNT(cases); i++) {
                char why[64];
                snprintf(why, sizeof(why), "%s %s", cases[i].brand, cases[i].version);
                unit_same("release of media", why, id_of(release_of_media(cases[i].brand, cases[i].version)), cases[i].id);
        }
}

/* One column a difference between releases; compared as one line, so that a changed default shows in every row. */
static void facts_table(void)
{
        static const struct { const char *id, *want; } cases[] = {
                { "xenserver-6.5", "bios ramdisk=0 install=1 vlan=0 sources=0 ntp=0 driver=0 raid=0 swraid=0 gpg=0 min=12 free=0 sr=lvm api=2.3 loader=extlinux"
                  " first=scripts http=1 tls=0 cpu=1 vmss=0 mp=0" },
                { "xenserver-7.0", "bios+uefi ramdisk=1 install=1 vlan=0 sources=0 ntp=0 driver=1 raid=0 swraid=0 gpg=0 min=46 free=0 sr=lvm api=2.5 loader=grub2"
                  " first=scripts http=0 tls=0 cpu=0 vmss=0 mp=0" },
                { "xenserver-7.1", "bios+uefi ramdisk=1 install=1 vlan=0 sources=1 ntp=0 driver=1 raid=0 swraid=0 gpg=0 min=46 free=0 sr=lvm api=2.6 loader=grub2"
                  " first=scripts http=0 tls=0 cpu=0 vmss=0 mp=0" },
                { "xenserver-7.2", "bios+uefi ramdisk=1 install=1 vlan=0 sources=1 ntp=0 driver=1 raid=0 swraid=0 gpg=0 min=46 free=0 sr=lvm api=2.7 loader=grub2"
                  " first=scripts http=0 tls=0 cpu=0 vmss=1 mp=0" },
                { "xenserver-7.3", "bios+uefi ramdisk=1 install=1 vlan=1 sources=1 ntp=0 driver=1 raid=0 swraid=0 gpg=0 min=46 free=3 sr=lvm api=2.8 loader=grub2"
                  " first=scripts http=0 tls=0 cpu=0 vmss=1 mp=0" },
                { "xenserver-7.4", "bios+uefi ramdisk=1 install=1 vlan=1 sources=1 ntp=0 driver=1 raid=0 swraid=0 gpg=0 min=46 free=3 sr=lvm api=2.9 loader=grub2"
                  " first=scripts http=0 tls=0 cpu=0 vmss=1 mp=0" },
                { "xenserver-7.5", "bios+uefi ramdisk=1 install=1 vlan=1 sources=1 ntp=0 driver=1 raid=0 swraid=0 gpg=0 min=46 free=3 sr=lvm api=2.10 loader=grub2"
                  " first=scripts http=0 tls=0 cpu=0 vmss=1 mp=1" },
                { "xenserver-7.6", "bios+uefi ramdisk=1 install=1 vlan=1 sources=1 ntp=0 driver=1 raid=0 swraid=0 gpg=0 min=46 free=3 sr=lvm api=2.11 loader=grub2"
                  " first=scripts http=0 tls=0 cpu=0 vmss=1 mp=1" },
                { "citrix-hypervisor-8.0", "bios+uefi ramdisk=1 install=1 vlan=1 sources=1 ntp=0 driver=1 raid=0 swraid=0 gpg=0 min=46 free=3 sr=lvm api=2.12 loader=grub2"
                  " first=scripts http=0 tls=0 cpu=0 vmss=1 mp=1" },
                { "citrix-hypervisor-8.1", "bios+uefi ramdisk=1 install=1 vlan=1 sources=1 ntp=0 driver=1 raid=0 swraid=0 gpg=0 min=46 free=3 sr=lvm api=2.14 loader=grub2"
                  " first=scripts http=0 tls=0 cpu=0 vmss=1 mp=1" },
                { "citrix-hypervisor-8.2", "bios+uefi ramdisk=1 install=1 vlan=1 sources=1 ntp=0 driver=1 raid=0 swraid=0 gpg=0 min=46 free=3 sr=lvm api=2.15 loader=grub2"
                  " first=services http=0 tls=0 cpu=0 vmss=1 mp=1" },
                { "xenserver-8", "bios+uefi ramdisk=1 install=0 vlan=1 sources=1 ntp=1 driver=1 raid=0 swraid=1 gpg=0 min=46 free=3 sr=lvm api=2.21 loader=grub2"
                  " first=services http=0 tls=1 cpu=0 vmss=1 mp=1" },
                { "xenserver-9", "uefi ramdisk=1 install=0 vlan=1 sources=1 ntp=1 driver=1 raid=0 swraid=1 gpg=0 min=46 free=3 sr=lvm api=2.23 loader=grub2"
                  " first=services http=0 tls=1 cpu=0 vmss=1 mp=1" },
                { "xcp-ng-8.0", "bios+uefi ramdisk=1 install=1 vlan=1 sources=1 ntp=0 driver=1 raid=1 swraid=0 gpg=1 min=46 free=0 sr=lvm api=2.12 loader=grub2"
                  " first=scripts http=0 tls=0 cpu=0 vmss=1 mp=1" },
                { "xcp-ng-8.1", "bios+uefi ramdisk=1 install=1 vlan=1 sources=1 ntp=0 driver=1 raid=1 swraid=0 gpg=1 min=46 free=0 sr=lvm api=2.14 loader=grub2"
                  " first=scripts http=0 tls=0 cpu=0 vmss=1 mp=1" },
                { "xcp-ng-8.2", "bios+uefi ramdisk=1 install=1 vlan=1 sources=1 ntp=0 driver=1 raid=1 swraid=0 gpg=1 min=46 free=0 sr=lvm api=2.15 loader=grub2"
                  " first=services http=0 tls=0 cpu=0 vmss=1 mp=1" },
                { "xcp-ng-8.3", "bios+uefi ramdisk=1 install=0 vlan=1 sources=1 ntp=1 driver=1 raid=1 swraid=0 gpg=2 min=46 free=0 sr=ext api=2.21 loader=grub2"
                  " first=services http=0 tls=1 cpu=0 vmss=1 mp=1" },
        };
        static const char *const firmware[] = { "none", "bios", "uefi", "bios+uefi" };
        size_t i = 0;
        for (const struct release *r; (r = release_at(i)); i++) {
                char got[320];
                snprintf(got, sizeof(got),
                         "%s ramdisk=%d install=%d vlan=%d sources=%d ntp=%d driver=%d raid=%d swraid=%d gpg=%d min=%d free=%d sr=%s "
                         "api=%s loader=%s first=%s http=%d tls=%d cpu=%d vmss=%d mp=%d",
                         firmware[r->firmware & 3], r->make_ramdisk, r->needs_install_token, r->vlan, r->many_sources,
                         r->ntp_element, r->driver_source, r->raid_element, r->swraid, (int)r->gpg, (int)(r->min_disk >> 30),
                         r->free_pool_size, r->default_sr, r->api_version, r->bootloader,
                         strstr(r->first_boot, "/var/lib/misc/ran-network-init|") && !r->first_boot_gone ? "services"
                         : strstr(r->first_boot, "/etc/firstboot.d/state/10-prepare-storage|") && r->first_boot_gone ? "scripts" : "?",
                         r->plain_http, r->tls_flag, r->cpu_features_equal, r->vmss, r->multipathing_call);
                unit_same("release row", r->id, got, i < COUNT(cases) ? cases[i].want : "(no row in the test)");
                unit_same("release row is found by its product", r->product, id_of(release_find(r->product)), r->id);
        }
        unit_case("release", "the table has every row", i == COUNT(cases), "rows were added or lost");
}

static void keymaps(void)
{
        static const struct { const char *name; bool known; } cases[] = {
                { "us", true }, { "ANSI-dvorak", true }, { "wangbe2", true }, { "de_CH-latin1", true }, { "it2", true },
                { "qwerty/us", false }, { "US", false }, { "cn", false }, { "", false },
        };
        for (size_t i = 0; i < COUNT(cases); i++)
                unit_case("keymap", cases[i].name, release_knows_keymap(release_at(0), cases[i].name) == cases[i].known, "");
        size_t n;
        const char *const *names = keymap_names(&n);
        for (size_t i = 1; i < n; i++)
                if (strcmp(names[i - 1], names[i]) >= 0)
                        unit_case("keymap", names[i], false, "out of order: lookup would miss it");
        unit_case("keymap", "all of the installer's list", n == 120, "count");
}

int main(void)
{
        spellings();
        media();
        facts_table();
        keymaps();
        return 0;
}
