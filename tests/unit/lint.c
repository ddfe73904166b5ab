/* Judging answer files: text-file pairs tests/golden/lint/RELEASE_NAME.xml and .txt (`lint --write` makes the .txt
 * anew), and a table of short documents. Run from the top of the source tree. */
#include "tests/unit/unit.h"
#include "answerfiles/lint.h"
#include "base/file.h"

#include <fcntl.h>
#include <glob.h>

/* Everything that would be printed about the text. */
static char *judged(const struct release *r, const char *name, struct bytes text, size_t *errors, size_t *warnings)
{
        char *out = NULL;
        size_t n = 0;
        struct diags *d = diags_new();
        answer_lint(r, name, text, d);
        FILE *f = open_memstream(&out, &n);
        diags_print(d, f, false);
        fclose(f);
        *errors = diags_errors(d);
        *warnings = diags_warnings(d);
        diags_free(d);
        return out;
}

static void golden_pair(const char *path, bool write)
{
        const char *name = strrchr(path, '/') + 1;
        char id[64];
        snprintf(id, sizeof(id), "%.*s", (int)strcspn(name, "_"), name);
        AUTO_STR text = STR_MAX(2 << 20), want = STR_MAX(2 << 20);
        AUTO_FREE char *expected = NULL;
        struct err e = ERR_INIT;
        size_t errors, warnings;
        if (!file_read(AT_FDCWD, path, 2 << 20, &text, &e) || !release_find(id) ||
            asprintf(&expected, "%.*s.txt", (int)strlen(path) - 4, path) < 0) {
                unit_case("lint", name, false, e.text);
                return;
        }
        AUTO_FREE char *got = judged(release_find(id), name, str_bytes(&text), &errors, &warnings);
        if (write) {
                AUTO_FILE FILE *f = fopen(expected, "w");
                if (f)
                        fputs(got, f);
        }
        bool fine = file_read(AT_FDCWD, expected, 2 << 20, &want, &e);
        unit_case("lint", name, fine && !strcmp(got, str_text(&want)), fine ? got : e.text);
}

#define DISK "<primary-disk>disk/by-id/x</primary-disk>"
#define NIC "<admin-interface hwaddr='00:16:3e:00:00:11' proto='dhcp'/>"
#define PASSWORD "<root-password type='hash'>$1$abcdefgh$0123456789012345678901</root-password>"
#define LOCAL "<source type='local'/>"
#define WITH(more) "<installation>" DISK NIC PASSWORD LOCAL more "</installation>"

