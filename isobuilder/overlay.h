/* overlay.h - an image that need not exist as a file: a base file with one run of other bytes laid over it.
 *
 * Every stamped image is one. Copying it out, streaming it to a stick or into HTTP and hashing it all read it here. */
#pragma once
#include "base/err.h"
#include "base/str.h"

struct overlay {
        int fd;                         /* of the base file; owned */
        uint64_t size;                  /* of the whole image, bytes; the base file has as many */
        uint64_t at;                    /* where the other bytes stand; at + bytes.len <= size */
        struct str bytes;               /* they themselves; may be empty: then it is the file as it is */
        unsigned char sha256[32];       /* of the whole image */
        bool sha256_known;
};
#define OVERLAY_INIT { .fd = -1 }
void overlay_clear(struct overlay *);

/* Exactly n bytes from offset; ERR_WORLD when the base cannot be read there. Thread-safe. */
MUST_USE bool overlay_read(const struct overlay *, void *buffer, size_t n, uint64_t offset, struct err *e);

/* Bytes [offset, offset + n) to any descriptor, at its position: a file (shares blocks or copies within the kernel), a pipe,
 * a socket, a terminal's pipe. tick, when not NULL, hears how many bytes are done. ERR_WORLD with the cause. */
MUST_USE bool overlay_send(const struct overlay *, int to, uint64_t offset, uint64_t n, void (*tick)(uint64_t done, void *),
        void *tick_arg, struct err *e);
