/* Virtual machines that the site file declares: made once by the coordinator, marked when they are whole, never touched
 * again. */
#include "postinstall/agent_parts.h"
#include "base/i18n.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define WHOLE "made" /* MARK_STATE of a machine that is finished */
#define PROVISIONED "provisioned"

struct vm_view { /* zero-initialised is empty */
        struct rpc_answer vms, srs, networks, pifs, schedules;
};

static void view_clear(struct vm_view *v)
{
        rpc_answer_clear(&v->vms);
        rpc_answer_clear(&v->srs);
        rpc_answer_clear(&v->networks);
        rpc_answer_clear(&v->pifs);
        rpc_answer_clear(&v->schedules);
}

static enum look view_read(struct agent *a, struct vm_view *v, struct err *e)
{
        enum look l = all_records(a, a->local, "VM", &v->vms, e);
        if (l == LOOK_SO)
                l = all_records(a, a->local, "SR", &v->srs, e);
        if (l == LOOK_SO)
                l = all_records(a, a->local, "network", &v->networks, e);
        if (l == LOOK_SO)
                l = all_records(a, a->local, "PIF", &v->pifs, e);
        if (l == LOOK_SO && a->plan->n_schedules)
                l = all_records(a, a->local, "VMSS", &v->schedules, e);
        return l;
}

static bool is_ours(const struct agent *a, const struct rpc_value *record)
{
        return !strcmp(rpc_text(rpc_member(record, "other_config"), MARK_DEPLOYMENT), a->plan->deployment);
}

static const struct rpc_value *marked(const struct agent *a, const struct rpc_value *records, const char *name)
{
        for (size_t i = 0; i < records->n; i++)
                if (is_ours(a, &records->items[i]) &&
                        !strcmp(rpc_text(rpc_member(&records->items[i], "other_config"), MARK_NAME), name))
                        return &records->items[i];
        return NULL;
}

static bool is_whole(const struct rpc_value *vm)
{
        return !strcmp(rpc_text(rpc_member(vm, "other_config"), MARK_STATE), WHOLE);
}

/* One of those that the first boot made: it is nobody's machine, whatever its name. */
static bool is_vendors(const struct rpc_value *vm)
{
        return rpc_true(vm, "is_a_template") &&
               (rpc_true(vm, "is_default_template") ||
                       !strcmp(rpc_text(rpc_member(vm, "other_config"), "default_template"), "true"));
}

/* The machine, or what an earlier life left of it: a clone of the template that still is one. */
static const struct rpc_value *find_vm(const struct agent *a, const struct vm_view *v, const struct agent_vm *vm)
{
        const struct rpc_value *found = marked(a, &v->vms.value, vm->name);
        for (size_t i = 0; !found && i < v->vms.value.n; i++) {
                const struct rpc_value *one = &v->vms.value.items[i];
                if (!strcmp(rpc_text(one, "name_label"), vm->name) && !is_vendors(one))
                        found = one;
        }
        return found;
}

/* --- schedules --- */

static bool schedule_exists(const struct vm_view *v, const struct agent_schedule *s)
{
        return record_where(&v->schedules.value, "name_label", s->name) != NULL;
}

static enum look make_schedule(struct agent *a, const struct agent_schedule *s, struct err *e)
{
        char hour[12], minute[12];
        AUTO_STR days = STR_MAX(200);
        const char *when[7] = { "min", minute, NULL };
        size_t n = 2;
        snprintf(hour, sizeof(hour), "%d", s->hour);
        snprintf(minute, sizeof(minute), "%d", s->minute);
        for (size_t i = 0; i < s->days.n; i++)
                str_addf(&days, "%s%s", i ? "," : "", s->days.items[i]);
        if (strcmp(s->frequency, "hourly")) {
                when[n++] = "hour";
                when[n++] = hour;
        }
        if (!strcmp(s->frequency, "weekly")) {
                when[n++] = "days";
                when[n++] = str_text(&days);
        }
        when[n] = NULL;
        const struct rpc_named record[] = { { "name_label", RPC_S(s->name) }, { "name_description", RPC_S("") },
                { "enabled", RPC_B(true) }, { "type", RPC_S(s->type) }, { "retained_snapshots", RPC_I(s->keep) },
                { "frequency", RPC_S(s->frequency) }, { "schedule", RPC_M(when) } };
        return call(a, e, "VMSS.create", XAPI_ARGS(RPC_R(record)));
}

