/* kernel_lines.h - how the vendor's own menu starts the installer: which Xen, which kernel, with which arguments. */
#pragma once
#include "isobuilder/medium.h"

struct kernel_line {                    /* for one firmware; all owned, paths with a leading slash as on the image */
        char *xen, *xen_args;           /* "/boot/xen.gz" */
        char *kernel, *kernel_args;     /* "/boot/vmlinuz"; without anything of ours */
        char *initrd;                   /* "/install.img" */
};

struct kernel_lines {
        struct kernel_line bios, uefi;  /* .xen NULL: this firmware is not served */
        bool hypervisor_verbs;          /* UEFI: xen_hypervisor and xen_module instead of multiboot2 and module2 */
};
void kernel_lines_clear(struct kernel_lines *);

/* From the default entry of isolinux.cfg and of EFI/xenserver/grub.cfg; on an image that we prepared, from the vendor's own entry. Words
 * that contradict an unattended network installation are left out. ERR_INPUT when a menu that is there cannot be understood. */
MUST_USE bool kernel_lines_read(const struct medium *, struct kernel_lines *, struct err *e);
