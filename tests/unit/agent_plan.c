/* The agent's plan: written and read again; and what its reader and its schema make of plans that are not right. */
#include "tests/unit/unit.h"
#include "postinstall/agent_plan.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/rule.h"

#include <fcntl.h>
#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <stdlib.h>

#define LIST(...)                                                                                                      \
        {                                                                                                              \
                (const char *[]){ __VA_ARGS__ }, COUNT(((const char *[]){ __VA_ARGS__ }))                              \
        }

static struct agent_member members[] = {
        { "xen1", "192.168.0.11", "00:16:3e:00:00:11", NULL, 1, true },
        { "xen2", NULL, NULL, "6CU 2130<&>\"XYZ'", 2, false },
};
static struct agent_address addresses[] = { { "xen1", "10.10.0.11" }, { "xen2", "10.10.0.12" } };
static struct agent_network networks[] = {
        { .name = "存储网",
                .nic = 1,
                .netmask = "255.255.255.0",
                .addresses = addresses,
                .n_addresses = 2,
                .mtu = 9000 },
        { .name = "虚拟机网",
                .description = "two\nlines\n",
                .nic = -1,
                .bond = { 2, 3 },
                .n_bond = 2,
                .mode = "lacp",
                .vlan = 20 },
        { .name = "plain", .nic = 0 },
};
static struct agent_storage storage[] = {
        { .name = "NAS",
                .type = AGENT_NFS,
                .server = "nas.school.example",
                .path = "/data/nfs with blank",
                .version = "4.1",
                .options = "soft,\"x\"",
                .lun = -1,
                .is_default = true,
                .suspend = true,
                .crash_dump = true },
        { .name = "lun0",
                .description = "",
                .type = AGENT_ISCSI,
                .portals = LIST("192.168.0.104", "192.168.0.105"),
                .port = 3260,
                .iqn = "iqn.2017-08.local.mynet:storage.sys0",
                .lun = 0,
                .user = "xen",
                .password = "a&b<c>\"d\" é",
                .multipath = true },
        { .name = "san", .type = AGENT_HBA, .lun = -1, .scsi_id = "3600a0b80", .lun_serial = "S N" },
        { .name = "镜像库",
                .type = AGENT_ISO_SMB,
                .server = "192.168.0.103",
                .path = "iso",
                .user = "SCHOOL\\xen",
                .lun = -1 },
};
static struct agent_disk disks[] = { { 1ull << 40, NULL }, { 999999999999999999, "lun0" } };
static struct agent_vm vms[] = {
        { .name = "teach-01",
                .template = "Debian Bookworm 12",
                .vcpus = 2,
                .memory = 4ull << 30,
                .disks = disks,
                .n_disks = 2,
                .networks = LIST("plain", "虚拟机网"),
                .install_url = "http://192.168.0.5/?a=1&b=2",
                .boot_parameters = "auto url=x",
                .start = true,
                .order = 0,
                .delay = 30,
                .ha_priority = "",
                .snapshots = "nightly" },
        { .name = "minimal", .template = "Other install media", .order = -1 },
};
static struct agent_schedule schedules[] = {
        { .name = "nightly",
                .type = "snapshot",
                .frequency = "weekly",
                .keep = 7,
                .hour = 23,
                .minute = 45,
                .days = LIST("Monday", "Sunday") },
};

static const struct agent_plan everything = { .host = "xen2",
        .description = "room 3",
        .tags = LIST("school", "nn36"),
        .report = "http://192.168.0.5/h/0/report",
        .report_pin = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        .management_mac = "00:16:3e:00:00:12",
        .join_password = "Ab0123456789",
        .deployment = "0123456789abcdef0123456789abcdef",
        .build = "0123456789abcdef",
        .release = { .id = "xcp-ng-8.3",
                .product = "XCP-ng 8.3",
                .await = LIST("/var/lib/misc/ran-network-init", "/b"),
                .await_gone = LIST("/c"),
                .plain_http = true,
                .tls_flag = true,
                .cpu_features_equal = true,
                .vmss = true,
                .multipathing_call = true,
                .free_pool_size = 3 },
        .school = "nn36",
        .school_name = "南宁市第三十六中学",
        .pool = "teach",
        .pool_name = "教学资源池",
        .pool_description = "x",
        .coordinator_address = "192.168.0.11",
        .coordinator_pin = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        .join_window = 14400,
        .clock_tolerance = 60,
        .ntp = LIST("ntp.aliyun.com", "192.168.0.1"),
        .members = members,
        .n_members = 2,
        .networks = networks,
        .n_networks = COUNT(networks),
        .storage = storage,
        .n_storage = COUNT(storage),
        .ha = { "lun0", 1, 120 },
        .vms = vms,
        .n_vms = COUNT(vms),
        .schedules = schedules,
        .n_schedules = 1 };
