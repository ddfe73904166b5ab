#include "isobuilder/prepare.h"
#include "isobuilder/bootconfig.h"
#include "isobuilder/directory.h"
#include "isobuilder/initrd.h"
#include "isobuilder/menus.h"
#include "isobuilder/overlay.h"
#include "isobuilder/prepare_verify.h"
#include "isobuilder/xorriso.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/progress.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

/* Counts up when what is written changes, so that no older prepared base is taken for one of this kind. */
#define PREPARE_FORMAT "xenroll prepared base 1 " VERSION

/* The boot code that starts isolinux from a stick, from the same packages as isolinux itself. */
#define HYBRID_MBR "/usr/lib/ISOLINUX/isohdpfx.bin"

#define FILLER "xenroll-filler"

enum {
        COMPACT_DISC = 720000000,
        READ_AHEAD = 307200,
        SECTOR = 2048,
        MOST_FILLER = 2048,
        FILLER_MARGIN = 4 /* sectors */
};

void prepare_uuid(const unsigned char digest[32], char uuid[23])
{
        uint64_t n = 0;
        for (int i = 0; i < 8; i++)
                n = n << 8 | digest[i];
        unsigned cc = n % 100, ss, mm, hh, day, month;
        n /= 100;
        ss = n % 60, n /= 60;
        mm = n % 60, n /= 60;
        hh = n % 24, n /= 24;
        day = n % 28 + 1, n /= 28;
        month = n % 12 + 1, n /= 12;
        snprintf(uuid, 23, "20%02u-%02u-%02u-%02u-%02u-%02u-%02u", (unsigned)(n % 100), month, day, hh, mm, ss, cc);
}

static void add_text(struct digest *d, const char *text) { digest_add(d, text, strlen(text) + 1); }

void prepare_key(const struct prepare_spec *s, const char base_sha256[65], char key[65])
{
        struct digest *d = digest_new(NULL);
        unsigned char sum[32];
        char numbers[64];
        snprintf(numbers, sizeof(numbers), "%d %llu", s->countdown, (unsigned long long)s->slot_size);
        add_text(d, PREPARE_FORMAT);
        add_text(d, base_sha256);
        add_text(d, s->release->id);
        add_text(d, s->uuid);
        add_text(d, s->label ? s->label : s->base->volume_id);
        add_text(d, numbers);
        for (size_t i = 0; i < s->files->n; i++) {
                add_text(d, s->files->items[i].name);
                digest_add(d, str_text(&s->files->items[i].content), s->files->items[i].content.len + 1);
        }
        digest_finish(d, sum);
        digest_hex(sum, key);
}

/* --- what can be done with this base --- */

/* The rule that this menu breaks, XR_NONE when our entry can be put in. */
static enum rule menu_obstacle(const struct boot_config *c, const struct release *r)
{
        struct err e = ERR_INIT;
        AUTO_STR text = STR_MAX(1 << 20);
        struct bootconfig_spec s = { .path = c->path,
                .uuid = "2000-01-01-00-00-00-00",
                .selector = SELECTOR_NAME,
                .countdown = 1,
                .ramdisk = r->make_ramdisk };
        bool fine = (c->grub ? bootconfig_grub : bootconfig_isolinux)(&s, str_bytes(&c->text), &text, &e);
        return fine ? XR_NONE : (enum rule)e.code;
}

static bool boots_bios(const struct medium *m) { return m->el_torito_bios && m->firmware & FIRMWARE_BIOS; }

bool prepare_makes_hybrid(const struct medium *m)
{
        return !m->hybrid_mbr && !m->hybrid_gpt && (!boots_bios(m) || m->bios_loader_hybrid) &&
               access(HYBRID_MBR, R_OK) == 0;
}

size_t prepare_obstacles(const struct medium *m, const struct release *r, enum rule out[PREPARE_OBSTACLES])
{
        size_t n = 0;
        if (!r->make_ramdisk && !initrd_takes(m->install_img))
                out[n++] = XR_MEDIUM_NO_RAMDISK;
        if (!m->n_configs && !m->n_efi_configs)
                out[n++] = XR_NO_BOOT_CONFIG;
        if (m->el_torito_uefi && !medium_knows_efiboot(m))
                out[n++] = XR_EFI_ENTRY_UNKNOWN;
        for (size_t i = 0; i < m->n_configs && n < PREPARE_OBSTACLES - 1; i++) {
                enum rule rule = menu_obstacle(&m->configs[i], r);
                if (rule && (!n || out[n - 1] != rule))
                        out[n++] = rule;
        }
        if (m->has_xsinst)
                out[n++] = XR_XSINST_TAKEN;
        return n;
}

