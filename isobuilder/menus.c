#include "isobuilder/menus.h"
#include "isobuilder/bootconfig.h"
#include "isobuilder/efiboot.h"
#include "answerfiles/selector.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/rule.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { LARGEST_MENU = 1 << 20 };

void patch_list_clear(struct patch_list *l)
{
        for (size_t i = 0; i < l->n; i++)
                str_clear(&l->items[i].text);
        free(l->items);
        *l = (struct patch_list){ 0 };
}

void menus_clear(struct menus *m)
{
        patch_list_clear(&m->volume);
        patch_list_clear(&m->efi);
}

static bool settle(const struct medium *base, int fd, const char *name, struct err *e)
{
        struct timespec when[2] = { { .tv_sec = base->volume_date }, { .tv_sec = base->volume_date } };
        return fchmod(fd, 0444) == 0 && futimens(fd, when) == 0 ? true : err_sys(e, _("writing %s"), name);
}

bool medium_file_put(const struct medium *base, int dir, const char *name, struct bytes content, struct err *e)
{
        AUTO_FD int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 || !file_write_all(fd, content.ptr, content.len))
                return err_sys(e, _("writing %s"), name);
        return settle(base, fd, name, e);
}

/* Takes the text over. */
static struct patch *add_patch(struct patch_list *l, const char *path, struct str *text)
{
        l->items = reallocarray(l->items, l->n + 1, sizeof(*l->items));
        if (!l->items)
                file_out_of_memory();
        struct patch *p = &l->items[l->n];
        snprintf(p->local, sizeof(p->local), "patch-%zu", l->n++);
        p->path = path;
        p->text = *text;
        *text = (struct str){ .max = text->max };
        return p;
}

static struct bootconfig_spec spec_for(const struct menus_spec *s, const char *path, bool efiboot)
{
        return (struct bootconfig_spec){ .path = path,
                .uuid = s->uuid,
                .selector = SELECTOR_NAME,
                .countdown = s->countdown,
                .efiboot = efiboot,
                .ramdisk = s->ramdisk };
}

static bool patch_volume(const struct menus_spec *s, int dir, struct menus *m, struct err *e)
{
        for (size_t i = 0; i < s->base->n_configs; i++) {
                const struct boot_config *c = &s->base->configs[i];
                struct bootconfig_spec bs = spec_for(s, c->path, false);
                AUTO_STR text = STR_MAX(LARGEST_MENU);
                if (!(c->grub ? bootconfig_grub : bootconfig_isolinux)(&bs, str_bytes(&c->text), &text, e))
                        return false;
                struct patch *p = add_patch(&m->volume, c->path, &text);
                if (!medium_file_put(s->base, dir, p->local, str_bytes(&p->text), e))
                        return false;
        }
        return true;
}

/* The menu on the volume that a short one inside efiboot.img leads to: the same path, else the first that GRUB reads.
 */
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

/* Inside efiboot.img stands only the way to the menu on the volume, so that there is one menu to read and to trust;
 * where the volume has none, the menu itself. */
static bool patch_inner(const struct menus_spec *s, int fd, const struct boot_config *c, struct menus *m, struct err *e)
{
        struct bootconfig_spec bs = spec_for(s, s->base->efiboot_path, true);
        const char *menu = menu_on_volume(s->base, c->path);
        AUTO_STR text = STR_MAX(LARGEST_MENU);
        if (menu)
                bootconfig_grub_stub(&bs, menu, &text);
        else if (!bootconfig_grub(&bs, str_bytes(&c->text), &text, e))
                return false;
        bool fits =
                str_ok(&text, c->path, e) && efiboot_replace(fd, c->path, str_bytes(&text), s->base->volume_date, e);
        add_patch(&m->efi, c->path, &text);
        return fits;
}

static bool patch_efiboot(const struct menus_spec *s, int dir, struct menus *m, struct err *e)
{
        if (!s->base->n_efi_configs)
                return true;
        if (!medium_file_put(s->base, dir, "efiboot.img", str_bytes(&s->base->efiboot), e))
                return false;
        /* Read-only files cannot be opened for writing, except by root. */
        AUTO_FD int fd = fchmodat(dir, "efiboot.img", 0600, 0) < 0
                                 ? -1
                                 : openat(dir, "efiboot.img", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return err_sys(e, _("opening %s"), "efiboot.img");
        for (size_t i = 0; i < s->base->n_efi_configs; i++)
                if (!patch_inner(s, fd, &s->base->efi_configs[i], m, e))
                        return false;
        return settle(s->base, fd, "efiboot.img", e);
}

bool menus_patch(const struct menus_spec *s, int dir, struct menus *m, struct err *e)
{
        return patch_volume(s, dir, m, e) && patch_efiboot(s, dir, m, e);
}
