#include "isobuilder/partition.h"
#include "base/cleanup.h"
#include "base/i18n.h"

#include <string.h>
#include <zlib.h>

enum {
        SECTOR = PARTITION_SECTOR,
        MBR_ENTRIES = 446, MBR_ENTRY = 16, MBR_COUNT = 4,
        GPT_ENTRY = 128, MOST_ENTRIES = 1024,
        /* Offsets in a GPT header. */
        HEADER_BYTES = 12, HEADER_CRC = 16, MY_LBA = 24, OTHER_LBA = 32, LAST_USABLE = 48, DISK_GUID = 56, ARRAY_LBA = 72, ARRAY_COUNT = 80,
        ENTRY_BYTES = 84, ARRAY_CRC = 88, LEAST_HEADER = 92,
};

/* "XENROLL", as a GPT writes names. */
static const unsigned char gpt_name[14] = { 'X', 0, 'E', 0, 'N', 0, 'R', 0, 'O', 0, 'L', 0, 'L', 0 };
static const unsigned char basic_data[16] = { 0xa2, 0xa0, 0xd0, 0xeb, 0xe5, 0xb9, 0x33, 0x44, 0x87, 0xc0, 0x68, 0xb6, 0xb7, 0x26, 0x99, 0xc7 };

static uint32_t get32(const unsigned char *p) { return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24; }
static uint64_t get64(const unsigned char *p) { return get32(p) | (uint64_t)get32(p + 4) << 32; }

static void put32(unsigned char *p, uint32_t v)
{
        for (int i = 0; i < 4; i++)
                p[i] = (unsigned char)(v >> 8 * i);
}

static void put64(unsigned char *p, uint64_t v)
{
        put32(p, (uint32_t)v);
        put32(p + 4, (uint32_t)(v >> 32));
}

static uint32_t crc_of(const unsigned char *p, size_t n) { return (uint32_t)crc32(0, p, (uInt)n); }

static bool all_zero(const unsigned char *p, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (p[i])
                        return false;
        return true;
}

static bool has_mbr(const unsigned char *head, size_t n) { return n >= SECTOR && head[510] == 0x55 && head[511] == 0xaa; }

/* Isohybrid images have partitions of type 0: only a size makes one. */
static bool mbr_used(const unsigned char *entry) { return get32(entry + 12); }

bool partition_boots(const unsigned char *head, size_t n) { return has_mbr(head, n) && !all_zero(head, 440); }

/* A GPT header with its array, as far as both can be believed. */
struct gpt {
        size_t header, header_bytes;    /* in the bytes that were given */
        size_t array, array_bytes;
        uint32_t count;
};

static bool header_crc_fits(const unsigned char *header, size_t n)
{
        unsigned char copy[SECTOR];
        memcpy(copy, header, n);
        put32(copy + HEADER_CRC, 0);
        return crc_of(copy, n) == get32(header + HEADER_CRC);
}

static bool header_sane(const unsigned char *h, struct gpt *g)
{
        g->header_bytes = get32(h + HEADER_BYTES);
        g->count = get32(h + ARRAY_COUNT);
        g->array_bytes = (size_t)g->count * GPT_ENTRY;
        return !memcmp(h, "EFI PART", 8) && g->header_bytes >= LEAST_HEADER && g->header_bytes <= SECTOR && get32(h + ENTRY_BYTES) == GPT_ENTRY &&
               g->count && g->count <= MOST_ENTRIES && header_crc_fits(h, g->header_bytes);
}

/* base: the sector at which the n bytes begin. */
static bool gpt_find(const unsigned char *bytes, size_t n, uint64_t base, size_t header, struct gpt *g)
{
        *g = (struct gpt){ .header = header };
        if (n < SECTOR || header > n - SECTOR || !header_sane(bytes + header, g))
                return false;
        uint64_t array = get64(bytes + header + ARRAY_LBA);
        if (get64(bytes + header + MY_LBA) != base + header / SECTOR || array < base || array - base > n / SECTOR)
                return false;
        g->array = (size_t)(array - base) * SECTOR;
        return g->array_bytes <= n - g->array && crc_of(bytes + g->array, g->array_bytes) == get32(bytes + header + ARRAY_CRC);
}

static bool head_gpt(const unsigned char *head, size_t n, struct gpt *g) { return gpt_find(head, n, 0, SECTOR, g) && g->array >= 2 * SECTOR; }

static bool claims_gpt(const unsigned char *head, size_t n) { return n >= 2 * SECTOR && !memcmp(head + SECTOR, "EFI PART", 8); }

size_t partition_list(const unsigned char *head, size_t bytes, struct partition list[PARTITION_LIST])
{
        size_t n = 0;
        struct gpt g;
        for (int i = 0; has_mbr(head, bytes) && i < MBR_COUNT; i++) {
                const unsigned char *entry = head + MBR_ENTRIES + MBR_ENTRY * i;
                if (mbr_used(entry))
                        list[n++] = (struct partition){ get32(entry + 8), get32(entry + 12), entry[4], false };
        }
        if (!head_gpt(head, bytes, &g))
                return n;
        for (uint32_t i = 0; i < g.count && n < PARTITION_LIST; i++) {
                const unsigned char *entry = head + g.array + (size_t)i * GPT_ENTRY;
                uint64_t first = get64(entry + 32), last = get64(entry + 40);
                if (!all_zero(entry, 16) && last >= first && last < UINT64_MAX)
                        list[n++] = (struct partition){ first, last - first + 1, 0, true };
        }
        return n;
}

