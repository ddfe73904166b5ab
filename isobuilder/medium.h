/* medium.h - what a base ISO is: read once with libarchive, without mounting or unpacking it.
 *
 * A base is never written to. Names in it are foreign bytes. */
#pragma once
#include "answerfiles/release.h"
#include "base/str.h"
#include <stdint.h>

enum compression { COMPRESSION_UNKNOWN, COMPRESSION_GZIP, COMPRESSION_BZIP2, COMPRESSION_XZ, COMPRESSION_ZSTD, COMPRESSION_NONE };
extern const char *const compression_names[];

struct boot_config {                    /* isolinux.cfg or a grub*.cfg */
        char *path;                     /* in the ISO, without leading slash; owned */
        struct str text;                /* as on the medium */
        bool grub;
};

struct medium {
        char *path;                     /* as given; owned */
        int fd;                         /* open for reading; owned */
        uint64_t size;                  /* bytes */
        char volume_id[33];
        char volume_uuid[23];           /* "2024-10-01-09-08-07-00"; "" when absent */
        int64_t volume_date;            /* seconds since 1970 from the descriptor's creation date; 0 when absent */
        char created[18];               /* the same date as 16 digits, "" when absent */
        uint64_t catalogue_offset, bios_offset; /* bytes, where boot catalogue and BIOS loader lie; 0 = none */
        uint64_t uefi_offset;           /* bytes, where the UEFI boot entry's image lies */
        char brand[64], version[64], platform[64], build[64];   /* .treeinfo; "" when absent */
        const struct release *release;  /* NULL when not recognised */
        unsigned firmware;              /* enum firmware set, from the boot files and El Torito entries really there */
        bool el_torito_bios, el_torito_uefi, hybrid_mbr, hybrid_gpt, joliet, rock_ridge;
        bool mbr_protective;            /* the partition table is for UEFI alone */
        bool bios_loader_hybrid;        /* isolinux could also be started from a stick */
        enum compression install_img;
        uint64_t install_img_size;
        bool has_repo, old_repo, netinstall;
        bool has_xsinst;                /* somebody's files are where ours would go */
        struct boot_config *configs;    /* owned */
        size_t n_configs;
        char *efiboot_path;             /* "boot/efiboot.img", NULL = none; owned */
        struct str efiboot;             /* its bytes (bounded) */
        char efiboot_config[128];       /* path of the first grub*.cfg inside it; "" = none */
        struct boot_config *efi_configs;        /* all of them; owned */
        size_t n_efi_configs;
        unsigned uefi_partitions;       /* MBR and GPT partitions that begin where the UEFI boot entry does */
        bool gpg_flags;                 /* no-*gpgcheck stands on a kernel line */
        uint64_t entries;               /* files and directories */
};

/* Opens and reads it. NULL and e (an XR rule, ERR_INPUT) when it is missing, a directory, not an ISO, truncated, or not
 * a XenServer / XCP-ng installation medium. Caller frees. */
MUST_USE struct medium *medium_open(int dir, const char *path, struct err *e);
void medium_free(struct medium *);

/* Whether the boot catalogue's UEFI entry starts from the bytes of efiboot_path. */
bool medium_knows_efiboot(const struct medium *);

/* Hands every regular file directly in the folder ("xsinst") to each(); stops when that says false. Files of more than
 * max bytes are an error. */
MUST_USE bool medium_read_folder(const struct medium *, const char *folder, size_t max,
        bool (*each)(void *arg, const char *name, struct bytes content, struct err *e), void *arg, struct err *e);

/* Lower-case hex of the whole file, for build.json; reads it all. */
MUST_USE bool medium_sha256(const struct medium *, char hex[65], struct err *e);
