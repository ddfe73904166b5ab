#include "isobuilder/image_verify.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <string.h>

static bool wrong(struct err *e, const char *what) { return err_rule(e, XR_IMAGE_WRONG, what, NULL); }

static bool same_bytes(struct bytes a, struct bytes b) { return a.len == b.len && !memcmp(a.ptr, b.ptr, a.len); }

static bool verify_configs(const struct boot_config *configs, size_t n, const struct patch_list *patches, struct err *e)
{
        for (size_t i = 0; i < patches->n; i++) {
                bool found = false;
                for (size_t k = 0; k < n; k++)
                        if (!strcmp(configs[k].path, patches->items[i].path))
                                found = same_bytes(str_bytes(&configs[k].text), str_bytes(&patches->items[i].text));
                if (!found)
                        return wrong(e, patches->items[i].path);
        }
        return n == patches->n || wrong(e, _("its boot menus"));
}

/* Boot catalogue and partitions must lead to the new efiboot.img, not to where the old one was. */
static bool verify_efiboot(const struct medium *base, const struct medium *m, struct err *e)
{
        if (m->el_torito_uefi && !medium_knows_efiboot(m))
                return wrong(e, _("the UEFI boot entry points elsewhere than to efiboot.img"));
        if (m->uefi_partitions != base->uefi_partitions)
                return wrong(e, _("its partition table"));
        return true;
}

struct comparison {
        const struct pack_files *files;
        size_t found;
};

static bool compare_file(void *arg, const char *name, struct bytes content, struct err *e)
{
        struct comparison *c = arg;
        for (size_t i = 0; i < c->files->n; i++) {
                const struct pack_file *f = &c->files->items[i];
                if (strcmp(f->name, name) || !same_bytes(str_bytes(&f->content), content))
                        continue;
                c->found++;
                return true;
        }
        return wrong(e, name);
}

static bool verify_xsinst(const struct medium *m, const struct pack_files *files, struct err *e)
{
        struct comparison c = { files, 0 };
        if (!medium_read_folder(m, "xsinst", LARGEST_XSINST, compare_file, &c, e))
                return false;
        return c.found == files->n || wrong(e, "xsinst");
}

static bool verify_shape(const struct image_spec *s, const struct medium *m, struct err *e)
{
        const struct medium *b = s->base;
        if (strcmp(m->volume_uuid, s->uuid))
                return wrong(e, _("its volume UUID"));
        if (strcmp(m->volume_id, s->label ? s->label : b->volume_id))
                return wrong(e, _("its volume label"));
        if (m->el_torito_bios != b->el_torito_bios || m->el_torito_uefi != b->el_torito_uefi)
                return wrong(e, _("its boot catalogue"));
        if (m->hybrid_mbr != b->hybrid_mbr || m->hybrid_gpt != b->hybrid_gpt)
                return wrong(e, _("its partition table"));
        if (m->joliet != b->joliet || m->rock_ridge != b->rock_ridge)
                return wrong(e, _("its directory trees"));
        return true;
}

bool image_verify(const struct image_spec *s, const struct patch_list *patches, const struct patch_list *efi_patches,
        int dir, const char *name, struct err *e)
{
        struct medium *m = medium_open(dir, name, e);
        if (!m)
                return err_ctx(e, _("reading the image back"));
        bool fine = verify_shape(s, m, e) && verify_configs(m->configs, m->n_configs, patches, e) &&
                    verify_configs(m->efi_configs, m->n_efi_configs, efi_patches, e) && verify_efiboot(s->base, m, e) &&
                    verify_xsinst(m, s->xsinst, e);
        medium_free(m);
        return fine;
}
