/* pack-site DIRECTORY SPECIFICATION: writes what would lie under /xsinst for hosts made by hand, and each host's answer
 * file as it was before packing (in DIRECTORY/answers/).
 *
 * The specification is words, one statement a line, applied in order; a host takes the settings said before it:
 *   release ID | build ID | made SECONDS | already refuse|reinstall | other refuse|erase | nic N
 *   disk KIND [VALUE] [at-least BYTES] [at-most BYTES] [bus B,B]      KIND as in the pack
 *   guest …, raid … the same; none guest|raid|mirror forgets them; mirror DEVICE
 *   script NAME CONTENT
 *   agent CONTENT                   hosts from here on have a plan, of their name and a password
 *   host NAME SCHOOL mac MAC|- serial SERIAL|-
 *   hosts COUNT                     that many, told apart by MAC 02:00:00:xx:xx:xx */
#include "answerfiles/selector.h"
#include "answerfiles/selector_network.h"
#include "base/file.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct tool {
        struct plan plan;
        struct settings now;
        struct disk_rule guests[8];
        struct selector_pack *pack;
        struct arena *arena;
        const char *build;
        long long made;
        int answers; /* directory, -1: not wanted */
        struct str agent;
        char sha256[65], md5[33];
        bool plans;
        const char *roll_call; /* each host's name follows it; NULL: none */
        char *rest; /* strtok_r's */
};

static _Noreturn void die(const struct err *e)
{
        fprintf(stderr, "pack-site: %s\n", e->text);
        exit(3);
}

static const char *word(struct tool *t)
{
        const char *w = strtok_r(NULL, " \n", &t->rest);
        return w ? arena_strdup(t->arena, w) : "";
}

static unsigned bus_set(const char *text)
{
        static const struct {
                const char *name;
                unsigned bus;
        } buses[] = { { "sata", BUS_SATA }, { "sas", BUS_SAS }, { "nvme", BUS_NVME }, { "usb", BUS_USB },
                { "virtio", BUS_VIRTIO }, { "raid", BUS_RAID } };
        unsigned set = 0;
        for (size_t i = 0; i < COUNT(buses); i++)
                if (strstr(text, buses[i].name))
                        set |= buses[i].bus;
        return set;
}

static struct disk_rule disk_rule(struct tool *t)
{
        static const char *const kinds[] = { "smallest", "largest", "by-id", "by-path", "serial", "device" };
        struct disk_rule rule = { 0 };
        const char *w = word(t);
        for (size_t i = 0; i < COUNT(kinds); i++)
                if (!strcmp(w, kinds[i]))
                        rule.kind = (enum disk_rule_kind)i;
        if (rule.kind != DISK_PICK_SMALLEST && rule.kind != DISK_PICK_LARGEST)
                rule.value = word(t);
        while (*(w = word(t))) {
                const char *value = word(t);
                if (!strcmp(w, "at-least"))
                        rule.at_least = strtoull(value, NULL, 10);
                else if (!strcmp(w, "at-most"))
                        rule.at_most = strtoull(value, NULL, 10);
                else
                        rule.bus = bus_set(value);
        }
        return rule;
}

/* Shaped as answer_write shapes it: one element a line, placeholders where the machine decides. */
static void write_answer(struct tool *t, const struct host *h, struct str *out)
{
        const struct settings *s = h->set;
        char mac[MAC_TEXT];
        str_add(out, "<?xml version=\"1.0\" encoding=\"ASCII\"?>\n<installation mode=\"fresh\" sr-type=\"ext\">\n");
        if (s->raid.n && t->plan.release->raid_element) {
                str_addf(out, "  <raid device=\"%s\">\n", s->raid.device);
                for (size_t i = 0; i < s->raid.n; i++)
                        str_addf(out, "    <disk>xenroll-picks-the-raid%zu</disk>\n", i + 1);
                str_addf(out, "  </raid>\n  <primary-disk guest-storage=\"yes\">/dev/%s</primary-disk>\n",
                        s->raid.device);
        } else if (s->raid.n)
                str_add(out, "  <primary-disk guest-storage=\"yes\" "
                             "swraid=\"yes\">xenroll-picks-the-raid1,xenroll-picks-the-raid2</primary-disk>\n");
        else
                str_add(out, "  <primary-disk guest-storage=\"yes\">xenroll-picks-the-disk</primary-disk>\n");
        for (size_t i = 0; i < s->n_guest_disks; i++)
                str_addf(out, "  <guest-disk>xenroll-picks-the-guest%zu</guest-disk>\n", i + 1);
        str_addf(out,
                "  <admin-interface hwaddr=\"%s\" proto=\"static\">\n    <ip>10.%u.%u.%u</ip>\n    "
                "<subnet>255.255.255.0</subnet>\n",
                h->mac.given ? mac_text(&h->mac, mac) : "xenroll-picks-the-nic", h->number >> 16, h->number >> 8 & 255,
                h->number & 255);
        str_add(out, "    <gateway>10.0.0.1</gateway>\n  </admin-interface>\n  <keymap>us</keymap>\n");
        str_addf(out,
                "  <root-password type=\"hash\">$6$%s$0123456789&amp;\\n</root-password>\n  <hostname>%s</hostname>\n",
                h->pool->school->id, h->name);
        for (int i = 0; i < 20; i++)
                str_addf(out, "  <shared-line-%d/>\n", i);
        str_add(out, "  <source type=\"local\"/>\n");
        str_add(out, "</installation>\n");
}

