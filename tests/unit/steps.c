/* Pieces of the agent's steps: the line of those who join, what storage says of itself, cards and passwords of a host.
 */
#include "base/file.h"
#include "postinstall/agent_parts.h"
#include "postinstall/lease.h"
#include "postinstall/probe.h"
#include "postinstall/storage.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* --- the line --- */

static const struct {
        const char *why;
        const char *pairs[12]; /* other_config */
        long number;
        const char *want; /* generation holder left first before queued */
} lines[] = {
        { "nobody yet", { NULL }, 2, "0 - left first -1 before 0 out" },
        { "we wait", { "xenroll-queue-002", "b" }, 2, "0 - left first 2 before 0 in" },
        { "two are before us", { "xenroll-queue-002", "b", "xenroll-queue-003", "c", "xenroll-queue-004", "d" }, 4,
                "0 - left first 2 before 2 in" },
        { "somebody joins", { "xenroll-queue-003", "c", "xenroll-lease-1", "2", "xenroll-queue-002", "b" }, 3,
                "1 2 held first 2 before 1 in" },
        { "is through", { "xenroll-lease-1", "2", "xenroll-left-1", "b", "xenroll-queue-003", "c" }, 3,
                "1 2 left first 3 before 0 in" },
        { "the newest counts", { "xenroll-lease-9", "2", "xenroll-lease-10", "3", "xenroll-left-9", "b" }, 4,
                "10 3 held first -1 before 0 out" },
        { "keys that are not ours",
                { "xenroll-lease-x", "2", "xenroll-queue-", "b", "xenroll-queue-1a", "b", "lease-1", "2" }, 4,
                "0 - left first -1 before 0 out" },
        { "a number that is too long", { "xenroll-lease-99999999999999999999", "2" }, 4,
                "0 - left first -1 before 0 out" },
};

static void test_line(void)
{
        for (size_t i = 0; i < COUNT(lines); i++) {
                struct rpc_value items[6];
                struct rpc_value map = { .kind = RPC_STRUCT, .text = "", .items = items };
                struct lease_view v;
                char got[100];
                for (; map.n < COUNT(items) && lines[i].pairs[2 * map.n]; map.n++)
                        items[map.n] = (struct rpc_value){ .kind = RPC_TEXT,
                                .key = lines[i].pairs[2 * map.n],
                                .text = lines[i].pairs[2 * map.n + 1] };
                lease_read(&map, lines[i].number, &v);
                snprintf(got, sizeof(got), "%ld %s %s first %ld before %zu %s", v.generation,
                        *v.holder ? v.holder : "-", v.left ? "left" : "held", v.first, v.before,
                        v.queued ? "in" : "out");
                unit_same("line", lines[i].why, got, lines[i].want);
        }
}

/* --- what a storage says --- */

static const struct {
        const char *why, *xml, *want; /* "NUMBER/SERIAL/SCSIID …"; NULL: no list of LUNs */
} luns[] = {
        { "a target's",
                "<?xml version=\"1.0\" "
                "?><iscsi-target>\n\t<LUN>\n\t\t<vendor>\n\t\t\tLIO\n\t\t</vendor><serial>\n\t\t\tabc\n\t\t</serial>"
                "<LUNid>\n\t\t\t0\n\t\t</LUNid><size>1</size><SCSIid>\n\t\t\t36001\n\t\t</SCSIid></LUN></iscsi-target>",
                "0/abc/36001 " },
        { "a Fibre Channel adapter's",
                "<Devlist><Adapter><host>h</host></Adapter><BlockDevice><path>/dev/sdb</path><SCSIid>360a</"
                "SCSIid><serial>s1</serial>"
                "<lun>3</lun></BlockDevice><BlockDevice><SCSIid>360b</SCSIid></BlockDevice></Devlist>",
                "3/s1/360a -1//360b " },
        { "none", "<iscsi-target></iscsi-target>", "" },
        { "text longer than any id is none",
                "<iscsi-target><LUN><SCSIid>"
                "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
                "01234567890123456789012345678901234567890</SCSIid></LUN></iscsi-target>",
                "-1// " },
        { "a number that is none", "<iscsi-target><LUN><LUNid>-1</LUNid></LUN></iscsi-target>", "-1// " },
        { "something else", "<SRlist></SRlist>", NULL },
        { "cut", "<iscsi-target><LUN>", NULL },
        { "with a DOCTYPE", "<!DOCTYPE x [<!ENTITY a \"b\">]><iscsi-target/>", NULL },
        { "nothing", "", NULL },
};

