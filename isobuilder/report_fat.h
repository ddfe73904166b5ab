/* report_fat.h - the second partition of a stick: a FAT file system where installations leave their reports, with a note that
 * says what the stick is (made by mtools, as child processes). Equal sizes give equal bytes. */
#pragma once
#include "base/err.h"
#include "base/str.h"
#include <stdint.h>

#define REPORT_FAT_LABEL "XENROLL"
enum { REPORT_FAT_LEAST = 8 << 20, REPORT_FAT_MOST = 64 << 20 };

/* Appends its beginning, a multiple of 4096 bytes, to out: what follows needs no writing, it is free space. bytes: of the
 * partition, a multiple of 1 MiB between the two limits; sector: where it begins on the disk. */
MUST_USE bool report_fat_make(uint64_t bytes, uint64_t sector, struct str *out, struct err *e);
