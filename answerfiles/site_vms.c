/* Virtual machines of a pool and their snapshots as tables. */
#include "answerfiles/site_tables.h"
#include "answerfiles/value.h"
#include "base/i18n.h"

#include <string.h>

#define FIELD(section, member) .offset = offsetof(struct section, member)

/* A word list of names. */

static bool add_name(struct reader *r, struct fy_node *n, struct pos pos, void *arg)
{
        struct text_list *list = arg;
        const char *text = read_scalar(r, n, pos);
        if (!text)
                return false;
        list->items[list->n] = text;
        list->pos[list->n++] = pos;
        return true;
}

static bool read_names(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        size_t count = read_count(n);
        struct text_list *list = at;
        *list = (struct text_list){ ARENA_ARRAY(r->arena, const char *, count + 1), ARENA_ARRAY(r->arena, struct pos, count + 1), 0 };
        return read_each(r, n, pos, add_name, list);
}

/* Disks: a size alone, or a size and where. */

static const struct field vm_disk_fields[] = {
        { "size", read_size, FIELD(vm_disk, size), .sample = "40 GB", .required = true, .help = N_("how large it looks to the machine") },
        { "storage", read_name, FIELD(vm_disk, storage), .sample = "NAS", .help = N_("a storage of the pool; its default when left out") },
};
const struct section vm_disk_section = { N_("disk of a virtual machine"), vm_disk_fields, COUNT(vm_disk_fields), NULL };

static bool add_vm_disk(struct reader *r, struct fy_node *n, struct pos pos, void *arg)
{
        struct vm *vm = arg;
        struct vm_disk *d = &vm->disks[vm->n_disks];
        *d = (struct vm_disk){ .pos = pos };
        bool fine = fy_node_is_scalar(n) ? read_size(r, n, pos, NULL, &d->size) : section_read(r, n, pos, &vm_disk_section, d, NULL);
        vm->n_disks += fine;
        return fine;
}

static bool read_vm_disks(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        struct vm *vm = (struct vm *)((char *)at - offsetof(struct vm, disks));
        vm->disks = ARENA_ARRAY(r->arena, struct vm_disk, read_count(n) + 1);
        return read_each(r, n, pos, add_vm_disk, vm);
}

/* Where its system comes from. */

static bool read_install_url(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        return read_string(r, n, pos, f, at) && value_url(r->diags, pos, *(const char **)at);
}

static const struct field install_fields[] = {
        { "iso", read_name, FIELD(vm, iso), .sample = "ubuntu-24.04-server.iso", .help = N_("image in a library (iso-nfs, iso-smb) of the pool") },
        { "url", read_install_url, FIELD(vm, install_url), .sample = "http://mirrors.aliyun.com/debian/",
          .help = N_("installation over the network, for templates that can: http, https or ftp") },
        { "boot-parameters", read_description, FIELD(vm, boot_parameters), .sample = "\"console=hvc0 auto=true\"", .help = N_("with url: what its kernel is told") },
};
const struct section install_section = { N_("install"), install_fields, COUNT(install_fields), NULL };

/* Writes into the machine itself: its field has offset 0. */
static bool read_install(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        ((struct vm *)at)->install_pos = pos;
        return section_read(r, n, pos, &install_section, at, NULL);
}

/* Snapshots. */

static const char *const days[] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", NULL };

static bool add_day(struct reader *r, struct fy_node *n, struct pos pos, void *arg)
{
        const char *text = read_scalar(r, n, pos);
        int day = text ? read_word(r, pos, text, days) : -1;
        if (day < 0)
                return false;
        *(unsigned *)arg |= 1u << day;
        return true;
}

static bool read_days(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        struct raw_schedule *s = (struct raw_schedule *)((char *)at - offsetof(struct raw_schedule, s.days));
        unsigned set = 0;
        s->days_pos = pos;
        if (!read_each(r, n, pos, add_day, &set))
                return false;
        s->s.days.items = ARENA_ARRAY(r->arena, const char *, COUNT(days));
        for (int i = 0; days[i]; i++)
                if (set >> i & 1)
                        s->s.days.items[s->s.days.n++] = days[i];
        return true;
}

static bool read_word_of(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        return read_string(r, n, pos, f, at) && read_word(r, pos, *(const char **)at, f->arg) >= 0;
}

static const char *const frequencies[] = { "hourly", "daily", "weekly", NULL }, *const snapshot_types[] = { "snapshot", "checkpoint", NULL };
static const struct limits keep = { 1, 10 };

