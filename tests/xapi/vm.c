#include "tests/xapi/vm.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

#define DISKS                                                                                                          \
        "<provision><disk device=\"0\" size=\"8589934592\" sr=\"\" bootable=\"true\" type=\"system\"/></provision>"

void vm_templates_make(struct world *w, int host)
{
        struct db *d = w->hosts[host].db;
        for (size_t i = 0; i < w->n_templates; i++) {
                struct object *vm = db_add(d, "VM");
                bool other = strstr(w->templates[i], "Other") != NULL;
                put_text(d, vm, "name_label", w->templates[i]);
                put_bool(d, vm, "is_a_template", true);
                put_bool(d, vm, "is_default_template", true);
                put_text(d, vm, "power_state", "Halted");
                put_number(d, vm, "VCPUs_max", 1);
                put_number(d, vm, "VCPUs_at_startup", 1);
                put_number(d, vm, "memory_static_min", other ? 16 << 20 : 128 << 20);
                put_number(d, vm, "memory_static_max", 256 << 20);
                put_number(d, vm, "memory_dynamic_min", 256 << 20);
                put_number(d, vm, "memory_dynamic_max", 256 << 20);
                put_key(d, vm, "other_config", "default_template", "true");
                if (!other)
                        put_key(d, vm, "other_config", "disks", DISKS);
        }
}

void control_domain_make(struct world *w, int host)
{
        struct db *d = w->hosts[host].db;
        struct object *vm = db_add(d, "VM");
        put_text(d, vm, "name_label", arena_printf(w->a, "Control domain on host: %s", w->hosts[host].hostname));
        put_bool(d, vm, "is_control_domain", true);
        put_text(d, vm, "power_state", "Running");
        put_text(d, vm, "resident_on", w->hosts[host].ref);
        put_text(d, host_object(w, host), "control_domain", vm->ref);
}

void vm_clone(struct call *c)
{
        struct object *vm = arg_object(c, 0);
        if (!vm)
                return;
        EACH(c->db, "VM", other)
        if (!strcmp(text_of(other, "name_label"), arg_text(c, 1)))
                breach(c->w, "a second VM called %s", arg_text(c, 1));
        struct object *made = db_add(c->db, "VM");
        for (size_t i = 0; i < vm->class->n; i++)
                if (strcmp(vm->class->fields[i].name, "uuid"))
                        put(c->db, made, vm->class->fields[i].name, vm->values[i]);
        put_text(c->db, made, "name_label", arg_text(c, 1));
        put_bool(c->db, made, "is_default_template", false);
        put_key(c->db, made, "other_config", "default_template", NULL);
        put_text(c->db, made, "power_state", "Halted");
        put_text(c->db, made, "resident_on", NULL_REF);
        c->result = val_text(c->a, made->ref);
}

/* --- disks --- */

static void document_free(xmlDocPtr *d)
{
        if (*d)
                xmlFreeDoc(*d);
}

struct disk {
        const char *device, *size, *bootable;
        struct object *sr;
};

static const char *attribute(struct call *c, xmlNode *n, const char *name)
{
        xmlChar *value = xmlGetProp(n, (const xmlChar *)name);
        const char *kept = arena_strdup(c->a, value ? (const char *)value : "");
        xmlFree(value);
        return kept;
}

static bool attached_somewhere(const struct db *d, const struct object *sr)
{
        EACH(d, "PBD", p)
        if (!strcmp(text_of(p, "SR"), sr->ref) && true_of(p, "currently_attached"))
                return true;
        return false;
}

static size_t read_disks(struct call *c, const char *text, struct disk *disks, size_t most)
{
        size_t n = 0;
        OWN(document_free)
        xmlDocPtr d = *text ? xmlReadMemory(text, (int)strlen(text), "disks", NULL,
                                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)
                            : NULL;
        if (*text && !d) {
                refuse_unknown(c, "disks that are no XML");
                return 0;
        }
        for (xmlNode *e = d ? xmlDocGetRootElement(d)->children : NULL; e && n < most; e = e->next) {
                if (e->type != XML_ELEMENT_NODE || strcmp((const char *)e->name, "disk"))
                        continue;
                const char *uuid = attribute(c, e, "sr");
                disks[n] = (struct disk){ attribute(c, e, "device"), attribute(c, e, "size"),
                        attribute(c, e, "bootable"), db_by_uuid(c->db, "SR", uuid) };
                if (!disks[n].sr)
                        fail(c, "UUID_INVALID", "SR", uuid, NULL);
                else if (!attached_somewhere(c->db, disks[n].sr))
                        fail(c, "SR_HAS_NO_PBDS", disks[n].sr->ref, NULL);
                if (c->n_error)
                        return 0;
                n++;
        }
        return n;
}

