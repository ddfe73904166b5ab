/* isobuilder/device, partition: disks of made-up sysfs trees, and partition tables of made-up disks. */
#include "tests/unit/unit.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/progress.h"
#include "base/rule.h"
#include "isobuilder/device.h"
#include "isobuilder/partition.h"
#include "isobuilder/report_fat.h"
#include "isobuilder/stick.h"
#include "isobuilder/stick_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <zlib.h>

/* ---- trees: "path=content" or "path>target of a link", separated by newlines */

static void make_parents(int root, char *path)
{
        for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                mkdirat(root, path, 0700);
                *slash = '/';
        }
}

static void plant(int root, const char *tree)
{
        char line[512];
        for (const char *at = tree; *at;) {
                size_t n = strcspn(at, "\n");
                snprintf(line, sizeof(line), "%.*s", (int)n, at);
                at += n + (at[n] == '\n');
                char *value = strpbrk(line, "=>");
                if (!value)
                        continue;
                char kind = *value;
                *value++ = '\0';
                make_parents(root, line);
                if (kind == '>') {
                        if (symlinkat(value, root, line) < 0)
                                perror(line);
                        continue;
                }
                AUTO_FD int fd = openat(root, line, O_WRONLY | O_CREAT | O_APPEND, 0600);
                /* ; stands for a new line inside a file. */
                for (char *c = value; *c; c++)
                        *c = *c == ';' ? '\n' : *c;
                if (fd < 0 || !file_write_all(fd, value, strlen(value)) || !file_write_all(fd, "\n", 1))
                        perror(line);
        }
}

#define STICK_AT "sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0/block/sdb"
#define STICK                                                                                                                        \
        "proc/self/mountinfo=27 1 8:1 / / rw - ext4 /dev/sda1 rw\n"                                                                    \
        "proc/swaps=Filename Type Size Used Priority\n"                                                                                \
        "sys/block/sdb>../devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0/block/sdb\n"                        \
        "sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/idVendor=0781\n"                                                                  \
        "sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/serial=4C530001\n"                                                                \
        "sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0/vendor=SanDisk \n"                               \
        "sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0/model=Ultra\033[31m \n"                          \
        STICK_AT "/device>../../../6:0:0:0\n"                                                                                          \
        STICK_AT "/dev=8:16\n" STICK_AT "/queue/logical_block_size=512\n" STICK_AT "/sdb1/partition=1\n" STICK_AT "/sdb1/dev=8:17\n"
#define FINE STICK_AT "/size=62333952\n" STICK_AT "/ro=0\n" STICK_AT "/removable=1\n"
#define ON_DM "sys/block/dm-0/dev=254:0\nsys/block/dm-0/dm/name=vg-data\nsys/block/dm-0/dm/uuid=LVM-abc\n" STICK_AT "/sdb1/holders/dm-0>../../../nowhere\n"

