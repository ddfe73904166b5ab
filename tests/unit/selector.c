#include "tests/unit/unit.h"
#include "answerfiles/pack.h"
#include "answerfiles/pack_read.h"
#include "answerfiles/selector.h"
#include "base/rule.h"
#include "base/text.h"

static struct school school = { .id = "nn36" };
static struct pool pool = { .school = &school };
static const struct settings plain = { .management_nic = -1 };
static const struct settings alike = { .management_nic = -1, .keyboard = "us" }; /* the selector sees no difference */
static const struct settings bold = { .management_nic = 1,
        .already_installed = INSTALLED_REINSTALL,
        .other_data = OTHER_ERASE,
        .disk = { .kind = DISK_BY_ID, .value = "ata-A", .bus = BUS_SATA | BUS_NVME, .at_most = 7 } };
static const struct settings no_value = { .management_nic = -1, .disk = { .kind = DISK_SERIAL } };
static const struct settings tab = { .management_nic = -1, .disk = { .kind = DISK_SERIAL, .value = "a\tb" } };

#define MAC(n)                                                                                                         \
        {                                                                                                              \
                .byte = { 2, 0, 0, 0, 0, n }, .given = true                                                            \
        }
#define ANSWER(name)                                                                                                   \
        "<installation>\n"                                                                                             \
        "  <hostname>" name "</hostname>\n"                                                                            \
        "  <keymap>us</keymap>\n"                                                                                      \
        "</installation>\n"

static const struct host hosts[] = {
        { .name = "a", .pool = &pool, .set = &plain, .number = 1, .mac = MAC(1) },
        { .name = "b", .pool = &pool, .set = &alike, .number = 2, .mac = MAC(2), .serial = "SN 2" },
        { .name = "c", .pool = &pool, .set = &bold, .number = 3, .serial = "SN3" },
};
static const char *const answers[] = { ANSWER("a"), ANSWER("b"), ANSWER("c") };
static const char *const plans[] = { "<plan>\n<self a/>\n</plan>\n", "<plan>\n<self b/>\n</plan>\n", "" }; /* c has none */

/* One file of a pack, NUL-terminated, in a buffer that the next call fills again. */
static const char *content(const struct str *pack, const char *name)
{
        static char text[1 << 16];
        struct err e = ERR_INIT;
        struct pack_read *r = pack_read(str_bytes(pack), &e);
        struct bytes file = r ? pack_read_file(r, name) : bytes_of(NULL, 0);
        bool fine = file.ptr && file.len < sizeof(text);
        if (fine) {
                memcpy(text, file.ptr, file.len);
                text[file.len] = '\0';
        }
        pack_read_free(r);
        return fine ? text : NULL;
}

/* Adds the three hosts in the given order. */
static bool pack(const char *order, struct str *out, struct err *e)
{
        const struct plan plan = { .release = release_find("xcp-ng-8.3") };
        struct selector_pack *p = selector_pack_new(&plan, e);
        bool fine = p;
        if (p)
                selector_pack_agent(p, "a5a5", "", 17);
        for (; fine && *order; order++)
                fine = selector_pack_add(
                        p, &hosts[*order - 'a'], bytes_of(answers[*order - 'a'], strlen(answers[*order - 'a'])),
                        bytes_of(plans[*order - 'a'], strlen(plans[*order - 'a'])), *order == 'a' ? "https://10.1.0.5/events/a" : "", e);
        fine = fine && selector_pack_finish(p, "build-1", 1700000000, out, e);
        selector_pack_free(p);
        return fine;
}

static void order_does_not_matter(void)
{
        static const char *const orders[] = { "abc", "cba", "bca" };
        AUTO_STR first = STR_MAX(1 << 20);
        struct err e = ERR_INIT;
        unit_case("pack", "three hosts", pack("abc", &first, &e), e.text);
        for (size_t i = 1; i < COUNT(orders); i++) {
                AUTO_STR other = STR_MAX(1 << 20);
                bool same = pack(orders[i], &other, &e) && first.len == other.len && !memcmp(first.ptr, other.ptr, first.len);
                unit_case("pack, same bytes in the order", orders[i], same, "they differ");
        }
        AUTO_STR one = STR_MAX(1 << 20);
        unit_case("pack", "one host is small", pack("a", &one, &e) && one.len < 1100, str_text(&one));
}