static enum look schedules(struct agent *a, bool make_so, struct err *e)
{
        OWN(view_clear) struct vm_view v = { 0 };
        if (!a->plan->n_schedules)
                return LOOK_SO;
        enum look l = all_records(a, a->local, "VMSS", &v.schedules, e);
        for (size_t i = 0; l == LOOK_SO && i < a->plan->n_schedules; i++)
                if (!schedule_exists(&v, &a->plan->schedules[i]))
                        l = make_so ? make_schedule(a, &a->plan->schedules[i], e) : LOOK_NOT_SO;
        return l;
}

static enum look look_schedules(struct agent *a, struct err *e) { return schedules(a, false, e); }
static enum look make_schedules(struct agent *a, struct err *e) { return schedules(a, true, e); }
const struct step step_schedules = {
        .name = "schedules", .look = look_schedules, .make = make_schedules, .patience = 600
};

/* --- one machine --- */

struct making {
        struct agent *a;
        const struct vm_view *v;
        const struct agent_vm *vm;
        const struct rpc_value *record;
        const char *ref;
};

static enum look clone(struct agent *a, const struct vm_view *v, const struct agent_vm *vm, struct err *e)
{
        const struct rpc_value *template = NULL;
        for (size_t i = 0; i < v->vms.value.n && !template; i++) {
                const struct rpc_value *r = &v->vms.value.items[i];
                if (rpc_true(r, "is_a_template") && !strcmp(rpc_text(r, "name_label"), vm->template))
                        template = r;
        }
        if (!template) {
                err_rule(e, XR_STEP_NO_TEMPLATE, vm->name, vm->template, NULL);
                return LOOK_STOP;
        }
        return call(a, e, "VM.clone", XAPI_ARGS(RPC_S(template->key), RPC_S(vm->name)));
}

static enum look set_size(const struct making *m, struct err *e)
{
        struct agent *a = m->a;
        enum look l = LOOK_SO;
        int64_t memory = (int64_t)m->vm->memory, least = rpc_number(m->record, "memory_static_min", 0);
        if (m->vm->description && *m->vm->description)
                l = call(a, e, "VM.set_name_description", XAPI_ARGS(RPC_S(m->ref), RPC_S(m->vm->description)));
        if (l == LOOK_SO && memory)
                l = call(a, e, "VM.set_memory_limits",
                        XAPI_ARGS(RPC_S(m->ref), RPC_I(least < memory ? least : memory), RPC_I(memory), RPC_I(memory),
                                RPC_I(memory)));
        if (l != LOOK_SO || !m->vm->vcpus)
                return l;
        /* Never more at the start than at most, whichever way it goes. */
        bool more = m->vm->vcpus > rpc_number(m->record, "VCPUs_max", 1);
        static const char *const setters[] = { "VM.set_VCPUs_max", "VM.set_VCPUs_at_startup" };
        l = call(a, e, setters[more ? 0 : 1], XAPI_ARGS(RPC_S(m->ref), RPC_I(m->vm->vcpus)));
        return l == LOOK_SO ? call(a, e, setters[more ? 1 : 0], XAPI_ARGS(RPC_S(m->ref), RPC_I(m->vm->vcpus))) : l;
}

/* The uuid of the SR that a disk goes to. */
static const char *disk_sr(const struct making *m, const struct agent_disk *d, const char *default_sr)
{
        const struct rpc_value *sr =
                d->storage ? marked(m->a, &m->v->srs.value, d->storage) : record_of(&m->v->srs.value, default_sr);
        return sr ? rpc_text(sr, "uuid") : NULL;
}

