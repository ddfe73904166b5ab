/* Partition tables from anywhere: read without harm; what is added can be read back, and nothing else changes. The first byte says
 * whether the checksums are mended first: without that hardly an input gets past them. */
#include "isobuilder/partition.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { HEAD = 192 << 10, TAIL = 192 << 10 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static uint32_t get32(const unsigned char *p) { return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24; }

static void put32(unsigned char *p, uint32_t v)
{
        for (int i = 0; i < 4; i++)
                p[i] = (unsigned char)(v >> 8 * i);
}

static void mend(unsigned char *head)
{
        unsigned char *h = head + 512;
        uint64_t array = get32(h + 72) % (HEAD / 512) * 512u, bytes = (uint64_t)(get32(h + 80) % 1025) * 128;
        uint32_t size = get32(h + 12);
        if (array + bytes <= HEAD)
                put32(h + 88, (uint32_t)crc32(0, head + array, (uInt)bytes));
        put32(h + 16, 0);
        if (size <= 512)
                put32(h + 16, (uint32_t)crc32(0, h, size));
}

/* The same tables as the end of a disk. */
static void make_tail(const unsigned char *head, unsigned char *tail)
{
        unsigned char *h = tail + TAIL - 512;
        memcpy(tail, head + 1024, HEAD - 1024);
        memcpy(h, head + 512, 512);
        put32(h + 24, 4 * TAIL / 512);
        put32(h + 72, 3 * TAIL / 512 + 1);
        put32(h + 16, 0);
        if (get32(h + 12) <= 512)
                put32(h + 16, (uint32_t)crc32(0, h, get32(h + 12)));
}

static void check_added(const unsigned char *before, const unsigned char *head, uint64_t first, uint64_t count)
{
        struct partition list[PARTITION_LIST];
        size_t found = 0, n = partition_list(head, HEAD, list);
        for (size_t i = 0; i < n; i++)
                found += list[i].first == first && list[i].count == count;
        bool gpt = !memcmp(head + 512, "EFI PART", 8);
        if (!found || (gpt && n < PARTITION_LIST && found < 2) || memcmp(before, head, 446))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        static unsigned char head[HEAD], before[HEAD], tail[TAIL], tail_before[TAIL];
        struct partition list[PARTITION_LIST];
        struct err e = ERR_INIT;
        if (n < 4 || n - 4 > HEAD)
                return 0;
        memset(head, 0, sizeof(head));
        memset(tail, 0, sizeof(tail));
        memcpy(head, data + 4, n - 4);
        if (data[0] & 1)
                mend(head);
        if (data[0] & 2)
                make_tail(head, tail);
        memcpy(before, head, HEAD);
        memcpy(tail_before, tail, TAIL);
        partition_boots(head, n - 4);
        partition_list(head, n - 4, list);
        partition_tail_is_ours(tail, TAIL);
        uint64_t first = (uint64_t)data[1] << (data[3] & 31), count = (uint64_t)data[2] << (data[3] >> 5), disk = first + count + data[3];
        if (partition_add(head, HEAD, tail, data[0] & 4 ? 512 : TAIL, disk, first, count, &e))
                check_added(before, head, first, count);
        else if (e.kind == ERR_NONE || memcmp(before, head, HEAD) || memcmp(tail, tail_before, TAIL))
                abort();
        return 0;
}
