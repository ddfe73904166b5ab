#include "isobuilder/medium_tree.h"
#include "isobuilder/treeinfo.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

static const char *relative(const char *name)
{
        while (!strncmp(name, "./", 2) || *name == '/')
                name += *name == '/' ? 1 : 2;
        return name;
}

static bool damaged(const struct medium *m, const char *why, struct err *e)
{
        return err_rule(e, XR_MEDIUM_DAMAGED, m->path, why ? why : _("its directory cannot be read"), NULL);
}

static bool read_data(const struct medium *m, struct archive *a, const char *name, size_t max, struct str *out,
        struct err *e)
{
        char buffer[65536];
        out->max = max;
        for (la_ssize_t n; (n = archive_read_data(a, buffer, sizeof(buffer)));) {
                if (n < 0)
                        return damaged(m, archive_error_string(a), e);
                str_addn(out, buffer, (size_t)n);
                if (out->failed) {
                        AUTO_STR why = STR_MAX(1000);
                        str_addf(&why, _("%.200s is larger than %zu bytes"), name, max);
                        return damaged(m, str_text(&why), e);
                }
        }
        return true;
}

static enum compression sniff(const char *magic, size_t n)
{
        static const struct {
                const char *magic;
                size_t n;
                enum compression is;
        } known[] = { { "\x1f\x8b", 2, COMPRESSION_GZIP }, { "BZh", 3, COMPRESSION_BZIP2 },
                { "\xfd" "7zXZ", 5, COMPRESSION_XZ }, { "\x28\xb5\x2f\xfd", 4, COMPRESSION_ZSTD },
                { "070701", 6, COMPRESSION_NONE } };
        for (size_t i = 0; i < COUNT(known); i++)
                if (n >= known[i].n && !memcmp(magic, known[i].magic, known[i].n))
                        return known[i].is;
        return COMPRESSION_UNKNOWN;
}

static bool ends_with(const char *name, const char *end)
{
        size_t n = strlen(name), k = strlen(end);
        return n >= k && !strcasecmp(name + n - k, end);
}

static bool is_boot_config(const char *name, bool *grub)
{
        const char *file = strrchr(name, '/');
        *grub = !strncasecmp(name, "EFI/", 4) && file && !strncasecmp(file + 1, "grub", 4) && ends_with(name, ".cfg");
        return *grub || !strcasecmp(name, "boot/isolinux/isolinux.cfg");
}

static const struct boot_config *config_at(const struct medium *m, const char *name)
{
        for (size_t i = 0; i < m->n_configs; i++)
                if (!strcmp(m->configs[i].path, name))
                        return &m->configs[i];
        return NULL;
}

static char *copy_of(const char *text)
{
        char *copy = strdup(text);
        if (!copy)
                file_out_of_memory();
        return copy;
}

static bool add_config(struct medium *m, struct archive *a, struct archive_entry *entry, const char *name, bool grub,
        struct err *e)
{
        if (m->n_configs == MOST_CONFIGS)
                return damaged(m, _("it holds more boot menus than xenroll expects"), e);
        m->configs = reallocarray(m->configs, m->n_configs + 1, sizeof(*m->configs));
        if (!m->configs)
                file_out_of_memory();
        struct boot_config *c = &m->configs[m->n_configs];
        *c = (struct boot_config){ .path = copy_of(name), .grub = grub, .text = STR_MAX(LARGEST_CONFIG) };
        /* Files that share their data come as links to the first of them. */
        const char *link = archive_entry_hardlink(entry);
        const struct boot_config *same = link ? config_at(m, relative(link)) : NULL;
        m->n_configs++;
        if (same)
                str_addn(&c->text, str_text(&same->text), same->text.len);
        return same || read_data(m, a, name, LARGEST_CONFIG, &c->text, e);
}

/* Whether the boot catalogue's UEFI entry starts from these very bytes. */
static bool is_booted(const struct medium *m, const struct str *image)
{
        AUTO_FREE char *there = malloc(image->len + 1);
        if (!there)
                file_out_of_memory();
        return m->el_torito_uefi && pread(m->fd, there, image->len, (off_t)m->uefi_offset) == (ssize_t)image->len &&
               !memcmp(there, str_text(image), image->len);
}

bool medium_knows_efiboot(const struct medium *m) { return m->efiboot.len && is_booted(m, &m->efiboot); }

/* Which file UEFI starts from is what the boot catalogue says; the usual name counts where that names none. */
static bool note_efiboot(struct medium *m, struct archive *a, struct archive_entry *entry, const char *name,
        struct err *e)
{
        AUTO_STR image = STR_MAX(LARGEST_EFIBOOT);
        int64_t size = archive_entry_size(entry);
        if (size <= 0 || size > LARGEST_EFIBOOT || archive_entry_hardlink(entry))
                return true;
        if (!read_data(m, a, name, LARGEST_EFIBOOT, &image, e))
                return false;
        if (!is_booted(m, &image) && (m->efiboot_path || strcasecmp(name, "boot/efiboot.img")))
                return true;
        free(m->efiboot_path);
        str_clear(&m->efiboot);
        m->efiboot_path = copy_of(name);
        m->efiboot = image;
        image = (struct str){ 0 };
        return true;
}

