/* descriptors.h - the fixed structures of an ISO 9660 image: volume descriptors, El Torito catalogue, MBR and GPT.
 *
 * Read straight from the file: libarchive does not show them. All input is foreign. */
#pragma once
#include "base/err.h"
#include <stdint.h>

struct descriptors {
        char volume_id[33];             /* trailing blanks removed */
        char uuid[23];                  /* "2024-10-01-09-08-07-00" as blkid and GRUB say it, "" when absent */
        char created[18];               /* the creation date's 16 digits and NUL */
        int64_t created_at;             /* seconds since 1970, 0 when absent */
        uint64_t volume_bytes;          /* size the volume claims */
        bool joliet, rock_ridge;
        bool bios_entry, uefi_entry;    /* bootable El Torito entries */
        bool bios_loader_hybrid;        /* the BIOS entry's loader (isolinux) can also be started from a stick */
        uint64_t catalogue_offset;      /* bytes, of the boot catalogue; 0 = none */
        uint64_t bios_offset;           /* bytes, of the BIOS entry's loader */
        uint64_t uefi_offset;           /* bytes, of the UEFI entry's image */
        bool mbr, gpt;
        bool mbr_protective;            /* the MBR only keeps the GPT from harm, no partition of its own */
        unsigned uefi_partitions;       /* of MBR and GPT, that begin at uefi_offset */
};

/* False (without touching e's kind) when it is no ISO 9660 image at all. */
bool descriptors_read(int fd, uint64_t size, struct descriptors *out);
