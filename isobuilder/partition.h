/* partition.h - the partition tables of an isohybrid image: read, and given one partition more.
 *
 * Works on bytes in memory: the beginning of a disk ("head") and its end ("tail"). All of them are foreign. Sectors have
 * 512 bytes. What the image's own partitions say stays as it is, overlaps included. */
#pragma once
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

enum { PARTITION_SECTOR = 512, PARTITION_FAT = 0x0c, PARTITION_LIST = 32 };

struct partition {
        uint64_t first, count;          /* sectors; as the table says, possibly past the end of the disk */
        uint8_t type;                   /* of the MBR; 0 in a GPT */
        bool gpt;
};

/* The partitions of MBR and GPT, at most PARTITION_LIST; 0 without a table. A GPT with a wrong checksum does not count. */
size_t partition_list(const unsigned char *head, size_t head_bytes, struct partition list[PARTITION_LIST]);

/* Whether a BIOS finds something to start in the first sector. */
bool partition_boots(const unsigned char *head, size_t head_bytes);

/* Whether the tail ends with the backup GPT of a disk with a partition that partition_add made. */
bool partition_tail_is_ours(const unsigned char *tail, size_t tail_bytes);

/* Adds a FAT partition over the sectors [first, first + count) to the MBR, and to the GPT when there is one; that one's backup goes to
 * the end of tail, which ends where the disk of disk_sectors ends. False, and head and tail as they were, when there
 * is no room in a table or one is damaged: e (ERR_INPUT) says which. */
MUST_USE bool partition_add(unsigned char *head, size_t head_bytes, unsigned char *tail, size_t tail_bytes, uint64_t disk_sectors,
        uint64_t first, uint64_t count, struct err *e);