static const struct {
        const char *why, *tree;
        int code;                       /* of the refusal; 0 = none */
        const char *text;               /* in its sentence */
} judged[] = {
        { "a stick", STICK FINE, 0, "" },
        { "mounted as a whole", STICK FINE "proc/self/mountinfo=30 27 8:16 / /mnt rw - vfat /dev/sdb rw\n", XR_STICK_MOUNTED, "mounted at /mnt" },
        { "a partition mounted", STICK FINE "proc/self/mountinfo=30 27 8:17 / /media/a\\040b rw shared:1 - vfat /dev/sdb1 rw\n", XR_STICK_MOUNTED, "/media/a b" },
        { "mounted below a very long name", STICK FINE "proc/self/mountinfo=30 27 8:17 / /media/"
          "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
          "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
          " rw - vfat /dev/sdb1 rw\n", XR_STICK_MOUNTED, "/media/0123" },
        { "btrfs, which has numbers of its own", STICK FINE "proc/self/mountinfo=30 27 0:44 / /mnt rw - btrfs /dev/sdb1 rw\n", XR_STICK_MOUNTED, "/mnt" },
        { "another disk's mount", STICK FINE "proc/self/mountinfo=30 27 8:170 / /mnt rw - vfat /dev/sdb11 rw\n", 0, "" },
        { "the system's /", STICK FINE "proc/self/mountinfo=30 27 8:17 / / rw - ext4 /dev/sdb1 rw\n", XR_STICK_SYSTEM, "(/)" },
        { "the system's /boot/efi", STICK FINE "proc/self/mountinfo=30 27 8:17 / /boot/efi rw - vfat /dev/sdb1 rw\n", XR_STICK_SYSTEM, "/boot/efi" },
        { "LVM on a partition", STICK FINE ON_DM, XR_STICK_IN_USE, "LVM (vg-data)" },
        { "the system on LVM on a partition", STICK FINE ON_DM "proc/self/mountinfo=31 1 254:0 / /usr rw - ext4 /dev/mapper/vg-data rw\n", XR_STICK_SYSTEM, "/usr" },
        { "btrfs on LVM", STICK FINE ON_DM "proc/self/mountinfo=31 1 0:44 / /srv rw - btrfs /dev/mapper/vg-data rw\n", XR_STICK_MOUNTED, "/srv" },
        { "holders that hold each other", STICK FINE ON_DM "sys/block/dm-0/holders/dm-0>nowhere\n", XR_STICK_IN_USE, "LVM" },
        { "encryption", STICK FINE "sys/block/dm-1/dm/uuid=CRYPT-LUKS2-x\n" STICK_AT "/holders/dm-1>nowhere\n", XR_STICK_IN_USE, "encryption (dm-1)" },
        { "RAID", STICK FINE STICK_AT "/sdb1/holders/md127>nowhere\n", XR_STICK_IN_USE, "RAID (md127)" },
        { "swap", STICK FINE "proc/swaps=/dev/sdb1 partition 1 0 -2\n", XR_STICK_SYSTEM, "swap" },
        { "another disk's swap", STICK FINE "proc/swaps=/dev/sdb12\tpartition 1 0 -2\n", 0, "" },
        { "read-only", STICK STICK_AT "/size=62333952\n" STICK_AT "/ro=1\n" STICK_AT "/removable=1\n", XR_STICK_READ_ONLY, "" },
        { "built in", STICK STICK_AT "/size=62333952\n" STICK_AT "/removable=0\n", XR_STICK_FIXED, "SanDisk Ultra?[31m" },
        { "an empty card reader", STICK STICK_AT "/size=0\n" STICK_AT "/removable=1\n", XR_STICK_NO_MEDIUM, "" },
        { "one sector too small", STICK STICK_AT "/size=1999\n" STICK_AT "/removable=1\n", XR_STICK_TOO_SMALL, "1023488 bytes, and the image needs 1024000" },
        { "just large enough", STICK STICK_AT "/size=2000\n" STICK_AT "/removable=1\n", 0, "" },
};

static int tree_of(const char *tree, char path[64])
{
        snprintf(path, 64, "/tmp/xenroll-unit-XXXXXX");
        int root = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        plant(root, tree);
        return root;
}

static void drop_tree(int root, const char *path)
{
        struct err e = ERR_INIT;
        if (!file_remove_tree(AT_FDCWD, path, &e))
                perror(path);
        close(root);
}

static void test_judge(void)
{
        for (size_t i = 0; i < COUNT(judged); i++) {
                char path[64], detail[2000];
                int root = tree_of(judged[i].tree, path);
                struct device_list l;
                struct err e = ERR_INIT;
                bool listed = device_list(path, false, &l, &e) && l.n == 1;
                bool fine = listed && device_judge(&l.items[0], 1024000, false, &e);
                snprintf(detail, sizeof(detail), "listed %zu, code %d: %s", l.n, e.code, e.text);
                unit_case("device", judged[i].why, listed && fine == !judged[i].code && e.code == judged[i].code && strstr(e.text, judged[i].text) &&
                          (fine || e.kind == ERR_REFUSED), detail);
                device_list_clear(&l);
                drop_tree(root, path);
        }
}

