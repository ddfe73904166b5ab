#include "isobuilder/prepare_verify.h"
#include "isobuilder/places.h"
#include "base/file.h"
#include "base/i18n.h"

#include <fcntl.h>
#include <string.h>

enum { REWRITTEN = 64 << 10 }; /* a second session rewrites the descriptors, and all in front of its 32nd sector */

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
        if (m->uefi_partitions < base->uefi_partitions ||
                (m->el_torito_uefi && prepare_makes_hybrid(base) && !m->uefi_partitions))
                return wrong(e, _("its partition table"));
        return true;
}

static bool verify_shape(const struct prepare_spec *s, const struct medium *m, struct err *e)
{
        const struct medium *b = s->base;
        bool hybrid = prepare_makes_hybrid(b);
        if (strcmp(m->volume_uuid, s->uuid))
                return wrong(e, _("its volume UUID"));
        if (strcmp(m->volume_id, s->label ? s->label : b->volume_id))
                return wrong(e, _("its volume label"));
        if (m->el_torito_bios != b->el_torito_bios || m->el_torito_uefi != b->el_torito_uefi)
                return wrong(e, _("its boot catalogue"));
        if (m->hybrid_mbr != (b->hybrid_mbr || hybrid) ||
                m->hybrid_gpt != (b->hybrid_gpt || (hybrid && b->el_torito_uefi)))
                return wrong(e, _("its partition table"));
        if (m->joliet != b->joliet || m->rock_ridge != b->rock_ridge)
                return wrong(e, _("its directory trees"));
        return true;
}

/* --- the two trees --- */

/* Joliet shortens names, so the two trees are compared by what their entries lead to. */
static bool verify_trees(int fd, uint64_t size, struct places *primary, struct err *e)
{
        OWN(places_clear) struct places joliet = { 0 };
        if (!places_read(fd, size, TREE_JOLIET, &joliet, e))
                return false;
        qsort(primary->items, primary->n, sizeof(*primary->items), place_by_offset);
        qsort(joliet.items, joliet.n, sizeof(*joliet.items), place_by_offset);
        for (size_t i = 0; i < primary->n && primary->n == joliet.n; i++)
                if (place_by_offset(&primary->items[i], &joliet.items[i]))
                        return wrong(e, _("its directory trees"));
        return primary->n == joliet.n || wrong(e, _("its directory trees"));
}

static bool is_replaced(const struct prepare_spec *s, const struct menus *menus, const struct place *p)
{
        const char *path = p->path;
        for (size_t i = 0; i < menus->volume.n; i++)
                if (!strcmp(menus->volume.items[i].path, path))
                        return true;
        if (menus->efi.n && !strcmp(path, s->base->efiboot_path))
                return true;
        if (!s->release->make_ramdisk && !strcmp(path, "install.img"))
                return true;
        /* What the boot catalogue needs written anew: itself, and the place of the loader inside the loader. */
        return p->offset == s->base->bios_offset || p->offset == s->base->catalogue_offset;
}

static bool same_head(int a, int b, const struct place *p, struct err *e)
{
        char one[REWRITTEN], two[REWRITTEN];
        if (p->offset >= REWRITTEN)
                return true;
        size_t n = p->size < REWRITTEN - p->offset ? (size_t)p->size : (size_t)(REWRITTEN - p->offset);
        if (pread(a, one, n, (off_t)p->offset) != (ssize_t)n || pread(b, two, n, (off_t)p->offset) != (ssize_t)n ||
                memcmp(one, two, n))
                return wrong(e, p->path);
        return true;
}

/* Every other file of the base stands where it stood, under its name; a copy of the base has the same bytes there. */
static bool verify_kept(
        const struct prepare_spec *s, const struct menus *menus, int fd, const struct places *now, struct err *e)
{
        OWN(places_clear) struct places before = { 0 };
        if (!places_read(s->base->fd, s->base->size, TREE_PRIMARY, &before, e))
                return err_ctx(e, "%s", s->base->path);
        for (size_t i = 0; i < before.n; i++) {
                const struct place *b = &before.items[i], *n = places_find(now, b->path);
                if (is_replaced(s, menus, b))
                        continue;
                if (!n || place_by_offset(b, n))
                        return wrong(e, b->path);
                if (!same_head(s->base->fd, fd, b, e))
                        return false;
        }
        return true;
}

/* Our own files, each byte. */
static bool verify_files(const struct prepare_spec *s, int fd, const struct places *now, struct err *e)
{
        for (size_t i = 0; s->release->make_ramdisk && i < s->files->n; i++) {
                const struct pack_file *f = &s->files->items[i];
                AUTO_STR path = STR_MAX(4096);
                str_addf(&path, "xsinst/%s", f->name);
                const struct place *p = places_find(now, str_text(&path));
                AUTO_FREE char *have = malloc(f->content.len + 1);
                if (!have)
                        file_out_of_memory();
                if (!p || p->size != f->content.len || pread(fd, have, p->size, (off_t)p->offset) != (ssize_t)p->size ||
                        memcmp(have, str_text(&f->content), f->content.len))
                        return wrong(e, f->name);
        }
        return true;
}

/* The slot is where the sticks' and discs' last bytes are, and empty. */
static bool verify_slot(const struct prepare_spec *s, const struct medium *m, uint64_t slot, struct err *e)
{
        return slot > s->base->size - SLOT_PAGE && slot + SLOT_PAGE / 2 + SLOT_PAGE + s->slot_size <= m->size
                       ? true
                       : wrong(e, SLOT_FILE);
}

static bool verify_tree(const struct prepare_spec *s, const struct menus *menus, const struct medium *m, struct err *e)
{
        OWN(places_clear) struct places now = { 0 };
        if (!places_read(m->fd, m->size, TREE_PRIMARY, &now, e))
                return false;
        return verify_kept(s, menus, m->fd, &now, e) && verify_files(s, m->fd, &now, e) &&
               (!m->joliet || verify_trees(m->fd, m->size, &now, e));
}

bool prepare_verify(const struct prepare_spec *s, const struct menus *menus, int fd, uint64_t slot, struct err *e)
{
        char name[40];
        snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
        struct medium *m = medium_open(AT_FDCWD, name, e);
        if (!m)
                return err_ctx(e, _("reading the image back"));
        bool fine = verify_shape(s, m, e) && verify_configs(m->configs, m->n_configs, &menus->volume, e) &&
                    verify_configs(m->efi_configs, m->n_efi_configs, &menus->efi, e) && verify_efiboot(s->base, m, e) &&
                    verify_slot(s, m, slot, e) && verify_tree(s, menus, m, e);
        medium_free(m);
        return fine;
}
