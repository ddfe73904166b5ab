#include "answerfiles/release.h"
#include "base/cleanup.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define GIB(n) ((uint64_t)(n) << 30)
#define PYTHON2_INTERPRETERS "#!/bin/sh|#!/bin/bash|#!/usr/bin/python|#!/usr/bin/env python"

/* What shows that a first boot has ended: up to 8.1 numbered scripts, which leave a stamp each and the last of which removes a
 * flag; later one service for each task. Of the scripts those are named that all releases have. */
#define STAMP_FOLDER "/etc/firstboot.d/state/"
#define FIRST_BOOT_SCRIPTS \
        .first_boot = STAMP_FOLDER "10-prepare-storage|" STAMP_FOLDER "40-generate-iscsi-iqn|" STAMP_FOLDER \
                "62-create-guest-templates", \
        .first_boot_gone = "/etc/firstboot.d/data/firstboot_in_progress"
#define FIRST_BOOT_SERVICES \
        .first_boot = "/var/lib/misc/ran-network-init|/var/lib/misc/ran-storage-init|" \
                "/var/lib/misc/ran-control-domain-params-init|/var/lib/misc/ran-generate-iscsi-iqn|" \
                "/var/lib/misc/ran-create-guest-templates", \
        .first_boot_gone = NULL

/* What a family has in common; a row states only what differs, and what it states wins. */
#define BASICS \
        .firmware = FIRMWARE_BIOS | FIRMWARE_UEFI, .make_ramdisk = true, .ipv6 = true, .driver_source = true, \
        .sr_type_attribute_dash = true, .python2_ascii = true, .hashes = HASH_MD5 | HASH_SHA256 | HASH_SHA512, \
        .min_disk = GIB(46), .default_sr = "lvm", .interpreters = PYTHON2_INTERPRETERS, .fcoe = true, \
        .nfs_versions = "3|4", .smb_storage = true, \
        .network_backend = true, .bootloader = "grub2", FIRST_BOOT_SCRIPTS
#define XENSERVER_7 \
        BASICS, .family = FAMILY_XS7, .brand = "XenServer", .needs_install_token = true, .old_partitions = true
#define HYPERVISOR_8 \
        BASICS, .family = FAMILY_XS8, .brand = "Citrix Hypervisor", .needs_install_token = true, \
        .old_partitions = true, .service_element = true, .many_sources = true, .vlan = true, .free_pool_size = 3, \
        .vmss = true, .multipathing_call = true
#define XCP_NG \
        BASICS, .family = FAMILY_XCPNG, .brand = "XCP-ng", .service_element = true, .many_sources = true, \
        .vlan = true, .raid_element = true, .vmss = true, .multipathing_call = true