static void test_identity(void)
{
        static const char tree[] = STICK FINE
                "sys/block/sr0/dev=11:0\nsys/block/ram0/dev=1:0\nsys/block/zram0/dev=252:0\nsys/block/dm-0/dev=254:0\nsys/block/md0/dev=9:0\n"
                "sys/block/loop0/dev=7:0\nsys/block/mmcblk0boot0/dev=179:8\n"
                "sys/block/mmcblk0/dev=179:0\nsys/block/mmcblk0/size=100\n"
                "sys/block/mmcblk1>../devices/mmc_host/mmc0/mmc0:0001/block/mmcblk1\n"
                "sys/devices/mmc_host/mmc0/mmc0:0001/block/mmcblk1/dev=179:16\n"
                "sys/devices/mmc_host/mmc0/mmc0:0001/block/mmcblk1/removable=0\n"
                "sys/devices/mmc_host/mmc0/mmc0:0001/block/mmcblk1/device/type=SD\n"
                "sys/block/sda/dev=8:0\nsys/block/sda/size=100\nsys/block/sdaa/dev=65:160\nsys/block/cciss!c0d0/dev=104:0\n";
        char path[64];
        int root = tree_of(tree, path);
        struct device_list l;
        struct err e = ERR_INIT;
        AUTO_STR names = STR_MAX(400), what = STR_MAX(400);
        bool partition, listed = device_list(path, false, &l, &e);
        for (size_t i = 0; i < l.n; i++)
                str_addf(&names, "%s ", l.items[i].path);
        unit_case("device", "the list", listed, e.text);
        unit_same("device", "whole disks only, in order", str_text(&names), "/dev/sda /dev/sdb /dev/sdaa /dev/mmcblk0 /dev/mmcblk1 /dev/cciss/c0d0 ");
        const struct device *d = device_of(path, &l, makedev(8, 17), &partition);
        unit_case("device", "a partition leads to its disk", d && partition && !strcmp(d->name, "sdb"), d ? d->name : NULL);
        d = device_of(path, &l, makedev(179, 16), &partition);
        unit_case("device", "an SD card can be taken out, whatever the kernel says", d && d->removable && !strcmp(d->bus, "mmc"), d ? d->bus : NULL);
        d = device_of(path, &l, makedev(179, 0), &partition);
        unit_case("device", "soldered flash cannot", d && !d->removable, d ? d->bus : NULL);
        d = device_of(path, &l, makedev(8, 16), &partition);
        unit_case("device", "a disk to itself", d && !partition && !strcmp(d->bus, "usb") && d->partitions == 1, d ? d->bus : NULL);
        if (d)
                device_describe(d, &what);
        unit_same("device", "described in printable text", str_text(&what), "SanDisk Ultra?[31m, 31.9 GB, serial number 4C530001");
        unit_case("device", "an unknown number to nothing", !device_of(path, &l, makedev(8, 99), &partition), NULL);
        device_list_clear(&l);
        drop_tree(root, path);
        root = tree_of("sys/block/sdb/dev=8:16\n", path);
        unit_case("device", "without a table of mounts there is no list", !device_list(path, false, &l, &e) && e.kind == ERR_WORLD, e.text);
        device_list_clear(&l);
        drop_tree(root, path);
}

/* ---- partition tables */

enum { EDGE = 1 << 20, DISK = 100000 };
static unsigned char head[EDGE], tail[EDGE];

static void put(unsigned char *p, uint64_t v, int n)
{
        for (int i = 0; i < n; i++)
                p[i] = (unsigned char)(v >> 8 * i);
}

static uint32_t get(const unsigned char *p) { return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24; }

static void seal(void)
{
        unsigned char *h = head + 512;
        put(h + 88, crc32(0, head + 1024, 248 * 128), 4);
        put(h + 16, 0, 4);
        put(h + 16, crc32(0, h, 92), 4);
}