static struct agent_plan full(void) { return everything; }

static struct agent_plan small(void)
{
        static struct agent_member alone = { .name = "xen1", .number = 1, .coordinator = true };
        return (struct agent_plan){ .host = "xen1",
                .coordinator = true,
                .deployment = "0123456789abcdef0123456789abcdef",
                .build = "b",
                .release = { .id = "r", .product = "R" },
                .school = "s",
                .pool = "p",
                .pool_name = "P",
                .members = &alone,
                .n_members = 1 };
}

static xmlRelaxNG *schema;

static void nothing(void *arg, xmlErrorPtr error) { (void)arg, (void)error; }

static void compile(void)
{
        xmlRelaxNGParserCtxt *parser = xmlRelaxNGNewParserCtxt("postinstall/agent-plan.rng");
        schema = parser ? xmlRelaxNGParse(parser) : NULL;
        xmlRelaxNGFreeParserCtxt(parser);
        unit_case("schema", "it compiles", schema, "it does not");
}

static bool schema_takes(struct bytes text)
{
        xmlSetStructuredErrorFunc(NULL, nothing);
        xmlDoc *doc = xmlReadMemory(text.ptr, (int)text.len, NULL, NULL, XML_PARSE_NONET);
        xmlRelaxNGValidCtxt *valid = xmlRelaxNGNewValidCtxt(schema);
        bool takes = doc && !xmlRelaxNGValidateDoc(valid, doc);
        xmlRelaxNGFreeValidCtxt(valid);
        xmlFreeDoc(doc);
        xmlSetStructuredErrorFunc(NULL, NULL);
        return takes;
}

static void round_trip(const char *why, const struct agent_plan *p)
{
        struct err e = ERR_INIT;
        AUTO_STR first = STR_MAX(AGENT_PLAN_LONGEST), again = STR_MAX(AGENT_PLAN_LONGEST);
        unit_case("written", why, agent_plan_write(p, &first, &e), e.text);
        unit_case("written, and valid", why, schema_takes(str_bytes(&first)), str_text(&first));
        struct agent_plan *back = agent_plan_read(str_bytes(&first), &e);
        if (unit_case("read again", why, back, e.text) && agent_plan_write(back, &again, &e))
                unit_same("written again", why, str_text(&again), str_text(&first));
        agent_plan_free(back);
}

static void read_values(void)
{
        struct err e = ERR_INIT;
        AUTO_STR text = STR_MAX(AGENT_PLAN_LONGEST);
        struct agent_plan p = full(),
                          *got = agent_plan_write(&p, &text, &e) ? agent_plan_read(str_bytes(&text), &e) : NULL;
        if (!unit_case("value", "all of it", got, e.text))
                return;
        unit_same("value", "a password with everything", got->storage[1].password, storage[1].password);
        unit_same("value", "two lines", got->networks[1].description, "two\nlines\n");
        unit_same("value", "empty is not absent", got->storage[1].description, "");
        unit_same("value", "HA priority that is empty", got->vms[0].ha_priority, "");
        unit_case("value", "LUN 0 and no LUN", got->storage[1].lun == 0 && got->storage[0].lun == -1, "another");
        unit_case("value", "order 0 and no order", got->vms[0].order == 0 && got->vms[1].order == -1, "another");
        unit_case("value", "a bond has no card of its own",
                got->networks[1].nic == -1 && got->networks[1].n_bond == 2 && got->networks[1].bond[1] == 3, "another");
        unit_case("value", "a large disk", got->vms[0].disks[1].size == 999999999999999999, "another");
        unit_case("value", "absent", !got->root_hash && !got->members[1].address && !got->vms[1].snapshots, "there");
        unit_case(
                "value", "types", got->storage[3].type == AGENT_ISO_SMB && got->storage[2].type == AGENT_HBA, "others");
        unit_case("value", "counts",
                got->tags.n == 2 && got->n_vms == 2 && got->schedules[0].days.n == 2 && got->ntp.n == 2, "others");
        agent_plan_free(got);
}