/* Shaped as agent_plan_write shapes it. */
static void write_plan(struct tool *t, const struct host *h, struct str *out)
{
        if (!t->plans)
                return;
        str_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<agent-plan school-name=\"南宁\">\n");
        for (int i = 0; i < 5; i++)
                str_addf(out, "  <await path=\"/%d\"/>\n", i);
        str_addf(out, "  <self host=\"%s\"%s/>\n</agent-plan>\n", h->name,
                h->number == 1 ? " coordinator=\"yes\" root-hash=\"$6$salt$digest./0\"" : " join-password=\"0neT1me\"");
}

static void say_agent(struct tool *t)
{
        unsigned char sum[EVP_MAX_MD_SIZE];
        unsigned n;
        str_add(&t->agent, word(t));
        EVP_Digest(t->agent.ptr, t->agent.len, sum, &n, EVP_sha256(), NULL);
        for (unsigned i = 0; i < 32; i++)
                snprintf(t->sha256 + 2 * i, 3, "%02x", sum[i]);
        EVP_Digest(t->agent.ptr, t->agent.len, sum, &n, EVP_md5(), NULL);
        for (unsigned i = 0; i < 16; i++)
                snprintf(t->md5 + 2 * i, 3, "%02x", sum[i]);
        selector_pack_agent(t->pack, t->sha256, t->md5, t->agent.len);
        t->plans = true;
}

static void add_host(struct tool *t, struct host h, const char *school)
{
        struct err e = ERR_INIT;
        struct school *s = ARENA_NEW(t->arena, struct school);
        struct pool *p = ARENA_NEW(t->arena, struct pool);
        struct host *kept = ARENA_NEW(t->arena, struct host);
        struct settings *set = ARENA_NEW(t->arena, struct settings);
        s->id = arena_strdup(t->arena, school);
        p->school = s;
        *set = t->now;
        set->guest_disks = ARENA_ARRAY(t->arena, struct disk_rule, COUNT(t->guests));
        memcpy(set->guest_disks, t->guests, sizeof(t->guests));
        h.pool = p;
        h.set = set;
        h.number = (uint32_t)++t->plan.n_hosts;
        *kept = h;
        AUTO_STR answer = STR_MAX(1 << 20), plan = STR_MAX(1 << 20), report = STR_MAX(400);
        if (t->roll_call)
                str_addf(&report, "%s%s", t->roll_call, h.name);
        write_answer(t, kept, &answer);
        write_plan(t, kept, &plan);
        if (!selector_pack_add(t->pack, kept, str_bytes(&answer), str_bytes(&plan), str_text(&report), &e) ||
                (t->answers >= 0 && !file_publish(t->answers, kept->name, str_bytes(&answer), 0600, &e)))
                die(&e);
}

static void say_host(struct tool *t)
{
        struct host h = { .name = word(t) };
        const char *school = word(t), *w;
        while (*(w = word(t))) {
                const char *value = word(t);
                unsigned char *b = h.mac.byte;
                if (!strcmp(w, "mac"))
                        h.mac.given = sscanf(value, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", b, b + 1, b + 2, b + 3, b + 4,
                                              b + 5) == 6;
                else if (strcmp(value, "-"))
                        h.serial = value;
        }
        add_host(t, h, school);
}

static void say_hosts(struct tool *t)
{
        unsigned n = (unsigned)atoi(word(t));
        int answers = t->answers;
        t->answers = -1;
        for (unsigned i = 1; i <= n; i++) {
                struct host h = { .name = arena_printf(t->arena, "s%u-xen%u", i / 3, i % 3 + 1), .mac.given = true };
                AUTO_STR school = STR_MAX(64);
                unsigned char mac[6] = { 2, 0, 0, (unsigned char)(i >> 16), (unsigned char)(i >> 8), (unsigned char)i };
                memcpy(h.mac.byte, mac, 6);
                str_addf(&school, "s%u", i / 3);
                add_host(t, h, str_text(&school));
        }
        t->answers = answers;
}

static void say_script(struct tool *t)
{
        struct script_list *list = &t->now.scripts[STAGE_FILESYSTEM_POPULATED];
        struct script *items = ARENA_ARRAY(t->arena, struct script, list->n + 1);
        if (list->n)
                memcpy(items, list->items, list->n * sizeof(*items));
        struct script *s = &items[list->n];
        s->medium_name = word(t);
        s->content.ptr = word(t);
        s->content.len = strlen(s->content.ptr);
        *list = (struct script_list){ items, list->n + 1 };
}