/* As xorriso makes it: partition 1 over everything, 2 the ESP inside it, 248 entries. */
static void make_isohybrid(bool gpt)
{
        memset(head, 0, sizeof(head));
        memset(tail, 0, sizeof(tail));
        memset(head, 0x90, 440);
        head[510] = 0x55;
        head[511] = 0xaa;
        put(head + 446 + 12, 8192, 4);
        head[462 + 4] = 0xef;
        put(head + 462 + 8, 200, 4);
        put(head + 462 + 12, 5760, 4);
        if (!gpt)
                return;
        unsigned char *h = head + 512;
        memcpy(h, "EFI PART\0\0\1\0\x5c", 13);
        put(h + 24, 1, 8);
        put(h + 32, 8191, 8);
        put(h + 40, 64, 8);
        put(h + 48, 8128, 8);
        memset(h + 56, 7, 16);
        put(h + 72, 2, 8);
        put(h + 80, 248, 4);
        put(h + 84, 128, 4);
        head[1024] = 1;
        put(head + 1024 + 40, 8127, 8);
        seal();
}

static bool add(struct err *e)
{
        *e = (struct err)ERR_INIT;
        return partition_add(head, EDGE, tail, EDGE, DISK, 8192, 65536, e);
}

/* A wrong table is refused and stays as it is. */
static void refused(const char *why, const char *text)
{
        static unsigned char before[EDGE];
        struct err e;
        memcpy(before, head, EDGE);
        bool added = add(&e);
        unit_case("partition", why, !added && strstr(e.text, text) && !memcmp(before, head, EDGE) && !tail[EDGE - 512], e.text);
}

static bool checksums_fit(unsigned char *h, const unsigned char *array)
{
        unsigned char copy[92];
        memcpy(copy, h, sizeof(copy));
        memset(copy + 16, 0, 4);
        return !memcmp(h, "EFI PART", 8) && get(h + 16) == crc32(0, copy, 92) && get(h + 88) == crc32(0, array, 248 * 128);
}

static void test_partition(void)
{
        struct partition list[PARTITION_LIST];
        struct err e;
        make_isohybrid(true);
        unit_case("partition", "the image boots", partition_boots(head, EDGE), NULL);
        unit_case("partition", "both tables are read", partition_list(head, EDGE, list) == 3 && list[1].first == 200 && list[2].gpt, NULL);
        unit_case("partition", "one is added", add(&e), e.text);
        size_t n = partition_list(head, EDGE, list);
        unit_case("partition", "to both tables", n == 5 && list[2].type == PARTITION_FAT && list[2].first == 8192 && list[2].count == 65536 &&
                  list[4].gpt && list[4].first == 8192 && list[4].count == 65536, NULL);
        unit_case("partition", "the checksums fit", checksums_fit(head + 512, head + 1024) && checksums_fit(tail + EDGE - 512, tail + EDGE - 512 - 62 * 512), NULL);
        unit_case("partition", "the backup stands at the end", get(head + 512 + 32) == DISK - 1 && get(tail + EDGE - 512 + 24) == DISK - 1 &&
                  get(tail + EDGE - 512 + 72) == DISK - 63 && get(head + 512 + 48) == DISK - 64 && get(tail + EDGE - 512 + 32) == 1, NULL);
        unit_case("partition", "the end is known as ours", partition_tail_is_ours(tail, EDGE), NULL);
        tail[EDGE - 512 - 62 * 512 + 300]++;
        unit_case("partition", "a damaged one is not", !partition_tail_is_ours(tail, EDGE), NULL);
        make_isohybrid(false);
        unit_case("partition", "an MBR alone", add(&e) && partition_list(head, EDGE, list) == 3 && !tail[EDGE - 512], e.text);
        head[510] = 0;
        unit_case("partition", "without its mark nothing boots", !partition_boots(head, EDGE) && partition_list(head, EDGE, list) == 0, NULL);
}

