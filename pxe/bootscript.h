/* bootscript.h - what a loader is told to do next, for one machine. */
#pragma once
#include "pxe/kernel_lines.h"

/* Our GRUB knows better, when it was asked by serial number. */
#define BOOTSCRIPT_OWN_MAC "$xenroll_mac"

struct bootscript {
        const struct kernel_lines *lines;
        const char *address;            /* "192.168.0.5" */
        const char *mac;                /* "52:54:00:00:00:11": the card that the machine started from */
        const char *generator;          /* URL of the selector; NULL: start the local disk, at once */
        const char *title;              /* what the screen says: "nn36-xen1", ASCII */
        bool serial_asked;              /* GRUB only, with no generator: ask again under /boot/grub-serial/SERIAL, since hosts are known by
                                         * serial number alone; without one the local disk */
};

void bootscript_pxelinux(const struct bootscript *, struct str *out);
void bootscript_grub(const struct bootscript *, struct str *out);
void bootscript_ipxe(const struct bootscript *, struct str *out);

/* GRUB's commands for starting the disk's own loader; never one on a USB medium of ours. */
void bootscript_local_disk(struct str *out);