static const struct {
        const char *why, *xml, *want;
} srs[] = {
        { "none", "<?xml version=\"1.0\" ?><SRlist></SRlist>", "0 " },
        { "one", "<SRlist><SR><UUID>\n 6f1b2c9a-0000-0000-0000-000000000001\n</UUID></SR></SRlist>",
                "1 6f1b2c9a-0000-0000-0000-000000000001" },
        { "two", "<SRlist><SR><UUID>a</UUID></SR><SR><UUID>b</UUID></SR></SRlist>", "2 a" },
        { "no list", "<iscsi-target/>", "-1 " },
        { "nothing", "", "-1 " },
};

static void test_probe(void)
{
        static struct lun_list list;
        for (size_t i = 0; i < COUNT(luns); i++) {
                AUTO_STR got = STR_MAX(4096);
                bool fine = probe_luns(bytes_of(luns[i].xml, strlen(luns[i].xml)), &list);
                for (size_t k = 0; fine && k < list.n; k++)
                        str_addf(&got, "%d/%s/%s ", list.items[k].number, list.items[k].serial, list.items[k].scsi_id);
                unit_same("LUNs", luns[i].why, fine ? str_text(&got) : NULL, luns[i].want);
        }
        for (size_t n = MOST_LUNS - 1; n <= MOST_LUNS + 1; n++) {
                char got[60], want[60];
                AUTO_STR many = STR_MAX(1 << 16);
                str_add(&many, "<iscsi-target>");
                for (size_t k = 0; k < n; k++)
                        str_addf(&many, "<LUN><LUNid>%zu</LUNid></LUN>", k);
                str_add(&many, "</iscsi-target>");
                bool fine = probe_luns(str_bytes(&many), &list);
                snprintf(got, sizeof(got), "%d: %zu of %zu", fine, list.n, list.offered);
                snprintf(want, sizeof(want), "1: %zu of %zu", n < MOST_LUNS ? n : MOST_LUNS, n);
                unit_same("LUNs",
                        n > MOST_LUNS    ? "too many"
                        : n == MOST_LUNS ? "as many as can be"
                                         : "many",
                        got, want);
        }
        for (size_t i = 0; i < COUNT(srs); i++) {
                char uuid[37], got[64];
                int n = probe_srs(bytes_of(srs[i].xml, strlen(srs[i].xml)), uuid);
                snprintf(got, sizeof(got), "%d %s", n, uuid);
                unit_same("SRs", srs[i].why, got, srs[i].want);
        }
}

/* --- how a storage looks to xapi --- */

static const char *two_portals[] = { "192.0.2.4", "192.0.2.5" };

static const struct {
        const char *why, *scsi_id, *secret, *want;
        struct agent_storage s;
} configs[] = {
        { "nfs", "", "", "server=h serverpath=/e ", { .type = AGENT_NFS, .server = "h", .path = "/e" } },
        { "nfs, with everything", "", "", "server=h serverpath=/e nfsversion=4.1 options=soft ",
                { .type = AGENT_NFS, .server = "h", .path = "/e", .version = "4.1", .options = "soft" } },
        { "iscsi, to be asked", "", "", "target=192.0.2.4 targetIQN=i ",
                { .type = AGENT_ISCSI, .portals = { two_portals, 1 }, .port = 3260, .iqn = "i" } },
        { "iscsi, two ways, with a password", "36001", "u",
                "target=192.0.2.4,192.0.2.5 targetIQN=i port=3261 SCSIid=36001 chapuser=c chappassword_secret=u "
                "multihomed=true ",
                { .type = AGENT_ISCSI,
                        .portals = { two_portals, 2 },
                        .port = 3261,
                        .iqn = "i",
                        .user = "c",
                        .multipath = true } },
        { "hba", "360a", "", "SCSIid=360a ", { .type = AGENT_HBA } },
        { "smb", "", "u", "server=\\\\h\\share username=D\\x password_secret=u ",
                { .type = AGENT_SMB, .server = "h", .path = "share", .user = "D\\x" } },
        { "iso over nfs", "", "", "location=h:/iso nfsversion=3 ",
                { .type = AGENT_ISO_NFS, .server = "h", .path = "/iso", .version = "3" } },
        { "iso over smb", "", "u", "location=//h/iso type=cifs username=x cifspassword_secret=u ",
                { .type = AGENT_ISO_SMB, .server = "h", .path = "iso", .user = "x" } },
        { "local", "", "", "", { .type = AGENT_LOCAL } },
};

