/* stick.h - writes an image to a disk so that it boots only when every byte of it was read back and compared.
 *
 * Order: the first and the last MiB are zeroed; everything between is written, flushed and read back past the page cache; then
 * the last MiB; then the first one from its end to its beginning, the boot sector last. A stick that is interrupted at any
 * instant before does not boot.
 *
 * Behind the image lies a FAT partition for reports. For it the partition tables differ from the image's; nothing else does. */
#pragma once
#include "base/progress.h"
#include "isobuilder/device.h"
#include "isobuilder/overlay.h"

struct stick {
        const struct device *device;    /* borrowed */
        const struct overlay *image;    /* borrowed, shared by all sticks */
        int fd;                         /* owned */
        bool direct;                    /* the page cache is bypassed */
        struct str image_head;          /* first MiB as the image has it */
        struct str head, tail, reports; /* first MiB, last MiB and beginning of the FAT partition, as they will be */
        uint64_t reports_at;            /* bytes; 0 = no such partition */
        struct str warning;             /* why not; "" = there is one */
        struct progress_rows *progress;
        size_t row;
        unsigned char sha256[32];       /* of the image's bytes as they were read back; valid after stick_write */
        struct err error;               /* of stick_run */
};
#define STICK_INIT { .fd = -1, .image_head = STR_MAX(1 << 20), .head = STR_MAX(1 << 20), .tail = STR_MAX(1 << 20), .reports = STR_MAX(64 << 20), .warning = STR_MAX(1024) }
void stick_clear(struct stick *);

/* Bytes that a device must have for the image. */
uint64_t stick_least(const struct overlay *);

/* Whether a stick with the image boots. ERR_REFUSED XR_STICK_NOT_HYBRID with what the image is called. */
MUST_USE bool stick_bootable(const struct overlay *, const char *name, struct err *e);

/* Opens the device for this process alone and makes sure that it is the one that was looked at. ERR_REFUSED or ERR_INPUT; nothing is
 * written. */
MUST_USE bool stick_open(struct stick *, struct err *e);

/* Makes head, tail and reports. Starts child processes; writes nothing. */
MUST_USE bool stick_prepare(struct stick *, struct err *e);

/* Writes and verifies. ERR_WORLD XR_STICK_WRITE, XR_STICK_READ_BACK or XR_STICK_IMAGE_DAMAGED; then it does not boot. Safe in
 * several threads with a stick each. */
MUST_USE bool stick_write(struct stick *, struct err *e);

/* All of them at once, a thread each; what became of each stands in its error. */
void stick_write_all(struct stick **, size_t n);
