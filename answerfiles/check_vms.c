/* Virtual machines: every name that they mention is there, and xapi will take what they ask for. */
#include "answerfiles/check_parts.h"
#include "base/i18n.h"

#include <string.h>
#include <strings.h>

/* VHD ends at 2040 GiB; seven cards and sixteen discs, one of them for CDs, are what every release emulates. */
#define LARGEST_DISK ((uint64_t)2040 << 30)
#define LEAST_MEMORY ((uint64_t)128 << 20)
enum { MOST_VM_CARDS = 7, MOST_VM_DISKS = 15 };

static bool has_network(const struct pool *p, const char *name)
{
        if (!strcmp(name, MANAGEMENT_NETWORK))
                return true;
        for (size_t i = 0; i < p->n_networks; i++)
                if (p->networks[i].name && !strcmp(p->networks[i].name, name))
                        return true;
        return false;
}

static const char *network_names(struct check *c, const struct pool *p)
{
        AUTO_STR names = STR_MAX(4096);
        str_add(&names, MANAGEMENT_NETWORK);
        for (size_t i = 0; i < p->n_networks; i++)
                str_addf(&names, ", %s", p->networks[i].name ? p->networks[i].name : "?");
        return arena_strdup(c->arena, str_text(&names));
}

static void check_cards(struct check *c, const struct pool *p, const struct vm *vm)
{
        if (vm->networks.n > MOST_VM_CARDS)
                check_say(c, vm->pos, XR_VM_MANY, vm->name, check_number(c, vm->networks.n), _("network cards"),
                        check_number(c, MOST_VM_CARDS));
        for (size_t i = 0; i < vm->networks.n; i++)
                if (!has_network(p, vm->networks.items[i]))
                        check_say(c, check_pos(vm->networks.pos[i], vm->pos), XR_VM_NETWORK_UNKNOWN, p->id, vm->networks.items[i],
                                vm->name, network_names(c, p));
}

static bool hosts_have_local_storage(const struct pool *p)
{
        for (size_t i = 0; i < p->n_hosts; i++)
                if (p->hosts[i]->set->local_storage == LOCAL_NONE)
                        return false;
        return true;
}

static void check_disk_storage(struct check *c, const struct pool *p, const struct vm *vm, const struct vm_disk *d)
{
        struct pos pos = check_pos(d->pos, vm->pos);
        const struct storage *s = d->storage ? check_storage_named(p, d->storage) : NULL;
        if (d->storage && !s)
                check_say(c, pos, XR_VM_STORAGE_UNKNOWN, p->id, d->storage, vm->name, check_storage_names(c, p));
        else if (s && storage_is_iso(s))
                check_say(c, pos, XR_VM_STORAGE_ISO, vm->name, s->name);
        else if (!s && !hosts_have_local_storage(p))
                check_say(c, pos, XR_VM_NO_STORAGE, vm->name, p->id);
        else if ((!s || s->type == SR_LOCAL) && p->ha.heartbeat && vm->ha_priority && !strcmp(vm->ha_priority, "restart"))
                check_say(c, check_pos(vm->ha_pos, pos), XR_VM_HA_LOCAL, vm->name);
}

static void check_disks_of(struct check *c, const struct pool *p, const struct vm *vm)
{
        if (vm->n_disks > MOST_VM_DISKS)
                check_say(c, vm->pos, XR_VM_MANY, vm->name, check_number(c, vm->n_disks), _("disks"), check_number(c, MOST_VM_DISKS));
        for (size_t i = 0; i < vm->n_disks; i++) {
                const struct vm_disk *d = &vm->disks[i];
                if (d->size > LARGEST_DISK)
                        check_say(c, check_pos(d->pos, vm->pos), XR_VM_DISK_LARGE, vm->name, check_size(c, d->size),
                                check_size(c, LARGEST_DISK));
                check_disk_storage(c, p, vm, d);
        }
}

static bool has_library(const struct pool *p)
{
        for (size_t i = 0; i < p->n_storage; i++)
                if (storage_is_iso(&p->storage[i]))
                        return true;
        return false;
}

