/* What the installers read, as one table: an element a row. */
#include "answerfiles/lint_parts.h"
#include "base/text.h"

#include <string.h>

bool release_has(const struct release *r, enum feature f)
{
        switch (f) {
        case IN_ALL: return true;
        case IN_7: return r->driver_source;
        case IN_7_1: return r->many_sources;
        case IN_VLAN: return r->vlan;
        case IN_NTP: return r->ntp_element;
        case IN_SERVICE: return r->service_element;
        case IN_SSH: return r->ssh_mode;
        case IN_FCOE: return r->fcoe;
        case IN_BACKEND: return r->network_backend;
        case IN_OLD_PARTITIONS: return r->old_partitions;
        case IN_FS_TYPE: return r->fs_type;
        case IN_SWRAID: return r->swraid;
        case IN_RAID: return r->raid_element;
        case IN_GPG_TOP: return r->gpg == GPG_NETINSTALL;
        case IN_GPG_SOURCE: return r->gpg == GPG_PER_SOURCE;
        case IN_XS9: return r->interface_names_lost;
        }
        return true;
}

static const struct attribute_spec of_root[] = {
        { "mode", .kind = VALUE_WORD, .words = "fresh|reinstall|upgrade" },
        { "sr-type", .kind = VALUE_SR_TYPE },
        { "srtype", .modern = "sr-type", .kind = VALUE_SR_TYPE },
        { "netinstall-gpg-check", .kind = VALUE_BOOL, .in = IN_GPG_TOP },
        { "gpgcheck", .kind = VALUE_BOOL, .in = IN_GPG_SOURCE },
        { "repo-gpgcheck", .kind = VALUE_BOOL, .in = IN_GPG_SOURCE },
        { NULL },
};
static const struct attribute_spec of_primary_disk[] = {
        { "guest-storage", .kind = VALUE_BOOL },
        { "gueststorage", .modern = "guest-storage", .kind = VALUE_BOOL },
        { "preserve-first-partition", .kind = VALUE_WORD, .words = "true|yes|false|no|if-utility" },
        { "sr-at-end", .kind = VALUE_BOOL },
        { "swraid", .kind = VALUE_BOOL, .in = IN_SWRAID },
        { "fs-type", .kind = VALUE_WORD, .words = "ext3|ext4", .in = IN_FS_TYPE },
        { NULL },
};
static const struct attribute_spec of_raid[] = { { "device", .kind = VALUE_FILLED, .required = true }, { NULL } };
static const struct attribute_spec of_admin_interface[] = {
        { "hwaddr", .kind = VALUE_MAC },
        { "name", .kind = VALUE_NIC_NAME },
        { "proto", .kind = VALUE_WORD, .words = "static|dhcp|none", .required = true },
        { "protov6", .kind = VALUE_WORD, .words = "static|dhcp|autoconf|none" },
        { "vlan", .kind = VALUE_VLAN, .in = IN_VLAN },
        { NULL },
};
static const struct attribute_spec of_root_password[] = { { "type", .kind = VALUE_WORD, .words = "plaintext|hash" },
        { NULL } };
static const struct attribute_spec of_source[] = {
        { "type", .kind = VALUE_WORD, .words = "local|url|nfs", .required = true },
        { "gpgcheck", .kind = VALUE_BOOL, .in = IN_GPG_SOURCE },
        { "repo-gpgcheck", .kind = VALUE_BOOL, .in = IN_GPG_SOURCE },
        { NULL },
};
static const struct attribute_spec of_driver_source[] = {
        { "type", .kind = VALUE_WORD, .words = "local|url|nfs", .required = true }, { NULL },
};
static const struct attribute_spec of_ntp[] = {
        { "source", .kind = VALUE_WORD, .words = "dhcp|default|manual|none", .required = true }, { NULL },
};
static const struct attribute_spec of_bootloader[] = {
        { "location", .kind = VALUE_WORD, .words = "mbr|partition" },
        { "write-boot-entry", .kind = VALUE_BOOL, .in = IN_7 },
        { NULL },
};
static const struct attribute_spec of_service[] = {
        { "name", .kind = VALUE_FILLED, .required = true },
        { "state", .kind = VALUE_WORD, .words = "enabled|disabled", .required = true },
        { NULL },
};
static const struct attribute_spec of_fcoe[] = {
        { "hwaddr", .kind = VALUE_MAC }, { "name", .kind = VALUE_NIC_NAME }, { "dcb", .kind = VALUE_ANY }, { NULL },
};
static const struct attribute_spec of_existing[] = {
        { "fs-type", .kind = VALUE_WORD, .words = "ext3|ext4", .in = IN_FS_TYPE }, { NULL },
};
static const struct attribute_spec of_script[] = {
        { "stage", .kind = VALUE_STAGE, .required = true },
        { "type", .kind = VALUE_SOFT_WORD, .words = "url|nfs", .required = true },
        { NULL },
};
static const struct attribute_spec of_old_script[] = { { "type", .kind = VALUE_SOFT_WORD, .words = "url|nfs" },
        { NULL } };
static const struct attribute_spec of_driver[] = { { "name", .kind = VALUE_FILLED, .required = true }, { NULL } };

