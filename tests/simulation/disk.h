/* disk.h - what of a host's files would survive a power cut: bytes that were synced, names whose folder was.
 *
 * Told of every change before it is made. As on a journalling file system, changes to names are lost from the last one
 * back, and what a file had grown by since its last sync may be missing from any byte on. */
#pragma once
#include "tests/simulation/chance.h"
#include "tests/simulation/wire.h"

struct disk;

struct disk *disk_new(const char *root, const char *stash); /* stash: an empty folder of ours on the same file system */
void disk_free(struct disk *);

/* paths: absolute; to only for POINT_RENAME. made: of POINT_CREATE: 1 the file is new, 2 it is emptied, 0 it stays. */
void disk_change(struct disk *, enum point, const char *path, const char *to, int64_t made);

/* The process is dead. Loses what is not safe, as chance says; with whole, only where each file's growth ends is left
 * to it, or to cut: >= 0 is how many of the unsynced bytes of every file stay. */
void disk_cut(struct disk *, struct chance *, int64_t cut);

int64_t disk_unsynced(
        const struct disk *, const char *path); /* bytes that a power cut now may lose; 0 = all are safe */