static const struct field schedule_fields[] = {
        { "name", read_name, FIELD(raw_schedule, s.name), .sample = "nightly", .help = N_("what machines name it by; made up for one that stands with a machine") },
        { "frequency", read_word_of, FIELD(raw_schedule, s.frequency), .arg = frequencies, .sample = "daily", .required = true, .help = N_("hourly, daily or weekly") },
        { "at", read_located, FIELD(raw_schedule, at), .sample = "\"02:30\"",
          .help = N_("when, with quotes: \"02:30\", for hourly \":30\"; the minutes are 00, 15, 30 or 45. Midnight, or the full hour, when left out") },
        { "days", read_days, FIELD(raw_schedule, s.days), .sample = "[Monday, Thursday]", .help = N_("weekly: on which days") },
        { "keep", read_limited, FIELD(raw_schedule, s.keep), .arg = &keep, .sample = "7", .required = true, .help = N_("how many are kept; older ones are removed") },
        { "type", read_word_of, FIELD(raw_schedule, s.type), .arg = snapshot_types, .sample = "snapshot",
          .help = N_("snapshot (the disks), or checkpoint (with memory)") },
};
const struct section schedule_section = { N_("snapshots"), schedule_fields, COUNT(schedule_fields), NULL };

/* The hours of a schedule are there when its frequency has them; the minutes are those that the hosts look at. */
static bool finish_schedule(struct reader *r, struct raw_schedule *raw)
{
        struct schedule *s = &raw->s;
        bool hourly = !strcmp(s->frequency, "hourly"), weekly = !strcmp(s->frequency, "weekly");
        if (raw->at.text && !value_time(r->diags, raw->at.pos, raw->at.text, &s->hour, &s->minute))
                return false;
        if (raw->at.text && (s->minute % 15 || hourly != (s->hour < 0)))
                return read_problem(r, XR_SNAPSHOT_TIME, raw->at.pos, s->frequency, raw->at.text);
        if (s->hour < 0)
                s->hour = 0;
        if (!weekly && s->days.n)
                return read_problem(r, XR_SNAPSHOT_DAYS, raw->days_pos, s->frequency);
        if (weekly && !s->days.n)
                return read_problem(r, XR_MISSING_KEY, raw->days_pos.line ? raw->days_pos : s->pos, _(schedule_section.name), "days");
        return true;
}

static bool read_schedule(struct reader *r, struct fy_node *n, struct pos pos, struct raw_schedule *s)
{
        /* The place may hold what is left of one that was refused. */
        *s = (struct raw_schedule){ .s = { .type = snapshot_types[0], .pos = pos } };
        return section_read(r, n, pos, &schedule_section, s, NULL) && finish_schedule(r, s);
}

static bool add_schedule(struct reader *r, struct fy_node *n, struct pos pos, void *arg)
{
        struct raw_pool *p = arg;
        struct raw_schedule *s = &p->schedules[p->n_schedules];
        bool fine = read_schedule(r, n, pos, s);
        if (fine && !s->s.name)
                return read_problem(r, XR_MISSING_KEY, pos, _(schedule_section.name), "name");
        /* One that was refused is known by its name still: that a machine names it is no second mistake. */
        p->n_schedules += s->s.name != NULL;
        return fine;
}

bool read_schedules(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        struct raw_pool *p = (struct raw_pool *)((char *)at - offsetof(struct raw_pool, schedules));
        p->said[POOL_SNAPSHOTS] = (struct origin){ r->key_pos, r->level };
        p->schedules = ARENA_ARRAY(r->arena, struct raw_schedule, read_count(n) + 1);
        if (fy_node_is_scalar(n))
                return read_problem(r, XR_NEEDS_LIST, pos, r->key);
        return read_each(r, n, pos, add_schedule, p);
}

static bool read_vm_snapshots(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        struct raw_vm *vm = (struct raw_vm *)((char *)at - offsetof(struct raw_vm, schedule));
        vm->vm.snapshots_pos = pos;
        if (fy_node_is_scalar(n))
                return read_located(r, n, pos, f, at);
        struct raw_schedule *s = ARENA_NEW(r->arena, struct raw_schedule);
        if (!read_schedule(r, n, pos, s))
                return false;
        vm->own_schedule = s;
        return true;
}

/* The machine. */

static bool read_vm_name(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        return read_located(r, n, pos, f, at) && value_text(r->diags, pos, ((struct located *)at)->text, LONGEST_NAME);
}

static bool read_memory(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        const char *text = read_scalar(r, n, pos);
        return text && value_memory(r->diags, pos, text, at);
}

static bool read_vm_networks(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        ((struct raw_vm *)((char *)at - offsetof(struct raw_vm, networks)))->networks_given = true;
        return read_names(r, n, pos, f, at);
}

const char *const vm_ha_words[] = { "restart", "best-effort", "none", NULL };

