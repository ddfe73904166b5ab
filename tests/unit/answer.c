/* Answer files: one golden file per release (`answer --write` makes them anew), and a table of variations.
 * Run from the top of the source tree. */
#include "tests/unit/unit.h"
#include "tests/unit/sample_host.h"
#include "answerfiles/answer.h"
#include "base/file.h"

#include <fcntl.h>

static const struct answer_options options = { .hook_base = "file:///tmp/xenroll",
        .own_hook = { [STAGE_INSTALLATION_START] = "xenroll-start", [STAGE_INSTALLATION_COMPLETE] = "xenroll-done" } };

static const char *written(const struct release *r, const struct host *h, struct str *out, struct err *e)
{
        struct answer_writer *w = answer_writer_new(r, &options, e);
        bool fine = w && answer_write(w, h, out, e);
        answer_writer_free(w);
        return fine ? str_text(out) : e->text;
}

/* What a release does not know is left out of its host, as plan_check would demand. */
static void fit(struct sample *s, const struct release *r)
{
        if (!r->raid_element && !r->swraid)
                return;
        s->set.raid.n = 2;
        s->set.n_guest_disks = 0;
        if (r->gpg == GPG_PER_SOURCE)
                s->set.source.repo_gpgcheck = TRI_NO;
}

static void golden(const struct release *r, bool write)
{
        static struct sample s;
        sample_init(&s);
        fit(&s, r);
        struct err e = ERR_INIT;
        AUTO_STR out = STR_MAX(1 << 20), want = STR_MAX(1 << 20);
        AUTO_FREE char *name = NULL;
        if (asprintf(&name, "tests/golden/answer/%s.xml", r->id) < 0)
                return;
        const char *got = written(r, &s.host, &out, &e);
        if (write) {
                AUTO_FILE FILE *f = fopen(name, "w");
                if (f)
                        fputs(got, f);
        }
        if (!file_read(AT_FDCWD, name, 1 << 20, &want, &e))
                unit_case("golden answer", r->id, false, e.text);
        else
                unit_case("golden answer", r->id, !strcmp(got, str_text(&want)), got);
}

static void pick(struct sample *s) { s->set.disk = (struct disk_rule){ .kind = DISK_PICK_SMALLEST }; }
static void by_serial(struct sample *s) { s->set.disk = (struct disk_rule){ .kind = DISK_SERIAL, .value = "PHYF001" }; }
static void by_path(struct sample *s)
{
        s->set.disk = (struct disk_rule){ .kind = DISK_BY_PATH, .value = "pci-0000:00:1f.2-ata-1" };
}
static void by_name(struct sample *s) { s->set.disk = (struct disk_rule){ .kind = DISK_DEVICE, .value = "nvme0n1" }; }
static void guest_serial(struct sample *s) { s->guests[1] = (struct disk_rule){ .kind = DISK_SERIAL, .value = "X" }; }
static void no_storage(struct sample *s) { s->set.local_storage = LOCAL_NONE; }
static void lvm(struct sample *s) { s->set.local_storage = LOCAL_LVM; }
static void no_mac(struct sample *s) { s->host.mac.given = false; }
static void by_dhcp(struct sample *s) { s->host.address.given = false; }
static void ip6_auto(struct sample *s) { s->set.ipv6 = IPV6_AUTOCONF; }
static void ip6_none(struct sample *s) { s->set.ipv6 = IPV6_NONE; }
static void no_gateway(struct sample *s) { s->school.gateway.given = false; }
static void no_domain(struct sample *s) { s->set.domain = NULL; }
static void from_nfs(struct sample *s)
{
        s->set.source = (struct install_source){ .type = SOURCE_NFS, .url = "192.168.0.5:/xcp" };
}
static void unsigned_source(struct sample *s) { s->set.source.gpgcheck = TRI_NO; }
static void mirror(struct sample *s) { s->set.raid.n = 2; s->set.raid.disks[1].kind = DISK_SERIAL; }
static void foreign(struct sample *s) { s->host.name = "xen\xe5\x8d\x97"; }
static void no_password(struct sample *s) { s->set.root_password.kind = PASSWORD_UNSET; }