/* What the writer must not write: the reader would not take it. */
static void unwritable(void)
{
        static const struct {
                const char *why, *host, *school_name, *pool_name, *deployment;
        } rows[] = {
                { "nothing where something is needed", NULL, "x", "P", "0123456789abcdef0123456789abcdef" },
                { "a blank in a host's name", "xen 1", "x", "P", "0123456789abcdef0123456789abcdef" },
                { "a control character", "xen1", "a\x01b", "P", "0123456789abcdef0123456789abcdef" },
                { "no UTF-8", "xen1", "a\xff", "P", "0123456789abcdef0123456789abcdef" },
                { "what no XML can hold", "xen1", "a\xef\xbf\xbf", "P", "0123456789abcdef0123456789abcdef" },
                { "an empty name", "xen1", "x", "", "0123456789abcdef0123456789abcdef" },
                { "digits that are missing", "xen1", "x", "P", "0123" },
        };
        for (size_t i = 0; i < COUNT(rows); i++) {
                struct err e = ERR_INIT;
                AUTO_STR text = STR_MAX(AGENT_PLAN_LONGEST);
                struct agent_plan p = small();
                p.host = rows[i].host;
                p.school_name = rows[i].school_name;
                p.pool_name = rows[i].pool_name;
                p.deployment = rows[i].deployment;
                unit_case("not written", rows[i].why,
                        !agent_plan_write(&p, &text, &e) && e.code == XR_AGENT_PLAN_UNWRITABLE, str_text(&text));
        }
}

/* The first occurrence of `from` replaced by `to`; "*N" in front of to: N times the character behind it. */
static bool mutate(const struct str *text, const char *from, const char *to, struct str *out)
{
        const char *at = strstr(str_text(text), from);
        if (!at)
                return false;
        str_addn(out, text->ptr, (size_t)(at - text->ptr));
        for (const char *s = to; *s; s++) {
                int times = 1;
                char *end = (char *)(uintptr_t)s;
                if (*s == '*' && s[1] >= '0' && s[1] <= '9') {
                        times = (int)strtol(s + 1, &end, 10);
                        s = end;
                }
                while (times--)
                        str_addc(out, *s);
        }
        str_add(out, at + strlen(from));
        return true;
}