bool partition_tail_is_ours(const unsigned char *tail, size_t n)
{
        struct gpt g;
        if (n < 2 * SECTOR || n % SECTOR)
                return false;
        /* The header itself says which sector it is, and by that where the tail begins. */
        uint64_t last = get64(tail + n - SECTOR + MY_LBA);
        if (last < n / SECTOR || !gpt_find(tail, n, last + 1 - n / SECTOR, n - SECTOR, &g))
                return false;
        for (uint32_t i = 0; i < g.count; i++)
                if (!memcmp(tail + g.array + (size_t)i * GPT_ENTRY + 56, gpt_name, sizeof(gpt_name)))
                        return true;
        return false;
}

static bool no_room(struct err *e, const char *why) { return err_set(e, ERR_INPUT, "%s", why); }

/* NULL when all four are taken. The third comes first: the image has two of its own. */
static unsigned char *free_mbr_entry(unsigned char *head)
{
        static const int order[MBR_COUNT] = { 2, 3, 1, 0 };
        for (int i = 0; i < MBR_COUNT; i++) {
                unsigned char *entry = head + MBR_ENTRIES + MBR_ENTRY * order[i];
                if (!mbr_used(entry) && !entry[4])
                        return entry;
        }
        return NULL;
}

static unsigned char *free_gpt_entry(unsigned char *head, const struct gpt *g)
{
        for (uint32_t i = 0; i < g->count; i++)
                if (all_zero(head + g->array + (size_t)i * GPT_ENTRY, GPT_ENTRY))
                        return head + g->array + (size_t)i * GPT_ENTRY;
        return NULL;
}

/* A protective entry covers the whole disk on purpose; no other partition may reach into ours. */
static bool place_is_free(const unsigned char *head, size_t bytes, uint64_t first)
{
        struct partition list[PARTITION_LIST];
        size_t n = partition_list(head, bytes, list);
        for (size_t i = 0; i < n; i++)
                if (list[i].type != 0xee && (list[i].first >= first || list[i].count > first - list[i].first))
                        return false;
        return n < PARTITION_LIST;
}

static void fill_mbr_entry(unsigned char *entry, uint64_t first, uint64_t count)
{
        static const unsigned char past_chs[3] = { 0xfe, 0xff, 0xff };  /* "count in sectors": too far for cylinders */
        entry[0] = 0;
        memcpy(entry + 1, past_chs, 3);
        entry[4] = PARTITION_FAT;
        memcpy(entry + 5, past_chs, 3);
        put32(entry + 8, (uint32_t)first);
        put32(entry + 12, (uint32_t)count);
}

static void fill_gpt_entry(unsigned char *entry, const unsigned char *header, uint64_t first, uint64_t count)
{
        static const unsigned char mark[6] = "xenrol";
        memcpy(entry, basic_data, 16);
        /* Of its own, and yet the same on every stick with this image. */
        memcpy(entry + 16, header + DISK_GUID, 16);
        for (size_t i = 0; i < sizeof(mark); i++)
                entry[26 + i] ^= mark[i];
        put64(entry + 32, first);
        put64(entry + 40, first + count - 1);
        memcpy(entry + 56, gpt_name, sizeof(gpt_name));
}

static void seal_header(unsigned char *header, size_t bytes)
{
        put32(header + HEADER_CRC, 0);
        put32(header + HEADER_CRC, crc_of(header, bytes));
}

static void write_gpt(unsigned char *head, const struct gpt *g, unsigned char *tail, size_t tail_bytes, uint64_t disk_sectors)
{
        size_t array_sectors = (g->array_bytes + SECTOR - 1) / SECTOR;
        unsigned char *header = head + g->header, *backup = tail + tail_bytes - SECTOR, *copy = backup - array_sectors * SECTOR;
        put64(header + OTHER_LBA, disk_sectors - 1);
        put64(header + LAST_USABLE, disk_sectors - 2 - array_sectors);
        put32(header + ARRAY_CRC, crc_of(head + g->array, g->array_bytes));
        memset(copy, 0, array_sectors * SECTOR);
        memcpy(copy, head + g->array, g->array_bytes);
        memcpy(backup, header, SECTOR);
        put64(backup + MY_LBA, disk_sectors - 1);
        put64(backup + OTHER_LBA, 1);
        put64(backup + ARRAY_LBA, disk_sectors - 1 - array_sectors);
        seal_header(header, g->header_bytes);
        seal_header(backup, g->header_bytes);
}

bool partition_add(unsigned char *head, size_t head_bytes, unsigned char *tail, size_t tail_bytes, uint64_t disk_sectors, uint64_t first,
        uint64_t count, struct err *e)
{
        struct gpt g;
        bool gpt = claims_gpt(head, head_bytes);
        if (!has_mbr(head, head_bytes))
                return no_room(e, _("the image has no partition table"));
        if (gpt && !head_gpt(head, head_bytes, &g))
                return no_room(e, _("the image's GPT is damaged"));
        if (!count || count > UINT32_MAX || first > UINT32_MAX - count)
                return no_room(e, _("the image is larger than an MBR can say"));
        if (!place_is_free(head, head_bytes, first))
                return no_room(e, _("a partition of the image reaches past its end"));
        unsigned char *mbr = free_mbr_entry(head), *entry = gpt ? free_gpt_entry(head, &g) : NULL;
        if (!mbr || (gpt && !entry))
                return no_room(e, _("the image's partition table is full"));
        uint64_t backup = gpt ? 1 + (g.array_bytes + SECTOR - 1) / SECTOR : 0;
        if (tail_bytes / SECTOR < backup || disk_sectors < backup || first + count > disk_sectors - backup)
                return no_room(e, _("the device ends too early"));
        fill_mbr_entry(mbr, first, count);
        if (gpt) {
                fill_gpt_entry(entry, head + g.header, first, count);
                write_gpt(head, &g, tail, tail_bytes, disk_sectors);
        }
        return true;
}
