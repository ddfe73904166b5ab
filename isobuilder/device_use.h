/* device_use.h - what the running system does with a disk: mounts, swap, LVM, RAID; on it, its partitions, or on what is made
 * of them. */
#pragma once
#include "isobuilder/device.h"

/* /proc/self/mountinfo and /proc/swaps, read once. */
struct uses {
        struct str mounts, swaps;
};
#define USES_INIT { STR_MAX(16 << 20), STR_MAX(1 << 20) }

MUST_USE bool uses_read(int root, struct uses *, struct err *e);
void uses_clear(struct uses *);

/* Fills mounted, system and used_by. root: the directory that has sys/ in it. */
void uses_find(int root, const struct uses *, struct device *);

/* Content of a small file below root, printable ASCII, without blanks at its ends; "" when it is missing. */
void sysfs_text(int root, char *out, size_t size, const char *fmt, ...) PRINTF_LIKE(4, 5);