static void add_disk(struct call *c, struct object *vm, const struct disk *disk)
{
        struct object *v = db_add(c->db, "VDI"), *b = db_add(c->db, "VBD");
        put_text(c->db, v, "name_label", text_of(vm, "name_label"));
        put_text(c->db, v, "SR", disk->sr->ref);
        put_text(c->db, v, "virtual_size", disk->size);
        put_text(c->db, v, "type", "system");
        put_bool(c->db, v, "managed", true);
        put_text(c->db, b, "VM", vm->ref);
        put_text(c->db, b, "VDI", v->ref);
        put_text(c->db, b, "userdevice", disk->device);
        put_bool(c->db, b, "bootable", !strcmp(disk->bootable, "true"));
        put_text(c->db, b, "mode", "RW");
        put_text(c->db, b, "type", "Disk");
}

void vm_provision(struct call *c)
{
        struct disk disks[16];
        struct object *vm = arg_object(c, 0);
        if (!vm)
                return;
        if (*key_of(vm, "other_config", "default_template")) {
                refuse_unknown(c, "a template that was not cloned");
                return;
        }
        size_t n = read_disks(c, key_of(vm, "other_config", "disks"), disks, COUNT(disks));
        if (c->n_error)
                return;
        EACH(c->db, "VBD", b)
        if (!strcmp(text_of(b, "VM"), vm->ref) && !strcmp(text_of(b, "type"), "Disk")) {
                breach(c->w, "VM %s is provisioned twice", text_of(vm, "name_label"));
                break;
        }
        for (size_t i = 0; i < n; i++)
                add_disk(c, vm, &disks[i]);
        put_bool(c->db, vm, "is_a_template", false);
        c->changed = true;
}

static bool device_free(struct call *c, const char *class, const char *field, const char *vm, const char *device)
{
        EACH(c->db, class, o)
        if (!strcmp(text_of(o, "VM"), vm) && !strcmp(text_of(o, field), device)) {
                fail(c, "DEVICE_ALREADY_EXISTS", device, NULL);
                return false;
        }
        return true;
}

void vbd_create(struct call *c)
{
        static const char *const needed[] = { "VM", "VDI", "userdevice", "bootable", "mode", "type", "empty",
                "other_config", "qos_algorithm_type", "qos_algorithm_params", NULL };
        const struct val *r = c->args[0];
        if (!check_record(c, r, c->m->class, needed))
                return;
        bool cd = !strcmp(val_member_text(r, "type"), "CD"), empty = *val_member_text(r, "empty") == '1',
             null = is_null(val_member_text(r, "VDI"));
        if (cd && strcmp(val_member_text(r, "mode"), "RO"))
                fail(c, "VBD_CDS_MUST_BE_READONLY", NULL);
        else if (empty != null)
                refuse_unknown(c, "a VBD that is empty and has a VDI, or the reverse");
        if (c->n_error ||
                !device_free(c, "VBD", "userdevice", val_member_text(r, "VM"), val_member_text(r, "userdevice")))
                return;
        add_from_record(c, r, "VBD");
}

void vif_create(struct call *c)
{
        static const char *const needed[] = { "device", "network", "VM", "MAC", "MTU", "other_config",
                "qos_algorithm_type", "qos_algorithm_params", NULL };
        const struct val *r = c->args[0];
        if (!check_record(c, r, c->m->class, needed) ||
                !device_free(c, "VIF", "device", val_member_text(r, "VM"), val_member_text(r, "device")))
                return;
        struct object *v = add_from_record(c, r, "VIF");
        if (!*text_of(v, "MAC")) {
                put_text(c->db, v, "MAC",
                        arena_printf(c->a, "02:00:00:%02x:%02x:%02x", (int)draw(c->w, 0, 255), (int)draw(c->w, 0, 255),
                                (int)draw(c->w, 0, 255)));
                put_bool(c->db, v, "MAC_autogenerated", true);
        }
}