static void test_config(void)
{
        for (size_t i = 0; i < COUNT(configs); i++) {
                struct device_config c;
                struct rpc_value items[MOST_CONFIG], theirs = { .kind = RPC_STRUCT, .text = "", .items = items };
                AUTO_STR got = STR_MAX(4096);
                storage_config(&configs[i].s, configs[i].scsi_id, configs[i].secret, &c);
                for (size_t k = 0; c.pairs[2 * k]; k++) {
                        str_addf(&got, "%s=%s ", c.pairs[2 * k], c.pairs[2 * k + 1]);
                        items[theirs.n++] = (struct rpc_value){
                                .kind = RPC_TEXT, .key = c.pairs[2 * k], .text = c.pairs[2 * k + 1]
                        };
                }
                unit_same("device_config", configs[i].why, str_text(&got), configs[i].want);
                bool block = configs[i].s.type == AGENT_ISCSI || configs[i].s.type == AGENT_HBA;
                bool known = configs[i].s.type != AGENT_LOCAL && (!block || *configs[i].scsi_id);
                unit_case("device_config, found again", configs[i].why,
                        storage_is_same(&configs[i].s, configs[i].scsi_id, &theirs) == known,
                        known ? "not found" : "found");
                struct agent_storage other = configs[i].s;
                other.server = "another";
                if (!block && known)
                        unit_case("device_config, another server", configs[i].why,
                                !storage_is_same(&other, "", &theirs), "taken for it");
        }
}

/* --- the machine --- */

static void write_file(int root, const char *path, const char *text)
{
        char folder[200];
        for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
                snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
                mkdirat(root, folder, 0755);
        }
        AUTO_FD int fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC, 0640);
        if (fd < 0 || write(fd, text, strlen(text)) < 0)
                perror(path);
}

static void add_card(int root, const char *name, const char *device, const char *mac, const char *port)
{
        char path[200];
        snprintf(path, sizeof(path), "sys/class/net/%s/address", name);
        write_file(root, path, mac);
        if (port) {
                snprintf(path, sizeof(path), "sys/class/net/%s/dev_port", name);
                write_file(root, path, port);
        }
        snprintf(path, sizeof(path), "sys/class/net/%s/device", name);
        if (device && symlinkat(device, root, path) < 0)
                perror(path);
}

static void test_cards(int root)
{
        struct err e = ERR_INIT;
        struct agent a = { .root = root };
        AUTO_STR got = STR_MAX(1000);
        add_card(root, "eth0", "../../../devices/pci0000:00/0000:00:1c.0/0000:03:00.0", "52:54:00:00:00:0A\n", NULL);
        add_card(root, "eth1", "../../../devices/pci0000:00/0000:00:03.0/virtio0", "52:54:00:00:00:0b\n", NULL);
        add_card(root, "eth2", "../../../devices/pci0000:00/0000:00:1c.0/0000:03:00.0", "52:54:00:00:00:0c\n", "1\n");
        add_card(root, "eth3", "../../../devices/pci0000:00/0000:00:14.0/usb1/1-1", "52:54:00:00:00:0d\n", NULL);
        add_card(root, "xenbr0", NULL, "52:54:00:00:00:0a\n", NULL);
        write_file(root, "sys/class/net/eth2/bonding_slave/perm_hwaddr", "52:54:00:00:00:cc\n");
        bool fine = machine_nics(&a, &e);
        for (size_t i = 0; i < a.n_nics; i++)
                str_addf(&got, "%s %s, ", a.nics[i].device, a.nics[i].mac);
        unit_same("cards", "in PCI order, with the addresses that are theirs", fine ? str_text(&got) : e.text,
                "eth1 52:54:00:00:00:0b, eth0 52:54:00:00:00:0a, eth2 52:54:00:00:00:cc, ");
        unit_case("cards", "there is no other", machine_nic(&a, 2) && !machine_nic(&a, 3) && !machine_nic(&a, -1),
                "there is");
}

