#include "isobuilder/medium.h"
#include "isobuilder/bootconfig.h"
#include "isobuilder/descriptors.h"
#include "isobuilder/efiboot.h"
#include "isobuilder/treeinfo.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>

enum { LARGEST_CONFIG = 256 << 10, LARGEST_TREEINFO = 64 << 10, LARGEST_EFIBOOT = 64 << 20, MOST_ENTRIES = 1000000, MOST_CONFIGS = 32 };

const char *const compression_names[] = { "unknown", "gzip", "bzip2", "xz", "zstd", "none" };

void medium_free(struct medium *m)
{
        if (!m)
                return;
        for (size_t i = 0; i < m->n_configs; i++) {
                free(m->configs[i].path);
                str_clear(&m->configs[i].text);
        }
        free(m->configs);
        free(m->efiboot_path);
        str_clear(&m->efiboot);
        cleanup_fd(&m->fd);
        free(m->path);
        free(m);
}

/* What one pass over the directory tree finds besides the medium's own fields. */
struct found {
        struct str treeinfo;
        bool xen, vmlinuz, install_img, treeinfo_seen;
};

static const char *relative(const char *name)
{
        while (!strncmp(name, "./", 2) || *name == '/')
                name += *name == '/' ? 1 : 2;
        return name;
}

static bool read_data(struct archive *a, size_t max, struct str *out)
{
        char buffer[65536];
        out->max = max;
        for (;;) {
                la_ssize_t n = archive_read_data(a, buffer, sizeof(buffer));
                if (n <= 0)
                        return n == 0 && !out->failed;
                str_addn(out, buffer, (size_t)n);
                if (out->failed)
                        return false;
        }
}

static enum compression sniff(const char *magic, size_t n)
{
        static const struct {
                const char *magic;
                size_t n;
                enum compression is;
        } known[] = { { "\x1f\x8b", 2, COMPRESSION_GZIP }, { "BZh", 3, COMPRESSION_BZIP2 }, { "\xfd" "7zXZ", 5, COMPRESSION_XZ },
                { "\x28\xb5\x2f\xfd", 4, COMPRESSION_ZSTD }, { "070701", 6, COMPRESSION_NONE } };
        for (size_t i = 0; i < COUNT(known); i++)
                if (n >= known[i].n && !memcmp(magic, known[i].magic, known[i].n))
                        return known[i].is;
        return COMPRESSION_UNKNOWN;
}

static bool is_boot_config(const char *name, bool *grub)
{
        const char *file = strrchr(name, '/');
        size_t n = strlen(name);
        *grub = !strncasecmp(name, "EFI/", 4) && file && !strncasecmp(file + 1, "grub", 4) && n > 4 && !strcasecmp(name + n - 4, ".cfg");
        return *grub || !strcasecmp(name, "boot/isolinux/isolinux.cfg");
}

static struct boot_config *config_at(struct medium *m, const char *name)
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

static bool add_config(struct medium *m, struct archive *a, struct archive_entry *entry, const char *name, bool grub)
{
        if (m->n_configs == MOST_CONFIGS)
                return true;
        m->configs = reallocarray(m->configs, m->n_configs + 1, sizeof(*m->configs));
        if (!m->configs)
                file_out_of_memory();
        struct boot_config *c = &m->configs[m->n_configs++];
        *c = (struct boot_config){ .path = copy_of(name), .grub = grub, .text = STR_MAX(LARGEST_CONFIG) };
        /* Files that share their data come as links to the first of them. */
        const char *link = archive_entry_hardlink(entry);
        struct boot_config *same = link ? config_at(m, relative(link)) : NULL;
        if (same && same != c)
                str_addn(&c->text, str_text(&same->text), same->text.len);
        return same || read_data(a, LARGEST_CONFIG, &c->text);
}

