/* Virtual machines as the plan has them: counts counted out, patterns filled in, each with its own networks. */
#include "answerfiles/site_plan.h"

#include <string.h>

/* "daily-0230-7", "weekly-2300-4-Mon-Thu": what is equal is called the same, so that machines share one schedule. */
static const char *name_of_schedule(struct site_builder *b, const struct schedule *s)
{
        AUTO_STR name = STR_MAX(256);
        if (strcmp(s->type, "snapshot"))
                str_addf(&name, "%s-", s->type);
        str_addf(&name, "%s-%02d%02d-%d", s->frequency, s->hour, s->minute, s->keep);
        for (size_t i = 0; i < s->days.n; i++)
                str_addf(&name, "-%.3s", s->days.items[i]);
        return arena_intern(b->plan->arena, str_text(&name), name.len);
}

static const struct schedule *schedule_named(const struct pool *p, const char *name)
{
        for (size_t i = 0; i < p->n_schedules; i++)
                if (!strcmp(p->schedules[i].name, name))
                        return &p->schedules[i];
        return NULL;
}

static void add_schedules(struct site_builder *b, struct pool *p, const struct raw_pool *vms, const struct raw_pool *schedules)
{
        p->schedules = ARENA_ARRAY(b->plan->arena, struct schedule, schedules->n_schedules + vms->n_vms + 1);
        for (size_t i = 0; i < schedules->n_schedules; i++)
                p->schedules[p->n_schedules++] = schedules->schedules[i].s;
        for (size_t i = 0; i < vms->n_vms; i++) {
                const struct raw_schedule *own = vms->vms[i].own_schedule;
                if (!own)
                        continue;
                struct schedule s = own->s;
                bool named = s.name;
                if (!named)
                        s.name = name_of_schedule(b, &s);
                if (named || !schedule_named(p, s.name))
                        p->schedules[p->n_schedules++] = s;
        }
}

static const char *snapshots_of(struct site_builder *b, const struct raw_vm *raw)
{
        const struct raw_schedule *own = raw->own_schedule;
        if (!own)
                return raw->schedule.text;
        return own->s.name ? own->s.name : name_of_schedule(b, &own->s);
}

static const char *default_storage(const struct pool *p)
{
        for (size_t i = 0; i < p->n_storage; i++)
                if (p->storage[i].is_default)
                        return p->storage[i].name;
        return NULL;
}

/* The machines of one entry share their disks, and their networks unless they are spread. */
static struct vm_disk *disks_of(struct site_builder *b, const struct pool *p, const struct raw_vm *raw)
{
        struct vm_disk *disks = ARENA_ARRAY(b->plan->arena, struct vm_disk, raw->vm.n_disks + 1);
        const char *standard = default_storage(p);
        for (size_t i = 0; i < raw->vm.n_disks; i++) {
                disks[i] = raw->vm.disks[i];
                if (!disks[i].storage)
                        disks[i].storage = standard;
        }
        return disks;
}

static struct text_list networks_of(struct site_builder *b, const struct raw_vm *raw, size_t index)
{
        static const char *standard[] = { MANAGEMENT_NETWORK };
        if (!raw->networks_given && !raw->spread.n)
                return (struct text_list){ standard, NULL, 1 };
        if (!raw->spread.n)
                return raw->networks;
        size_t n = raw->networks.n;
        struct text_list list = { ARENA_ARRAY(b->plan->arena, const char *, n + 1), ARENA_ARRAY(b->plan->arena, struct pos, n + 1), n + 1 };
        for (size_t i = 0; i < n; i++) {
                list.items[i] = raw->networks.items[i];
                list.pos[i] = raw->networks.pos[i];
        }
        list.items[n] = raw->spread.items[index % raw->spread.n];
        list.pos[n] = raw->spread.pos[index % raw->spread.n];
        return list;
}

/* Where a school says 'ha: none' its machines are what they would be without the blueprint's HA. */
static const char *priority_of(const struct pool *p, const struct raw_vm *raw)
{
        static const char *const priorities[] = { "restart", "best-effort", "" };
        const char *wanted = raw->ha >= 0 ? priorities[raw->ha] : "";
        bool switched_off = !p->ha.heartbeat && p->origin[POOL_HA].pos.line;
        return p->ha.heartbeat || (*wanted && !switched_off) ? wanted : NULL;
}

static void add_machines(struct site_builder *b, struct pool *p, const struct raw_vm *raw)
{
        struct vm common = raw->vm;
        if (!raw->name.text || !raw->vm.template || raw->same_names)
                return;
        common.name_pos = raw->name.pos;
        common.disks = disks_of(b, p, raw);
        common.ha_priority = priority_of(p, raw);
        common.snapshots = snapshots_of(b, raw);
        for (int i = 0; i < raw->count; i++) {
                struct vm *vm = &p->vms[p->n_vms];
                *vm = common;
                vm->name = name_of_pattern(b, &raw->name, p->school->id, p->id, (size_t)i + 1);
                vm->networks = networks_of(b, raw, (size_t)i);
                if (!vm->name)
                        return;
                p->n_vms++;
        }
}

void resolve_machines(struct site_builder *b, struct pool *p, const struct raw_pool *vms, const struct raw_pool *schedules)
{
        size_t n = 0;
        for (size_t i = 0; i < vms->n_vms; i++)
                n += (size_t)vms->vms[i].count;
        p->vms = ARENA_ARRAY(b->plan->arena, struct vm, n + 1);
        add_schedules(b, p, vms, schedules);
        for (size_t i = 0; i < vms->n_vms; i++)
                add_machines(b, p, &vms->vms[i]);
}
