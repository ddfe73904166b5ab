#include "answerfiles/selector.h"
#include "answerfiles/pack.h"
#include "base/i18n.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>


enum { LARGEST_FILE = 1 << 30 };

struct packed_host {
        const struct host *host;
        uint32_t set;    /* number of its interlocks in sets */
        struct packed_lines {
                uint32_t *numbers; /* in the arena: in order of arrival */
                size_t n;
        } answer, plan;
        const char *report; /* in the arena; NULL: none */
};

struct selector_pack {
        const struct plan *plan;
        struct arena *arena;
        struct pack_texts lines, sets;
        struct packed_host *hosts;
        size_t n, cap;
        const struct settings *last_set; /* neighbours mostly share theirs */
        uint32_t last_number;
        const char *agent_sha256, *agent_md5; /* NULL: no agent */
        size_t agent_bytes;
};

struct selector_pack *selector_pack_new(const struct plan *plan, struct err *e)
{
        struct selector_pack *p = calloc(1, sizeof(*p));
        if (!p) {
                err_set(e, ERR_WORLD, _("out of memory"));
                return NULL;
        }
        p->plan = plan;
        p->arena = arena_new();
        return p;
}

void selector_pack_free(struct selector_pack *p)
{
        if (!p)
                return;
        pack_texts_clear(&p->lines);
        pack_texts_clear(&p->sets);
        arena_free(p->arena);
        free(p->hosts);
        free(p);
}

/* One field: what the script could misread is refused. Checked before, so this is about our own defects. */
static bool add_field(struct str *out, const char *what, const char *text, struct err *e)
{
        text = text && *text ? text : "-";
        for (const unsigned char *s = (const unsigned char *)text; *s; s++)
                if (*s < ' ' || *s > '~')
                        return err_set(
                                e, ERR_INPUT, _("%s '%s' has a character that the selector cannot hold"), what, text);
        str_addc(out, '\t');
        str_add(out, text);
        return true;
}

static void add_buses(struct str *out, unsigned set)
{
        static const struct {
                unsigned bus;
                const char *name;
        } buses[] = { { BUS_SATA, "sata" }, { BUS_SAS, "sas" }, { BUS_NVME, "nvme" }, { BUS_USB, "usb" },
                { BUS_VIRTIO, "virtio" }, { BUS_RAID, "raid" } };
        const char *before = "\t";
        for (size_t i = 0; i < COUNT(buses); i++) {
                if (!(set & buses[i].bus))
                        continue;
                str_addf(out, "%s%s", before, buses[i].name);
                before = " ";
        }
        if (!set)
                str_add(out, "\t-");
}

/* at_least: what applies when the rule itself says nothing. */
static bool add_disk(struct str *out, const char *role, const struct disk_rule *rule, uint64_t at_least, struct err *e)
{
        static const char *const kinds[] = { [DISK_PICK_SMALLEST] = "smallest",
                [DISK_PICK_LARGEST] = "largest",
                [DISK_BY_ID] = "by-id",
                [DISK_BY_PATH] = "by-path",
                [DISK_SERIAL] = "serial",
                [DISK_DEVICE] = "device" };
        if (rule->kind >= COUNT(kinds))
                return err_set(e, ERR_INPUT, _("a rule for one disk cannot be a mirror"));
        bool pick = rule->kind == DISK_PICK_SMALLEST || rule->kind == DISK_PICK_LARGEST;
        if (!pick && (!rule->value || !*rule->value))
                return err_set(e, ERR_INPUT, _("a disk rule has no value"));
        str_addf(out, "disk\t#\t%s\t%s\t%" PRIu64 "\t%" PRIu64, role, kinds[rule->kind],
                rule->at_least ? rule->at_least : at_least, rule->at_most);
        add_buses(out, rule->bus);
        if (!add_field(out, _("disk"), pick ? NULL : rule->value, e))
                return false;
        str_addc(out, '\n');
        return true;
}

/* '#' stands for the set's number, which is not known before the text is. */
static bool set_text(const struct selector_pack *p, const struct settings *set, struct str *out, struct err *e)
{
        const struct release *r = p->plan->release;
        str_addf(out, "set\t#\t%s\t%s\t", set->already_installed == INSTALLED_REINSTALL ? "reinstall" : "refuse",
                set->other_data == OTHER_ERASE ? "erase" : "refuse");
        if (set->management_nic >= 0)
                str_addf(out, "%d\n", set->management_nic);
        else
                str_add(out, "-\n");
        if (!set->raid.n) {
                if (!add_disk(out, "primary", &set->disk, r->min_disk, e))
                        return false;
        } else if (r->raid_element) {
                str_add(out, "mirror\t#");
                if (!add_field(out, _("mirror"), set->raid.device, e))
                        return false;
                str_addc(out, '\n');
        }
        for (size_t i = 0; i < set->raid.n; i++)
                if (!add_disk(out, "raid", &set->raid.disks[i], r->min_disk, e))
                        return false;
        for (size_t i = 0; i < set->n_guest_disks; i++)
                if (!add_disk(out, "guest", &set->guest_disks[i], 0, e))
                        return false;
        return true;
}