static bool note_install_img(struct medium *m, struct tree_found *f, struct archive *a, struct archive_entry *entry,
        struct err *e)
{
        char magic[6];
        f->install_img = true;
        m->install_img_size = (uint64_t)archive_entry_size(entry);
        la_ssize_t n = archive_read_data(a, magic, sizeof(magic));
        m->install_img = sniff(magic, n > 0 ? (size_t)n : 0);
        return n >= 0 || damaged(m, archive_error_string(a), e);
}

/* 6.x: each folder of packages says what product it belongs to. */
static bool note_old_repository(const struct medium *m, struct tree_found *f, struct archive *a, const char *name,
        struct err *e)
{
        AUTO_STR text = STR_MAX(LARGEST_TREEINFO);
        char product[64] = "";
        if (!read_data(m, a, name, LARGEST_TREEINFO, &text, e))
                return false;
        repository_get(str_bytes(&text), "product", product, sizeof(product));
        if (!*f->old_version && !strcmp(product, "XenServer"))
                repository_get(str_bytes(&text), "version", f->old_version, sizeof(f->old_version));
        return true;
}

static bool note_entry(struct medium *m, struct tree_found *f, struct archive *a, struct archive_entry *entry,
        struct err *e)
{
        const char *pathname = archive_entry_pathname(entry), *name = pathname ? relative(pathname) : "";
        bool grub;
        m->has_xsinst |= !strncasecmp(name, "xsinst", 6) && (!name[6] || name[6] == '/');
        if (archive_entry_filetype(entry) != AE_IFREG)
                return true;
        f->xen |= !strcasecmp(name, "boot/xen.gz") || !strcasecmp(name, "boot/xen.efi");
        f->vmlinuz |= !strcasecmp(name, "boot/vmlinuz");
        m->has_repo |= !strcmp(name, "repodata/repomd.xml");
        m->old_repo |= !strcmp(name, "XS-REPOSITORY-LIST");
        if (is_boot_config(name, &grub))
                return add_config(m, a, entry, name, grub, e);
        if (!strcmp(name, ".treeinfo")) {
                f->treeinfo_seen = true;
                return read_data(m, a, name, LARGEST_TREEINFO, &f->treeinfo, e);
        }
        if (!strcasecmp(name, "install.img"))
                return note_install_img(m, f, a, entry, e);
        if (ends_with(name, "/XS-REPOSITORY"))
                return note_old_repository(m, f, a, name, e);
        return !ends_with(name, ".img") || note_efiboot(m, a, entry, name, e);
}

static void close_archive(struct archive **a) { archive_read_free(*a); }

/* From the start of the file, which libarchive reads through its own position. */
static struct archive *open_archive(const struct medium *m, struct err *e)
{
        struct archive *a = archive_read_new();
        if (!a)
                file_out_of_memory();
        archive_read_support_format_iso9660(a);
        if (lseek(m->fd, 0, SEEK_SET) == 0 && archive_read_open_fd(a, m->fd, 65536) == ARCHIVE_OK)
                return a;
        archive_read_free(a);
        err_rule(e, XR_MEDIUM_NOT_ISO, m->path, NULL);
        return NULL;
}

/* 1: an entry, 0: the end, -1: damage, with e set. */
static int next_entry(const struct medium *m, struct archive *a, struct archive_entry **entry, struct err *e)
{
        int got = archive_read_next_header(a, entry);
        if (got == ARCHIVE_EOF)
                return 0;
        if (got >= ARCHIVE_WARN)
                return 1;
        damaged(m, archive_error_string(a), e);
        return -1;
}

bool tree_read(struct medium *m, struct tree_found *f, struct err *e)
{
        OWN(close_archive) struct archive *a = open_archive(m, e);
        struct archive_entry *entry;
        int got = -1;
        while (a && (got = next_entry(m, a, &entry, e)) > 0) {
                if (++m->entries > MOST_ENTRIES)
                        return damaged(m, NULL, e);
                if (!note_entry(m, f, a, entry, e))
                        return false;
        }
        return got == 0;
}

bool medium_read_folder(const struct medium *m, const char *folder, size_t max,
        bool (*each)(void *arg, const char *name, struct bytes content, struct err *e), void *arg, struct err *e)
{
        OWN(close_archive) struct archive *a = open_archive(m, e);
        struct archive_entry *entry;
        size_t n = strlen(folder);
        int got = -1;
        while (a && (got = next_entry(m, a, &entry, e)) > 0) {
                const char *pathname = archive_entry_pathname(entry), *name = pathname ? relative(pathname) : "";
                if (strncmp(name, folder, n) || name[n] != '/' || archive_entry_filetype(entry) != AE_IFREG)
                        continue;
                AUTO_STR content = STR_MAX(max);
                if (!read_data(m, a, name, max, &content, e) || !each(arg, name + n + 1, str_bytes(&content), e))
                        return false;
        }
        return got == 0;
}