static enum look describe_disks(const struct making *m, struct str *out, struct err *e)
{
        const struct rpc_value *pool;
        enum look l = own_pool(m->a, &pool, e);
        if (l != LOOK_SO)
                return l;
        str_add(out, "<provision>");
        for (size_t i = 0; i < m->vm->n_disks; i++) {
                const char *uuid = disk_sr(m, &m->vm->disks[i], rpc_text(pool, "default_SR"));
                if (!uuid) {
                        err_rule(e, XR_STEP_NO_STORAGE, m->vm->name, NULL);
                        return LOOK_STOP;
                }
                str_addf(out, "<disk device=\"%zu\" size=\"%" PRIu64 "\" sr=\"%s\" bootable=\"%s\" type=\"system\"/>",
                        i, m->vm->disks[i].size, uuid, i ? "false" : "true");
        }
        str_add(out, "</provision>");
        return str_ok(out, "disks", e) ? LOOK_SO : LOOK_STOP;
}

/* Its disks are there already when only the answer to VM.provision, or what came after it, was lost. */
static enum look has_disks(const struct making *m, bool *has, struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer vbds = { 0 };
        enum look l = all_records(m->a, m->a->local, "VBD", &vbds, e);
        for (size_t i = 0; l == LOOK_SO && i < vbds.value.n; i++)
                *has |= !strcmp(rpc_text(&vbds.value.items[i], "VM"), m->ref) &&
                        !strcmp(rpc_text(&vbds.value.items[i], "type"), "Disk");
        return l;
}

static enum look describe(const struct making *m, struct err *e)
{
        AUTO_STR disks = STR_MAX(16384);
        const struct agent_vm *vm = m->vm;
        const char *from = vm->install_url ? vm->install_url : vm->iso ? "cdrom" : NULL;
        enum look l = set_size(m, e);
        if (l == LOOK_SO)
                l = describe_disks(m, &disks, e);
        if (l == LOOK_SO)
                l = mark(m->a, "VM", m->ref, m->record, "disks", str_text(&disks), e);
        if (l == LOOK_SO && from)
                l = mark(m->a, "VM", m->ref, m->record, "install-repository", from, e);
        if (l == LOOK_SO && vm->boot_parameters)
                l = call(m->a, e, "VM.set_PV_args", XAPI_ARGS(RPC_S(m->ref), RPC_S(vm->boot_parameters)));
        return l;
}

static enum look provision(const struct making *m, struct err *e)
{
        bool has = false;
        enum look l = has_disks(m, &has, e);
        if (l == LOOK_SO && !has)
                l = describe(m, e);
        if (l == LOOK_SO && !has)
                l = call(m->a, e, "VM.provision", XAPI_ARGS(RPC_S(m->ref)));
        return l == LOOK_SO ? mark(m->a, "VM", m->ref, m->record, MARK_STATE, PROVISIONED, e) : l;
}

/* A network of the plan, or the one of the hosts' own addresses, on whichever card that is. */
static const struct rpc_value *network_of(const struct making *m, const char *name)
{
        const struct rpc_value *n = marked(m->a, &m->v->networks.value, name), *pif;
        if (n || strcmp(name, "management"))
                return n;
        pif = management_of(&m->v->pifs.value, m->a->host);
        return pif ? record_of(&m->v->networks.value, rpc_text(pif, "network")) : NULL;
}

/* Cards that are there already are the first ones: they are made in order. */
static enum look add_cards(const struct making *m, struct err *e)
{
        static const char *const nothing[] = { NULL };
        enum look l = LOOK_SO;
        for (size_t i = rpc_member(m->record, "VIFs")->n; l == LOOK_SO && i < m->vm->networks.n; i++) {
                char device[24];
                const struct rpc_value *net = network_of(m, m->vm->networks.items[i]);
                if (!net) {
                        err_rule(e, XR_STEP_NO_NETWORK, m->vm->name, m->vm->networks.items[i], NULL);
                        return LOOK_STOP;
                }
                snprintf(device, sizeof(device), "%zu", i);
                const struct rpc_named record[] = { { "device", RPC_S(device) }, { "network", RPC_S(net->key) },
                        { "VM", RPC_S(m->ref) }, { "MAC", RPC_S("") }, { "MTU", RPC_I(1500) },
                        { "other_config", RPC_M(nothing) }, { "qos_algorithm_type", RPC_S("") },
                        { "qos_algorithm_params", RPC_M(nothing) } };
                l = call(m->a, e, "VIF.create", XAPI_ARGS(RPC_R(record)));
        }
        return l;
}