void vdi_create(struct call *c)
{
        static const char *const needed[] = { "SR", "virtual_size", "type", "sharable", "read_only", "other_config",
                NULL };
        if (!check_record(c, c->args[0], c->m->class, needed))
                return;
        if (!attached_somewhere(c->db, db_find(c->db, "SR", val_member_text(c->args[0], "SR"))))
                fail(c, "SR_HAS_NO_PBDS", val_member_text(c->args[0], "SR"), NULL);
        else
                put_bool(c->db, add_from_record(c, c->args[0], "VDI"), "managed", true);
}

/* --- size and behaviour --- */

static bool is_halted(struct call *c, struct object *vm)
{
        if (vm && strcmp(text_of(vm, "power_state"), "Halted"))
                fail(c, "VM_BAD_POWER_STATE", vm->ref, "halted", text_of(vm, "power_state"), NULL);
        return vm && !c->n_error;
}

void vm_set_memory_limits(struct call *c)
{
        static const char *const fields[] = { "memory_static_min", "memory_static_max", "memory_dynamic_min",
                "memory_dynamic_max" };
        struct object *vm = arg_object(c, 0);
        int64_t smin = arg_number(c, 1), smax = arg_number(c, 2), dmin = arg_number(c, 3), dmax = arg_number(c, 4);
        if (!is_halted(c, vm))
                return;
        if (smin <= 0 || smin > dmin || dmin > dmax || dmax > smax) {
                fail(c, "MEMORY_CONSTRAINT_VIOLATION",
                        "Memory limits must satisfy: static_min <= dynamic_min <= dynamic_max <= static_max", NULL);
                return;
        }
        for (size_t i = 0; i < 4; i++)
                put_text(c->db, vm, fields[i], arg_text(c, i + 1));
}

static void set_vcpus(struct call *c, bool most)
{
        struct object *vm = arg_object(c, 0);
        int64_t n = arg_number(c, 1);
        if (!is_halted(c, vm))
                return;
        if (n < 1 || (most ? n < number_of(vm, "VCPUs_at_startup") : n > number_of(vm, "VCPUs_max")))
                fail(c, "INVALID_VALUE", most ? "VCPUs_max" : "VCPUs_at_startup", arg_text(c, 1), NULL);
        else
                put_number(c->db, vm, most ? "VCPUs_max" : "VCPUs_at_startup", n);
}

void vm_set_vcpus_max(struct call *c) { set_vcpus(c, true); }
void vm_set_vcpus_at_startup(struct call *c) { set_vcpus(c, false); }

void vm_set_ha_restart_priority(struct call *c)
{
        static const char *const values[] = { "restart", "best-effort", "" };
        struct object *vm = arg_object(c, 0);
        for (size_t i = 0; vm && i < COUNT(values); i++)
                if (!strcmp(values[i], arg_text(c, 1))) {
                        put_text(c->db, vm, "ha_restart_priority", arg_text(c, 1));
                        return;
                }
        if (vm)
                fail(c, "INVALID_VALUE", "ha_restart_priority", arg_text(c, 1), NULL);
}

void vm_set_schedule(struct call *c)
{
        struct object *vm = arg_object(c, 0);
        if (vm && true_of(vm, "is_a_template"))
                fail(c, "VM_IS_TEMPLATE", vm->ref, NULL);
        else if (vm)
                put_text(c->db, vm, "snapshot_schedule", arg_text(c, 1));
}

void vm_set_is_a_template(struct call *c)
{
        struct object *vm = arg_object(c, 0);
        if (vm && *key_of(vm, "other_config", "default_template"))
                refuse_unknown(c, "a template of the maker that becomes a machine");
        else if (is_halted(c, vm))
                put_bool(c->db, vm, "is_a_template", arg_true(c, 1));
}

/* --- running --- */