static void test_partition_refusals(void)
{
        make_isohybrid(true);
        head[511] = 0;
        refused("no MBR", "no partition table");
        make_isohybrid(true);
        head[512 + 60]++;
        refused("a wrong checksum of the header", "damaged");
        make_isohybrid(true);
        head[1024 + 50]++;
        refused("a wrong checksum of the entries", "damaged");
        make_isohybrid(true);
        put(head + 512 + 80, 0xffffffff, 4);
        seal();
        refused("more entries than there is room", "damaged");
        make_isohybrid(true);
        put(head + 512 + 72, UINT64_MAX, 8);
        seal();
        refused("entries at the end of the world", "damaged");
        make_isohybrid(true);
        put(head + 446 + 12, 8193, 4);
        refused("a partition that reaches into ours", "reaches past");
        make_isohybrid(true);
        put(head + 462 + 8, 0xffffff00, 4);
        refused("a partition behind ours", "reaches past");
        make_isohybrid(false);
        for (int i = 0; i < 4; i++)
                put(head + 446 + 16 * i + 12, 10, 4);
        refused("a full MBR", "full");
        make_isohybrid(true);
        for (int i = 0; i < 248; i++)
                head[1024 + 128 * i + 127] = 1;
        seal();
        refused("a full GPT", "full");
        struct err e = ERR_INIT;
        make_isohybrid(true);
        unit_case("partition", "no room for the backup", !partition_add(head, EDGE, tail, EDGE, 8192 + 65536 + 62, 8192, 65536, &e), e.text);
        unit_case("partition", "just room for it", partition_add(head, EDGE, tail, EDGE, 8192 + 65536 + 63, 8192, 65536, &e), e.text);
        make_isohybrid(false);
        unit_case("partition", "further than an MBR can say", !partition_add(head, EDGE, tail, EDGE, UINT64_MAX, UINT32_MAX, 2, &e), e.text);
}

/* ---- the rest */

static const struct {
        const char *why;
        uint64_t done, total;
        int64_t ns;
        const char *want;
} shown[] = {
        { "nothing yet", 0, 100, 5000000000, "  0 %" },
        { "the first second", 50, 100, 900000000, " 50 %" },
        { "half", 500000000, 1000000000, 50000000000, " 50 %  10.0 MB/s  0:50 left" },
        { "minutes", 100000000, 4000000000, 10000000000, "  2 %  10.0 MB/s  6:30 left" },
        { "the end", 100, 100, 2000000000, "100 %  0.0 MB/s  0:00 left" },
        { "no total", 0, 0, 2000000000, "  0 %" },
};

static void test_progress(void)
{
        for (size_t i = 0; i < COUNT(shown); i++) {
                AUTO_STR out = STR_MAX(100);
                progress_text(&out, shown[i].done, shown[i].total, shown[i].ns);
                unit_same("progress", shown[i].why, str_text(&out), shown[i].want);
        }
}

static void test_reports(void)
{
        static const uint64_t sizes[] = { REPORT_FAT_LEAST, 9 << 20, 17 << 20, REPORT_FAT_MOST };
        struct err e = ERR_INIT;
        if (access("/usr/bin/mformat", X_OK) < 0) {
                printf("skip - reports: mtools is missing\n");
                return;
        }
        for (size_t i = 0; i < COUNT(sizes); i++) {
                char why[64];
                AUTO_STR one = STR_MAX(1 << 20), two = STR_MAX(1 << 20);
                bool fine = report_fat_make(sizes[i], 8192, &one, &e);
                struct timespec second = { 0, 20000000 };
                nanosleep(&second, NULL);
                fine = fine && report_fat_make(sizes[i], 8192, &two, &e);
                snprintf(why, sizeof(why), "%llu MiB: little to write, the same twice", (unsigned long long)sizes[i] >> 20);
                unit_case("reports", why, fine && one.len == two.len && one.len % 4096 == 0 && !memcmp(one.ptr, two.ptr, one.len), e.text);
        }
}

/* ---- writing, to a file in memory */

enum { IMAGE = 3 << 20, STICK_BYTES = 20 << 20 };

