#include "pxe/loaders.h"
#include "pxe/bootscript.h"
#include "pxe/grub_image.h"
#include "pxe/pxelinux_options.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "isobuilder/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { LARGEST_LOADER = 8 << 20 };

void loaders_clear(struct loaders *l)
{
        for (size_t i = 0; i < COUNT(l->memory); i++)
                str_clear(&l->memory[i]);
        *l = (struct loaders){ .n = 0 };
}

/* Room for one more file's bytes; valid until the next one is added. */
static struct str *add(struct loaders *l, const char *name)
{
        struct str *to = &l->memory[l->n];
        *to = (struct str)STR_MAX(LARGEST_LOADER);
        l->files[l->n++].name = name;
        return to;
}

/* --- BIOS --- */

static const struct part {
        const char *name, *system, *package;
} parts[] = {
        { LOADER_BIOS, "/usr/lib/PXELINUX/lpxelinux.0", "pxelinux" },
        { "ldlinux.c32", "/usr/lib/syslinux/modules/bios/ldlinux.c32", "syslinux-common" },
        { "libcom32.c32", "/usr/lib/syslinux/modules/bios/libcom32.c32", "syslinux-common" },
        { "mboot.c32", "/usr/lib/syslinux/modules/bios/mboot.c32", "syslinux-common" },
};

static bool read_image_file(const struct medium *m, const char *path, struct str *out, bool *found, struct err *e)
{
        uint64_t offset, size;
        if (!directory_find(m->fd, m->size, path, &offset, &size, found, e))
                return false;
        *found = *found && size && size <= LARGEST_LOADER;
        if (!*found)
                return true;
        AUTO_FREE char *bytes = malloc(size);
        if (!bytes)
                file_out_of_memory();
        if (pread(m->fd, bytes, size, (off_t)offset) != (ssize_t)size)
                return err_sys(e, _("reading %s"), m->path);
        str_addn(out, bytes, size);
        return true;
}

/* All four, or none: modules of one build do not work with a loader of another. */
static bool read_iso_set(const struct medium *m, struct str texts[COUNT(parts)], bool *complete, struct err *e)
{
        *complete = true;
        for (size_t i = 0; i < COUNT(parts) && *complete; i++) {
                char path[64];
                snprintf(path, sizeof(path), "boot/pxelinux/%s", parts[i].name);
                if (!read_image_file(m, path, &texts[i], complete, e))
                        return false;
        }
        for (size_t i = 0; i < COUNT(parts) && !*complete; i++)
                str_reset(&texts[i]);
        return true;
}

static bool read_system_set(struct str texts[COUNT(parts)], struct err *e)
{
        for (size_t i = 0; i < COUNT(parts); i++) {
                if (faccessat(AT_FDCWD, parts[i].system, R_OK, 0) < 0) {
                        err_rule(e, XR_LOADER_MISSING, parts[i].name, parts[i].package, NULL);
                        e->kind = ERR_WORLD;
                        return false;
                }
                if (!file_read(AT_FDCWD, parts[i].system, LARGEST_LOADER, &texts[i], e))
                        return false;
        }
        return true;
}

/* "PXELINUX 6.04 …", as the loader itself says on the screen. */
static void version_of(const struct str *loader, char version[40])
{
        const char *at = loader->len ? memmem(loader->ptr, loader->len, "PXELINUX ", 9) : NULL;
        size_t n = 0;
        for (; at && n < 39 && at[n] >= ' ' && at[n] <= '~'; n++)
                version[n] = at[n];
        while (n && version[n - 1] == ' ')
                n--;
        version[n] = '\0';
}

static bool add_bios(const struct loaders_wish *w, struct loaders *l, struct str texts[COUNT(parts)], struct err *e)
{
        char prefix[64], version[40];
        bool from_iso;
        if (!read_iso_set(w->base, texts, &from_iso, e) || (!from_iso && !read_system_set(texts, e)))
                return false;
        snprintf(prefix, sizeof(prefix), "http://%s/boot/", w->address);
        struct str *loader = add(l, LOADER_BIOS);
        if (!pxelinux_with_prefix(str_bytes(&texts[0]), prefix, loader)) {
                err_rule(e, XR_LOADER_UNKNOWN, LOADER_BIOS, from_iso ? "/boot/pxelinux" : parts[0].system,
                        parts[0].package, NULL);
                e->kind = ERR_WORLD;
                return false;
        }
        for (size_t i = 1; i < COUNT(parts); i++)
                str_addn(add(l, parts[i].name), str_text(&texts[i]), texts[i].len);
        version_of(&texts[0], version);
        snprintf(l->from, sizeof(l->from),
                from_iso ? _("BIOS loader: %s, from the installation image") : _("BIOS loader: %s, of this computer"),
                version);
        l->bios = LOADER_BIOS;
        return true;
}

