/* stick_io.h - aligned reading and writing of a whole disk, past the page cache, and the hash of what went through. */
#pragma once
#include "base/err.h"
#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>

enum { STICK_IO_BUFFER = 4 << 20 };

struct stick_io {
        int fd;                         /* borrowed */
        const char *path;               /* borrowed */
        bool direct;
        char *buffer, *other;           /* STICK_IO_BUFFER bytes each, aligned; owned */
};

void stick_io_init(struct stick_io *, int fd, const char *path, bool direct);
void stick_io_clear(struct stick_io *);

/* n bytes between the buffer and the disk; n at most STICK_IO_BUFFER, n and offset multiples of 512. ERR_WORLD XR_STICK_WRITE. */
MUST_USE bool stick_io_write(struct stick_io *, uint64_t offset, size_t n, struct err *e);
MUST_USE bool stick_io_read(struct stick_io *, uint64_t offset, size_t n, struct err *e);
MUST_USE bool stick_io_zero(struct stick_io *, uint64_t offset, size_t n, struct err *e);

/* All that was written is on the disk, and reading asks the disk. */
MUST_USE bool stick_io_flush(struct stick_io *, struct err *e);

/* Writes, flushes, reads back and compares. */
MUST_USE bool stick_io_put(struct stick_io *, uint64_t offset, const char *bytes, size_t n, struct err *e);

bool stick_io_differs(const struct stick_io *, struct err *e);          /* XR_STICK_READ_BACK; false */

struct stick_hash {
        EVP_MD_CTX *context;            /* owned */
        unsigned char digest[32];
};

void stick_hash_start(struct stick_hash *);
void stick_hash_add(struct stick_hash *, const void *, size_t n);
void stick_hash_end(struct stick_hash *);
void stick_hash_clear(struct stick_hash *);
void stick_hash_text(const unsigned char digest[32], char text[65]);