/* A base with other bytes laid over it, and its checksum. */
static bool make_image(struct overlay *o, const char *laid)
{
        struct stick_hash h;
        struct err e = ERR_INIT;
        AUTO_FREE char *bytes = malloc(IMAGE);
        *o = (struct overlay){ .fd = memfd_create("base", MFD_CLOEXEC), .size = IMAGE, .at = (2 << 20) + 100, .bytes = STR_MAX(100), .sha256_known = true };
        make_isohybrid(false);
        put(head + 446 + 12, IMAGE / 512, 4);
        put(head + 462 + 12, 100, 4);
        str_add(&o->bytes, laid);
        bool fine = bytes && file_write_all(o->fd, head, EDGE) && ftruncate(o->fd, IMAGE) == 0 && overlay_read(o, bytes, IMAGE, 0, &e);
        stick_hash_start(&h);
        if (fine)
                stick_hash_add(&h, bytes, IMAGE);
        stick_hash_end(&h);
        memcpy(o->sha256, h.digest, 32);
        stick_hash_clear(&h);
        return fine;
}

/* Code of what went wrong, 0 when nothing did. boots: whether the first sector was written. */
static int write_stick(const struct overlay *image, uint64_t bytes, bool *boots, char *at_laid, bool *reports)
{
        struct device d = { .name = "file", .path = "/dev/none", .size = bytes };
        struct progress_rows rows;
        struct err e = ERR_INIT;
        unsigned char first[512] = { 0 };
        OWN(stick_clear) struct stick s = STICK_INIT;
        s.device = &d;
        s.image = image;
        s.fd = memfd_create("stick", MFD_CLOEXEC);
        s.progress = &rows;
        progress_rows_start(&rows, 1);
        bool fine = ftruncate(s.fd, (off_t)bytes) == 0 && stick_prepare(&s, &e) && stick_write(&s, &e);
        progress_rows_end(&rows);
        *boots = pread(s.fd, first, sizeof(first), 0) == sizeof(first) && first[510];
        *reports = s.reports_at;
        if (pread(s.fd, at_laid, 5, (off_t)image->at) != 5)
                *at_laid = '\0';
        at_laid[5] = '\0';
        return fine ? memcmp(s.sha256, image->sha256, 32) ? -1 : 0 : e.code ? e.code : (int)e.kind;
}

static void test_write(void)
{
        struct overlay o;
        bool boots, reports;
        char laid[6], detail[64];
        unit_case("stick", "an image", make_image(&o, "hello"), NULL);
        int code = write_stick(&o, STICK_BYTES, &boots, laid, &reports);
        snprintf(detail, sizeof(detail), "code %d, boots %d, '%s', reports %d", code, boots, laid, reports);
        unit_case("stick", "what is laid over the base is on it, and the checksum is the image's", !code && boots && reports && !strcmp(laid, "hello"), detail);
        code = write_stick(&o, IMAGE, &boots, laid, &reports);
        snprintf(detail, sizeof(detail), "code %d, boots %d, '%s', reports %d", code, boots, laid, reports);
        unit_case("stick", "also where the image fills it to its end", !code && boots && !reports && !strcmp(laid, "hello"), detail);
        o.sha256[5] ^= 1;
        code = write_stick(&o, STICK_BYTES, &boots, laid, &reports);
        snprintf(detail, sizeof(detail), "code %d, boots %d", code, boots);
        unit_case("stick", "an image that is not what was built does not boot", code == XR_STICK_IMAGE_DAMAGED && !boots, detail);
        o.sha256[5] ^= 1;
        unit_case("stick", "(nor does a base cut short)", ftruncate(o.fd, 2 << 20) == 0 && write_stick(&o, STICK_BYTES, &boots, laid, &reports) == ERR_WORLD && !boots, NULL);
        overlay_clear(&o);
}

int main(void)
{
        i18n_init("en");
        test_judge();
        test_identity();
        test_partition();
        test_partition_refusals();
        test_progress();
        test_reports();
        if (access("/usr/bin/mformat", X_OK) == 0)
                test_write();
        return 0;
}