#define XCP_NG_OLD XCP_NG, .needs_install_token = true, .old_partitions = true, .gpg = GPG_NETINSTALL

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const struct release releases[] = {
        { BASICS, .id = "xenserver-6.5", .product = "XenServer 6.5", .family = FAMILY_XS6, .brand = "XenServer",
                .brand_version = "6.5", .api_version = "2.3", .firmware = FIRMWARE_BIOS, .make_ramdisk = false,
                .needs_install_token = true, .driver_source = false, .hashes = HASH_MD5 | HASH_SHA256,
                .nfs_versions = "3", .smb_storage = false,
                .min_disk = GIB(12), .fcoe = false, .old_partitions = true, .bootloader = "extlinux",
                .plain_http = true, .cpu_features_equal = true },

        { XENSERVER_7, .id = "xenserver-7.0", .product = "XenServer 7.0", .brand_version = "7.0",
                .api_version = "2.5" },
        { XENSERVER_7, .id = "xenserver-7.1", .product = "XenServer 7.1", .brand_version = "7.1", .api_version = "2.6",
                .many_sources = true },
        { XENSERVER_7, .id = "xenserver-7.2", .product = "XenServer 7.2", .brand_version = "7.2", .api_version = "2.7",
                .many_sources = true, .vmss = true },
        { XENSERVER_7, .id = "xenserver-7.3", .product = "XenServer 7.3", .brand_version = "7.3", .api_version = "2.8",
                .many_sources = true, .vlan = true, .free_pool_size = 3, .vmss = true },
        { XENSERVER_7, .id = "xenserver-7.4", .product = "XenServer 7.4", .brand_version = "7.4", .api_version = "2.9",
                .platform = "2.5.0", .many_sources = true, .vlan = true, .free_pool_size = 3, .vmss = true },
        { XENSERVER_7, .id = "xenserver-7.5", .product = "XenServer 7.5", .brand_version = "7.5", .api_version = "2.10",
                .many_sources = true, .vlan = true, .free_pool_size = 3, .vmss = true,
                .multipathing_call = true },
        { XENSERVER_7, .id = "xenserver-7.6", .product = "XenServer 7.6", .brand_version = "7.6", .api_version = "2.11",
                .platform = "2.7.0", .many_sources = true, .vlan = true, .free_pool_size = 3, .vmss = true,
                .multipathing_call = true },

        { HYPERVISOR_8, .id = "citrix-hypervisor-8.0", .product = "Citrix Hypervisor 8.0", .brand_version = "8.0",
                .api_version = "2.12" },
        { HYPERVISOR_8, .id = "citrix-hypervisor-8.1", .nfs_versions = "3|4|4.1", .product = "Citrix Hypervisor 8.1", .brand_version = "8.1",
                .api_version = "2.14" },
        { HYPERVISOR_8, .id = "citrix-hypervisor-8.2", .nfs_versions = "3|4|4.1", .product = "Citrix Hypervisor 8.2", .brand_version = "8.2",
                .api_version = "2.15", FIRST_BOOT_SERVICES },

        { HYPERVISOR_8, .id = "xenserver-8", .nfs_versions = "3|4|4.0|4.1", .product = "XenServer 8", .brand = "XenServer", .brand_version = "8",
                .api_version = "2.21", .needs_install_token = false, .old_partitions = false, .ntp_element = true,
                .swraid = true, FIRST_BOOT_SERVICES, .tls_flag = true },
        { HYPERVISOR_8, .id = "xenserver-9", .nfs_versions = "3|4|4.0|4.1", .product = "XenServer 9", .family = FAMILY_XS9, .brand = "XenServer",
                .brand_version = "9", .api_version = "2.23", .firmware = FIRMWARE_UEFI, .needs_install_token = false,
                .old_partitions = false, .ntp_element = true, .swraid = true, .stage_packages_installed = true,
                .python2_ascii = false, .interpreters = NULL, .ssh_mode = true, .fcoe = false, .network_backend = false,
                .fs_type = true, .interface_names_lost = true, FIRST_BOOT_SERVICES, .tls_flag = true },

        { XCP_NG_OLD, .id = "xcp-ng-8.0", .product = "XCP-ng 8.0", .brand_version = "8.0", .api_version = "2.12",
                .platform = "3.0.0" },
        { XCP_NG_OLD, .id = "xcp-ng-8.1", .nfs_versions = "3|4|4.1", .product = "XCP-ng 8.1", .brand_version = "8.1", .api_version = "2.14" },
        { XCP_NG_OLD, .id = "xcp-ng-8.2", .nfs_versions = "3|4|4.1", .product = "XCP-ng 8.2", .brand_version = "8.2", .api_version = "2.15",
                .platform = "3.2.0", FIRST_BOOT_SERVICES },
        { XCP_NG, .id = "xcp-ng-8.3", .nfs_versions = "3|4|4.0|4.1", .product = "XCP-ng 8.3", .brand_version = "8.3", .api_version = "2.21",
                .platform = "3.3.0", .ntp_element = true, .gpg = GPG_PER_SOURCE, .default_sr = "ext",
                FIRST_BOOT_SERVICES, .tls_flag = true },
};
#pragma GCC diagnostic pop

const struct release *release_at(size_t index) { return index < COUNT(releases) ? &releases[index] : NULL; }

/* XenServer was called Citrix Hypervisor for a while, and media carry either name. */
static bool same_vendor(const char *brand, const char *row)
{
        bool xcp = !strcasecmp(brand, "XCP-ng"),
             citrix = !strcasecmp(brand, "XenServer") || !strcasecmp(brand, "Citrix Hypervisor");
        return strcmp(row, "XCP-ng") ? citrix : xcp;
}

/* "8.3" stands at the beginning of "8.3" and "8.3.0", not of "8.30". */
static bool begins_version(const char *version, const char *prefix)
{
        size_t n = strlen(prefix);
        return !strncmp(version, prefix, n) && (version[n] == '\0' || version[n] == '.');
}

const struct release *release_of_media(const char *brand, const char *version)
{
        const struct release *best = NULL;
        for (size_t i = 0; i < COUNT(releases); i++) {
                const struct release *r = &releases[i];
                if (same_vendor(brand, r->brand) && begins_version(version, r->brand_version) &&
                    (!best || strlen(r->brand_version) > strlen(best->brand_version)))
                        best = r;
        }
        return best;
}

/* "xcp-ng 8.3", "XenServer7.6", "citrix_hypervisor-8.2": letters up to the first digit name the product. */
static const struct release *find_spelling(const char *text)
{
        static const struct { const char *letters, *brand; } products[] = {
                { "xcpng", "XCP-ng" }, { "xcp", "XCP-ng" }, { "xenserver", "XenServer" }, { "xs", "XenServer" },
                { "citrixhypervisor", "Citrix Hypervisor" }, { "citrixxenserver", "XenServer" },
        };
        char letters[24] = "";
        size_t n = 0;
        for (; *text && !isdigit((unsigned char)*text); text++) {
                if (isalpha((unsigned char)*text) && n + 1 < sizeof(letters))
                        letters[n++] = (char)tolower((unsigned char)*text);
                else if (!strchr(" -_", *text))
                        return NULL;
        }
        if (text[strspn(text, "0123456789.")])
                return NULL;
        for (size_t i = 0; i < COUNT(products); i++)
                if (!strcmp(letters, products[i].letters))
                        return release_of_media(products[i].brand, text);
        return NULL;
}

const struct release *release_find(const char *id)
{
        for (size_t i = 0; i < COUNT(releases); i++)
                if (!strcmp(id, releases[i].id))
                        return &releases[i];
        return find_spelling(id);
}