static enum look find_iso(const struct making *m, char vdi[REF_TEXT], struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer vdis = { 0 };
        enum look l = all_records(m->a, m->a->local, "VDI", &vdis, e);
        for (size_t i = 0; l == LOOK_SO && i < vdis.value.n; i++) {
                const struct rpc_value *d = &vdis.value.items[i], *sr = record_of(&m->v->srs.value, rpc_text(d, "SR"));
                if (sr && !strcmp(rpc_text(sr, "content_type"), "iso") &&
                        !strcmp(rpc_text(d, "name_label"), m->vm->iso)) {
                        snprintf(vdi, REF_TEXT, "%s", d->key);
                        return LOOK_SO;
                }
        }
        return l;
}

static enum look has_cd(const struct making *m, bool *has, struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer vbds = { 0 };
        enum look l = all_records(m->a, m->a->local, "VBD", &vbds, e);
        for (size_t i = 0; l == LOOK_SO && i < vbds.value.n; i++)
                *has |= !strcmp(rpc_text(&vbds.value.items[i], "VM"), m->ref) &&
                        !strcmp(rpc_text(&vbds.value.items[i], "type"), "CD");
        return l;
}

static enum look rescan_libraries(const struct making *m, struct err *e)
{
        enum look l = LOOK_SO;
        for (size_t i = 0; l == LOOK_SO && i < m->v->srs.value.n; i++) {
                const struct rpc_value *sr = &m->v->srs.value.items[i];
                if (is_ours(m->a, sr) && !strcmp(rpc_text(sr, "content_type"), "iso"))
                        l = call(m->a, e, "SR.scan", XAPI_ARGS(RPC_S(sr->key)));
        }
        return l;
}

static enum look add_cd(const struct making *m, struct err *e)
{
        static const char *const nothing[] = { NULL };
        char vdi[REF_TEXT] = "";
        bool has = false;
        if (!m->vm->iso)
                return LOOK_SO;
        enum look l = has_cd(m, &has, e);
        if (l != LOOK_SO || has)
                return l;
        l = rescan_libraries(m, e);
        if (l == LOOK_SO)
                l = find_iso(m, vdi, e);
        if (l == LOOK_SO && !*vdi) {
                err_rule(e, XR_STEP_NO_ISO, m->vm->name, m->vm->iso, NULL);
                return LOOK_WAIT;
        }
        const struct rpc_named record[] = { { "VM", RPC_S(m->ref) }, { "VDI", RPC_S(vdi) },
                { "userdevice", RPC_S("3") }, { "bootable", RPC_B(true) }, { "mode", RPC_S("RO") },
                { "type", RPC_S("CD") }, { "unpluggable", RPC_B(true) }, { "empty", RPC_B(false) },
                { "other_config", RPC_M(nothing) }, { "qos_algorithm_type", RPC_S("") },
                { "qos_algorithm_params", RPC_M(nothing) } };
        return l == LOOK_SO ? call(m->a, e, "VBD.create", XAPI_ARGS(RPC_R(record))) : l;
}

static enum look set_behaviour(const struct making *m, struct err *e)
{
        const struct agent_vm *vm = m->vm;
        enum look l = LOOK_SO;
        if (vm->order >= 0)
                l = call(m->a, e, "VM.set_order", XAPI_ARGS(RPC_S(m->ref), RPC_I(vm->order)));
        if (l == LOOK_SO && vm->delay)
                l = call(m->a, e, "VM.set_start_delay", XAPI_ARGS(RPC_S(m->ref), RPC_I(vm->delay)));
        if (l == LOOK_SO && vm->ha_priority)
                l = call(m->a, e, "VM.set_ha_restart_priority", XAPI_ARGS(RPC_S(m->ref), RPC_S(vm->ha_priority)));
        const struct rpc_value *schedule =
                vm->snapshots ? record_where(&m->v->schedules.value, "name_label", vm->snapshots) : NULL;
        if (l == LOOK_SO && schedule)
                l = call(m->a, e, "VM.set_snapshot_schedule", XAPI_ARGS(RPC_S(m->ref), RPC_S(schedule->key)));
        if (l == LOOK_SO && vm->start)
                l = mark(m->a, "VM", m->ref, m->record, "auto_poweron", "true", e);
        return l;
}