static bool note_entry(struct medium *m, struct found *f, struct archive *a, struct archive_entry *entry)
{
        const char *pathname = archive_entry_pathname(entry);
        const char *name = pathname ? relative(pathname) : "";
        bool grub;
        if (archive_entry_filetype(entry) == AE_IFDIR)
                return true;
        f->xen |= !strcasecmp(name, "boot/xen.gz") || !strcasecmp(name, "boot/xen.efi");
        f->vmlinuz |= !strcasecmp(name, "boot/vmlinuz");
        m->has_repo |= !strcmp(name, "repodata/repomd.xml");
        m->old_repo |= !strcmp(name, "XS-REPOSITORY-LIST");
        if (is_boot_config(name, &grub))
                return add_config(m, a, entry, name, grub);
        if (!strcmp(name, ".treeinfo")) {
                f->treeinfo_seen = true;
                return read_data(a, LARGEST_TREEINFO, &f->treeinfo);
        }
        if (!strcasecmp(name, "boot/efiboot.img") && !m->efiboot_path) {
                m->efiboot_path = copy_of(name);
                return read_data(a, LARGEST_EFIBOOT, &m->efiboot);
        }
        if (!strcasecmp(name, "install.img")) {
                char magic[6];
                f->install_img = true;
                m->install_img_size = (uint64_t)archive_entry_size(entry);
                la_ssize_t n = archive_read_data(a, magic, sizeof(magic));
                m->install_img = sniff(magic, n > 0 ? (size_t)n : 0);
                return n >= 0;
        }
        return true;
}

static void close_archive(struct archive **a) { archive_read_free(*a); }

static bool read_tree(struct medium *m, struct found *f, struct err *e)
{
        OWN(close_archive) struct archive *a = archive_read_new();
        if (!a)
                file_out_of_memory();
        archive_read_support_format_iso9660(a);
        if (lseek(m->fd, 0, SEEK_SET) < 0 || archive_read_open_fd(a, m->fd, 65536) != ARCHIVE_OK)
                return err_rule(e, XR_MEDIUM_NOT_ISO, m->path, NULL);
        struct archive_entry *entry;
        for (;;) {
                int got = archive_read_next_header(a, &entry);
                if (got == ARCHIVE_EOF)
                        return true;
                if (got < ARCHIVE_WARN || ++m->entries > MOST_ENTRIES || !note_entry(m, f, a, entry)) {
                        const char *why = archive_error_string(a);
                        return err_rule(e, XR_MEDIUM_DAMAGED, m->path, why ? why : _("its directory cannot be read"), NULL);
                }
        }
}

/* Newer media say it in [system-v1], older ones in the sections they grew up with. */
static void read_treeinfo(struct medium *m, struct bytes text)
{
        static const char *const brands[][2] = { { "branding", "name" }, { "system-v1", "product_name" }, { "general", "family" }, { "platform", "name" } };
        static const char *const versions[][2] = { { "branding", "version" }, { "system-v1", "product_version" }, { "general", "version" } };
        static const char *const platforms[][2] = { { "system-v1", "platform_version" }, { "platform", "version" } };
        for (size_t i = 0; i < COUNT(brands) && !*m->brand; i++)
                treeinfo_get(text, brands[i][0], brands[i][1], m->brand, sizeof(m->brand));
        for (size_t i = 0; i < COUNT(versions) && !*m->version; i++)
                treeinfo_get(text, versions[i][0], versions[i][1], m->version, sizeof(m->version));
        for (size_t i = 0; i < COUNT(platforms) && !*m->platform; i++)
                treeinfo_get(text, platforms[i][0], platforms[i][1], m->platform, sizeof(m->platform));
        treeinfo_get(text, "build", "number", m->build, sizeof(m->build));
}

static bool judge(struct medium *m, const struct found *f, const struct descriptors *d, struct err *e)
{
        if (!f->install_img || !f->xen || !f->vmlinuz)
                return err_rule(e, XR_MEDIUM_FOREIGN, m->path, !f->install_img ? "install.img" : !f->xen ? "boot/xen.gz" : "boot/vmlinuz", NULL);
        read_treeinfo(m, str_bytes(&f->treeinfo));
        /* 6.x has no .treeinfo; its volume label names it. */
        if (!f->treeinfo_seen && m->old_repo) {
                snprintf(m->brand, sizeof(m->brand), "XenServer");
                snprintf(m->version, sizeof(m->version), "%s", strstr(m->volume_id, "6.5") ? "6.5.0" : "6");
        }
        if (!f->treeinfo_seen && !m->old_repo)
                return err_rule(e, XR_MEDIUM_FOREIGN, m->path, ".treeinfo", NULL);
        m->release = release_of_media(m->brand, m->version);
        bool isolinux = false, grub = false;
        for (size_t i = 0; i < m->n_configs; i++) {
                *(m->configs[i].grub ? &grub : &isolinux) = true;
                m->gpg_flags |= bootconfig_has_gpg_flags(str_text(&m->configs[i].text));
        }
        m->firmware = (d->bios_entry && isolinux ? FIRMWARE_BIOS : 0u) | (d->uefi_entry && grub ? FIRMWARE_UEFI : 0u);
        if (m->efiboot_path && !efiboot_find_config(str_bytes(&m->efiboot), m->efiboot_config, sizeof(m->efiboot_config), e))
                return err_ctx(e, "%s: %s", m->path, m->efiboot_path);
        return true;
}

