#include "isobuilder/descriptors.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SECTOR = 2048, FIRST_DESCRIPTOR = 16, MOST_DESCRIPTORS = 32 };

static bool read_at(int fd, uint64_t offset, unsigned char *buf, size_t n)
{
        return pread(fd, buf, n, (off_t)offset) == (ssize_t)n;
}

static uint32_t le32(const unsigned char *p) { return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24; }

/* 16 digits and a zone in quarter hours. An all-zero date means "not given". */
static bool date_given(const unsigned char *p)
{
        bool other = false;
        for (int i = 0; i < 16; i++) {
                if (p[i] < '0' || p[i] > '9')
                        return false;
                other |= p[i] != '0';
        }
        return other;
}

static int64_t date_seconds(const unsigned char *p)
{
        char text[17];
        struct tm tm = { 0 };
        memcpy(text, p, 16);
        text[16] = '\0';
        if (sscanf(text, "%4d%2d%2d%2d%2d%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
                return 0;
        tm.tm_year -= 1900;
        tm.tm_mon -= 1;
        return (int64_t)timegm(&tm) - (signed char)p[16] * 15 * 60;
}

static void read_dates(const unsigned char *pvd, struct descriptors *d)
{
        const unsigned char *created = pvd + 813, *modified = pvd + 830;
        const unsigned char *u = date_given(modified) ? modified : date_given(created) ? created : NULL;
        if (u)
                snprintf(d->uuid, sizeof(d->uuid), "%.4s-%.2s-%.2s-%.2s-%.2s-%.2s-%.2s", (const char *)u, (const char *)u + 4,
                        (const char *)u + 6, (const char *)u + 8, (const char *)u + 10, (const char *)u + 12, (const char *)u + 14);
        if (date_given(created)) {
                memcpy(d->created, created, 16);
                d->created_at = date_seconds(created);
        }
}

/* The first record of the root directory begins its system use area with an SP entry when Rock Ridge is there. */
static bool has_rock_ridge(int fd, const unsigned char *pvd)
{
        unsigned char dir[SECTOR];
        if (!read_at(fd, (uint64_t)le32(pvd + 156 + 2) * SECTOR, dir, sizeof(dir)))
                return false;
        size_t length = dir[0], use = 33u + dir[32] + !(dir[32] & 1);
        return use + 7 <= length && length < sizeof(dir) && !memcmp(dir + use, "SP\7\1\xbe\xef", 6);
}

static void read_primary(int fd, const unsigned char *pvd, struct descriptors *d)
{
        memcpy(d->volume_id, pvd + 40, 32);
        for (int i = 0; i < 32; i++)
                if ((unsigned char)d->volume_id[i] < 0x20 || (unsigned char)d->volume_id[i] > 0x7e)
                        d->volume_id[i] = d->volume_id[i] ? '?' : '\0';
        for (size_t n = strlen(d->volume_id); n && d->volume_id[n - 1] == ' '; n--)
                d->volume_id[n - 1] = '\0';
        d->volume_bytes = (uint64_t)le32(pvd + 80) * SECTOR;
        d->rock_ridge = has_rock_ridge(fd, pvd);
        read_dates(pvd, d);
}

static bool is_joliet(const unsigned char *svd)
{
        return svd[88] == '%' && svd[89] == '/' && (svd[90] == '@' || svd[90] == 'C' || svd[90] == 'E');
}

/* isolinux says so itself, by four bytes at a fixed place. */
static bool is_hybrid_loader(int fd, uint64_t offset)
{
        unsigned char sign[4];
        return read_at(fd, offset + 64, sign, sizeof(sign)) && !memcmp(sign, "\xfb\xc0\x78\x70", 4);
}

static void note_entry(int fd, const unsigned char *entry, unsigned platform, struct descriptors *d)
{
        if (entry[0] != 0x88)
                return;
        if (platform == 0xef) {
                d->uefi_entry = true;
                d->uefi_offset = (uint64_t)le32(entry + 8) * SECTOR;
        } else if (platform == 0) {
                d->bios_entry = true;
                d->bios_offset = (uint64_t)le32(entry + 8) * SECTOR;
                d->bios_loader_hybrid = is_hybrid_loader(fd, d->bios_offset);
        }
}

static void read_catalogue(int fd, uint32_t sector, struct descriptors *d)
{
        unsigned char c[SECTOR];
        if (!read_at(fd, (uint64_t)sector * SECTOR, c, sizeof(c)) || c[0] != 1 || c[30] != 0x55 || c[31] != 0xaa)
                return;
        d->catalogue_offset = (uint64_t)sector * SECTOR;
        note_entry(fd, c + 32, c[1], d);
        for (size_t at = 64; at + 32 <= sizeof(c) && (c[at] == 0x90 || c[at] == 0x91);) {
                unsigned platform = c[at + 1], entries = c[at + 2] | c[at + 3] << 8;
                bool last = c[at] == 0x91;
                for (at += 32; entries && at + 32 <= sizeof(c); entries--, at += 32)
                        note_entry(fd, c + at, platform, d);
                if (last)
                        break;
        }
}

static uint64_t le64(const unsigned char *p) { return le32(p) | (uint64_t)le32(p + 4) << 32; }

/* A stick's firmware may start from a partition instead of the boot catalogue: both must lead to the same place. */
static void note_partition(uint64_t sector, struct descriptors *d)
{
        d->uefi_partitions += d->uefi_entry && sector == d->uefi_offset / 512;
}

static void read_gpt(int fd, const unsigned char *header, struct descriptors *d)
{
        uint64_t table = le64(header + 72);
        uint32_t n = le32(header + 80), size = le32(header + 84);
        if (memcmp(header, "EFI PART", 8) || size != 128 || table > UINT32_MAX)
                return;
        d->gpt = true;
        for (uint32_t i = 0; i < n && i < 256; i++) {
                static const unsigned char unused[16];
                unsigned char entry[128];
                if (!read_at(fd, table * 512 + (uint64_t)i * size, entry, sizeof(entry)))
                        return;
                if (memcmp(entry, unused, sizeof(unused)))
                        note_partition(le64(entry + 32), d);
        }
}

static void read_partitions(int fd, struct descriptors *d)
{
        unsigned char s[1024];
        if (!read_at(fd, 0, s, sizeof(s)))
                return;
        for (int i = 0; s[510] == 0x55 && s[511] == 0xaa && i < 4; i++) {
                const unsigned char *entry = s + 446 + 16 * i;
                if (!entry[4])
                        continue;
                d->mbr = true;
                d->mbr_protective |= entry[4] == 0xee;
                note_partition(le32(entry + 8), d);
        }
        read_gpt(fd, s + 512, d);
}

bool descriptors_read(int fd, uint64_t size, struct descriptors *d)
{
        unsigned char s[SECTOR];
        bool primary = false;
        *d = (struct descriptors){ 0 };
        for (int i = 0; i < MOST_DESCRIPTORS; i++) {
                if (!read_at(fd, (uint64_t)(FIRST_DESCRIPTOR + i) * SECTOR, s, sizeof(s)) || memcmp(s + 1, "CD001", 5) || s[0] == 255)
                        break;
                if (s[0] == 1 && !primary) {
                        primary = true;
                        read_primary(fd, s, d);
                } else if (s[0] == 2)
                        d->joliet |= is_joliet(s);
                else if (s[0] == 0 && !memcmp(s + 7, "EL TORITO SPECIFICATION", 23))
                        read_catalogue(fd, le32(s + 71), d);
        }
        if (!d->uefi_offset || d->uefi_offset >= size)
                d->uefi_entry = false;
        read_partitions(fd, d);
        return primary;
}
