#include "isobuilder/stick_io.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static char *aligned_buffer(void)
{
        void *p;
        if (posix_memalign(&p, 4096, STICK_IO_BUFFER) != 0)
                file_out_of_memory();
        return p;
}

void stick_io_init(struct stick_io *io, int fd, const char *path, bool direct)
{
        *io = (struct stick_io){ fd, path, direct, aligned_buffer(), aligned_buffer() };
}

void stick_io_clear(struct stick_io *io)
{
        free(io->buffer);
        free(io->other);
        *io = (struct stick_io){ .fd = -1 };
}

static bool failed(const struct stick_io *io, uint64_t offset, struct err *e)
{
        char at[24];
        int error = errno;
        const char *why = error == ENODEV || error == ENXIO || (error == EIO && access(io->path, F_OK) < 0) ? _("it was pulled out") : strerror(error);
        snprintf(at, sizeof(at), "%" PRIu64, offset);
        err_rule(e, XR_STICK_WRITE, io->path, at, why, NULL);
        e->kind = ERR_WORLD;
        return false;
}

static bool move_bytes(struct stick_io *io, bool out, char *bytes, uint64_t offset, size_t n, struct err *e)
{
        while (n) {
                ssize_t done = out ? pwrite(io->fd, bytes, n, (off_t)offset) : pread(io->fd, bytes, n, (off_t)offset);
                if (done < 0 && errno == EINTR)
                        continue;
                if (!done)
                        errno = ENOSPC;
                if (done <= 0)
                        return failed(io, offset, e);
                bytes += done;
                offset += (uint64_t)done;
                n -= (size_t)done;
        }
        return true;
}

bool stick_io_write(struct stick_io *io, uint64_t offset, size_t n, struct err *e) { return move_bytes(io, true, io->buffer, offset, n, e); }
bool stick_io_read(struct stick_io *io, uint64_t offset, size_t n, struct err *e) { return move_bytes(io, false, io->buffer, offset, n, e); }

bool stick_io_zero(struct stick_io *io, uint64_t offset, size_t n, struct err *e)
{
        memset(io->buffer, 0, n);
        return stick_io_write(io, offset, n, e);
}

bool stick_io_flush(struct stick_io *io, struct err *e)
{
        if (fsync(io->fd) < 0)
                return failed(io, 0, e);
        /* Without O_DIRECT the pages that were just written would answer in the stick's place. */
        if (!io->direct) {
                posix_fadvise(io->fd, 0, 0, POSIX_FADV_DONTNEED);
                ioctl(io->fd, BLKFLSBUF);
        }
        return true;
}

bool stick_io_differs(const struct stick_io *io, struct err *e)
{
        err_rule(e, XR_STICK_READ_BACK, io->path, NULL);
        e->kind = ERR_WORLD;
        return false;
}

bool stick_io_put(struct stick_io *io, uint64_t offset, const char *bytes, size_t n, struct err *e)
{
        memcpy(io->other, bytes, n);
        if (!move_bytes(io, true, io->other, offset, n, e) || !stick_io_flush(io, e) || !stick_io_read(io, offset, n, e))
                return false;
        return memcmp(io->buffer, bytes, n) == 0 || stick_io_differs(io, e);
}

void stick_hash_start(struct stick_hash *h)
{
        h->context = EVP_MD_CTX_new();
        if (!h->context)
                file_out_of_memory();
        EVP_DigestInit_ex(h->context, EVP_sha256(), NULL);
}

void stick_hash_add(struct stick_hash *h, const void *bytes, size_t n) { EVP_DigestUpdate(h->context, bytes, n); }
void stick_hash_end(struct stick_hash *h) { EVP_DigestFinal_ex(h->context, h->digest, NULL); }

void stick_hash_clear(struct stick_hash *h)
{
        EVP_MD_CTX_free(h->context);
        h->context = NULL;
}

void stick_hash_text(const unsigned char digest[32], char text[65])
{
        text_hex(digest, 32, text);
}
