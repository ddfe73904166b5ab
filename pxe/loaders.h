/* loaders.h - the few files that a machine loads first, over TFTP or HTTP: our address is inside them, so that they find us
 * whatever another DHCP server says. */
#pragma once
#include "pxe/kernel_lines.h"
#include "pxe/server.h"

#define LOADER_BIOS "lpxelinux.0"
#define LOADER_UEFI "xenroll.efi"

struct loaders {
        struct loader_file files[8];
        size_t n;
        struct str memory[8];           /* behind the contents; owned */
        const char *bios, *uefi;        /* names of what DHCP names; NULL: this firmware is not served */
        bool hypervisor_verbs;          /* our GRUB knows xen_hypervisor */
        char from[160];                 /* for the log: where the BIOS set came from, of which version */
};
void loaders_clear(struct loaders *);

struct loaders_wish {
        const struct medium *base;      /* its /boot/pxelinux is taken when it is complete: lpxelinux.0, ldlinux.c32, libcom32.c32 and
                                         * mboot.c32; else the system's packages. Never some of these and some of those */
        const struct kernel_lines *lines;
        const char *address;            /* "192.168.0.5" */
};

/* lpxelinux.0 with the path prefix http://ADDRESS/boot/ built in; xenroll.efi, a GRUB that goes on at
 * http://ADDRESS/boot/grub/MAC. For an installer that needs xen_hypervisor, where our GRUB does not know it, the vendor's own grubx64.efi and
 * the grub.cfg that it asks for. ERR_WORLD when a loader is missing or not what it should be. */
MUST_USE bool loaders_make(const struct loaders_wish *, struct loaders *, struct err *e);

/* Writes them into an empty folder for TFTP, readable by everybody. */
MUST_USE bool loaders_write(const struct loaders *, int dir, struct err *e);
