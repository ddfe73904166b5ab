/* The plan as JSON, host by host: a district's document is never held in memory as a whole. */
#include "answerfiles/plan_show.h"
#include "base/i18n.h"
#include "base/secret.h"

#include <jansson.h>
#include <string.h>

static void set_text(json_t *o, const char *key, const char *value)
{
        if (value)
                json_object_set_new(o, key, json_string(value));
}

static void set_number(json_t *o, const char *key, long long value) { json_object_set_new(o, key, json_integer(value)); }
static void set_yes(json_t *o, const char *key, bool yes) { json_object_set_new(o, key, json_boolean(yes)); }

static void set_texts(json_t *o, const char *key, const struct text_list *list)
{
        json_t *array = json_array();
        for (size_t i = 0; i < list->n; i++)
                json_array_append_new(array, json_string(list->items[i]));
        json_object_set_new(o, key, array);
}

static void set_ip(json_t *o, const char *key, const struct ip4 *ip)
{
        char text[IP4_TEXT];
        if (ip->given)
                set_text(o, key, ip4_text(ip->addr, text));
}

static json_t *json_settings(const struct settings *s)
{
        json_t *o = json_object();
        for (enum setting set = 0; set < SETTINGS; set++) {
                AUTO_STR value = STR_MAX(8192);
                setting_show(&value, s, set);
                if (value.len)
                        set_text(o, setting_names[set], str_text(&value));
        }
        return o;
}

static json_t *json_host(const struct host *h)
{
        char mac[MAC_TEXT];
        json_t *o = json_object();
        set_text(o, "name", h->name);
        set_text(o, "description", h->description);
        if (h->mac.given)
                set_text(o, "mac", mac_text(&h->mac, mac));
        set_text(o, "serial", h->serial);
        if (h->address.given)
                set_ip(o, "address", &h->address);
        else
                set_text(o, "address", "dhcp");
        set_text(o, "address6", h->address6);
        json_object_set_new(o, "coordinator", json_boolean(h->coordinator));
        json_object_set_new(o, "settings", json_settings(h->set));
        return o;
}

static json_t *json_storage(const struct storage *s)
{
        json_t *o = json_object();
        set_text(o, "name", s->name);
        set_text(o, "description", s->description);
        set_text(o, "type", sr_type_names[s->type]);
        set_text(o, "server", s->server.text);
        set_text(o, "path", s->path);
        set_text(o, "version", s->nfs_version ? s->nfs_version : s->smb_version);
        set_text(o, "options", s->options);
        set_text(o, "iqn", s->iqn);
        set_text(o, "lun-serial", s->lun_serial);
        set_text(o, "scsi-id", s->scsi_id);
        set_text(o, "chap-user", s->chap_user);
        set_text(o, "chap-password", s->chap_password ? SECRET_MASK : NULL);
        set_text(o, "username", s->username);
        set_text(o, "password", s->password ? SECRET_MASK : NULL);
        if (s->type == SR_ISCSI) {
                json_t *portals = json_array();
                for (size_t i = 0; i < s->n_portals; i++)
                        json_array_append_new(portals, json_string(s->portals[i].text));
                json_object_set_new(o, "portals", portals);
                json_object_set_new(o, "port", json_integer(s->port));
                if (s->lun >= 0)
                        json_object_set_new(o, "lun", json_integer(s->lun));
        }
        set_yes(o, "multipath", s->multipath);
        set_yes(o, "default", s->is_default);
        set_yes(o, "suspend", s->suspend);
        set_yes(o, "crash-dump", s->crash_dump);
        return o;
}

