/* efiboot.h - the small FAT file system that UEFI boots from, and the grub.cfg in it (mtools, as child processes). */
#pragma once
#include "base/err.h"
#include "base/str.h"

/* Sets path to the grub.cfg inside ("EFI/xenserver/grub.cfg"), or to "" when there is none. */
MUST_USE bool efiboot_find_config(struct bytes image, char *path, size_t size, struct err *e);

/* Appends the file's text. */
MUST_USE bool efiboot_read(struct bytes image, const char *path, struct str *out, struct err *e);

/* Replaces the file inside the image that fd holds. when: seconds since 1970 that the file gets as its date. */
MUST_USE bool efiboot_replace(int fd, const char *path, struct bytes text, int64_t when, struct err *e);