/* rule NULL: nothing to complain about. */
static const struct { const char *why, *release, *text, *rule;
} cases[] = {
        { "smallest", "xenserver-6.5", WITH(""), NULL },
        { "comment in Chinese", "xcp-ng-8.3", WITH("<!-- 学校 -->"), NULL },
        { "Chinese value on Python 3", "xenserver-9", WITH("<hostname>学</hostname>"), NULL },
        { "Chinese value on Python 2", "xenserver-8", WITH("<hostname>学</hostname>"), "XR-307" },
        { "nothing at all", "xcp-ng-8.3", "", "XR-300" },
        { "blank", "xcp-ng-8.3", "  \n", "XR-300" },
        { "unescaped &", "xcp-ng-8.3", WITH("<hostname>a&b</hostname>"), "XR-300" },
        { "NUL byte has an end", "xcp-ng-8.3", "<installation>\0</installation>", "XR-300" },
        { "DOCTYPE", "xcp-ng-8.3", "<!DOCTYPE x [<!ENTITY a 'b'>]>" WITH("<hostname>&a;</hostname>"), "XR-301" },
        { "external entity", "xcp-ng-8.3", "<!DOCTYPE x SYSTEM 'file:///etc/passwd'>" WITH(""), "XR-301" },
        { "BOM", "xcp-ng-8.3", "\xef\xbb\xbf" WITH(""), "XR-303" },
        { "UTF-16", "xcp-ng-8.3", "\xff\xfe<", "XR-304" },
        { "GB18030", "xcp-ng-8.3", WITH("<hostname>\xc4\xcf</hostname>"), "XR-304" },
        { "declared GB2312", "xcp-ng-8.3", "<?xml version='1.0' encoding='GB2312'?>" WITH(""), "XR-304" },
        { "another document", "xcp-ng-8.3", "<html/>", "XR-305" },
        { "root as upgrade", "xcp-ng-8.3", "<upgrade>" DISK NIC PASSWORD LOCAL "</upgrade>", NULL },
        { "restore", "xcp-ng-8.3", "<restore><backup-disk>disk/by-id/x</backup-disk></restore>", NULL },
        { "upgrade needs what it upgrades", "xcp-ng-8.3", "<installation mode='upgrade'>" LOCAL "</installation>",
                "XR-314" },
        { "upgrade", "xcp-ng-8.3",
                "<installation mode='upgrade'><existing-installation>disk/by-id/x</existing-installation>" LOCAL
                "</installation>",
                NULL },
        { "no disk", "xcp-ng-8.3", "<installation>" NIC PASSWORD LOCAL "</installation>", "XR-314" },
        { "no password", "xcp-ng-8.3", "<installation>" DISK NIC LOCAL "</installation>", "XR-344" },
        { "two disks", "xcp-ng-8.3", WITH(DISK), "XR-315" },
        { "empty disk", "xcp-ng-8.3",
                "<installation><primary-disk> </primary-disk>" NIC PASSWORD LOCAL "</installation>", "XR-316" },
        { "CDATA", "xcp-ng-8.3", WITH("<hostname><![CDATA[a]]></hostname>"), "XR-306" },
        { "stray text", "xcp-ng-8.3", WITH("oops"), "XR-308" },
        { "unknown element", "xcp-ng-8.3", WITH("<flavour/>"), "XR-310" },
        { "misspelt element", "xcp-ng-8.3", WITH("<host-name>a</host-name>"), "XR-311" },
        { "prefix", "xcp-ng-8.3", WITH("<x:hostname xmlns:x='y'>a</x:hostname>"), "XR-31" },
        { "raid on Citrix", "citrix-hypervisor-8.2", WITH("<raid device='md127'><disk>disk/by-id/a</disk></raid>"),
                "XR-312" },
        { "raid on XCP-ng", "xcp-ng-8.2",
                WITH("<raid device='md127'><disk>disk/by-id/a</disk><disk>disk/by-id/b</disk></raid>"), NULL },
        { "service before 8.0", "xenserver-7.6", WITH("<service name='a' state='enabled'/>"), "XR-312" },
        { "ntp before XenServer 8", "citrix-hypervisor-8.2", WITH("<ntp source='dhcp'/>"), "XR-312" },
        { "old partitions on 9", "xenserver-9", WITH("<zap-utility-partitions/>"), "XR-312" },
        { "network backend on 9", "xenserver-9", WITH("<network-backend>bridge</network-backend>"), "XR-312" },
        { "old name", "xcp-ng-8.3", WITH("<nameserver>223.5.5.5</nameserver>"), "XR-313" },
        { "disk outside of raid", "xcp-ng-8.3", WITH("<disk>disk/by-id/x</disk>"), "XR-317" },
        { "decoration", "xcp-ng-8.3", WITH("<guest-disks><guest-disk>disk/by-id/y</guest-disk></guest-disks>"), NULL },
        { "unknown attribute", "xcp-ng-8.3", "<installation colour='red'>" DISK NIC PASSWORD LOCAL "</installation>",
                "XR-320" },
        { "misspelt attribute", "xcp-ng-8.3", "<installation sr-tpye='ext'>" DISK NIC PASSWORD LOCAL "</installation>",
                "XR-321" },
        { "VLAN before 7.3", "xenserver-7.2",
                "<installation>" DISK PASSWORD LOCAL
                "<admin-interface hwaddr='00:16:3e:00:00:11' proto='dhcp' vlan='10'/></installation>",
                "XR-322" },
        { "VLAN", "xenserver-7.3",
                "<installation>" DISK PASSWORD LOCAL
                "<admin-interface hwaddr='00:16:3e:00:00:11' proto='dhcp' vlan='10'/></installation>",
                NULL },
        { "VLAN 4095", "xenserver-7.3",
                "<installation>" DISK PASSWORD LOCAL
                "<admin-interface hwaddr='00:16:3e:00:00:11' proto='dhcp' vlan='4095'/></installation>",
                "XR-333" },
        { "gpg attribute of another release", "xcp-ng-8.2",
                "<installation repo-gpgcheck='no'>" DISK NIC PASSWORD LOCAL "</installation>", "XR-322" },
        { "gpg attribute", "xcp-ng-8.2",
                "<installation netinstall-gpg-check='no'>" DISK NIC PASSWORD LOCAL "</installation>", NULL },
        { "no proto", "xcp-ng-8.3",
                "<installation>" DISK PASSWORD LOCAL "<admin-interface hwaddr='00:16:3e:00:00:11'/></installation>",
                "XR-324" },
        { "sr-type", "xcp-ng-8.3", "<installation sr-type='nfs'>" DISK NIC PASSWORD LOCAL "</installation>", "XR-325" },
        { "large blocks before 8", "citrix-hypervisor-8.2",
                "<installation sr-type='largeblock'>" DISK NIC PASSWORD LOCAL "</installation>", "XR-325" },
        { "network backend", "xcp-ng-8.3", WITH("<network-backend>ovs</network-backend>"), "XR-326" },
        { "bool", "xcp-ng-8.3",
                "<installation>" NIC PASSWORD LOCAL
                "<primary-disk guest-storage='1'>disk/by-id/x</primary-disk></installation>",
                "XR-327" },
        { "MAC with hyphens", "xcp-ng-8.3",
                "<installation>" DISK PASSWORD LOCAL
                "<admin-interface hwaddr='00-16-3e-00-00-11' proto='dhcp'/></installation>",
                "XR-330" },
        { "MAC multicast", "xcp-ng-8.3",
                "<installation>" DISK PASSWORD LOCAL
                "<admin-interface hwaddr='01:16:3e:00:00:11' proto='dhcp'/></installation>",
                "XR-019" },
        { "neither MAC nor name", "xcp-ng-8.3",
                "<installation>" DISK PASSWORD LOCAL "<admin-interface proto='dhcp'/></installation>", "XR-331" },
        { "name on 9", "xenserver-9",
                "<installation>" DISK PASSWORD LOCAL "<admin-interface name='eth0' proto='dhcp'/></installation>",
                "XR-332" },
        { "name on 8.3", "xcp-ng-8.3",
                "<installation>" DISK PASSWORD LOCAL "<admin-interface name='eth0' proto='dhcp'/></installation>",
                NULL },
        { "static without gateway", "xcp-ng-8.3",
                "<installation>" DISK PASSWORD LOCAL
                "<admin-interface hwaddr='00:16:3e:00:00:11' "
                "proto='static'><ip>10.0.0.2</ip><subnet>255.0.0.0</subnet></admin-interface></installation>",
                "XR-335" },
        { "static", "xcp-ng-8.3",
                "<installation>" DISK PASSWORD LOCAL "<admin-interface hwaddr='00:16:3e:00:00:11' proto='static'>"
                "<ipaddr>10.0.0.2</ipaddr><subnet-mask>255.0.0.0</subnet-mask><gateway>10.0.0.1</gateway></"
                "admin-interface></installation>",
                NULL },
        { "mask", "xcp-ng-8.3",
                "<installation>" DISK PASSWORD LOCAL "<admin-interface hwaddr='00:16:3e:00:00:11' proto='static'>"
                "<ip>10.0.0.2</ip><subnet>255.0.255.0</subnet><gateway>10.0.0.1</gateway></admin-interface></"
                "installation>",
                "XR-334" },
        { "time servers against DHCP", "xenserver-8", WITH("<ntp source='dhcp'/><ntp-server>a.example</ntp-server>"),
                "XR-336" },
        { "time servers, manual", "xenserver-8", WITH("<ntp source='manual'/><ntp-server>a.example</ntp-server>"),
                NULL },
        { "service twice", "xcp-ng-8.3",
                WITH("<service name='a' state='enabled'/><service name='a' state='disabled'/>"), "XR-337" },
        { "stage", "xcp-ng-8.3", WITH("<script stage='first-boot' type='url'>http://a/</script>"), "XR-338" },
        { "stage of 9 on 8", "xenserver-8", WITH("<script stage='packages-installed' type='url'>http://a/</script>"),
                "XR-338" },
        { "stage of 9 on 9", "xenserver-9", WITH("<script stage='packages-installed' type='url'>http://a/</script>"),
                NULL },
        { "old script", "xcp-ng-8.3", WITH("<post-install-script type='url'>http://a/</post-install-script>"),
                "XR-313" },
        { "old script twice", "xcp-ng-8.3",
                WITH("<post-install-script>a</post-install-script><post-install-script>b</post-install-script>"),
                "XR-339" },
        { "two sources on 7.0", "xenserver-7.0", WITH("<source type='url'>http://a/</source>"), "XR-340" },
        { "two sources on 7.1", "xenserver-7.1", WITH("<source type='url'>http://a/</source>"), NULL },
        { "grub2 on 6.5", "xenserver-6.5", WITH("<bootloader>grub2</bootloader>"), "XR-341" },
        { "empty boot loader on 6.5", "xenserver-6.5", WITH("<bootloader/>"), "XR-341" },
        { "extlinux on 6.5", "xenserver-6.5", WITH("<bootloader location='mbr'>extlinux</bootloader>"), NULL },
        { "extlinux on 7", "xenserver-7.0", WITH("<bootloader>extlinux</bootloader>"), "XR-341" },
        { "empty boot loader on 7", "xenserver-7.0", WITH("<bootloader location='mbr'/>"), NULL },
        { "false means true", "xcp-ng-8.3", WITH("<ui-confirmation-prompt>false</ui-confirmation-prompt>"), "XR-342" },
        { "plain password", "xcp-ng-8.3",
                "<installation>" DISK NIC LOCAL "<root-password>hunter2</root-password></installation>", "XR-343" },
        { "locked hash", "xcp-ng-8.3",
                "<installation>" DISK NIC LOCAL "<root-password type='hash'>!!</root-password></installation>",
                "XR-065" },
        { "disk by name", "xcp-ng-8.3",
                "<installation>" NIC PASSWORD LOCAL "<primary-disk>/dev/nvme0n1</primary-disk></installation>",
                "XR-346" },
        { "mirror of one", "xenserver-8",
                "<installation>" NIC PASSWORD LOCAL
                "<primary-disk swraid='yes'>disk/by-id/a</primary-disk></installation>",
                "XR-347" },
        { "mirror", "xenserver-8",
                "<installation>" NIC PASSWORD LOCAL
                "<primary-disk swraid='yes'>disk/by-id/a,missing</primary-disk></installation>",
                NULL },
        { "keyboard", "xcp-ng-8.3", WITH("<keymap>chinese</keymap>"), "XR-348" },
        { "keyboard misspelt", "xcp-ng-8.3", WITH("<keymap>jp-106</keymap>"), "XR-349" },
        { "time zone", "xcp-ng-8.3", WITH("<timezone>Asia/Peking</timezone>"), "XR-06" },
        { "file system", "xenserver-9",
                "<installation>" NIC PASSWORD LOCAL
                "<primary-disk fs-type='xfs'>disk/by-id/a</primary-disk></installation>",
                "XR-325" },
        { "mode", "xcp-ng-8.3", "<installation mode='new'>" DISK NIC PASSWORD LOCAL "</installation>", "XR-325" },
};