#define ADMIN .inside = "admin-interface"
static const struct element_spec elements[] = {
        { "primary-disk", .kind = VALUE_DISK, .flags = ELEMENT_ONCE, .attributes = of_primary_disk },
        { "guest-disk", .kind = VALUE_DISK },
        { "guest-disks", .flags = ELEMENT_WRAPPER },
        { "raid", .flags = ELEMENT_WRAPPER, .in = IN_RAID, .attributes = of_raid },
        { "disk", .kind = VALUE_DISK, .inside = "raid", .in = IN_RAID },
        { "existing-installation", .kind = VALUE_DISK, .flags = ELEMENT_ONCE, .attributes = of_existing },
        { "backup-disk", .kind = VALUE_DISK, .inside = "restore" },
        { "admin-interface", .flags = ELEMENT_ONCE | ELEMENT_WRAPPER, .attributes = of_admin_interface },
        { "ip", .kind = VALUE_IP4, ADMIN },
        { "ipaddr", .kind = VALUE_IP4, ADMIN },
        { "subnet", .kind = VALUE_MASK, ADMIN },
        { "subnet-mask", .kind = VALUE_MASK, ADMIN },
        { "gateway", .kind = VALUE_IP4, ADMIN },
        { "ipv6", .kind = VALUE_IP6, ADMIN },
        { "gatewayv6", .kind = VALUE_ANY, ADMIN },
        { "root-password", .kind = VALUE_PASSWORD, .flags = ELEMENT_ONCE, .attributes = of_root_password },
        { "source", .kind = VALUE_LOCATION, .attributes = of_source },
        { "driver-source", .kind = VALUE_LOCATION, .in = IN_7, .attributes = of_driver_source },
        { "hostname", .kind = VALUE_FILLED, .flags = ELEMENT_ONCE },
        { "name-server", .kind = VALUE_ADDRESS },
        { "nameserver", .modern = "name-server", .kind = VALUE_ADDRESS },
        { "keymap", .kind = VALUE_KEYMAP, .flags = ELEMENT_ONCE },
        { "timezone", .kind = VALUE_TIMEZONE, .flags = ELEMENT_ONCE },
        { "ntp", .in = IN_NTP, .flags = ELEMENT_ONCE, .attributes = of_ntp },
        { "ntp-server", .kind = VALUE_SERVER },
        { "ntp-servers", .modern = "ntp-server", .kind = VALUE_SERVER },
        { "network-backend", .kind = VALUE_SOFT_WORD, .words = "bridge|openvswitch|vswitch", .in = IN_BACKEND,
                .flags = ELEMENT_ONCE },
        { "bootloader", .kind = VALUE_BOOTLOADER, .flags = ELEMENT_ONCE, .attributes = of_bootloader },
        { "service", .in = IN_SERVICE, .attributes = of_service },
        { "ssh-mode", .kind = VALUE_SOFT_WORD, .words = "on|off|auto", .in = IN_SSH, .flags = ELEMENT_ONCE },
        { "fcoe-interface", .in = IN_FCOE, .attributes = of_fcoe },
        { "initial-partitions", .in = IN_OLD_PARTITIONS, .flags = ELEMENT_OPAQUE },
        { "zap-utility-partitions", .in = IN_OLD_PARTITIONS },
        { "ui-confirmation-prompt", .kind = VALUE_PROMPT, .in = IN_7_1, .flags = ELEMENT_ONCE },
        { "script", .kind = VALUE_FILLED, .attributes = of_script },
        { "post-install-script", .modern = "script stage=\"filesystem-populated\"", .kind = VALUE_FILLED,
                .attributes = of_old_script },
        { "install-failed-script", .modern = "script stage=\"installation-complete\"", .kind = VALUE_FILLED,
                .attributes = of_old_script },
        { "selected-multiversion-drivers", .in = IN_XS9, .flags = ELEMENT_WRAPPER },
        { "driver", .inside = "selected-multiversion-drivers", .in = IN_XS9, .attributes = of_driver },
};

const struct element_spec *element_at(size_t index) { return index < COUNT(elements) ? &elements[index] : NULL; }
const struct attribute_spec *root_attributes(void) { return of_root; }

const struct element_spec *element_find(const char *name, size_t *index)
{
        for (size_t i = 0; i < COUNT(elements); i++) {
                if (strcmp(name, elements[i].name))
                        continue;
                if (index)
                        *index = i;
                return &elements[i];
        }
        return NULL;
}

const char *element_nearest(const struct release *r, const char *name)
{
        const char *names[COUNT(elements)];
        size_t n = 0;
        for (size_t i = 0; i < COUNT(elements); i++)
                if (!elements[i].modern && release_has(r, elements[i].in))
                        names[n++] = elements[i].name;
        return text_nearest(name, names, n);
}

const char *attribute_nearest(const struct release *r, const struct attribute_spec *list, const char *name)
{
        const char *names[16];
        size_t n = 0;
        for (; list && list->name && n < COUNT(names); list++)
                if (!list->modern && release_has(r, list->in))
                        names[n++] = list->name;
        return text_nearest(name, names, n);
}

void attribute_names(const struct release *r, const struct attribute_spec *list, struct str *out)
{
        for (; list && list->name; list++)
                if (!list->modern && release_has(r, list->in))
                        str_addf(out, "%s%s", out->len ? ", " : "", list->name);
        if (!out->len)
                str_add(out, "-");
}

bool word_known(const char *words, const char *word)
{
        size_t n = strlen(word);
        for (const char *at = words; n && at; at = strchr(at, '|')) {
                at += *at == '|';
                if (!strncmp(at, word, n) && (at[n] == '\0' || at[n] == '|'))
                        return true;
        }
        return false;
}

const char *words_shown(const char *words, struct str *out)
{
        for (; *words; words++)
                if (*words == '|')
                        str_add(out, ", ");
                else
                        str_addc(out, *words);
        return str_text(out);
}
