/* efiboot.h - the small FAT file system that UEFI boots from, and the grub.cfg in it (mtools, as child processes). */
#pragma once
#include "base/err.h"
#include "base/str.h"

/* Appends the paths of all grub*.cfg inside ("EFI/xenserver/grub.cfg"), one a line. */
MUST_USE bool efiboot_list(struct bytes image, struct str *paths, struct err *e);

/* Appends the file's text. */
MUST_USE bool efiboot_read(struct bytes image, const char *path, struct str *out, struct err *e);

/* Replaces the file inside the image that fd holds. when: seconds since 1970 that the file gets as its date. When there
 * is no room for it (XR_EFIBOOT_FULL) the old one is gone, and a shorter one may still fit. */
MUST_USE bool efiboot_replace(int fd, const char *path, struct bytes text, int64_t when, struct err *e);