/* The first problem's rule is the one expected, and nothing that was a password is ever shown. */
static void table(void)
{
        for (size_t i = 0; i < COUNT(cases); i++) {
                size_t errors, warnings, n = strlen(cases[i].text);
                if (strstr(cases[i].why, "NUL"))
                        n += 1 + strlen("</installation>");
                AUTO_FREE char *got =
                        judged(release_find(cases[i].release), "a.xml", bytes_of(cases[i].text, n), &errors, &warnings);
                bool fine = cases[i].rule ? strstr(got, cases[i].rule) != NULL : !*got;
                unit_case("lint", cases[i].why, fine && !strstr(got, "hunter2") && !strstr(got, "abcdefgh"), got);
        }
}

/* However the file is damaged, the password stays out of what is printed. */
static void secrets(void)
{
        static const char *const files[] = {
                "<installation><root-password>hunter2</root-password><a",
                "<installation><root-password>hunter2&x</root-password></installation>",
                "<installation><root-password>ab<hunter2 x</root-password></installation>",
                "<root-password>\nhunter2\n&<",
                "<installation><root-password>\nhunter2\n</root-password><flavour/></installation>",
                "<installation><root-password type='hunter2'/></installation>",
                "<installation><root-password hunter2='a'/></installation>",
                "<installation><Root-Passwd>hunter2</Root-Passwd></installation>",
                "<installation><rot-pasword>hunter2</rot-pasword><x/></installation>",
                "<installation><source>http://me:hunter2@h/</source></installation>",
                "<installation>\xff<root-password>hunter2</root-password>",
                "<installation><root-password>hun\xe5\xad\xa6</root-password><hostname>hun</hostname></installation>",
                "<installation><root-password><hunter2/></root-password></installation>",
                "<root-password>hunter2</root-password>",
                "<installation><root-password><![CDATA[hunter2]]></root-password><x/></installation>",
        };
        for (size_t i = 0; i < COUNT(files); i++) {
                size_t errors, warnings;
                AUTO_FREE char *got = judged(
                        release_find("xcp-ng-8.3"), "a.xml", bytes_of(files[i], strlen(files[i])), &errors, &warnings);
                char why[60];
                snprintf(why, sizeof(why), "secret %zu", i);
                unit_case("lint", why, errors + warnings > 0 && !strstr(got, "hunter2"), got);
        }
}