static void say_settings(struct tool *t, const char *verb)
{
        if (!strcmp(verb, "already"))
                t->now.already_installed = strcmp(word(t), "reinstall") ? INSTALLED_REFUSE : INSTALLED_REINSTALL;
        else if (!strcmp(verb, "other"))
                t->now.other_data = strcmp(word(t), "erase") ? OTHER_REFUSE : OTHER_ERASE;
        else if (!strcmp(verb, "nic"))
                t->now.management_nic = atoi(word(t));
        else if (!strcmp(verb, "disk"))
                t->now.disk = disk_rule(t);
        else if (!strcmp(verb, "guest"))
                t->guests[t->now.n_guest_disks++] = disk_rule(t);
        else if (!strcmp(verb, "raid"))
                t->now.raid.disks[t->now.raid.n++] = disk_rule(t);
        else if (!strcmp(verb, "mirror"))
                t->now.raid.device = word(t);
        else if (!strcmp(verb, "script"))
                say_script(t);
        else {
                fprintf(stderr, "pack-site: unknown word '%s'\n", verb);
                exit(1);
        }
}

static void obey(struct tool *t, char *line)
{
        const char *verb = strtok_r(line, " \n", &t->rest);
        if (!verb)
                return;
        if (!strcmp(verb, "release"))
                t->plan.release = release_find(word(t));
        else if (!strcmp(verb, "build"))
                t->build = word(t);
        else if (!strcmp(verb, "made"))
                t->made = atoll(word(t));
        else if (!strcmp(verb, "roll-call"))
                t->roll_call = word(t);
        else if (!strcmp(verb, "agent"))
                say_agent(t);
        else if (!strcmp(verb, "host"))
                say_host(t);
        else if (!strcmp(verb, "hosts"))
                say_hosts(t);
        else
                say_settings(t, verb);
}

/* The slot as a medium has it: its line, a map that is nobody's business here, the pack, zeros. */
static void write_slot(struct tool *t, struct str *slot)
{
        struct err e = ERR_INIT;
        str_add(slot, "xenroll-slot 1 4096\n");
        while (slot->len < 4096)
                str_addc(slot, slot->len % 2 ? '\0' : '\n');
        if (!selector_pack_finish(t->pack, t->build, t->made, slot, &e))
                die(&e);
        do
                str_addc(slot, '\0');
        while (slot->len % 4096);
}

/* The script as the boot server gives it away. */
static void write_network(struct tool *t, int dir)
{
        struct pack_files files = { 0 };
        struct err e = ERR_INIT;
        AUTO_STR pack = STR_MAX(64 << 20), script = STR_MAX(64 << 20);
        struct network_script s = {
                .files = &files, .server = "http://192.0.2.5", .report = "http://192.0.2.5/h/secret/report"
        };
        if (!selector_files(&files, bytes_of(NULL, 0), &e) ||
                !selector_pack_finish(t->pack, t->build, t->made, &pack, &e))
                die(&e);
        s.pack = str_bytes(&pack);
        AUTO_FD int network =
                mkdirat(dir, "network", 0700) ? -1 : openat(dir, "network", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (!network_script_write(&s, &script, &e) || !file_publish(network, "select", str_bytes(&script), 0600, &e))
                die(&e);
        str_reset(&script);
        if (!enrol_script_write("http://192.0.2.5/enrol/secret/report", &script, &e) ||
                !file_publish(network, "enrol", str_bytes(&script), 0600, &e))
                die(&e);
        pack_files_clear(&files);
}

static void publish(struct tool *t, int dir)
{
        struct err e = ERR_INIT;
        struct pack_files files = { 0 };
        if (!selector_files(&files, str_bytes(&t->agent), &e))
                die(&e);
        write_network(t, dir);
        struct str *slot = pack_files_add(&files, "xenroll-slot", &e);
        if (!slot)
                die(&e);
        write_slot(t, slot);
        for (size_t i = 0; i < files.n; i++)
                if (!file_publish(dir, files.items[i].name, str_bytes(&files.items[i].content), 0600, &e))
                        die(&e);
        pack_files_clear(&files);
}

int main(int argc, char **argv)
{
        if (argc != 3)
                return 2;
        struct err e = ERR_INIT;
        struct tool t = { .arena = arena_new(),
                .build = "build-1",
                .made = 1700000000,
                .plan.release = release_find("xcp-ng-8.3"),
                .agent = STR_MAX(1 << 20),
                .now.management_nic = -1,
                .now.raid.device = "md127" };
        AUTO_FD int dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        AUTO_FD int answers =
                mkdirat(dir, "answers", 0700) ? -1 : openat(dir, "answers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        AUTO_FILE FILE *in = fopen(argv[2], "re");
        if (dir < 0 || answers < 0 || !in || !t.plan.release) {
                perror("pack-site");
                return 3;
        }
        t.answers = answers;
        t.pack = selector_pack_new(&t.plan, &e);
        char line[4096];
        while (t.pack && fgets(line, sizeof(line), in))
                obey(&t, line);
        if (!t.pack)
                die(&e);
        publish(&t, dir);
        selector_pack_free(t.pack);
        str_clear(&t.agent);
        arena_free(t.arena);
        return 0;
}