static const struct {
        const char *why, *from, *to, *error; /* error NULL: both take it */
} mutants[] = {
        { "as it is", "<self", "<self", NULL },
        { "a comment", "<self", "<!-- a comment --><self", NULL },
        { "blanks and line feeds", "<self", "\n\t \r\n<self", NULL },
        { "another order of attributes", "host=\"xen1\" ip=\"10.10.0.11\"", "ip=\"10.10.0.11\" host=\"xen1\"", NULL },
        { "apostrophes", "host=\"xen1\"", "host='xen1'", NULL },
        { "a namespace that nobody uses", "<agent-plan ", "<agent-plan xmlns:x=\"urn:x\" ", NULL },
        { "a character reference", "host=\"xen1\"", "host=\"&#120;en1\"", NULL },
        { "no HA", "<ha heartbeat=\"lun0\" tolerate=\"1\" timeout=\"120\"/>", "", NULL },
        { "a default that is said", "order=\"0\"", "order=\"999999999\"", NULL },
        { "the longest name", "name=\"plain\" nic", "name=\"*1024n\" nic", NULL },
        { "the longest name, in Chinese", "school-name=\"南", "school-name=\"", NULL },
        { "eight cards", "<card number=\"3\"/>",
                "*1<card number=\"3\"/><card number=\"4\"/><card number=\"5\"/><card number=\"6\"/><card number=\"7\"/>"
                "<card number=\"8\"/><card number=\"9\"/>",
                NULL },

        { "a name too long", "name=\"plain\" nic", "name=\"*1025n\" nic",
                "'name' of 'network' is not a text of the right length" },
        { "a word too long", "join-password=\"", "join-password=\"*2000x", "'join-password' of 'self' is not a word" },
        { "a description too long", "description=\"room 3", "description=\"*4097d",
                "'description' of 'self' is not a text" },
        { "an unknown element", "<self", "<unknown/><self", "'unknown' is not expected here, inside of 'agent-plan'" },
        { "an element of another place", "<self", "<disk size=\"1\"/><self", "'disk' is not expected" },
        { "an unknown attribute", "<self ", "<self colour=\"red\" ", "'self' has no attribute 'colour'" },
        { "an attribute of XML's own", "<self ", "<self xml:lang=\"zh\" ", "'self' has no attribute 'lang'" },
        { "a namespace", "<self ", "<self xmlns=\"urn:x\" ", "in a namespace" },
        { "an attribute twice", "<self ", "<self host=\"xen1\" ", "well-formed" },
        { "a missing attribute", " host=\"xen2\" description", " description", "'self' lacks the attribute 'host'" },
        { "self twice", "</self>", "</self><self host=\"xen2\"/>", "'agent-plan' has too many of 'self'" },
        { "HA twice", "<ha ", "<ha heartbeat=\"lun0\"/><ha ", "too many of 'ha'" },
        { "nine cards", "<card number=\"3\"/>",
                "<card number=\"3\"/><card number=\"4\"/><card number=\"5\"/><card number=\"6\"/><card number=\"7\"/>"
                "<card number=\"8\"/><card number=\"9\"/><card number=\"1\"/>",
                "'network' has too many of 'card'" },
        { "text", "<self", "text<self", "there is text in 'agent-plan'" },
        { "text in an element that has none", "<card number=\"3\"/>", "<card number=\"3\">x</card>",
                "there is text in 'card'" },
        { "text in CDATA", "<self", "<![CDATA[x]]><self", "there is text" },
        { "a number that is none", "order=\"0\"", "order=\"x\"", "'order' of 'vm' is not a whole number" },
        { "an empty number", "order=\"0\"", "order=\"\"", "a whole number" },
        { "a number with a sign", "order=\"0\"", "order=\"+1\"", "a whole number" },
        { "a negative number", "order=\"0\"", "order=\"-1\"", "a whole number" },
        { "a number with a zero in front", "order=\"0\"", "order=\"01\"", "a whole number" },
        { "a number among blanks", "order=\"0\"", "order=\" 1 \"", "a whole number" },
        { "a number too large", "order=\"0\"", "order=\"1000000000\"", "a whole number" },
        { "a size too large", "size=\"999999999999999999\"", "size=\"1000000000000000000\"", "a whole number" },
        { "a size of nothing", "size=\"999999999999999999\"", "size=\"0\"", "a whole number" },
        { "yes that is no", "start=\"yes\"", "start=\"no\"", "'start' of 'vm' is not 'yes'" },
        { "yes among blanks", "start=\"yes\"", "start=\" yes \"", "'yes'" },
        { "an unknown type of storage", "type=\"nfs\"", "type=\"nfs3\"", "'type' of 'storage' is not one of" },
        { "an unknown mode", "mode=\"lacp\"", "mode=\"LACP\"", "'mode' of 'network' is not one of" },
        { "an unknown day", "name=\"Monday\"", "name=\"monday\"", "one of the words" },
        { "an address", "ip=\"10.10.0.11\"", "ip=\"10.10.0.256\"", "an IPv4 address" },
        { "an address with a zero in front", "ip=\"10.10.0.11\"", "ip=\"10.10.0.011\"", "an IPv4 address" },
        { "an address of three", "ip=\"10.10.0.11\"", "ip=\"10.10.11\"", "an IPv4 address" },
        { "an address of five", "ip=\"10.10.0.11\"", "ip=\"10.10.0.11.1\"", "an IPv4 address" },
        { "an address with an end", "ip=\"10.10.0.11\"", "ip=\"10.10.0.11/24\"", "an IPv4 address" },
        { "a MAC in capitals", "mac=\"00:16:3e:00:00:11\"", "mac=\"00:16:3E:00:00:11\"",
                "a MAC address in lower case" },
        { "half a MAC", "mac=\"00:16:3e:00:00:11\"", "mac=\"00:16:3e\"", "a MAC address" },
        { "a MAC and more", "mac=\"00:16:3e:00:00:11\"", "mac=\"00:16:3e:00:00:11:\"", "a MAC address" },
        { "a mark too short", "deployment=\"0", "deployment=\"",
                "'deployment' of 'agent-plan' is not a row of hexadecimal" },
        { "a path that is relative", "path=\"/b\"", "path=\"b\"", "an absolute path" },
        { "a blank in a word", "<ntp server=\"ntp.aliyun.com\"", "<ntp server=\"ntp aliyun\"",
                "'server' of 'ntp' is not a word" },
        { "Chinese in a word", "<ntp server=\"ntp.aliyun.com\"", "<ntp server=\"时\"",
                "'server' of 'ntp' is not a word" },
        { "an empty name", "name=\"plain\" nic", "name=\"\" nic", "a text of the right length" },
        { "a tab in a name", "name=\"plain\" nic", "name=\"a&#9;b\" nic", "a text of the right length" },
        { "a line feed in a name", "name=\"plain\" nic", "name=\"a&#10;b\" nic", "a text of the right length" },
        { "DEL in a name", "name=\"plain\" nic", "name=\"a&#127;b\" nic", "a text of the right length" },
        { "a control character", "name=\"plain\" nic", "name=\"a&#1;b\" nic", "not well-formed" },
        { "an entity", "name=\"plain\" nic", "name=\"&x;\" nic", "not well-formed" },
        { "another format", "format=\"1\"", "format=\"2\"", "another format than 1" },
        { "no format", " format=\"1\"", "", "'agent-plan' lacks the attribute 'format'" },
        { "another document", "<agent-plan ", "<plan ", "begins with 'plan'" },
        { "an end that is missing", "</agent-plan>", "", "not well-formed" },
        { "another root behind", "</agent-plan>", "</agent-plan><x/>", "not well-formed" },
        { "an order that is another", "<self", "<ntp server=\"x\"/><self", "'ntp' is not expected here" },
        { "an encoding that is none", "UTF-8", "nothing", "not well-formed" },
};

