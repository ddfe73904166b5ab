/* grub_image.h - a GRUB for UEFI that goes on at our address, made by grub-mkimage. */
#pragma once
#include "base/str.h"

/* Appends the program. ERR_WORLD when GRUB's tools are not on this computer. */
MUST_USE bool grub_image_make(const char *address, struct str *out, struct err *e);

/* What it does first: the configuration for this machine's card from http://ADDRESS/boot/grub/MAC; without an answer, the disk. */
void grub_image_config(const char *address, struct str *out);

/* Whether this computer's GRUB has xen_hypervisor and xen_module for x86-64. */
bool grub_image_knows_hypervisor(void);