static bool set_number(struct selector_pack *p, const struct settings *set, uint32_t *number, struct err *e)
{
        if (p->last_set != set) {
                AUTO_STR text = STR_MAX(1 << 20);
                if (!set_text(p, set, &text, e) || !str_ok(&text, _("the disk rules"), e) ||
                        !pack_text_number(&p->sets, p->arena, str_text(&text), text.len, &p->last_number, e))
                        return false;
                p->last_set = set;
        }
        *number = p->last_number;
        return true;
}

static bool host_room(struct selector_pack *p, struct err *e)
{
        if (p->n < p->cap)
                return true;
        size_t cap = p->cap ? p->cap * 2 : 4;
        struct packed_host *hosts = realloc(p->hosts, cap * sizeof(*hosts));
        if (!hosts)
                return err_set(e, ERR_WORLD, _("out of memory"));
        p->hosts = hosts;
        p->cap = cap;
        return true;
}

static size_t count_lines(struct bytes b)
{
        size_t n = 0;
        for (const char *s = b.ptr, *end = b.ptr + b.len; s < end && (s = memchr(s, '\n', (size_t)(end - s))); s++)
                n++;
        return n;
}

static bool add_lines(struct selector_pack *p, struct bytes text, struct packed_lines *to, struct err *e)
{
        to->numbers = ARENA_ARRAY(p->arena, uint32_t, count_lines(text));
        for (const char *line = text.ptr, *end = text.ptr + text.len, *eol; line < end; line = eol + 1) {
                eol = memchr(line, '\n', (size_t)(end - line));
                if (!pack_text_number(&p->lines, p->arena, line, (size_t)(eol - line), &to->numbers[to->n++], e))
                        return false;
        }
        return true;
}

static bool is_lines(struct bytes text) { return text.ptr[text.len - 1] == '\n' && !memchr(text.ptr, 0, text.len); }

void selector_pack_agent(struct selector_pack *p, const char *sha256, const char *md5, size_t bytes)
{
        p->agent_sha256 = sha256;
        p->agent_md5 = md5;
        p->agent_bytes = bytes;
}

bool selector_pack_add(struct selector_pack *p, const struct host *host, struct bytes answer, struct bytes plan,
        const char *report, struct err *e)
{
        if (!answer.len || !is_lines(answer))
                return err_set(e, ERR_INPUT, _("the answer file of %s is not lines of text"), host->name);
        if (plan.len && !is_lines(plan))
                return err_set(e, ERR_INPUT, _("the agent's plan of %s is not lines of text"), host->name);
        if (!host->mac.given && !host->serial)
                return err_set(e, ERR_INPUT, _("host %s has neither a MAC address nor a serial number"), host->name);
        if (!host_room(p, e))
                return false;
        struct packed_host *h = &p->hosts[p->n];
        *h = (struct packed_host){ .host = host, .report = report && *report ? arena_strdup(p->arena, report) : NULL };
        if (!set_number(p, host->set, &h->set, e))
                return err_ctx(e, _("host %s"), host->name);
        if (!add_lines(p, answer, &h->answer, e) || (plan.len && !add_lines(p, plan, &h->plan, e)))
                return false;
        p->n++;
        return true;
}

static int by_number(const void *a, const void *b)
{
        const struct host *x = ((const struct packed_host *)a)->host, *y = ((const struct packed_host *)b)->host;
        return (x->number > y->number) - (x->number < y->number);
}

/* Numbers by arrival turned into numbers by first use in the hosts' own order, so that the same hosts give the same
 * bytes whoever was added first. 0 is "not met yet". */
struct order {
        uint32_t *place; /* by number of arrival; owned */
        uint32_t *back;  /* by place - 1; owned */
        uint32_t n;
};

static void order_clear(struct order *o)
{
        free(o->place);
        free(o->back);
}

static bool order_new(struct order *o, const struct pack_texts *t, struct err *e)
{
        o->place = calloc(t->n + 1, sizeof(*o->place));
        o->back = calloc(t->n + 1, sizeof(*o->back));
        return (o->place && o->back) || err_set(e, ERR_WORLD, _("out of memory"));
}