static void judge_mutants(void)
{
        struct err e = ERR_INIT;
        AUTO_STR text = STR_MAX(AGENT_PLAN_LONGEST);
        struct agent_plan p = full();
        if (!agent_plan_write(&p, &text, &e))
                return;
        for (size_t i = 0; i < COUNT(mutants); i++) {
                AUTO_STR mutant = STR_MAX(AGENT_PLAN_LONGEST);
                e = (struct err)ERR_INIT;
                bool made = mutate(&text, mutants[i].from, mutants[i].to, &mutant);
                struct agent_plan *got = agent_plan_read(str_bytes(&mutant), &e);
                bool valid = schema_takes(str_bytes(&mutant)), want = !mutants[i].error;
                unit_case("plan", mutants[i].why,
                        made && !!got == want &&
                                (want || (e.code == XR_AGENT_PLAN && strstr(e.text, mutants[i].error))),
                        got ? "it was taken" : e.text);
                unit_case("plan, by its schema", mutants[i].why, made && valid == want,
                        valid ? "it is valid" : "it is not valid");
                unit_case("plan, in one sentence", mutants[i].why,
                        got || (strstr(e.text, "line ") && !strchr(e.text, '\n') && *e.remedy), e.text);
                agent_plan_free(got);
        }
}

/* Right in themselves, and not together: beyond a schema. */
static void contradictions(void)
{
        static const struct {
                const char *why, *from, *to, *error;
        } rows[] = {
                { "a host of another pool", "<self host=\"xen2\"", "<self host=\"xen3\"", "xen3, is not among" },
                { "two coordinators", "number=\"2\"", "number=\"2\" coordinator=\"yes\"", "coordinator is not clear" },
                { "none", " coordinator=\"yes\"", "", "coordinator is not clear" },
                { "a coordinator that is none", "<self host=\"xen2\"", "<self host=\"xen2\" coordinator=\"yes\"",
                        "coordinator is not clear" },
                { "a host twice", "<member name=\"xen2\"", "<member name=\"xen1\"", "xen1 is there twice" },
                { "no address to join", " coordinator-address=\"192.168.0.11\"", "", "address is missing" },
                { "no card", "name=\"plain\" nic=\"0\"", "name=\"plain\"", "network plain has no network card" },
                { "a bond of one", "<card number=\"3\"/>", "", "no bond of several" },
                { "a card and a bond", "mode=\"lacp\"", "mode=\"lacp\" nic=\"5\"", "no bond of several" },
                { "addresses without a mask", " netmask=\"255.255.255.0\"", "", "no netmask" },
                { "an address of nobody", "<address host=\"xen1\"", "<address host=\"xen9\"", "host of another pool" },
                { "storage of nowhere", " server=\"nas.school.example\"", "", "where storage NAS" },
                { "a LUN that is none", " lun=\"0\"", "", "which disk storage lun0" },
                { "a heartbeat of nowhere", "heartbeat=\"lun0\"", "heartbeat=\"lun9\"", "heartbeat's storage, lun9" },
        };
        struct err e = ERR_INIT;
        AUTO_STR text = STR_MAX(AGENT_PLAN_LONGEST);
        struct agent_plan p = full();
        if (!agent_plan_write(&p, &text, &e))
                return;
        for (size_t i = 0; i < COUNT(rows); i++) {
                AUTO_STR mutant = STR_MAX(AGENT_PLAN_LONGEST);
                e = (struct err)ERR_INIT;
                bool made = mutate(&text, rows[i].from, rows[i].to, &mutant);
                struct agent_plan *got = agent_plan_read(str_bytes(&mutant), &e);
                unit_case("contradiction", rows[i].why,
                        made && !got && e.code == XR_AGENT_PLAN_CONTRADICTS && strstr(e.text, rows[i].error), e.text);
                agent_plan_free(got);
        }
}