static bool is_image_name(const char *name)
{
        size_t n = strlen(name);
        return n > 4 && !strpbrk(name, "/\\") && (!strcasecmp(name + n - 4, ".iso") || !strcasecmp(name + n - 4, ".img"));
}

static void check_install(struct check *c, const struct pool *p, const struct vm *vm)
{
        struct pos pos = check_pos(vm->install_pos, vm->pos);
        if (!vm->install_pos.line)
                return;
        if (!vm->iso == !vm->install_url)
                check_say(c, pos, XR_VM_INSTALL, vm->name);
        if (vm->boot_parameters && !vm->install_url)
                check_say(c, pos, XR_VM_BOOT_PARAMETERS, vm->name);
        if (vm->iso && !is_image_name(vm->iso))
                check_say(c, pos, XR_VM_ISO_NAME, vm->iso);
        else if (vm->iso && !has_library(p))
                check_say(c, pos, XR_VM_NO_LIBRARY, vm->name, vm->iso, p->id);
}

static const char *schedule_names(struct check *c, const struct pool *p)
{
        AUTO_STR names = STR_MAX(4096);
        for (size_t i = 0; i < p->n_schedules; i++)
                str_addf(&names, "%s%s", i ? ", " : "", p->schedules[i].name);
        return names.len ? arena_strdup(c->arena, str_text(&names)) : _("none");
}

static void check_snapshots(struct check *c, const struct pool *p, const struct vm *vm)
{
        for (size_t i = 0; i < p->n_schedules; i++)
                if (!strcmp(p->schedules[i].name, vm->snapshots))
                        return;
        check_say(c, vm->snapshots_pos, XR_VM_SNAPSHOT_UNKNOWN, p->id, vm->snapshots, vm->name, schedule_names(c, p));
}

static void check_vm(struct check *c, const struct pool *p, const struct vm *vm)
{
        if (vm->template && !strcmp(vm->name, vm->template))
                check_say(c, vm->name_pos, XR_VM_AS_TEMPLATE, vm->name);
        if (vm->memory && vm->memory < LEAST_MEMORY)
                check_say(c, vm->pos, XR_VM_MEMORY, vm->name, arena_printf(c->arena, "%llu MiB", (unsigned long long)(vm->memory >> 20)),
                        "128 MiB");
        check_cards(c, p, vm);
        check_disks_of(c, p, vm);
        check_install(c, p, vm);
        if (vm->ha_priority && !p->ha.heartbeat)
                check_say(c, vm->ha_pos, XR_VM_HA_OFF, vm->name, vm->ha_priority, p->id);
        if (vm->snapshots && c->release->vmss)
                check_snapshots(c, p, vm);
        else if (vm->snapshots)
                check_say(c, vm->snapshots_pos, XR_SNAPSHOTS_RELEASE, c->release->product);
}

static void schedules_once(struct check *c, const struct pool *p)
{
        OWN(seen_clear) struct seen names = { 0 };
        for (size_t i = 0; i < p->n_schedules; i++) {
                const struct schedule *s = &p->schedules[i];
                const struct seen_entry *first = seen_before(&names, (struct seen_key){ 0, 0, s->name }, s->pos, s);
                if (first)
                        check_say(c, s->pos, XR_SNAPSHOT_TWICE, p->id, s->name, check_where(c, first->pos));
        }
        if (p->n_schedules && !c->release->vmss && p->origin[POOL_SNAPSHOTS].pos.line)
                check_say(c, p->origin[POOL_SNAPSHOTS].pos, XR_SNAPSHOTS_RELEASE, c->release->product);
}

void check_vms(struct check *c, const struct pool *p)
{
        OWN(seen_clear) struct seen names = { 0 };
        schedules_once(c, p);
        for (size_t i = 0; i < p->n_vms; i++) {
                const struct vm *vm = &p->vms[i];
                const struct seen_entry *first = seen_before(&names, (struct seen_key){ 0, 0, vm->name }, vm->name_pos, vm);
                if (first)
                        check_say(c, vm->name_pos, XR_VM_NAME_TWICE, p->id, p->school->id, vm->name, check_where(c, first->pos));
                check_vm(c, p, vm);
        }
}