static const struct {
        const char *why, *before, *after; /* after NULL: refused, and nothing changed */
} shadows[] = {
        { "first line", "root:$6$old:1:0:99999:7:::\nbin:*:1::::::\n", "root:$6$new:1:0:99999:7:::\nbin:*:1::::::\n" },
        { "a later line", "bin:*:1::::::\nroot:!!:1:0\n", "bin:*:1::::::\nroot:$6$new:1:0\n" },
        { "nothing behind it", "root:x", "root:$6$new" },
        { "no root", "toor:x:1\n", NULL },
        { "empty", "", NULL },
};

static void test_shadow(int root)
{
        for (size_t i = 0; i < COUNT(shadows); i++) {
                struct err e = ERR_INIT;
                struct stat s;
                AUTO_STR got = STR_MAX(4096);
                write_file(root, "etc/shadow", shadows[i].before);
                fchmodat(root, "etc/shadow", 0400, 0);
                bool fine = shadow_set(root, "$6$new", &e);
                unit_case("shadow", shadows[i].why,
                        fine == (shadows[i].after != NULL) && (!fine || shadow_is(root, "$6$new")), e.text);
                struct err ignored = ERR_INIT;
                bool read = machine_read(root, "/etc/shadow", 4096, &got, &ignored);
                unit_same("shadow, what is there then", shadows[i].why, read ? str_text(&got) : "",
                        shadows[i].after ? shadows[i].after : shadows[i].before);
                unit_case("shadow, its mode", shadows[i].why,
                        fstatat(root, "etc/shadow", &s, 0) == 0 && (s.st_mode & 0777) == 0400, "changed");
                unlinkat(root, "etc/shadow", 0);
        }
        write_file(root, "etc/shadow", "root:$6$newer:1\n");
        unit_case("shadow", "a longer hash is another", !shadow_is(root, "$6$new"), "taken for it");
}

static void test_machine(int root)
{
        char uuid[UUID_TEXT], of_pool[64];
        unit_case("inventory", "not there yet", !machine_uuid(root, uuid), "there");
        write_file(root, "etc/xensource-inventory",
                "PRODUCT_BRAND='XCP-ng'\nINSTALLATION_UUID='6f1b2c9a-1111-2222-3333-444444444444'\n");
        unit_same("inventory", "the host's uuid", machine_uuid(root, uuid) ? uuid : NULL,
                "6f1b2c9a-1111-2222-3333-444444444444");
        write_file(root, "etc/xensource/pool.conf", "master");
        unit_case("pool.conf", "its own coordinator", !machine_is_member(root, of_pool), "a member");
        write_file(root, "etc/xensource/pool.conf", "slave:192.0.2.11\n");
        unit_same("pool.conf", "a member", machine_is_member(root, of_pool) ? of_pool : NULL, "192.0.2.11");
}

int main(void)
{
        char path[] = "/tmp/xenroll-unit-XXXXXX";
        AUTO_FD int root = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY) : -1;
        test_line();
        test_probe();
        test_config();
        test_cards(root);
        test_shadow(root);
        test_machine(root);
        struct err ignored = ERR_INIT;
        return !unit_case("steps", "the folder is removed", file_remove_tree(AT_FDCWD, path, &ignored), ignored.text);
}
