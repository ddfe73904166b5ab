/* device.h - the disks of this computer, as the kernel describes them: what they are, and what uses them.
 *
 * Read from sysfs, /proc/self/mountinfo and /proc/swaps, nothing is opened. Names in there are foreign text: what is kept is
 * printable ASCII. */
#pragma once
#include "base/err.h"
#include "base/str.h"
#include <stdint.h>
#include <sys/types.h>

struct device {
        char name[32];                  /* "sdb": of the kernel; a / in it is a ! in sysfs */
        char path[40];                  /* "/dev/sdb" */
        unsigned major, minor;
        uint64_t size;                  /* bytes; 0 without a medium */
        unsigned sector;                /* bytes, of a logical one */
        char vendor[40], model[80], serial[80];         /* "" when unknown */
        char bus[12];                   /* "usb", "mmc", "nvme", "ata", "virtio", "loop" or "" */
        bool removable;                 /* the medium can be taken out, or it is an SD card */
        bool read_only;
        unsigned partitions;
        char mounted[256];              /* where it, a partition of it or what lies on them is mounted; "" = nowhere */
        char system[64];                /* why the running system needs it: "/boot"; "" = it does not */
        char used_by[128];              /* "LVM (vg-root)", "swap"; "" = by nothing */
};

struct device_list {
        struct device *items;           /* owned; ordered by name */
        size_t n;
};

/* Where sys/ and proc/ are: "/", or what XENROLL_TEST_SYSFS says, which is for tests only. */
const char *device_root(void);

/* All whole disks, without RAM disks, optical drives and what is made of other devices; loop devices too when loops. ERR_WORLD
 * when sysfs cannot be read. Clear in any case. */
MUST_USE bool device_list(const char *root, bool loops, struct device_list *, struct err *e);
void device_list_clear(struct device_list *);

/* The disk that the device number belongs to; *partition says whether it is one of its partitions. NULL when there is none. */
const struct device *device_of(const char *root, const struct device_list *, dev_t number, bool *partition);

/* "SanDisk Ultra, 31.9 GB, serial 4C53", for a person. */
void device_describe(const struct device *, struct str *out);

/* Whether bytes (0 = any number) may be written to it at all: not mounted, not in use, not the system's, large enough. fixed_too:
 * also a disk that cannot be taken out. ERR_REFUSED with a rule. */
MUST_USE bool device_judge(const struct device *, uint64_t bytes, bool fixed_too, struct err *e);