static bool is_possible(const struct prepare_spec *s, struct err *e)
{
        enum rule rules[PREPARE_OBSTACLES];
        if (!prepare_obstacles(s->base, s->release, rules))
                return true;
        return err_rule(e, rules[0], s->base->path, NULL);
}

/* --- the base's digest, found out while it is copied --- */

struct hashing {
        const struct medium *base;
        char *hex;
        pthread_t thread;
        bool started, fine;
        struct err e;
};

static void *hash_base(void *arg)
{
        struct hashing *h = arg;
        h->fine = medium_sha256(h->base, h->hex, &h->e);
        return NULL;
}

static void hashing_start(struct hashing *h)
{
        h->started = !*h->hex && pthread_create(&h->thread, NULL, hash_base, h) == 0;
        if (!h->started && !*h->hex)
                hash_base(h);
        else if (!h->started)
                h->fine = true;
}

static bool hashing_end(struct hashing *h, struct err *e)
{
        if (h->started)
                pthread_join(h->thread, NULL);
        h->started = false;
        if (!h->fine)
                *e = h->e;
        return h->fine;
}

/* --- the copy, grown by a second session --- */

struct work {
        const struct prepare_spec *spec;
        int fd;  /* of the image; borrowed */
        int dir; /* folder of what is added */
        struct menus menus;
        uint64_t filler;         /* bytes of the file that stands in front of the slot, 0 = none */
        uint64_t slot_in_initrd; /* where in the new install.img the slot's file begins */
        struct progress progress;
};

static void show_copied(uint64_t done, void *progress) { progress_to(progress, done); }

static bool copy_base(struct work *w, struct err *e)
{
        const struct medium *m = w->spec->base;
        if (ioctl(w->fd, FICLONE, m->fd) == 0)
                return true;
        struct overlay whole = { .fd = m->fd, .size = m->size };
        progress_start(&w->progress, _("copying the base"), m->size);
        bool fine = overlay_send(&whole, w->fd, 0, m->size, show_copied, &w->progress, e);
        progress_end(&w->progress);
        /* The disk may begin: what follows only reads, and the end waits for it. */
        sync_file_range(w->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
        return fine;
}

/* The file's place in it is half a page more than the map and the slot, see slot.h. */
static uint64_t slot_file_size(const struct prepare_spec *s) { return SLOT_PAGE / 2 + SLOT_PAGE + s->slot_size; }

static bool put_zeros(const struct work *w, int dir, const char *name, uint64_t size, struct err *e)
{
        AUTO_FD int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0444);
        struct timespec when[2] = { { .tv_sec = w->spec->base->volume_date },
                { .tv_sec = w->spec->base->volume_date } };
        if (fd < 0 || ftruncate(fd, (off_t)size) < 0 || fchmod(fd, 0444) < 0 || futimens(fd, when) < 0)
                return err_sys(e, _("writing %s"), name);
        return true;
}

