/* The state of a calculation is only to be had from the older interface, which OpenSSL keeps but calls deprecated. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "isobuilder/digest.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/text.h"

#include <errno.h>
#include <openssl/sha.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER = 1 << 20 };

struct digest {
        SHA256_CTX sha;
};

struct digest *digest_new(const struct digest_state *from)
{
        struct digest *d = malloc(sizeof(*d));
        if (!d)
                file_out_of_memory();
        SHA256_Init(&d->sha);
        if (from) {
                memcpy(d->sha.h, from->h, sizeof(from->h));
                d->sha.Nl = (SHA_LONG)(from->bytes << 3);
                d->sha.Nh = (SHA_LONG)(from->bytes >> 29);
        }
        return d;
}

void digest_free(struct digest *d) { free(d); }

void digest_add(struct digest *d, const void *p, size_t n) { SHA256_Update(&d->sha, p, n); }

void digest_add_zeros(struct digest *d, uint64_t n)
{
        static const char zeros[64 << 10];
        for (; n > sizeof(zeros); n -= sizeof(zeros))
                digest_add(d, zeros, sizeof(zeros));
        digest_add(d, zeros, (size_t)n);
}

struct digest_state digest_state_of(const struct digest *d)
{
        struct digest_state s;
        memcpy(s.h, d->sha.h, sizeof(s.h));
        s.bytes = ((uint64_t)d->sha.Nh << 32 | d->sha.Nl) >> 3;
        return s;
}

void digest_finish(struct digest *d, unsigned char out[32])
{
        SHA256_Final(out, &d->sha);
        digest_free(d);
}

bool digest_add_file(struct digest *d, int fd, const char *name, uint64_t offset, uint64_t n, struct err *e)
{
        AUTO_FREE unsigned char *buffer = malloc(BUFFER);
        if (!buffer)
                file_out_of_memory();
        while (n) {
                ssize_t got = pread(fd, buffer, n < BUFFER ? (size_t)n : BUFFER, (off_t)offset);
                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return err_sys(e, _("reading %s"), name);
                if (!got)
                        return err_set(e, ERR_WORLD, _("%s became shorter while it was read"), name);
                digest_add(d, buffer, (size_t)got);
                offset += (uint64_t)got;
                n -= (uint64_t)got;
        }
        return true;
}

void digest_hex(const unsigned char digest[32], char hex[65])
{
        text_hex(digest, 32, hex);
}

static int nibble(char c)
{
        static const char digits[] = "0123456789abcdef";
        const char *at = c ? strchr(digits, c) : NULL;
        return at ? (int)(at - digits) : -1;
}

bool digest_unhex(const char hex[64], unsigned char digest[32])
{
        for (int i = 0; i < 32; i++) {
                int high = nibble(hex[2 * i]), low = high < 0 ? -1 : nibble(hex[2 * i + 1]);
                if (low < 0)
                        return false;
                digest[i] = (unsigned char)(high << 4 | low);
        }
        return true;
}

bool file_sha256(int fd, const char *name, char hex[65], struct err *e)
{
        struct digest *d = digest_new(NULL);
        unsigned char sum[32];
        off_t end = lseek(fd, 0, SEEK_END);
        bool fine = end >= 0 ? digest_add_file(d, fd, name, 0, (uint64_t)end, e) : err_sys(e, _("reading %s"), name);
        digest_finish(d, sum);
        digest_hex(sum, hex);
        return fine;
}