static uint32_t order_of(struct order *o, uint32_t arrival)
{
        if (!o->place[arrival]) {
                o->back[o->n++] = arrival;
                o->place[arrival] = o->n;
        }
        return o->place[arrival];
}

/* "1-12,841,14-30" */
static void add_ranges(struct str *out, struct order *o, const struct packed_lines *l)
{
        str_addc(out, '\t');
        if (!l->n)
                str_addc(out, '-');
        for (size_t i = 0; i < l->n;) {
                uint32_t first = order_of(o, l->numbers[i]), last = first;
                for (i++; i < l->n && order_of(o, l->numbers[i]) == last + 1; i++)
                        last++;
                if (out->len && out->ptr[out->len - 1] != '\t')
                        str_addc(out, ',');
                str_addf(out, "%u", first);
                if (last > first)
                        str_addf(out, "-%u", last);
        }
}

static bool add_host(
        struct str *out, struct order *lines, struct order *sets, const struct packed_host *h, struct err *e)
{
        char mac[MAC_TEXT];
        str_add(out, "host");
        if (!add_field(out, _("MAC"), h->host->mac.given ? mac_text(&h->host->mac, mac) : NULL, e) ||
                !add_field(out, _("serial number"), h->host->serial, e))
                return false;
        str_addf(out, "\t%u", order_of(sets, h->set));
        if (!add_field(out, _("school"), h->host->pool->school->id, e) || !add_field(out, _("host"), h->host->name, e))
                return false;
        add_ranges(out, lines, &h->answer);
        add_ranges(out, lines, &h->plan);
        if (h->report && !add_field(out, _("address of the roll call"), h->report, e))
                return false;
        str_addc(out, '\n');
        return true;
}

static void add_sets(struct str *out, const struct pack_texts *sets, const struct order *o)
{
        for (uint32_t i = 0; i < o->n; i++) {
                const struct pack_text *set = &sets->items[o->back[i]];
                for (const char *s = set->ptr, *end = s + set->len, *eol; s < end; s = eol) {
                        eol = memchr(s, '\n', (size_t)(end - s));
                        eol = eol ? eol + 1 : end;
                        const char *mark = memchr(s, '#', (size_t)(eol - s));
                        str_addn(out, s, (size_t)(mark - s));
                        str_addf(out, "%u", i + 1);
                        str_addn(out, mark + 1, (size_t)(eol - mark - 1));
                }
        }
}

static bool write_hosts(struct selector_pack *p, struct order *lines, const char *build_id, int64_t not_before,
        struct str *out, struct err *e)
{
        static const char *const firmware[] = {
                [FIRMWARE_BIOS] = "BIOS", [FIRMWARE_UEFI] = "UEFI", [FIRMWARE_BIOS | FIRMWARE_UEFI] = "BIOS UEFI"
        };
        const struct release *r = p->plan->release;
        OWN(order_clear) struct order sets = { 0 };
        AUTO_STR records = STR_MAX(LARGEST_FILE);
        if (!order_new(&sets, &p->sets, e))
                return false;
        for (size_t i = 0; i < p->n; i++)
                if (!add_host(&records, lines, &sets, &p->hosts[i], e))
                        return err_ctx(e, _("host %s"), p->hosts[i].host->name);
        str_add(out, "xenroll\t1\nbuild");
        if (!add_field(out, _("build"), build_id, e))
                return false;
        str_addf(out, "\nmade\t%" PRId64 "\nrelease\t%s\t%s\nlines\t%u\n", not_before, r->product,
                firmware[r->firmware & (FIRMWARE_BIOS | FIRMWARE_UEFI)], lines->n);
        if (p->agent_sha256)
                str_addf(out, "agent\t%s\t%s\t%zu\n", p->agent_sha256, *p->agent_md5 ? p->agent_md5 : "-", p->agent_bytes);
        add_sets(out, &p->sets, &sets);
        str_addn(out, str_text(&records), records.len);
        str_addf(out, "end\t%zu\n", p->n);
        return str_ok(&records, PACK_HOSTS, e) && str_ok(out, PACK_HOSTS, e);
}

static bool write_lines(const struct pack_texts *lines, const struct order *o, struct str *out, struct err *e)
{
        for (uint32_t i = 0; i < o->n; i++) {
                str_addn(out, lines->items[o->back[i]].ptr, lines->items[o->back[i]].len);
                str_addc(out, '\n');
        }
        return str_ok(out, PACK_LINES, e);
}

/* The users' own scripts, each once. Equal names have equal content: the name is made of a digest. */
struct hooks {
        const struct script **items; /* owned */
        size_t n, cap;
};

static void hooks_clear(struct hooks *h) { free(h->items); }