static void records(void)
{
        static const struct {
                const char *why, *line;
        } rows[] = {
                { "build", "\nbuild\tbuild-1\n" },
                { "time", "\nmade\t1700000000\n" },
                { "release", "\nrelease\tXCP-ng 8.3\tBIOS UEFI\n" },
                { "number of lines", "\nlines\t10\n" },
                { "agent", "\nagent\ta5a5\t-\t17\n" },
                { "interlocks", "\nset\t1\trefuse\trefuse\t-\n" },
                { "interlocks lifted", "\nset\t2\treinstall\terase\t1\n" },
                { "disk", "\ndisk\t2\tprimary\tby-id\t" },
                { "disk's limits", "\t7\tsata nvme\tata-A\n" },
                { "host by MAC", "\nhost\t02:00:00:00:00:01\t-\t1\tnn36\ta\t1-4\t5-7\thttps://10.1.0.5/events/a\n" },
                { "host by both, settings shared", "\nhost\t02:00:00:00:00:02\tSN 2\t1\tnn36\tb\t1,8,3-4\t5,9,7\n" },
                { "host by serial", "\nhost\t-\tSN3\t2\tnn36\tc\t1,10,3-4\t-\n" },
                { "end", "\nend\t3\n" },
        };
        AUTO_STR files = STR_MAX(1 << 20);
        struct err e = ERR_INIT;
        const char *got = pack("abc", &files, &e) ? content(&files, "xenroll-hosts") : NULL;
        for (size_t i = 0; i < COUNT(rows); i++)
                unit_case("record", rows[i].why, got && strstr(got, rows[i].line), got);
        unit_case("record", "no third set", got && !strstr(got, "\nset\t3"), got);
        unit_same("lines", "each once, in order", content(&files, "xenroll-lines"),
                "<installation>\n  <hostname>a</hostname>\n  <keymap>us</keymap>\n</installation>\n"
                "<plan>\n<self a/>\n</plan>\n  <hostname>b</hostname>\n<self b/>\n  <hostname>c</hostname>\n");
}

static void refused(void)
{
        static const struct {
                const char *why;
                struct host host;
                const char *answer, *plan, *error;
        } rows[] = {
                { "a plan without an end of line", { .name = "a", .pool = &pool, .set = &plain, .mac = MAC(1) }, "<a/>\n", "<plan/>",
                        "plan of a is not lines of text" },
                { "no end of line", { .name = "a", .pool = &pool, .set = &plain, .mac = MAC(1) }, "<a/>", "",
                        "not lines of text" },
                { "empty", { .name = "a", .pool = &pool, .set = &plain, .mac = MAC(1) }, "", "", "not lines of text" },
                { "nothing to know it by", { .name = "a", .pool = &pool, .set = &plain }, "<a/>\n", "", "neither" },
                { "rule without value", { .name = "a", .pool = &pool, .set = &no_value, .mac = MAC(1) }, "<a/>\n", "",
                        "no value" },
                { "tab in a value", { .name = "a", .pool = &pool, .set = &tab, .mac = MAC(1) }, "<a/>\n", "",
                        "cannot hold" },
                { "newline in a serial number", { .name = "a", .pool = &pool, .set = &plain, .serial = "a\nb" },
                        "<a/>\n", "", "cannot hold" },
        };
        const struct plan plan = { .release = release_find("xcp-ng-8.3") };
        for (size_t i = 0; i < COUNT(rows); i++) {
                struct err e = ERR_INIT;
                AUTO_STR files = STR_MAX(1 << 20);
                struct selector_pack *p = selector_pack_new(&plan, &e);
                bool fine = selector_pack_add(p, &rows[i].host, bytes_of(rows[i].answer, strlen(rows[i].answer)),
                                    bytes_of(rows[i].plan, strlen(rows[i].plan)), NULL, &e) &&
                            selector_pack_finish(p, "b", 0, &files, &e);
                unit_case("refused", rows[i].why, !fine && strstr(e.text, rows[i].error), e.text);
                selector_pack_free(p);
        }
}

/* Consoles of an installer show ASCII, and the script expands {1} to {9} only. */
static void messages(void)
{
        const struct rule_row *row;
        for (size_t i = 0; (row = rule_at(i)); i++) {
                if (row->rule < 500 || row->rule > 599)
                        continue;
                unit_case("message", row->symbol,
                        text_is_ascii(row->message) && text_is_ascii(row->remedy) && *row->remedy &&
                                row->message[strlen(row->message) - 1] != '.' &&
                                row->remedy[strlen(row->remedy) - 1] == '.',
                        row->message);
        }
}

static void static_files(void)
{
        static const char *const names[] = { "hook-complete", "hook-populated", "xenroll-messages", "xenroll-select", "xenroll-sums" };
        struct pack_files files = { 0 };
        struct err e = ERR_INIT;
        unit_case("files", "five of them", selector_files(&files, bytes_of(NULL, 0), &e) && files.n == COUNT(names), e.text);
        for (size_t i = 0; i < files.n && i < COUNT(names); i++) {
                unit_same("files", "ordered by name", files.items[i].name, names[i]);
                if (i < 2 || i == 3)
                        unit_case("files", names[i], !strncmp(str_text(&files.items[i].content), "#!/bin/bash\n", 12), "no interpreter");
        }
        unit_case("files", "a row of the table", files.n > 2 && strstr(str_text(&files.items[2].content), "\nmessage\t515\t{1} was already"),
                "not there");
        struct str *slot = pack_files_add(&files, "xenroll-slot", &e);
        unit_case("files", "one more goes to its place", slot && slot == &files.items[4].content && !strcmp(files.items[5].name, names[4]),
                "elsewhere");
        pack_files_clear(&files);
        unit_case("files", "and the agent", selector_files(&files, bytes_of("\0ELF", 4), &e) && files.n == COUNT(names) + 1 &&
                          !strcmp(files.items[2].name, AGENT_NAME) && files.items[2].content.len == 4, e.text);
        unit_case("files", "which the sums cover", files.n > 5 && strstr(str_text(&files.items[5].content), "  xenroll-agent\n"), "they do not");
        pack_files_clear(&files);
}