static bool make_bios(const struct loaders_wish *w, struct loaders *l, struct err *e)
{
        struct str texts[COUNT(parts)];
        for (size_t i = 0; i < COUNT(parts); i++)
                texts[i] = (struct str)STR_MAX(LARGEST_LOADER);
        bool fine = add_bios(w, l, texts, e);
        for (size_t i = 0; i < COUNT(parts); i++)
                str_clear(&texts[i]);
        return fine;
}

/* --- UEFI --- */

/* It knows the verbs, but not us: it asks the server that it came from for one file. */
static bool add_vendors(const struct loaders_wish *w, struct loaders *l, struct err *e)
{
        static const char *const paths[] = { "EFI/xenserver/grubx64.efi", "EFI/BOOT/BOOTX64.EFI" };
        bool found = false;
        struct str *loader = add(l, LOADER_UEFI);
        for (size_t i = 0; i < COUNT(paths) && !found; i++)
                if (!read_image_file(w->base, paths[i], loader, &found, e))
                        return false;
        if (!found) {
                err_rule(e, XR_LOADER_MISSING, "xen_hypervisor (GRUB)", "grub-efi-amd64-bin", NULL);
                e->kind = ERR_WORLD;
                return false;
        }
        grub_image_config(w->address, add(l, "EFI/xenserver/grub.cfg"));
        size_t n = strlen(l->from);
        snprintf(l->from + n, sizeof(l->from) - n, "%s%s", n ? "; " : "", _("UEFI loader: the vendor's own"));
        return true;
}

static bool make_uefi(const struct loaders_wish *w, struct loaders *l, struct err *e)
{
        l->hypervisor_verbs = grub_image_knows_hypervisor();
        l->uefi = LOADER_UEFI;
        if (w->lines->hypervisor_verbs && !l->hypervisor_verbs)
                return add_vendors(w, l, e);
        return grub_image_make(w->address, add(l, LOADER_UEFI), e);
}

/* --- all of it --- */

bool loaders_make(const struct loaders_wish *w, struct loaders *l, struct err *e)
{
        *l = (struct loaders){ .n = 0 };
        if (w->lines->bios.xen && !make_bios(w, l, e))
                return false;
        if (w->lines->uefi.xen && !make_uefi(w, l, e))
                return false;
        for (size_t i = 0; i < l->n; i++) {
                if (!str_ok(&l->memory[i], l->files[i].name, e))
                        return false;
                l->files[i].content = str_bytes(&l->memory[i]);
        }
        return true;
}

/* Folders on the way to the file's name. */
static bool make_folders(int dir, const char *name, struct err *e)
{
        for (const char *slash = name; (slash = strchr(slash, '/')); slash++) {
                char folder[64];
                snprintf(folder, sizeof(folder), "%.*s", (int)(slash - name), name);
                if (mkdirat(dir, folder, 0755) < 0 && errno != EEXIST)
                        return err_sys(e, _("creating %s"), folder);
                if (fchmodat(dir, folder, 0755, 0) < 0)
                        return err_sys(e, _("creating %s"), folder);
        }
        return true;
}

bool loaders_write(const struct loaders *l, int dir, struct err *e)
{
        for (size_t i = 0; i < l->n; i++) {
                if (!make_folders(dir, l->files[i].name, e))
                        return false;
                AUTO_FD int fd =
                        openat(dir, l->files[i].name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
                if (fd < 0 || fchmod(fd, 0644) < 0 ||
                        !file_write_all(fd, l->files[i].content.ptr, l->files[i].content.len))
                        return err_sys(e, _("writing %s"), l->files[i].name);
        }
        return true;
}