static bool add_hook(struct hooks *h, const struct script *s, struct err *e)
{
        size_t at = 0;
        int order = -1;
        if (!s->medium_name)
                return true;
        for (; at < h->n && (order = strcmp(h->items[at]->medium_name, s->medium_name)) < 0; at++) {
        }
        if (at < h->n && !order)
                return true;
        if (!pack_name_fits(bytes_of(s->medium_name, strlen(s->medium_name))))
                return err_set(e, ERR_INPUT, _("%s '%s' has a character that the selector cannot hold"), _("script"), s->medium_name);
        if (h->n == h->cap) {
                size_t cap = h->cap ? h->cap * 2 : 8;
                const struct script **items = realloc(h->items, cap * sizeof(*items));
                if (!items)
                        return err_set(e, ERR_WORLD, _("out of memory"));
                h->items = items;
                h->cap = cap;
        }
        memmove(&h->items[at + 1], &h->items[at], (h->n++ - at) * sizeof(*h->items));
        h->items[at] = s;
        return true;
}

static bool find_hooks(struct hooks *h, const struct selector_pack *p, struct err *e)
{
        const struct settings *last = NULL;
        for (size_t i = 0; i < p->n; i++) {
                const struct settings *set = p->hosts[i].host->set;
                if (set == last)
                        continue;
                last = set;
                for (size_t stage = 0; stage < STAGES; stage++)
                        for (size_t s = 0; s < set->scripts[stage].n; s++)
                                if (!add_hook(h, &set->scripts[stage].items[s], e))
                                        return false;
        }
        return true;
}

static void add_file(struct str *out, const char *name, struct bytes content)
{
        str_addf(out, "%s %zu\n", name, content.len);
        str_addn(out, content.ptr, content.len);
}

static void wipe(struct str *s)
{
        if (s->ptr)
                explicit_bzero(s->ptr, s->len);
        str_clear(s);
}

/* Ordered by name, so that equal packs are equal bytes. */
static bool add_files(struct selector_pack *p, const char *build_id, int64_t not_before, struct str *out, struct err *e)
{
        OWN(order_clear) struct order order = { 0 };
        OWN(hooks_clear) struct hooks hooks = { 0 };
        AUTO_STR records = STR_MAX(LARGEST_FILE);
        OWN(wipe) struct str lines = STR_MAX(LARGEST_FILE); /* password hashes are in it */
        if (!order_new(&order, &p->lines, e))
                return false;
        qsort(p->hosts, p->n, sizeof(*p->hosts), by_number);
        if (!write_hosts(p, &order, build_id, not_before, &records, e) || !write_lines(&p->lines, &order, &lines, e) ||
                !find_hooks(&hooks, p, e))
                return false;
        size_t h = 0;
        for (; h < hooks.n && strcmp(hooks.items[h]->medium_name, PACK_HOSTS) < 0; h++)
                add_file(out, hooks.items[h]->medium_name, hooks.items[h]->content);
        add_file(out, PACK_HOSTS, str_bytes(&records));
        add_file(out, PACK_LINES, str_bytes(&lines));
        for (; h < hooks.n; h++)
                add_file(out, hooks.items[h]->medium_name, hooks.items[h]->content);
        return str_ok(out, _("the pack"), e);
}

static bool add_digest(struct str *out, struct bytes body, const EVP_MD *kind)
{
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned n = 0;
        if (!EVP_Digest(body.ptr, body.len, digest, &n, kind, NULL))
                return false;
        str_addc(out, ' ');
        for (unsigned i = 0; i < n; i++) {
                static const char hex[] = "0123456789abcdef";
                str_addc(out, hex[digest[i] >> 4]);
                str_addc(out, hex[digest[i] & 15]);
        }
        return true;
}

bool selector_pack_finish(
        struct selector_pack *p, const char *build_id, int64_t not_before, struct str *out, struct err *e)
{
        OWN(wipe) struct str body = STR_MAX(LARGEST_FILE);
        if (!add_files(p, build_id, not_before, &body, e))
                return err_ctx(e, _("packing the answers for the medium"));
        str_addf(out, "xenroll-pack 1 %zu", body.len);
        if (!add_digest(out, str_bytes(&body), EVP_sha256()))
                return err_set(e, ERR_WORLD, _("SHA-256 is not available"));
        /* Against accidents, where the installer lacks sha256sum (6.5); a library that forbids MD5 leaves it out. */
        if (!add_digest(out, str_bytes(&body), EVP_md5()))
                str_add(out, " -");
        str_addc(out, '\n');
        str_addn(out, str_text(&body), body.len);
        return str_ok(out, _("the pack"), e);
}