static json_t *json_network(const struct network *n)
{
        char first[IP4_TEXT], last[IP4_TEXT], range[2 * IP4_TEXT + 8];
        json_t *o = json_object();
        set_text(o, "name", n->name);
        set_text(o, "description", n->description);
        if (n->nic >= 0)
                json_object_set_new(o, "nic", json_integer(n->nic));
        if (n->n_bond) {
                json_t *bond = json_array();
                for (size_t i = 0; i < n->n_bond; i++)
                        json_array_append_new(bond, json_integer(n->bond[i]));
                json_object_set_new(o, "bond", bond);
        }
        set_text(o, "mode", n->mode);
        if (n->vlan)
                json_object_set_new(o, "vlan", json_integer(n->vlan));
        if (n->mtu)
                json_object_set_new(o, "mtu", json_integer(n->mtu));
        if (n->first) {
                snprintf(range, sizeof(range), "%s-%s/%d", ip4_text(n->first, first), ip4_text(n->last, last), n->prefix);
                set_text(o, "addresses", range);
        }
        return o;
}

static json_t *json_vm(const struct vm *vm)
{
        json_t *o = json_object(), *disks = json_array();
        set_text(o, "name", vm->name);
        set_text(o, "description", vm->description);
        set_text(o, "template", vm->template);
        if (vm->vcpus)
                set_number(o, "vcpus", vm->vcpus);
        if (vm->memory)
                set_number(o, "memory", (long long)vm->memory);
        for (size_t i = 0; i < vm->n_disks; i++) {
                json_t *d = json_object();
                set_number(d, "size", (long long)vm->disks[i].size);
                set_text(d, "storage", vm->disks[i].storage);
                json_array_append_new(disks, d);
        }
        json_object_set_new(o, "disks", disks);
        set_texts(o, "networks", &vm->networks);
        set_text(o, "iso", vm->iso);
        set_text(o, "url", vm->install_url);
        set_text(o, "boot-parameters", vm->boot_parameters);
        set_yes(o, "start", vm->start);
        if (vm->order >= 0)
                set_number(o, "order", vm->order);
        if (vm->delay)
                set_number(o, "delay", vm->delay);
        set_text(o, "ha", vm->ha_priority && !*vm->ha_priority ? "none" : vm->ha_priority);
        set_text(o, "snapshots", vm->snapshots);
        return o;
}

static json_t *json_schedule(const struct schedule *s)
{
        char at[24];
        json_t *o = json_object();
        set_text(o, "name", s->name);
        set_text(o, "type", s->type);
        set_text(o, "frequency", s->frequency);
        set_number(o, "keep", s->keep);
        if (strcmp(s->frequency, "hourly"))
                snprintf(at, sizeof(at), "%02d:%02d", s->hour, s->minute);
        else
                snprintf(at, sizeof(at), ":%02d", s->minute);
        set_text(o, "at", at);
        if (s->days.n)
                set_texts(o, "days", &s->days);
        return o;
}

static json_t *json_ha(const struct ha *ha)
{
        json_t *o = json_object();
        set_text(o, "heartbeat", ha->heartbeat);
        set_number(o, "tolerate", ha->tolerate);
        if (ha->timeout)
                set_number(o, "timeout", ha->timeout);
        return o;
}

static json_t *json_pool_head(const struct pool *p)
{
        json_t *o = json_object(), *networks = json_array(), *storage = json_array(), *vms = json_array(), *schedules = json_array();
        set_text(o, "id", p->id);
        set_text(o, "name", p->name);
        set_text(o, "description", p->description);
        set_number(o, "join-window", p->join_window);
        for (size_t i = 0; i < p->n_networks; i++)
                json_array_append_new(networks, json_network(&p->networks[i]));
        for (size_t i = 0; i < p->n_storage; i++)
                json_array_append_new(storage, json_storage(&p->storage[i]));
        json_object_set_new(o, "networks", networks);
        json_object_set_new(o, "storage", storage);
        if (p->ha.heartbeat)
                json_object_set_new(o, "ha", json_ha(&p->ha));
        for (size_t i = 0; i < p->n_vms; i++)
                json_array_append_new(vms, json_vm(&p->vms[i]));
        for (size_t i = 0; i < p->n_schedules; i++)
                json_array_append_new(schedules, json_schedule(&p->schedules[i]));
        json_object_set_new(o, "vms", vms);
        json_object_set_new(o, "snapshots", schedules);
        return o;
}

