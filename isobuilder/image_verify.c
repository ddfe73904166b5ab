#include "isobuilder/image_verify.h"
#include "isobuilder/efiboot.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <string.h>

static bool wrong(struct err *e, const char *what) { return err_rule(e, XR_IMAGE_WRONG, what, NULL); }

static bool same_text(const struct str *a, const struct str *b) { return a->len == b->len && !memcmp(str_text(a), str_text(b), a->len); }

static bool verify_configs(const struct medium *m, const struct patch_list *patches, struct err *e)
{
        for (size_t i = 0; i < patches->n; i++) {
                bool found = false;
                for (size_t k = 0; k < m->n_configs; k++)
                        if (!strcmp(m->configs[k].path, patches->items[i].path))
                                found = same_text(&m->configs[k].text, &patches->items[i].text);
                if (!found)
                        return wrong(e, patches->items[i].path);
        }
        return true;
}

/* The boot catalogue must point at the new efiboot.img, not at the old one that still lies somewhere on the medium. */
static bool verify_efiboot(const struct medium *m, const struct str *config, struct err *e)
{
        AUTO_STR inside = STR_MAX(1 << 20);
        if (!config->len || !m->el_torito_uefi)
                return true;
        AUTO_FREE char *booted = malloc(m->efiboot.len + 1);
        if (!booted || pread(m->fd, booted, m->efiboot.len, (off_t)m->uefi_offset) != (ssize_t)m->efiboot.len || memcmp(booted, str_text(&m->efiboot), m->efiboot.len))
                return wrong(e, _("the UEFI boot entry points elsewhere than to efiboot.img"));
        if (!efiboot_read(str_bytes(&m->efiboot), m->efiboot_config, &inside, e))
                return false;
        return same_text(&inside, config) || wrong(e, "efiboot.img");
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

bool image_verify(const struct image_spec *s, const struct patch_list *patches, const struct str *efiboot_config, int dir, const char *name, struct err *e)
{
        struct medium *m = medium_open(dir, name, e);
        if (!m)
                return err_ctx(e, _("reading the image back"));
        bool fine = verify_shape(s, m, e) && verify_configs(m, patches, e) && verify_efiboot(m, efiboot_config, e);
        medium_free(m);
        return fine;
}