#define HEAD                                                                                                           \
        "<agent-plan format=\"1\" deployment=\"0123456789abcdef0123456789abcdef\" build=\"b\" school=\"s\" "           \
        "pool=\"p\" pool-name=\"P\">\n"
#define RELEASE "<release id=\"r\" product=\"R\"/>\n"

static void whole_files(void)
{
        static const struct {
                const char *why, *text, *error;
        } rows[] = {
                { "a document type", "<!DOCTYPE agent-plan>\n<agent-plan/>", "line 1: it has a document type" },
                { "entities that multiply",
                        "<!DOCTYPE a [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]>\n<agent-plan format='&b;'/>",
                        "document type" },
                { "a file to be read", "<!DOCTYPE a SYSTEM 'file:///etc/passwd'>\n<agent-plan/>", "document type" },
                { "nothing", "", "it has 0 bytes" },
                { "blanks", "   ", "not well-formed" },
                { "something else", "{\"plan\": 1}", "not well-formed" },
                { "no release", HEAD "</agent-plan>", "line 2: 'agent-plan' lacks 'release'" },
                { "no members", HEAD RELEASE "<self host=\"a\"/></agent-plan>", "line 3: 'agent-plan' lacks 'member'" },
                { "no self", HEAD RELEASE "<member name=\"a\"/>\n</agent-plan>", "line 4: 'agent-plan' lacks 'self'" },
                { "HTML", "<html><body></html>", "begins with 'html'" },
        };
        for (size_t i = 0; i < COUNT(rows); i++) {
                struct err e = ERR_INIT;
                struct agent_plan *p = agent_plan_read(bytes_of(rows[i].text, strlen(rows[i].text)), &e);
                unit_case("file", rows[i].why, !p && strstr(e.text, rows[i].error), e.text);
                unit_case("file, by its schema", rows[i].why,
                        !schema_takes(bytes_of(rows[i].text, strlen(rows[i].text))), "it is valid");
                agent_plan_free(p);
        }
        struct err e = ERR_INIT;
        AUTO_STR text = STR_MAX(2 * AGENT_PLAN_LONGEST);
        struct agent_plan p = full();
        bool refused = agent_plan_write(&p, &text, &e);
        for (size_t n = 0; n + 2 < text.len; n++) {
                struct agent_plan *got = agent_plan_read(bytes_of(text.ptr, n), &e);
                refused = refused && !got;
                agent_plan_free(got);
        }
        unit_case("file", "cut off anywhere", refused, "it was taken");
        while (text.len <= AGENT_PLAN_LONGEST)
                str_add(&text, "                                                                ");
        unit_case("file", "too long", !agent_plan_read(str_bytes(&text), &e) && strstr(e.text, "bytes"), e.text);
}

/* A secret of the wrong form must not be quoted. */
static void quiet(void)
{
        struct err e = ERR_INIT;
        AUTO_STR text = STR_MAX(AGENT_PLAN_LONGEST), mutant = STR_MAX(AGENT_PLAN_LONGEST);
        struct agent_plan p = full();
        bool made = agent_plan_write(&p, &text, &e) &&
                    mutate(&text, "join-password=\"", "join-password=\"Sup3r S3cret", &mutant);
        struct agent_plan *got = agent_plan_read(str_bytes(&mutant), &e);
        unit_case("secret", "a damaged one is not shown",
                made && !got && strstr(e.text, "join-password") && !strstr(e.text, "S3cret"), e.text);
        agent_plan_free(got);
}

int main(void)
{
        struct agent_plan f = full(), s = small();
        compile();
        round_trip("everything that can be said", &f);
        round_trip("as little as possible", &s);
        read_values();
        unwritable();
        judge_mutants();
        contradictions();
        whole_files();
        quiet();
        xmlRelaxNGFree(schema);
        xmlCleanupParser();
        return 0;
}