static json_t *json_school_head(const struct school *s)
{
        char ip[IP4_TEXT], subnet[IP4_TEXT + 4];
        json_t *o = json_object();
        set_text(o, "id", s->id);
        set_text(o, "name", s->name);
        set_text(o, "blueprint", s->blueprint);
        if (s->subnet.given) {
                snprintf(subnet, sizeof(subnet), "%s/%d", ip4_text(s->subnet.addr, ip), s->subnet.prefix);
                set_text(o, "subnet", subnet);
        }
        set_ip(o, "gateway", &s->gateway);
        set_ip(o, "boot-server", &s->boot_server);
        return o;
}

/* Writes an object left open for one more member, and consumes it. */
static bool open_object(FILE *f, json_t *o, const char *list)
{
        AUTO_FREE char *text = json_dumps(o, JSON_COMPACT);
        json_decref(o);
        if (!text)
                return false;
        size_t n = strlen(text);
        return fprintf(f, "%.*s%s\"%s\":[", (int)(n - 1), text, n > 2 ? "," : "", list) > 0;
}

static bool print_pool(FILE *f, const struct pool *p)
{
        bool fine = open_object(f, json_pool_head(p), "hosts");
        for (size_t i = 0; fine && i < p->n_hosts; i++) {
                json_t *h = json_host(p->hosts[i]);
                fine = (!i || fputc(',', f) != EOF) && fputc('\n', f) != EOF && json_dumpf(h, f, JSON_COMPACT) == 0;
                json_decref(h);
        }
        return fine && fputs("]}", f) != EOF;
}

static json_t *json_upstream(const struct plan_upstream *u)
{
        json_t *o = json_object();
        set_text(o, "url", u->url);
        set_text(o, "pin", u->pin);
        set_text(o, "token", u->token ? SECRET_MASK : NULL);
        set_text(o, "school", u->school);
        return o;
}

static json_t *json_notice(const struct plan_notice *n)
{
        bool mail = n->form == PLAN_NOTICE_MAIL;
        json_t *o = json_object(), *on = json_array();
        set_text(o, plan_notice_names[n->form], mail ? n->to : SECRET_MASK);
        if (mail)
                set_text(o, "smtp", n->url);
        set_text(o, "from", n->from);
        set_text(o, "user", n->user);
        set_text(o, "password", n->password ? SECRET_MASK : NULL);
        if (n->on_complete)
                json_array_append_new(on, json_string("school-complete"));
        if (n->on_failed)
                json_array_append_new(on, json_string("host-failed"));
        json_object_set_new(o, "on", on);
        return o;
}

static void set_telling(json_t *head, const struct plan *plan)
{
        json_t *list = json_array();
        for (size_t i = 0; i < plan->n_notices; i++)
                json_array_append_new(list, json_notice(&plan->notices[i]));
        if (plan->upstream.url)
                json_object_set_new(head, "upstream", json_upstream(&plan->upstream));
        json_object_set_new(head, "notify", list);
}

bool plan_print_json(const struct plan *plan, FILE *f, struct err *e)
{
        json_t *head = json_object();
        json_object_set_new(head, "version", json_integer(1));
        set_text(head, "release", plan->release ? plan->release->id : NULL);
        set_text(head, "district", plan->district_id);
        set_text(head, "district-name", plan->district_name);
        set_telling(head, plan);
        bool fine = open_object(f, head, "schools");
        for (size_t i = 0; fine && i < plan->n_schools; i++) {
                const struct school *s = plan->schools[i];
                fine = (!i || fputc(',', f) != EOF) && fputc('\n', f) != EOF && open_object(f, json_school_head(s), "pools");
                for (size_t k = 0; fine && k < s->n_pools; k++)
                        fine = (!k || fputc(',', f) != EOF) && print_pool(f, s->pools[k]);
                fine = fine && fputs("]}", f) != EOF;
        }
        if (fine && fputs("]}\n", f) != EOF && fflush(f) == 0)
                return true;
        return err_sys(e, _("writing the plan"));
}