static bool put_xsinst(struct work *w, struct err *e)
{
        const struct prepare_spec *s = w->spec;
        AUTO_FD int dir =
                mkdirat(w->dir, "xsinst", 0700) < 0 ? -1 : openat(w->dir, "xsinst", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
                return err_sys(e, _("creating %s"), "xsinst");
        for (size_t i = 0; i < s->files->n; i++)
                if (!medium_file_put(s->base, dir, s->files->items[i].name, str_bytes(&s->files->items[i].content), e))
                        return false;
        /* The folder around it is private; these modes are what stands on the medium. */
        if (!put_zeros(w, dir, SLOT_FILE, slot_file_size(s), e))
                return false;
        return fchmod(dir, 0755) == 0 ? true : err_sys(e, _("creating %s"), "xsinst");
}

static bool put_files(struct work *w, struct err *e)
{
        const struct prepare_spec *s = w->spec;
        if (s->release->make_ramdisk)
                return put_xsinst(w, e);
        return initrd_write(s->base, s->files, slot_file_size(s), w->dir, "install.img", &w->slot_in_initrd, e);
}

/* 2024-10-01-09-08-07-00 → 2024100109080700 */
static void digits_of(const char *uuid, char digits[17])
{
        size_t n = 0;
        for (; *uuid && n < 16; uuid++)
                if (*uuid != '-')
                        digits[n++] = *uuid;
        digits[n] = '\0';
}

static void map_file(const struct work *w, struct xorriso *x, const char *local, const char *path)
{
        xorriso_args(x, "-map", NULL);
        xorriso_arg(x, "/proc/self/fd/%d/%s", w->dir, local);
        xorriso_arg(x, "/%s", path);
}

/* Owner and dates of what replaces a file follow from the base alone: same inputs, same bytes. */
static void map_settled(const struct work *w, struct xorriso *x, const char *local, const char *path)
{
        map_file(w, x, local, path);
        xorriso_args(x, "-chown", "0", NULL);
        xorriso_arg(x, "/%s", path);
        xorriso_args(x, "--", "-chgrp", "0", NULL);
        xorriso_arg(x, "/%s", path);
        xorriso_args(x, "--", "-alter_date", "b-c", NULL);
        xorriso_arg(x, "=%lld", (long long)w->spec->base->volume_date);
        xorriso_arg(x, "/%s", path);
        xorriso_args(x, "--", NULL);
}

static void map_all(const struct work *w, struct xorriso *x)
{
        const struct medium *m = w->spec->base;
        for (size_t i = 0; i < w->menus.volume.n; i++)
                map_settled(w, x, w->menus.volume.items[i].local, w->menus.volume.items[i].path);
        if (w->filler)
                map_settled(w, x, FILLER, "boot/" FILLER);
        if (w->menus.efi.n)
                map_settled(w, x, "efiboot.img", m->efiboot_path);
        if (!w->spec->release->make_ramdisk) {
                map_settled(w, x, "install.img", "install.img");
                return;
        }
        map_file(w, x, "xsinst", "xsinst");
        xorriso_args(
                x, "-chown_r", "0", "/xsinst", "--", "-chgrp_r", "0", "/xsinst", "--", "-alter_date_r", "b-c", NULL);
        xorriso_arg(x, "=%lld", (long long)m->volume_date);
        xorriso_args(x, "/xsinst", "--", NULL);
}

/* Boot code and partitions, as isohybrid makes them, for a base that is for CDs only. A base for UEFI alone may have a
 * table whose partitions do not overlap: xorriso cannot carry that one over to a grown image. */
static void add_hybrid(const struct medium *m, struct xorriso *x)
{
        bool other_table = m->mbr_protective && !m->el_torito_bios;
        if (!prepare_makes_hybrid(m) && !other_table)
                return;
        if (other_table)
                xorriso_args(
                        x, "-boot_image", "any", "partition_table=off", "-boot_image", "any", "efi_boot_part=", NULL);
        xorriso_args(x, "-boot_image", "isolinux", "system_area=" HYBRID_MBR, "-boot_image", "isolinux",
                "partition_table=on", NULL);
        if (m->el_torito_uefi)
                xorriso_args(x, "-boot_image", "any", "platform_id=0xef", "-boot_image", "isolinux",
                        "partition_entry=gpt_basdat", NULL);
}

/* Drives read ahead of where they are: on a CD, zeros must follow what is needed. The less stands behind the slot, the
 * less is to be hashed for each stamp. */
static void add_padding(const struct work *w, struct xorriso *x)
{
        bool compact_disc = w->spec->base->size + w->spec->slot_size <= COMPACT_DISC;
        xorriso_args(x, "-padding", NULL);
        xorriso_arg(x, "%d", compact_disc ? READ_AHEAD : 0);
        xorriso_args(x, "-padding", "included", NULL);
}

/* Everything of the second session but for its writing. */
static void describe(const struct work *w, struct xorriso *x)
{
        const struct prepare_spec *s = w->spec;
        char uuid[17];
        digits_of(s->uuid, uuid);
        /* Names on a base are foreign: none of them is a pattern. */
        xorriso_args(x, "xorriso", "-no_rc", "-abort_on", "FAILURE", "-return_with", "SORRY", "32", "-iso_rr_pattern",
                "off", "-disk_pattern", "off", "-stdio_sync", "off", "-dev", NULL);
        xorriso_arg(x, "stdio:/proc/self/fd/%d", w->fd);
        xorriso_args(x, "-overwrite", "on", "-boot_image", "any", "replay", NULL);
        add_hybrid(s->base, x);
        xorriso_args(x, "-boot_image", "any", "gpt_disk_guid=volume_date_uuid", "-compliance", "joliet_long_names",
                "-joliet", s->base->joliet ? "on" : "off", NULL);
        map_all(w, x);
        /* Folders that got a new file carry the time of day in their own record of change. */
        xorriso_args(x, "-alter_date_r", "c", NULL);
        xorriso_arg(x, "=%lld", (long long)s->base->volume_date);
        xorriso_args(x, "/", "--", "-volume_date", "uuid", uuid, NULL);
        if (*s->base->created)
                xorriso_args(x, "-volume_date", "c", s->base->created, NULL);
        if (s->label)
                xorriso_args(x, "-volid", s->label, NULL);
        add_padding(w, x);
}

/* Rehearses the session: an image for sticks ends at a full cylinder (a megabyte), and what it is filled up with would
 * stand behind the slot and be hashed for each stamp. A file of that size in front of the slot takes its place. Where
 * xorriso words it differently, stamping is a little slower. */
static bool measure_filler(struct work *w, struct err *e)
{
        static const char sign[] = "Aligned image size to cylinder size by ";
        OWN(xorriso_clear) struct xorriso x = { .n = 0 };
        AUTO_STR said = STR_MAX(4 << 20);
        describe(w, &x);
        xorriso_args(&x, "-print_size", "-rollback_end", NULL);
        if (!xorriso_run(&x, (const int[3]){ w->fd, w->dir, 0 }, _("new directory"), &said, e))
                return false;
        const char *at = strstr(str_text(&said), sign);
        unsigned long blocks = at ? strtoul(at + strlen(sign), NULL, 10) : 0;
        w->filler = blocks > 2 * FILLER_MARGIN && blocks < MOST_FILLER ? (blocks - FILLER_MARGIN) * SECTOR : 0;
        return !w->filler || put_zeros(w, w->dir, FILLER, w->filler, e);
}

static bool grow(struct work *w, struct err *e)
{
        OWN(xorriso_clear) struct xorriso x = { .n = 0 };
        AUTO_STR said = STR_MAX(4 << 20);
        if (!measure_filler(w, e))
                return false;
        describe(w, &x);
        xorriso_args(&x, "-commit", "-end", NULL);
        return xorriso_run(&x, (const int[3]){ w->fd, w->dir, 0 }, _("new directory"), &said, e);
}

static bool find_slot(const struct work *w, uint64_t image_size, uint64_t *slot, struct err *e)
{
        bool found;
        uint64_t size;
        bool ramdisk = w->spec->release->make_ramdisk;
        if (!directory_find(w->fd, image_size, ramdisk ? "xsinst/" SLOT_FILE : "install.img", slot, &size, &found, e))
                return false;
        if (!found)
                return err_rule(e, XR_IMAGE_WRONG, SLOT_FILE, NULL);
        *slot += w->slot_in_initrd;
        return true;
}

static bool measure(const struct work *w, struct slot_map *map, struct err *e)
{
        struct stat st;
        uint64_t slot;
        if (fstat(w->fd, &st) < 0)
                return err_sys(e, _("reading the image back"));
        map->image_size = (uint64_t)st.st_size;
        map->slot_size = w->spec->slot_size;
        snprintf(map->uuid, sizeof(map->uuid), "%s", w->spec->uuid);
        return find_slot(w, map->image_size, &slot, e) && prepare_verify(w->spec, &w->menus, w->fd, slot, e) &&
               slot_measure(w->fd, slot, map, e);
}

static bool make(struct work *w, struct hashing *h, struct err *e)
{
        struct slot_map map = { 0 };
        struct menus_spec ms = { w->spec->base, w->spec->uuid, w->spec->countdown, w->spec->release->make_ramdisk };
        if (!menus_patch(&ms, w->dir, &w->menus, e) || !put_files(w, e))
                return false;
        hashing_start(h);
        if (!copy_base(w, e) || !grow(w, e) || !measure(w, &map, e) || !hashing_end(h, e))
                return false;
        snprintf(map.base, sizeof(map.base), "%s", h->hex);
        prepare_key(w->spec, h->hex, map.key);
        return slot_write(w->fd, &map, e);
}

bool prepare(const struct prepare_spec *s, int fd, int dir, char base_sha256[65], struct err *e)
{
        struct work w = { .spec = s, .fd = fd, .dir = -1 };
        struct hashing h = { .base = s->base, .hex = base_sha256, .e = ERR_INIT };
        OWN(draft_drop) struct draft draft = { .slot = -1 };
        struct err late = ERR_INIT;
        if (!is_possible(s, e))
                return false;
        log_event("prepare", "writing", "uuid", s->uuid, "base", s->base->path, NULL);
        bool fine = draft_dir(&draft, dir, "work", 0700, &w.dir, e) && make(&w, &h, e);
        if (h.started)
                fine = hashing_end(&h, &late) && fine;
        cleanup_fd(&w.dir);
        menus_clear(&w.menus);
        return fine;
}
