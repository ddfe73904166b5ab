/* release.h - what differs between releases, as data. Code asks the table; nothing else compares versions. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum family { FAMILY_XS6, FAMILY_XS7, FAMILY_XS8, FAMILY_XS9, FAMILY_XCPNG };  /* one RELAX NG schema each */
enum firmware { FIRMWARE_BIOS = 1, FIRMWARE_UEFI = 2 };
enum gpg_style { GPG_NONE, GPG_NETINSTALL, GPG_PER_SOURCE };
enum hash_forms { HASH_MD5 = 1, HASH_SHA256 = 2, HASH_SHA512 = 4 };

struct release {
        const char *id;                 /* "xcp-ng-8.3": what a site file says */
        const char *product;            /* "XCP-ng 8.3": what people read */
        enum family family;
        const char *platform;           /* .treeinfo platform version prefix that identifies it; NULL unknown */
        const char *brand, *brand_version;      /* .treeinfo branding, to recognise a base: "XCP-ng", "8.3" */
        const char *api_version;        /* "2.21" */
        unsigned firmware;              /* enum firmware set */
        bool make_ramdisk;              /* /xsinst is reachable */
        bool needs_install_token;
        bool vlan;                      /* admin-interface vlan attribute */
        bool ipv6;
        bool many_sources;              /* <source> may repeat */
        bool ntp_element;               /* <ntp source=…> is known */
        bool driver_source;
        bool raid_element;              /* XCP-ng <raid> */
        bool swraid;                    /* XS8 late, XS9 */
        bool sr_type_attribute_dash;    /* sr-type (true everywhere); old spelling never written */
        bool stage_packages_installed;
        bool python2_ascii;             /* non-ASCII text in the answer file raises */
        enum gpg_style gpg;
        unsigned hashes;                /* enum hash_forms set that dom0 is known to take */
        uint64_t min_disk;              /* bytes */
        const char *nfs_versions;       /* '|' separated: what an nfs storage may ask for */
        bool smb_storage;               /* virtual machines may live on SMB; libraries of images always may */
        int free_pool_size;             /* hosts in a pool without a licence; 0 = no limit */
        const char *default_sr;         /* what the installer does without sr-type */
        const char *interpreters;       /* accepted script first lines, '|' separated; NULL = any */
        bool service_element;           /* <service> is known */
        bool ssh_mode;                  /* <ssh-mode> is known */
        bool fcoe;                      /* <fcoe-interface> is known */
        bool network_backend;           /* <network-backend> still chooses something */
        bool old_partitions;            /* <initial-partitions>, <zap-utility-partitions> are known */
        bool fs_type;                   /* primary-disk fs-type is known */
        bool interface_names_lost;      /* NICs are not called ethN: only hwaddr finds one */
        const char *first_boot;         /* paths, '|' separated, that exist once the first boot has finished */
        const char *first_boot_gone;    /* … that no longer exist by then; NULL = none */
        bool plain_http;                /* xapi is asked over HTTP: its TLS is older than 1.2 */
        bool tls_flag;                  /* a join wants TLS verification to be on, on both sides */
        bool cpu_features_equal;        /* a join wants equal CPU features, not only the vendor */
        bool vmss;                      /* snapshot schedules */
        bool multipathing_call;         /* host.set_multipathing exists */
        const char *bootloader;         /* the one text of <bootloader> it takes besides none; 6.5 demands it */
};

const struct release *release_find(const char *id);             /* exact id, also common spellings; NULL unknown */
const struct release *release_at(size_t index);                 /* NULL past the last */
/* From .treeinfo's branding ("XCP-ng" "8.3.0"); NULL when not one of ours. */
const struct release *release_of_media(const char *brand, const char *version);
bool release_knows_keymap(const struct release *, const char *keymap);
const char *const *keymap_names(size_t *n);