/* What a reader must say of a pack that is whole, and of one that is not. */
static void read_back(void)
{
        AUTO_STR files = STR_MAX(1 << 20);
        struct err e = ERR_INIT;
        struct pack_read *r = pack("abc", &files, &e) ? pack_read(str_bytes(&files), &e) : NULL;
        if (!unit_case("read", "three hosts", r && pack_read_hosts(r) == 3, e.text))
                return;
        unit_case("read", "its sum fits", pack_read_fits(r), "it does not");
        unit_same("read", "build", pack_read_build(r), "build-1");
        unit_same("read", "release", pack_read_release(r), "XCP-ng 8.3");
        unit_case("read", "made", pack_read_made(r) == 1700000000, "another time");
        struct pack_host h = pack_read_host(r, 1);
        unit_same("read", "school", h.school, "nn36");
        unit_same("read", "host", h.name, "b");
        unit_same("read", "MAC", h.mac, "02:00:00:00:00:02");
        unit_same("read", "serial number", h.serial, "SN 2");
        unit_same("read", "no MAC", pack_read_host(r, 2).mac, "");
        unit_case("read", "no such file", !pack_read_file(r, "nothing").ptr, "found");
        pack_read_free(r);

        static const struct {
                const char *why, *from, *to, *error; /* error NULL: it can be read, its sum does not fit */
        } rows[] = {
                { "a changed byte", "nn36\ta", "nn36\tx", NULL },
                { "another version", "xenroll-pack 1", "xenroll-pack 2", "another version" },
                { "something else", "xenroll-pack", "xenroll-hack", "not begin" },
                { "a name that leads away", "xenroll-hosts", "../roll-hosts", "damaged" },
                { "files out of order", "xenroll-hosts", "zenroll-hosts", "damaged" },
                { "a file's length that is none", "xenroll-lines 1", "xenroll-lines x", "damaged" },
                { "tables of another version", "xenroll\t1", "xenroll\t2", "damaged" },
                { "fewer hosts than it says", "end\t3", "end\t4", "damaged" },
                { "a record without its fields", "host\t-\tSN3", "host\t-xSN3", "damaged" },
        };
        for (size_t i = 0; i < COUNT(rows); i++) {
                AUTO_STR bad = STR_MAX(1 << 20);
                str_addn(&bad, files.ptr, files.len);
                char *at = memmem(bad.ptr, bad.len, rows[i].from, strlen(rows[i].from));
                if (at)
                        memcpy(at, rows[i].to, strlen(rows[i].to));
                e = (struct err)ERR_INIT;
                r = pack_read(str_bytes(&bad), &e);
                unit_case("read", rows[i].why, at && (rows[i].error ? !r && strstr(e.text, rows[i].error) : r && !pack_read_fits(r)), e.text);
                pack_read_free(r);
        }
        bool refused = true;
        for (size_t n = 0; n < files.len; n++) {
                r = pack_read(bytes_of(files.ptr, n), &e);
                refused = refused && !r;
                pack_read_free(r);
        }
        unit_case("read", "cut off anywhere", refused, "it was taken");
        static const char zeros[64];
        unit_case("read", "an empty slot", !pack_read(bytes_of(zeros, sizeof(zeros)), &e) && strstr(e.text, "nothing"), e.text);
}

static void many_texts(void)
{
        struct pack_texts t = { 0 };
        struct arena *a = arena_new();
        struct err e = ERR_INIT;
        bool fine = true;
        for (uint32_t round = 0; round < 2; round++)
                for (uint32_t i = 0; fine && i < 300000; i++) {
                        char text[16];
                        uint32_t number = 0;
                        int n = snprintf(text, sizeof(text), "%u", i);
                        fine = pack_text_number(&t, a, text, (size_t)n, &number, &e) && number == i;
                }
        unit_case("texts", "300,000 different ones, each met twice", fine && t.n == 300000, e.text);
        pack_texts_clear(&t);
        arena_free(a);
}

int main(void)
{
        order_does_not_matter();
        records();
        refused();
        messages();
        static_files();
        read_back();
        many_texts();
        return 0;
}