static const struct { const char *why, *release; void (*change)(struct sample *); const char *has, *lacks;
} cases[] = {
        { "smallest disk is the selector's", "xcp-ng-8.3", pick, ">xenroll-picks-the-disk</primary-disk>",
                "/dev/disk/by-id" },
        { "disk by serial is the selector's", "xcp-ng-8.3", by_serial, ">xenroll-picks-the-disk</primary-disk>",
                "PHYF001" },
        { "disk by path", "xcp-ng-8.3", by_path, ">/dev/disk/by-path/pci-0000:00:1f.2-ata-1</primary-disk>", NULL },
        { "disk by name", "xcp-ng-8.3", by_name, ">/dev/nvme0n1</primary-disk>", NULL },
        { "guest disk by serial", "xcp-ng-8.3", guest_serial, "<guest-disk>xenroll-picks-guest-disk-2</guest-disk>",
                "sdc" },
        { "no local storage", "xcp-ng-8.3", no_storage, "guest-storage=\"no\"", "sr-type" },
        { "lvm", "xcp-ng-8.3", lvm, "sr-type=\"lvm\"", NULL },
        { "host known by serial", "xcp-ng-8.3", no_mac, "hwaddr=\"xenroll-picks-the-nic\"", "00:16:3e" },
        { "address by DHCP", "xcp-ng-8.3", by_dhcp, "proto=\"dhcp\"", "<gateway>" },
        { "IPv6 by router", "xcp-ng-8.3", ip6_auto, "protov6=\"autoconf\"", "gatewayv6" },
        { "no IPv6", "xcp-ng-8.3", ip6_none, "proto=\"static\"", "protov6" },
        { "static without gateway is refused", "xcp-ng-8.3", no_gateway, "own schema", "<installation" },
        { "short host name", "xcp-ng-8.3", no_domain, "<hostname>nn36-xen1</hostname>", NULL },
        { "VLAN is not written before 7.3", "xenserver-7.2", no_domain, "proto=\"static\"", "vlan" },
        { "VLAN from 7.3 on", "xenserver-7.3", no_domain, "vlan=\"10\"", NULL },
        { "NFS source", "xenserver-7.6", from_nfs, "<source type=\"nfs\">192.168.0.5:/xcp</source>", "type=\"local\"" },
        { "no pack before 7.1", "xenserver-7.0", no_domain, "<driver-source", "/pack/" },
        { "packs from 7.1 on", "xenserver-7.1", no_domain,
                "<source type=\"url\">http://192.168.0.5/pack/?a=1&amp;b=&lt;2&gt;</source>", "<2>" },
        { "signatures, 8.3", "xcp-ng-8.3", unsigned_source, "sr-type=\"ext\" gpgcheck=\"no\" repo-gpgcheck=\"yes\"",
                "netinstall" },
        { "signatures, a pack stays checked", "xcp-ng-8.3", unsigned_source,
                "<source type=\"nfs\" gpgcheck=\"yes\" repo-gpgcheck=\"yes\">", NULL },
        { "signatures, 8.2", "xcp-ng-8.2", unsigned_source, "netinstall-gpg-check=\"no\"", " gpgcheck" },
        { "signatures, Citrix", "citrix-hypervisor-8.2", unsigned_source, "<source type=\"local\"/>", "gpg" },
        { "mirror on XCP-ng", "xcp-ng-8.2", mirror,
                "<raid device=\"md127\">\n    <disk>/dev/disk/by-id/ata-A</disk>\n    "
                "<disk>xenroll-picks-raid-disk-2</disk>\n  </raid>",
                "swraid" },
        { "mirror on XenServer 8", "xenserver-8", mirror,
                "swraid=\"yes\">/dev/disk/by-id/ata-A,xenroll-picks-raid-disk-2</primary-disk>", "<raid" },
        { "what is not ASCII is a reference", "xenserver-9", foreign, "<hostname>xen&#x5357;.school.example</hostname>",
                "\xe5" },
        { "no password, no element", "xcp-ng-8.3", no_password, "<installation", "root-password" },
        { "never a clock source element", "xcp-ng-8.3", no_domain, "<ntp-server>ntp.aliyun.com</ntp-server>", "<ntp " },
        { "stage of XenServer 9 only", "xenserver-8", no_domain, "filesystem-populated", "packages-installed" },
        { "our hook before the user's", "xcp-ng-8.3", no_domain,
                "xenroll-start</script>\n  <script stage=\"installation-start\" "
                "type=\"nfs\">nfs://192.168.0.5/scripts/start.sh",
                NULL },
};

static void variations(void)
{
        for (size_t i = 0; i < COUNT(cases); i++) {
                static struct sample s;
                sample_init(&s);
                cases[i].change(&s);
                struct err e = ERR_INIT;
                AUTO_STR out = STR_MAX(1 << 20);
                const char *got = written(release_find(cases[i].release), &s.host, &out, &e);
                bool fine = strstr(got, cases[i].has) && (!cases[i].lacks || !strstr(got, cases[i].lacks));
                unit_case("answer", cases[i].why, fine, got);
        }
}

static void same_bytes(void)
{
        static struct sample s;
        sample_init(&s);
        struct err e = ERR_INIT;
        AUTO_STR one = STR_MAX(1 << 20), two = STR_MAX(1 << 20), small = STR_MAX(100);
        struct answer_writer *w = answer_writer_new(release_find("xcp-ng-8.3"), &options, &e);
        s.school.gateway.given = false;
        bool refused = !answer_write(w, &s.host, &small, &e);
        s.school.gateway.given = true;
        bool fine = answer_write(w, &s.host, &one, &e) && answer_write(w, &s.host, &two, &e);
        unit_case("answer", "a writer goes on after a refusal", refused && fine, e.text);
        unit_same("answer", "same host, same bytes", str_text(&one), str_text(&two));
        unit_case("answer", "an answer file too large is an error", !answer_write(w, &s.host, &small, &e), "");
        answer_writer_free(w);
}

int main(int argc, char **argv)
{
        const struct release *r;
        for (size_t i = 0; (r = release_at(i)); i++)
                golden(r, argc > 1 && !strcmp(argv[1], "--write"));
        variations();
        same_bytes();
        return 0;
}