static enum look start(const struct making *m, struct err *e)
{
        if (!m->vm->start || strcmp(rpc_text(m->record, "power_state"), "Halted"))
                return LOOK_SO;
        return call(m->a, e, "VM.start", XAPI_ARGS(RPC_S(m->ref), RPC_B(false), RPC_B(false)));
}

static enum look finish(const struct making *m, struct err *e)
{
        enum look l = add_cards(m, e);
        if (l == LOOK_SO)
                l = add_cd(m, e);
        if (l == LOOK_SO && rpc_true(m->record, "is_a_template"))
                l = call(m->a, e, "VM.set_is_a_template", XAPI_ARGS(RPC_S(m->ref), RPC_B(false)));
        if (l == LOOK_SO)
                l = set_behaviour(m, e);
        if (l == LOOK_SO)
                l = start(m, e);
        return l == LOOK_SO ? mark(m->a, "VM", m->ref, m->record, MARK_STATE, WHOLE, e) : l;
}

/* One thing at a time, from a fresh look. */
static enum look make_one(struct agent *a, const struct vm_view *v, const struct agent_vm *vm, struct err *e)
{
        const struct rpc_value *record = find_vm(a, v, vm);
        if (!record)
                return clone(a, v, vm, e);
        const struct making m = { a, v, vm, record, record->key };
        if (!is_ours(a, record)) {
                enum look l = mark(a, "VM", m.ref, record, MARK_NAME, vm->name, e);
                return l == LOOK_SO ? mark(a, "VM", m.ref, record, MARK_DEPLOYMENT, a->plan->deployment, e) : l;
        }
        return *rpc_text(rpc_member(record, "other_config"), MARK_STATE) ? finish(&m, e) : provision(&m, e);
}

/* --- the step --- */

/* Somebody's own machine of that name is let be. */
static bool is_somebodys(const struct agent *a, const struct rpc_value *vm)
{
        return !is_ours(a, vm) && !rpc_true(vm, "is_a_template");
}

static const struct agent_vm *first_wrong(struct agent *a, const struct vm_view *v)
{
        for (size_t i = 0; i < a->plan->n_vms; i++) {
                const struct agent_vm *vm = &a->plan->vms[i];
                const struct rpc_value *record = find_vm(a, v, vm);
                if (record && is_somebodys(a, record))
                        agent_warn(a, XR_STEP_VM_THERE, vm->name, NULL);
                else if (!record || !is_ours(a, record) || !is_whole(record))
                        return vm;
        }
        return NULL;
}

static enum look look(struct agent *a, struct err *e)
{
        OWN(view_clear) struct vm_view v = { 0 };
        if (!a->plan->n_vms)
                return LOOK_SO;
        enum look l = view_read(a, &v, e);
        return l != LOOK_SO ? l : first_wrong(a, &v) ? LOOK_NOT_SO : LOOK_SO;
}

static enum look make(struct agent *a, struct err *e)
{
        enum { CHANGES = 4 /* to one machine: cloned, marked, provisioned, finished */ };
        for (size_t i = 0; i < CHANGES * a->plan->n_vms; i++) {
                OWN(view_clear) struct vm_view v = { 0 };
                enum look l = view_read(a, &v, e);
                const struct agent_vm *vm = l == LOOK_SO ? first_wrong(a, &v) : NULL;
                if (!vm)
                        return l;
                l = make_one(a, &v, vm, e);
                if (l != LOOK_SO)
                        return l;
        }
        return LOOK_NOT_SO;
}

/* Not looked at again in the end: by then they are their owners'. */
const struct step step_vms = {
        .name = "vms", .needs_host = true, .look = look, .make = make, .patience = 1800, .again = true
};
