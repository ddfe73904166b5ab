#include "isobuilder/image.h"
#include "isobuilder/bootconfig.h"
#include "isobuilder/efiboot.h"
#include "isobuilder/image_verify.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/progress.h"
#include "base/rule.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { DEADLINE_MS = 30 * 60 * 1000 };

void image_uuid(const unsigned char digest[32], char uuid[23])
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

/* The folder that becomes part of the image, and the changes to it, in the order that xorriso gets them. */
struct work {
        const struct image_spec *spec;
        struct draft draft;
        int dir;                        /* of the draft */
        struct patch_list patches;      /* files of the volume */
        struct patch_list efi_patches;  /* files inside efiboot.img */
        struct progress progress;
};

static bool put_file(struct work *w, int dir, const char *name, struct bytes content, struct err *e)
{
        AUTO_FD int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 || !file_write_all(fd, content.ptr, content.len))
                return err_sys(e, _("writing %s"), name);
        struct timespec when[2] = { { .tv_sec = w->spec->base->volume_date }, { .tv_sec = w->spec->base->volume_date } };
        return fchmod(fd, 0444) == 0 && futimens(fd, when) == 0 ? true : err_sys(e, _("writing %s"), name);
}

static bool put_xsinst(struct work *w, struct err *e)
{
        if (w->spec->base->has_xsinst)
                return err_rule(e, XR_XSINST_TAKEN, w->spec->base->path, NULL);
        AUTO_FD int dir = mkdirat(w->dir, "xsinst", 0700) < 0 ? -1 : openat(w->dir, "xsinst", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
                return err_sys(e, _("creating %s"), "xsinst");
        for (size_t i = 0; i < w->spec->xsinst->n; i++) {
                const struct pack_file *f = &w->spec->xsinst->items[i];
                if (!put_file(w, dir, f->name, str_bytes(&f->content), e))
                        return false;
        }
        /* The folder around it is private; these modes are what stands on the medium. */
        if (fchmod(dir, 0755) < 0)
                return err_sys(e, _("creating %s"), "xsinst");
        return true;
}

static void add_patch(struct patch_list *l, const char *path, struct str *text)
{
        l->items = reallocarray(l->items, l->n + 1, sizeof(*l->items));
        if (!l->items)
                file_out_of_memory();
        struct patch *p = &l->items[l->n];
        snprintf(p->local, sizeof(p->local), "patch-%zu", l->n++);
        p->path = path;
        p->text = *text;
        *text = (struct str){ .max = text->max };
}

static bool patch_configs(struct work *w, struct err *e)
{
        const struct medium *base = w->spec->base;
        for (size_t i = 0; i < base->n_configs; i++) {
                const struct boot_config *c = &base->configs[i];
                struct bootconfig_spec bs = { c->path, w->spec->uuid, SELECTOR_NAME, w->spec->countdown, false };
                AUTO_STR text = STR_MAX(1 << 20);
                if (!(c->grub ? bootconfig_grub : bootconfig_isolinux)(&bs, str_bytes(&c->text), &text, e))
                        return false;
                add_patch(&w->patches, c->path, &text);
                struct patch *p = &w->patches.items[w->patches.n - 1];
                if (!put_file(w, w->dir, p->local, str_bytes(&p->text), e))
                        return false;
        }
        return true;
}

/* The menu on the volume that a short one inside efiboot.img can lead to. */
static const char *menu_on_volume(const struct medium *base, const char *inner)
{
        const char *first = NULL;
        for (size_t i = 0; i < base->n_configs; i++) {
                if (!strcasecmp(base->configs[i].path, inner))
                        return base->configs[i].path;
                if (base->configs[i].grub && !first)
                        first = base->configs[i].path;
        }
        return first;
}

/* The whole menu inside efiboot.img, or, where that has no room, the way to the one on the volume. */
static bool patch_efi_config(struct work *w, int fd, const struct boot_config *c, struct err *e)
{
        const struct medium *base = w->spec->base;
        struct bootconfig_spec bs = { base->efiboot_path, w->spec->uuid, SELECTOR_NAME, w->spec->countdown, true };
        const char *menu = menu_on_volume(base, c->path);
        AUTO_STR text = STR_MAX(1 << 20);
        if (!bootconfig_grub(&bs, str_bytes(&c->text), &text, e))
                return false;
        bool fits = efiboot_replace(fd, c->path, str_bytes(&text), base->volume_date, e);
        if (!fits && e->code == XR_EFIBOOT_FULL && menu) {
                log_event("image", "efiboot-full", "file", c->path, NULL);
                *e = (struct err)ERR_INIT;
                str_reset(&text);
                bootconfig_grub_stub(&bs, menu, &text);
                fits = efiboot_replace(fd, c->path, str_bytes(&text), base->volume_date, e);
        }
        add_patch(&w->efi_patches, c->path, &text);
        return fits;
}

/* efiboot.img has menus of its own, which some firmware reads instead of those on the volume. */
static bool patch_efiboot(struct work *w, struct err *e)
{
        const struct medium *base = w->spec->base;
        if (!base->n_efi_configs)
                return true;
        if (!put_file(w, w->dir, "efiboot.img", str_bytes(&base->efiboot), e))
                return false;
        /* Read-only files cannot be opened for writing, except by root. */
        AUTO_FD int fd = fchmodat(w->dir, "efiboot.img", 0600, 0) < 0 ? -1 :
                         openat(w->dir, "efiboot.img", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return err_sys(e, _("opening %s"), "efiboot.img");
        for (size_t i = 0; i < base->n_efi_configs; i++)
                if (!patch_efi_config(w, fd, &base->efi_configs[i], e))
                        return false;
        struct timespec when[2] = { { .tv_sec = base->volume_date }, { .tv_sec = base->volume_date } };
        return fchmod(fd, 0444) == 0 && futimens(fd, when) == 0 ? true : err_sys(e, _("writing %s"), "efiboot.img");
}

/* A list of arguments that owns its texts; each of up to 33 patched files takes 16. */
struct arguments {
        const char *argv[640];
        char *owned[640];
        size_t n;
};

static void arguments_clear(struct arguments *a)
{
        for (size_t i = 0; i < a->n; i++)
                free(a->owned[i]);
}

static void arg(struct arguments *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void arg(struct arguments *a, const char *fmt, ...)
{
        va_list ap;
        va_start(ap, fmt);
        if (a->n + 1 >= COUNT(a->argv) || vasprintf(&a->owned[a->n], fmt, ap) < 0)
                file_out_of_memory();
        va_end(ap);
        a->argv[a->n] = a->owned[a->n];
        a->n++;
}

#define ARGS(a, ...) \
        do { \
                const char *const list_[] = { __VA_ARGS__ }; \
                for (size_t i_ = 0; i_ < COUNT(list_); i_++) \
                        arg(a, "%s", list_[i_]); \
        } while (0)

/* 2024-10-01-09-08-07-00 → 2024100109080700 */
static void digits_of(const char *uuid, char digits[17])
{
        size_t n = 0;
        for (; *uuid && n < 16; uuid++)
                if (*uuid != '-')
                        digits[n++] = *uuid;
        digits[n] = '\0';
}

static void map_patches(struct work *w, struct arguments *a)
{
        for (size_t i = 0; i < w->patches.n; i++) {
                ARGS(a, "-map");
                arg(a, "/proc/self/fd/%d/%s", w->dir, w->patches.items[i].local);
                arg(a, "/%s", w->patches.items[i].path);
        }
        if (w->efi_patches.n) {
                ARGS(a, "-map");
                arg(a, "/proc/self/fd/%d/efiboot.img", w->dir);
                arg(a, "/%s", w->spec->base->efiboot_path);
        }
        ARGS(a, "-map");
        arg(a, "/proc/self/fd/%d/xsinst", w->dir);
        ARGS(a, "/xsinst");
}

/* Owner, mode and every date of what we add follow from the base alone: same inputs, same bytes. */
static void settle_attributes(struct work *w, struct arguments *a)
{
        ARGS(a, "-chown_r", "0", "/xsinst", "--", "-chgrp_r", "0", "/xsinst", "--");
        ARGS(a, "-alter_date_r", "b-c");
        arg(a, "=%lld", (long long)w->spec->base->volume_date);
        ARGS(a, "/xsinst", "--");
        for (size_t i = 0; i <= w->patches.n; i++) {
                const char *path = i < w->patches.n ? w->patches.items[i].path : w->spec->base->efiboot_path;
                if (i == w->patches.n && !w->efi_patches.n)
                        continue;
                static const char *const how[][2] = { { "-chown", "0" }, { "-chgrp", "0" } };
                for (size_t k = 0; k < COUNT(how); k++) {
                        ARGS(a, how[k][0], how[k][1]);
                        arg(a, "/%s", path);
                        ARGS(a, "--");
                }
                ARGS(a, "-alter_date", "b-c");
                arg(a, "=%lld", (long long)w->spec->base->volume_date);
                arg(a, "/%s", path);
                ARGS(a, "--");
        }
}

static void arguments_of(struct work *w, int out, struct arguments *a)
{
        const struct image_spec *s = w->spec;
        char uuid[17];
        digits_of(s->uuid, uuid);
        /* Names on a base are foreign: none of them is a pattern. */
        ARGS(a, "xorriso", "-no_rc", "-abort_on", "FAILURE", "-return_with", "SORRY", "32", "-iso_rr_pattern", "off",
             "-disk_pattern", "off", "-indev");
        arg(a, "stdio:/proc/self/fd/%d", s->base->fd);
        ARGS(a, "-outdev");
        arg(a, "stdio:/proc/self/fd/%d", out);
        ARGS(a, "-overwrite", "on", "-boot_image", "any", "replay", "-boot_image", "any",
             "gpt_disk_guid=volume_date_uuid", "-compliance", "joliet_long_names");
        ARGS(a, "-joliet", s->base->joliet ? "on" : "off");
        map_patches(w, a);
        settle_attributes(w, a);
        /* Folders that got a new file carry the time of day in their own record of change. */
        ARGS(a, "-alter_date_r", "c");
        arg(a, "=%lld", (long long)s->base->volume_date);
        ARGS(a, "/", "--", "-volume_date", "uuid", uuid);
        if (*s->base->created)
                ARGS(a, "-volume_date", "c", s->base->created);
        if (s->label)
                ARGS(a, "-volid", s->label);
        ARGS(a, "-commit", "-end");
        a->argv[a->n] = NULL;
}

/* "xorriso : UPDATE : Writing:  12345s   23.4%   fifo …" */
static void on_line(const char *line, void *arg_)
{
        struct work *w = arg_;
        const char *percent = strchr(line, '%');
        if (!strstr(line, "UPDATE") || !percent)
                return;
        const char *number = percent;
        while (number > line && strchr("0123456789.", number[-1]))
                number--;
        progress_to(&w->progress, (uint64_t)atoi(number));
}

/* xorriso's last words are about giving up; the cause stands further up. */
static void explain_failure(const struct str *said, struct err *e)
{
        static const struct {
                const char *sign, *sentence;
        } causes[] = { { "No space left on device", N_("the disk is full") }, { "exceeds free space on media", N_("the disk is full") },
                { "Input/output error", N_("the disk reports an input/output error") } };
        for (size_t i = 0; i < COUNT(causes); i++)
                if (strstr(str_text(said), causes[i].sign)) {
                        err_set(e, ERR_WORLD, "%s", _(causes[i].sentence));
                        return;
                }
        const char *failure = strstr(str_text(said), "FAILURE : ");
        if (failure)
                err_set(e, ERR_WORLD, "xorriso: %.*s", (int)strcspn(failure + 10, "\n"), failure + 10);
}

static bool run_xorriso(struct work *w, int out, struct err *e)
{
        OWN(arguments_clear) struct arguments a = { .n = 0 };
        AUTO_STR said = STR_MAX(4 << 20);
        arguments_of(w, out, &a);
        struct proc p = { .argv = a.argv, .deadline_ms = DEADLINE_MS, .err = &said,
                .pass_fds = { w->spec->base->fd, out, w->dir }, .tick = on_line, .tick_arg = w };
        progress_start(&w->progress, _("image"), 100);
        bool fine = proc_run(&p, e);
        progress_end(&w->progress);
        if (!fine && said.len)
                explain_failure(&said, e);
        return fine;
}

static bool check_spec(const struct image_spec *s, struct err *e)
{
        uint64_t total = 0;
        for (size_t i = 0; i < s->xsinst->n; i++)
                total += s->xsinst->items[i].content.len;
        if (!s->release->make_ramdisk)
                return err_rule(e, XR_MEDIUM_NO_RAMDISK, s->release->product, NULL);
        if (!s->base->n_configs && !s->base->n_efi_configs)
                return err_rule(e, XR_NO_BOOT_CONFIG, s->base->path, NULL);
        if (s->base->el_torito_uefi && !medium_knows_efiboot(s->base))
                return err_rule(e, XR_EFI_ENTRY_UNKNOWN, s->base->path, NULL);
        if (total > LARGEST_XSINST) {
                char have[24], most[24];
                snprintf(have, sizeof(have), "%llu", (unsigned long long)(total >> 20));
                snprintf(most, sizeof(most), "%d", LARGEST_XSINST >> 20);
                return err_rule(e, XR_XSINST_TOO_LARGE, have, most, NULL);
        }
        return true;
}

static bool make_image(struct work *w, int dir, const char *name, char sha256[65], struct err *e)
{
        OWN(draft_drop) struct draft image = { .slot = -1 };
        AUTO_FD int out = -1;
        if (!patch_configs(w, e) || !patch_efiboot(w, e) || !put_xsinst(w, e))
                return false;
        /* It holds password hashes. */
        if (!draft_file(&image, dir, name, 0600, &out, e) || !run_xorriso(w, out, e))
                return false;
        if (!image_verify(w->spec, &w->patches, &w->efi_patches, dir, image.name, e))
                return false;
        if (sha256 && !file_sha256(out, name, sha256, e))
                return false;
        if (fsync(out) < 0)
                return err_sys(e, _("writing %s"), name);
        return draft_commit(&image, e);
}

static void patches_clear(struct patch_list *l)
{
        for (size_t i = 0; i < l->n; i++)
                str_clear(&l->items[i].text);
        free(l->items);
}

bool image_write(const struct image_spec *s, int dir, const char *name, char sha256[65], struct err *e)
{
        struct work w = { .spec = s, .dir = -1, .draft = { .slot = -1 } };
        if (!check_spec(s, e))
                return false;
        log_event("image", "writing", "name", name, "uuid", s->uuid, "base", s->base->path, NULL);
        bool fine = draft_dir(&w.draft, dir, "work", 0700, &w.dir, e) && make_image(&w, dir, name, sha256, e);
        draft_drop(&w.draft);
        cleanup_fd(&w.dir);
        patches_clear(&w.patches);
        patches_clear(&w.efi_patches);
        return fine ? true : err_ctx(e, "%s", name);
}
