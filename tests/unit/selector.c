#include "tests/unit/unit.h"
#include "answerfiles/pack.h"
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

static const char *content(const struct pack_files *files, const char *name)
{
        for (size_t i = 0; i < files->n; i++)
                if (!strcmp(files->items[i].name, name))
                        return str_text(&files->items[i].content);
        return NULL;
}

/* Adds the three hosts in the given order. */
static bool pack(const char *order, struct pack_files *out, struct err *e)
{
        const struct plan plan = { .release = release_find("xcp-ng-8.3") };
        struct selector_pack *p = selector_pack_new(&plan, e);
        bool fine = p;
        for (; fine && *order; order++)
                fine = selector_pack_add(
                        p, &hosts[*order - 'a'], bytes_of(answers[*order - 'a'], strlen(answers[*order - 'a'])), e);
        fine = fine && selector_pack_finish(p, "build-1", 1700000000, out, e);
        selector_pack_free(p);
        return fine;
}

static void order_does_not_matter(void)
{
        static const char *const orders[] = { "abc", "cba", "bca" };
        struct pack_files first = { 0 };
        struct err e = ERR_INIT;
        unit_case("pack", "three hosts", pack("abc", &first, &e), e.text);
        for (size_t i = 1; i < COUNT(orders); i++) {
                struct pack_files other = { 0 };
                bool same = pack(orders[i], &other, &e) && first.n == other.n;
                for (size_t f = 0; same && f < first.n; f++)
                        same = !strcmp(first.items[f].name, other.items[f].name) &&
                               first.items[f].content.len == other.items[f].content.len &&
                               !memcmp(first.items[f].content.ptr, other.items[f].content.ptr,
                                       first.items[f].content.len);
                unit_case("pack, same bytes in the order", orders[i], same, "they differ");
                pack_files_clear(&other);
        }
        pack_files_clear(&first);
}

static void records(void)
{
        static const struct {
                const char *why, *line;
        } rows[] = {
                { "build", "\nbuild\tbuild-1\n" },
                { "time", "\nmade\t1700000000\n" },
                { "release", "\nrelease\tXCP-ng 8.3\tBIOS UEFI\n" },
                { "number of lines", "\nlines\t6\n" },
                { "a message", "\nmessage\t515\t" },
                { "interlocks", "\nset\t1\trefuse\trefuse\t-\n" },
                { "interlocks lifted", "\nset\t2\treinstall\terase\t1\n" },
                { "disk", "\ndisk\t2\tprimary\tby-id\t" },
                { "disk's limits", "\t7\tsata nvme\tata-A\n" },
                { "host by MAC", "\nhost\t02:00:00:00:00:01\t-\t1\tnn36\ta\t1-4\n" },
                { "host by both, settings shared", "\nhost\t02:00:00:00:00:02\tSN 2\t1\tnn36\tb\t1,5,3-4\n" },
                { "host by serial", "\nhost\t-\tSN3\t2\tnn36\tc\t1,6,3-4\n" },
                { "end", "\nend\t3\n" },
        };
        struct pack_files files = { 0 };
        struct err e = ERR_INIT;
        const char *got = pack("abc", &files, &e) ? content(&files, "xenroll-hosts") : NULL;
        for (size_t i = 0; i < COUNT(rows); i++)
                unit_case("record", rows[i].why, got && strstr(got, rows[i].line), got);
        unit_case("record", "no third set", got && !strstr(got, "\nset\t3"), got);
        unit_same("lines", "each once, in order", content(&files, "xenroll-lines"),
                "<installation>\n  <hostname>a</hostname>\n  <keymap>us</keymap>\n</installation>\n  "
                "<hostname>b</hostname>\n  <hostname>c</hostname>\n");
        pack_files_clear(&files);
}

static void refused(void)
{
        static const struct {
                const char *why;
                struct host host;
                const char *answer, *error;
        } rows[] = {
                { "no end of line", { .name = "a", .pool = &pool, .set = &plain, .mac = MAC(1) }, "<a/>",
                        "not lines of text" },
                { "empty", { .name = "a", .pool = &pool, .set = &plain, .mac = MAC(1) }, "", "not lines of text" },
                { "nothing to know it by", { .name = "a", .pool = &pool, .set = &plain }, "<a/>\n", "neither" },
                { "rule without value", { .name = "a", .pool = &pool, .set = &no_value, .mac = MAC(1) }, "<a/>\n",
                        "no value" },
                { "tab in a value", { .name = "a", .pool = &pool, .set = &tab, .mac = MAC(1) }, "<a/>\n",
                        "cannot hold" },
                { "newline in a serial number", { .name = "a", .pool = &pool, .set = &plain, .serial = "a\nb" },
                        "<a/>\n", "cannot hold" },
        };
        const struct plan plan = { .release = release_find("xcp-ng-8.3") };
        for (size_t i = 0; i < COUNT(rows); i++) {
                struct err e = ERR_INIT;
                struct pack_files files = { 0 };
                struct selector_pack *p = selector_pack_new(&plan, &e);
                bool fine = selector_pack_add(p, &rows[i].host, bytes_of(rows[i].answer, strlen(rows[i].answer)), &e) &&
                            selector_pack_finish(p, "b", 0, &files, &e);
                unit_case("refused", rows[i].why, !fine && strstr(e.text, rows[i].error), e.text);
                selector_pack_free(p);
                pack_files_clear(&files);
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
        many_texts();
        return 0;
}
