/* A setting's value in one line, the way a site file would say it. */
#include "answerfiles/plan_show.h"
#include "base/secret.h"

const char *const setting_names[SETTINGS] = {
        [SET_KEYBOARD] = "keyboard", [SET_TIMEZONE] = "timezone", [SET_NTP] = "ntp", [SET_DNS] = "dns",
        [SET_ROOT_PASSWORD] = "root-password", [SET_DISK] = "disk", [SET_GUEST_DISKS] = "guest-disks", [SET_RAID] = "raid",
        [SET_LOCAL_STORAGE] = "local-storage", [SET_ALREADY_INSTALLED] = "already-installed", [SET_OTHER_DATA] = "other-data",
        [SET_SOURCE] = "source", [SET_PACKS] = "supplemental-packs", [SET_DRIVER_DISKS] = "driver-disks",
        [SET_SCRIPT_START] = "scripts installation-start", [SET_SCRIPT_PACKAGES] = "scripts packages-installed",
        [SET_SCRIPT_POPULATED] = "scripts filesystem-populated", [SET_SCRIPT_COMPLETE] = "scripts installation-complete",
        [SET_MANAGEMENT_NIC] = "management-nic", [SET_DOMAIN] = "domain", [SET_IPV6] = "ipv6", [SET_VLAN] = "vlan",
        [SET_TAGS] = "tags", [SET_ROLL_CALL] = "roll-call", [SET_ROLL_CALL_PIN] = "roll-call-pin",
};

static void show_words(struct str *out, const struct text_list *list)
{
        for (size_t i = 0; i < list->n; i++)
                str_addf(out, "%s%s", i ? ", " : "", list->items[i]);
}

static void show_size(struct str *out, const char *key, uint64_t bytes)
{
        if (bytes && bytes % 1000000000 == 0)
                str_addf(out, ", %s %llu GB", key, (unsigned long long)(bytes / 1000000000));
        else if (bytes)
                str_addf(out, ", %s %llu bytes", key, (unsigned long long)bytes);
}

static void show_disk(struct str *out, const struct disk_rule *d)
{
        static const char *const kinds[] = { "pick smallest", "pick largest", "by-id ", "by-path ", "serial ", "device ", "raid " };
        static const char *const buses[] = { "sata", "sas", "nvme", "usb", "virtio", "raid" };
        str_addf(out, "%s%s", kinds[d->kind], d->value ? d->value : "");
        show_size(out, "at least", d->at_least);
        show_size(out, "at most", d->at_most);
        for (unsigned bus = 0, first = 1; bus < COUNT(buses); bus++)
                if (d->bus >> bus & 1) {
                        str_addf(out, "%s%s", first ? ", bus " : "/", buses[bus]);
                        first = 0;
                }
}

static void show_disks(struct str *out, const struct disk_rule *disks, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (i)
                        str_add(out, "; ");
                show_disk(out, &disks[i]);
        }
}

static void show_sources(struct str *out, const struct source_list *list)
{
        for (size_t i = 0; i < list->n; i++)
                str_addf(out, "%s%s", i ? ", " : "", list->items[i].url ? list->items[i].url : "local");
}

static void show_scripts(struct str *out, const struct script_list *list)
{
        for (size_t i = 0; i < list->n; i++)
                str_addf(out, "%s%s", i ? ", " : "", list->items[i].url ? list->items[i].url : list->items[i].file);
}

void setting_show(struct str *out, const struct settings *s, enum setting set)
{
        static const char *const local[] = { "none", "lvm", "ext" }, *const ipv6[] = { "none", "dhcp", "autoconf", "static" };
        switch (set) {
        case SET_KEYBOARD: str_add(out, s->keyboard); break;
        case SET_TIMEZONE: str_add(out, s->timezone); break;
        case SET_NTP: show_words(out, &s->ntp); break;
        case SET_DNS: show_words(out, &s->dns); break;
        case SET_ROOT_PASSWORD: str_add(out, s->root_password.kind == PASSWORD_HASH ? SECRET_MASK : ""); break;
        case SET_DISK:
                if (s->origin[SET_DISK].pos.line)
                        show_disk(out, &s->disk);
                break;
        case SET_GUEST_DISKS: show_disks(out, s->guest_disks, s->n_guest_disks); break;
        case SET_RAID: show_disks(out, s->raid.disks, s->raid.n); break;
        case SET_LOCAL_STORAGE: str_add(out, local[s->local_storage]); break;
        case SET_ALREADY_INSTALLED: str_add(out, s->already_installed == INSTALLED_REINSTALL ? "reinstall" : "refuse"); break;
        case SET_OTHER_DATA: str_add(out, s->other_data == OTHER_ERASE ? "erase" : "refuse"); break;
        case SET_SOURCE: str_add(out, s->source.url ? s->source.url : "local"); break;
        case SET_PACKS: show_sources(out, &s->packs); break;
        case SET_DRIVER_DISKS: show_sources(out, &s->driver_disks); break;
        case SET_SCRIPT_START:
        case SET_SCRIPT_PACKAGES:
        case SET_SCRIPT_POPULATED:
        case SET_SCRIPT_COMPLETE: show_scripts(out, &s->scripts[set - SET_SCRIPT_START]); break;
        case SET_MANAGEMENT_NIC:
                if (s->management_nic >= 0)
                        str_addf(out, "%d", s->management_nic);
                break;
        case SET_DOMAIN: str_add(out, s->domain ? s->domain : ""); break;
        case SET_IPV6: str_add(out, ipv6[s->ipv6]); break;
        case SET_VLAN:
                if (s->vlan)
                        str_addf(out, "%d", s->vlan);
                break;
        case SET_TAGS: show_words(out, &s->tags); break;
        case SET_ROLL_CALL: str_add(out, s->roll_call ? s->roll_call : ""); break;
        case SET_ROLL_CALL_PIN: str_add(out, s->roll_call_pin ? s->roll_call_pin : ""); break;
        case SETTINGS: break;
        }
}