static void limits(void)
{
        size_t errors, warnings, n = (1 << 20) + 1;
        AUTO_FREE char *large = malloc(n + 1);
        memset(large, ' ', n);
        large[n] = '\0';
        AUTO_FREE char *got = judged(release_find("xcp-ng-8.3"), "a.xml", bytes_of(large, n), &errors, &warnings);
        unit_case("lint", "larger than 1 MiB", strstr(got, "XR-302") != NULL, got);
        memset(large, 'a', n - 2);
        memcpy(large, "<b ", 3);
        AUTO_FREE char *wide = judged(release_find("xcp-ng-8.3"), "a.xml", bytes_of(large, n - 2), &errors, &warnings);
        unit_case("lint", "a tag that never ends", strstr(wide, "XR-300") != NULL, wide);
        for (size_t i = 0; i + 3 < n - 1; i += 3)
                memcpy(large + i, "<a>", 3);
        AUTO_FREE char *deep = judged(release_find("xcp-ng-8.3"), "a.xml", bytes_of(large, n - 2), &errors, &warnings);
        unit_case("lint", "350,000 levels deep", strstr(deep, "XR-300") != NULL, deep);
}

/* Positions stay right far behind the beginning, where the parser has dropped what it read. */
static void far_away(void)
{
        AUTO_STR text = STR_MAX(1 << 20);
        size_t errors, warnings;
        str_add(&text, "<?xml version='1.0' encoding='ISO-8859-1'?>\n<installation>");
        for (int i = 0; i < 9000; i++)
                str_add(&text, "<guest-disk>disk/by-id/x</guest-disk>\n");
        str_add(&text, DISK NIC PASSWORD "\n" LOCAL "<flavour/></installation>");
        AUTO_FREE char *got = judged(release_find("xcp-ng-8.3"), "a.xml", str_bytes(&text), &errors, &warnings);
        unit_case("lint", "position in a long file", strstr(got, "a.xml:9003:24: warning XR-310") == got, got);
}

int main(int argc, char **argv)
{
        glob_t found;
        if (glob("tests/golden/lint/*_*.xml", 0, NULL, &found))
                unit_case("lint", "golden pairs", false, "none found; run from the top of the source tree");
        else {
                for (size_t i = 0; i < found.gl_pathc; i++)
                        golden_pair(found.gl_pathv[i], argc > 1 && !strcmp(argv[1], "--write"));
                globfree(&found);
        }
        table();
        secrets();
        limits();
        far_away();
        return 0;
}