static bool inspect(struct medium *m, struct err *e)
{
        struct descriptors d;
        struct found f = { .treeinfo = STR_MAX(LARGEST_TREEINFO) };
        if (!descriptors_read(m->fd, m->size, &d))
                return err_rule(e, XR_MEDIUM_NOT_ISO, m->path, NULL);
        if (d.volume_bytes > m->size) {
                char have[24], want[24];
                snprintf(have, sizeof(have), "%llu", (unsigned long long)m->size);
                snprintf(want, sizeof(want), "%llu", (unsigned long long)d.volume_bytes);
                return err_rule(e, XR_MEDIUM_TRUNCATED, m->path, have, want, NULL);
        }
        snprintf(m->volume_id, sizeof(m->volume_id), "%s", d.volume_id);
        snprintf(m->volume_uuid, sizeof(m->volume_uuid), "%s", d.uuid);
        snprintf(m->created, sizeof(m->created), "%s", d.created);
        m->volume_date = d.created_at;
        m->el_torito_bios = d.bios_entry;
        m->el_torito_uefi = d.uefi_entry;
        m->uefi_offset = d.uefi_offset;
        m->hybrid_mbr = d.mbr;
        m->hybrid_gpt = d.gpt;
        m->joliet = d.joliet;
        m->rock_ridge = d.rock_ridge;
        bool fine = read_tree(m, &f, e) && judge(m, &f, &d, e);
        str_clear(&f.treeinfo);
        return fine;
}

static bool open_file(struct medium *m, int dir, struct err *e)
{
        struct stat st;
        m->fd = openat(dir, m->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (m->fd < 0 || fstat(m->fd, &st) < 0)
                return err_rule(e, XR_MEDIUM_UNREADABLE, m->path, strerror(errno), NULL);
        if (S_ISBLK(st.st_mode)) {
                off_t end = lseek(m->fd, 0, SEEK_END);
                m->size = end > 0 ? (uint64_t)end : 0;
                return true;
        }
        if (!S_ISREG(st.st_mode))
                return err_rule(e, XR_MEDIUM_NOT_A_FILE, m->path, S_ISDIR(st.st_mode) ? _("directory") : _("device or pipe"), NULL);
        m->size = (uint64_t)st.st_size;
        return true;
}

struct medium *medium_open(int dir, const char *path, struct err *e)
{
        struct medium *m = calloc(1, sizeof(*m));
        if (!m)
                file_out_of_memory();
        m->path = copy_of(path);
        if (open_file(m, dir, e) && inspect(m, e))
                return m;
        medium_free(m);
        return NULL;
}

bool medium_sha256(const struct medium *m, char hex[65], struct err *e)
{
        return file_sha256(m->fd, m->path, hex, e);
}

bool file_sha256(int fd, const char *name, char hex[65], struct err *e)
{
        static const size_t size = 1 << 20;
        AUTO_FREE unsigned char *buffer = malloc(size);
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        if (!buffer || !ctx)
                file_out_of_memory();
        EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
        ssize_t n;
        for (off_t at = 0; (n = pread(fd, buffer, size, at)) > 0; at += n)
                EVP_DigestUpdate(ctx, buffer, (size_t)n);
        unsigned char digest[32];
        EVP_DigestFinal_ex(ctx, digest, NULL);
        EVP_MD_CTX_free(ctx);
        for (int i = 0; i < 32; i++)
                snprintf(hex + 2 * i, 3, "%02x", digest[i]);
        return n == 0 ? true : err_sys(e, _("reading %s"), name);
}