static bool sees_disks(struct call *c, const struct object *vm, const struct object *h)
{
        EACH(c->db, "VBD", b)
        {
                struct object *v = db_find(c->db, "VDI", text_of(b, "VDI"));
                bool there = !v;
                if (strcmp(text_of(b, "VM"), vm->ref))
                        continue;
                EACH(c->db, "PBD", p)
                there |= v && !strcmp(text_of(p, "SR"), text_of(v, "SR")) && !strcmp(text_of(p, "host"), h->ref) &&
                         true_of(p, "currently_attached");
                if (!there)
                        return false;
        }
        return true;
}

void vm_start(struct call *c)
{
        struct object *vm = arg_object(c, 0);
        if (!vm)
                return;
        if (true_of(vm, "is_a_template")) {
                fail(c, "VM_IS_TEMPLATE", vm->ref, NULL);
                return;
        }
        if (!is_halted(c, vm))
                return;
        EACH(c->db, "host", h)
        {
                struct object *m = db_find(c->db, "host_metrics", text_of(h, "metrics"));
                if (!true_of(h, "enabled") || !m || !true_of(m, "live") || !sees_disks(c, vm, h))
                        continue;
                put_text(c->db, vm, "resident_on", h->ref);
                put_text(c->db, vm, "power_state", "Running");
                return;
        }
        fail(c, "NO_HOSTS_AVAILABLE", NULL);
}

void vm_destroy(struct call *c)
{
        struct object *vm = arg_object(c, 0);
        if (!is_halted(c, vm))
                return;
        for (struct object *o; (o = db_where(c->db, "VBD", "VM", vm->ref));)
                db_remove(c->db, o);
        for (struct object *o; (o = db_where(c->db, "VIF", "VM", vm->ref));)
                db_remove(c->db, o);
        db_remove(c->db, vm);
}

/* In the database only: of a VM that still runs somewhere, another copy could be started. */
void vm_power_state_reset(struct call *c)
{
        struct object *vm = arg_object(c, 0);
        if (!vm)
                return;
        int host = host_of_object(c->w, c->db, text_of(vm, "resident_on"));
        if (host >= 0 && c->w->hosts[host].powered)
                breach(c->w, "VM.power_state_reset of %s, which runs", text_of(vm, "name_label"));
        put_text(c->db, vm, "power_state", "Halted");
        put_text(c->db, vm, "resident_on", NULL_REF);
}

/* --- schedules --- */

static bool schedule_fits(struct call *c, const struct val *r)
{
        const struct val *s = val_member(r, "schedule");
        const char *frequency = val_member_text(r, "frequency"), *minute = s ? val_member_text(s, "min") : "";
        bool daily = !strcmp(frequency, "daily"), weekly = !strcmp(frequency, "weekly");
        static const char *const minutes[] = { "0", "15", "30", "45" };
        bool fine = false;
        for (size_t i = 0; i < COUNT(minutes); i++)
                fine |= !strcmp(minutes[i], minute);
        if (!fine)
                fail(c, "INVALID_VALUE", "schedule:min", minute, NULL);
        else if ((daily || weekly) && !val_member(s, "hour"))
                fail(c, "INVALID_VALUE", "schedule:hour", "", NULL);
        else if (weekly && !*val_member_text(s, "days"))
                fail(c, "INVALID_VALUE", "schedule:days", "", NULL);
        else if (!strcmp(val_member_text(r, "type"), "snapshot_with_quiesce"))
                fail(c, "INVALID_VALUE", "type", "snapshot_with_quiesce", NULL);
        return !c->n_error;
}

void vmss_create(struct call *c)
{
        static const char *const needed[] = { "type", "frequency", "schedule", NULL };
        if (check_record(c, c->args[0], c->m->class, needed) && schedule_fits(c, c->args[0]))
                add_from_record(c, c->args[0], "VMSS");
}

void vmss_destroy(struct call *c)
{
        struct object *v = arg_object(c, 0);
        if (v && db_where(c->db, "VM", "snapshot_schedule", v->ref))
                fail(c, "VMSS_HAS_VM", NULL);
        else if (v)
                db_remove(c->db, v);
}
