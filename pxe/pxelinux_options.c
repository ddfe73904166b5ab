#include "pxe/pxelinux_options.h"

#include <string.h>

/* At byte 8 of the file: magic, length of this header, flags, then where options that count before DHCP's lie and how
 * many bytes, and the same for those that count after. All are little-endian 32-bit numbers; offsets count from the
 * file's first byte. */
enum {
        HEADER = 8,
        LENGTH = HEADER + 4,
        AFTER_OFFSET = HEADER + 20,
        AFTER_BYTES = HEADER + 24,
        LEAST = 28,
        PATH_PREFIX = 210,
        END = 255,
        LONGEST = 250
};
#define MAGIC 0x2983c8acu

static uint32_t read32(const char *at)
{
        const unsigned char *p = (const unsigned char *)at;
        return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static void write32(char *at, uint32_t v)
{
        for (int i = 0; i < 4; i++)
                at[i] = (char)(v >> 8 * i);
}

bool pxelinux_with_prefix(struct bytes loader, const char *prefix, struct str *out)
{
        size_t n = strlen(prefix), start = out->len;
        if (loader.len < 4096 || loader.len > 1 << 20 || n > LONGEST || read32(loader.ptr + HEADER) != MAGIC ||
                read32(loader.ptr + LENGTH) < LEAST || read32(loader.ptr + AFTER_BYTES))
                return false;
        str_addn(out, loader.ptr, loader.len);
        str_addc(out, (char)PATH_PREFIX);
        str_addc(out, (char)n);
        str_addn(out, prefix, n);
        str_addc(out, (char)END);
        if (out->failed)
                return false;
        write32(out->ptr + start + AFTER_OFFSET, (uint32_t)loader.len);
        write32(out->ptr + start + AFTER_BYTES, (uint32_t)n + 3);
        return true;
}