static bool read_vm_ha(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        ((struct raw_vm *)((char *)at - offsetof(struct raw_vm, ha)))->vm.ha_pos = pos;
        return read_choice(r, n, pos, f, at);
}

static const struct limits vm_count = { 1, 500 }, vcpus = { 1, 64 }, order = { 0, 9999 }, delay = { 0, 3600 };

static const struct field vm_fields[] = {
        { "name", read_vm_name, FIELD(raw_vm, name), .sample = "\"exam{n}\"", .required = true,
          .help = N_("its name; with count a pattern with {n}, also {school} and {pool}") },
        { "count", read_limited, FIELD(raw_vm, count), .arg = &vm_count, .sample = "4", .help = N_("so many machines of this kind; 1 when left out") },
        { "description", read_description, FIELD(raw_vm, vm.description), .sample = "\"考试用机\"", .help = N_("what people read beside the name") },
        { "template", read_name, FIELD(raw_vm, vm.template), .sample = "\"Debian Bookworm 12\"", .required = true,
          .help = N_("the template's name as XenCenter shows it; releases differ in their templates") },
        { "vcpus", read_limited, FIELD(raw_vm, vm.vcpus), .arg = &vcpus, .sample = "2", .help = N_("virtual processors; the template's when left out") },
        { "memory", read_memory, FIELD(raw_vm, vm.memory), .sample = "4 GB", .help = N_("1 GB is 1 GiB here, as memory is sold; the template's when left out") },
        { "disks", read_vm_disks, FIELD(raw_vm, vm.disks), .sample = "[40 GB, {size: 200 GB, storage: NAS}]", .required = true,
          .help = N_("its disks: a size, or a size and a storage of the pool; [] for none") },
        { "networks", read_vm_networks, FIELD(raw_vm, networks), .sample = "[management, 存储网]",
          .help = N_("one network card each: names of the pool's networks, or management, the network of the hosts themselves, which is taken when both networks and spread are left out; [] for none") },
        { "spread", read_names, FIELD(raw_vm, spread), .sample = "[教室一, 教室二]",
          .help = N_("one more network card, on the first of these networks for the first machine, on the second for the second, and so on around: different machines on different cards of the host") },
        { "install", read_install, FIELD(raw_vm, vm), .sample = "{iso: ubuntu-24.04-server.iso}", .help = N_("where its system comes from") },
        { "start", read_bool, FIELD(raw_vm, vm.start), .sample = "true", .help = N_("start it when it is made, and whenever its host starts; no when left out") },
        { "order", read_limited, FIELD(raw_vm, vm.order), .arg = &order, .sample = "1", .help = N_("machines with smaller numbers are started first") },
        { "delay", read_duration, FIELD(raw_vm, vm.delay), .arg = &delay, .sample = "30 s", .help = N_("how long to wait after it before the next is started") },
        { "ha", read_vm_ha, FIELD(raw_vm, ha), .arg = vm_ha_words, .sample = "restart",
          .help = N_("in a pool with high availability: restart, best-effort or none, which it is when left out") },
        { "snapshots", read_vm_snapshots, FIELD(raw_vm, schedule), .sample = "{frequency: daily, at: \"02:30\", keep: 7}",
          .help = N_("a schedule, or the name of one of the pool's; from XenServer 7.2 on") },
};
const struct section vm_section = { N_("virtual machine"), vm_fields, COUNT(vm_fields), NULL };

static void start_vm(struct reader *r, void *item, struct pos pos)
{
        (void)r;
        struct raw_vm *vm = item;
        vm->vm.pos = pos;
        vm->vm.order = -1;
        vm->count = 1;
        vm->ha = -1;
}

static bool names_differ(struct reader *r, struct raw_vm *vm)
{
        char count[24];
        snprintf(count, sizeof(count), "%d", vm->count);
        vm->same_names = vm->count > 1 && vm->name.text && !strstr(vm->name.text, "{n}");
        return !vm->same_names || read_problem(r, XR_VM_PATTERN, vm->name.pos, count, vm->name.text);
}

bool read_vms(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        struct raw_pool *p = (struct raw_pool *)((char *)at - offsetof(struct raw_pool, vms));
        p->said[POOL_VMS] = (struct origin){ r->key_pos, r->level };
        struct items to = { &vm_section, NULL, sizeof(struct raw_vm), 0, start_vm, NULL };
        bool fine = read_items(r, n, pos, &to);
        p->vms = (struct raw_vm *)to.array;
        p->n_vms = to.n;
        for (size_t i = 0; i < p->n_vms; i++)
                fine &= names_differ(r, &p->vms[i]);
        return fine;
}
