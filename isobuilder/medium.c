#include "isobuilder/medium.h"
#include "isobuilder/bootconfig.h"
#include "isobuilder/descriptors.h"
#include "isobuilder/digest.h"
#include "isobuilder/directory.h"
#include "isobuilder/efiboot.h"
#include "isobuilder/medium_tree.h"
#include "isobuilder/treeinfo.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/proc.h"
#include "base/rule.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

const char *const compression_names[] = { "unknown", "gzip", "bzip2", "xz", "zstd", "none" };

static void configs_clear(struct boot_config *configs, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                free(configs[i].path);
                str_clear(&configs[i].text);
        }
        free(configs);
}

void medium_free(struct medium *m)
{
        if (!m)
                return;
        configs_clear(m->configs, m->n_configs);
        configs_clear(m->efi_configs, m->n_efi_configs);
        free(m->efiboot_path);
        str_clear(&m->efiboot);
        cleanup_fd(&m->fd);
        free(m->path);
        free(m);
}

static char *copy_of(const char *text)
{
        char *copy = strdup(text);
        if (!copy)
                file_out_of_memory();
        return copy;
}

/* Newer media say it in [system-v1], older ones in the sections they grew up with. */
static void read_treeinfo(struct medium *m, struct bytes text)
{
        static const char *const brands[][2] = { { "system-v1", "product_name" }, { "branding", "name" },
                { "general", "family" }, { "platform", "name" } };
        static const char *const versions[][2] = { { "system-v1", "product_version" }, { "branding", "version" },
                { "general", "version" } };
        static const char *const platforms[][2] = { { "system-v1", "platform_version" }, { "platform", "version" } };
        for (size_t i = 0; i < COUNT(brands) && !*m->brand; i++)
                treeinfo_get(text, brands[i][0], brands[i][1], m->brand, sizeof(m->brand));
        for (size_t i = 0; i < COUNT(versions) && !*m->version; i++)
                treeinfo_get(text, versions[i][0], versions[i][1], m->version, sizeof(m->version));
        for (size_t i = 0; i < COUNT(platforms) && !*m->platform; i++)
                treeinfo_get(text, platforms[i][0], platforms[i][1], m->platform, sizeof(m->platform));
        treeinfo_get(text, "build", "number", m->build, sizeof(m->build));
}

/* A grub.cfg inside efiboot.img. */
static bool add_efi_config(struct medium *m, struct bytes path, struct err *e)
{
        m->efi_configs = reallocarray(m->efi_configs, m->n_efi_configs + 1, sizeof(*m->efi_configs));
        if (!m->efi_configs)
                file_out_of_memory();
        struct boot_config *c = &m->efi_configs[m->n_efi_configs++];
        *c = (struct boot_config){ .path = strndup(path.ptr, path.len), .grub = true, .text = STR_MAX(LARGEST_CONFIG) };
        if (!c->path)
                file_out_of_memory();
        return efiboot_read(str_bytes(&m->efiboot), c->path, &c->text, e);
}

static bool list_efi_configs(struct medium *m, struct err *e)
{
        AUTO_STR paths = STR_MAX(LARGEST_CONFIG);
        if (!efiboot_list(str_bytes(&m->efiboot), &paths, e))
                return false;
        for (const char *at = str_text(&paths), *end; *at; at = end + 1) {
                end = strchrnul(at, '\n');
                size_t n = (size_t)(end - at);
                if (m->n_efi_configs == MOST_CONFIGS || n >= sizeof(m->efiboot_config))
                        return err_set(e, ERR_INPUT, _("it holds more boot menus than xenroll expects"));
                if (!add_efi_config(m, bytes_of(at, n), e))
                        return false;
                if (!*end)
                        break;
        }
        if (m->n_efi_configs)
                snprintf(m->efiboot_config, sizeof(m->efiboot_config), "%s", m->efi_configs[0].path);
        return true;
}

static bool read_efiboot(struct medium *m, struct err *e)
{
        if (!m->efiboot_path || list_efi_configs(m, e))
                return true;
        if (!proc_have("mdir"))
                return err_ctx(e, "%s: %s", m->path, m->efiboot_path);
        AUTO_STR why = STR_MAX(sizeof(e->text));
        str_addf(&why, "%s: %s", m->efiboot_path, e->text);
        return err_rule(e, XR_MEDIUM_DAMAGED, m->path, str_text(&why), NULL);
}

static void note_configs(struct medium *m, const struct descriptors *d)
{
        bool isolinux = false, grub = m->n_efi_configs > 0;
        for (size_t i = 0; i < m->n_configs; i++) {
                *(m->configs[i].grub ? &grub : &isolinux) = true;
                m->gpg_flags |= bootconfig_has_gpg_flags(str_bytes(&m->configs[i].text));
                m->netinstall |= bootconfig_has_flag(str_bytes(&m->configs[i].text), "netinstall");
        }
        for (size_t i = 0; i < m->n_efi_configs; i++)
                m->gpg_flags |= bootconfig_has_gpg_flags(str_bytes(&m->efi_configs[i].text));
        m->firmware = (d->bios_entry && isolinux ? FIRMWARE_BIOS : 0u) | (d->uefi_entry && grub ? FIRMWARE_UEFI : 0u);
}

/* The first file that every medium of the kind has and this one lacks. */
static const char *missing_file(const struct medium *m, const struct tree_found *f)
{
        if (!f->install_img)
                return "install.img";
        if (!f->xen)
                return "boot/xen.gz";
        if (!f->vmlinuz)
                return "boot/vmlinuz";
        if (m->old_repo)
                return NULL;
        return !f->treeinfo_seen ? ".treeinfo" : !m->has_repo ? "repodata/repomd.xml" : NULL;
}

static bool judge(struct medium *m, const struct tree_found *f, const struct descriptors *d, struct err *e)
{
        const char *missing = missing_file(m, f);
        note_configs(m, d);
        if (missing && f->install_img && m->netinstall)
                return err_rule(e, XR_MEDIUM_NETINSTALL, m->path, NULL);
        if (missing)
                return err_rule(e, XR_MEDIUM_FOREIGN, m->path, missing, NULL);
        read_treeinfo(m, str_bytes(&f->treeinfo));
        /* 6.x has no .treeinfo; its package folders name it, or its volume label. */
        if (!f->treeinfo_seen) {
                snprintf(m->brand, sizeof(m->brand), "XenServer");
                snprintf(m->version, sizeof(m->version), "%s",
                        *f->old_version ? f->old_version : strstr(m->volume_id, "6.5") ? "6.5.0" : "6");
        }
        m->release = release_of_media(m->brand, m->version);
        return true;
}

static bool any_entry(void *arg, const struct directory_entry *entry, struct err *e)
{
        (void)arg;
        (void)entry;
        (void)e;
        return true;
}

/* Both trees from end to end: what leads in circles or outside is found before anything is made from it. */
static bool check_trees(const struct medium *m, struct err *e)
{
        if (directory_walk(m->fd, m->size, TREE_PRIMARY, any_entry, NULL, e) &&
            (!m->joliet || directory_walk(m->fd, m->size, TREE_JOLIET, any_entry, NULL, e)))
                return true;
        AUTO_STR why = STR_MAX(sizeof(e->text));
        str_add(&why, e->text);
        return err_rule(e, XR_MEDIUM_DAMAGED, m->path, str_text(&why), NULL);
}

static bool inspect(struct medium *m, struct err *e)
{
        struct descriptors d;
        struct tree_found f = { .treeinfo = STR_MAX(LARGEST_TREEINFO) };
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
        m->bios_loader_hybrid = d.bios_loader_hybrid;
        m->el_torito_uefi = d.uefi_entry;
        m->uefi_offset = d.uefi_offset;
        m->bios_offset = d.bios_offset;
        m->catalogue_offset = d.catalogue_offset;
        m->uefi_partitions = d.uefi_partitions;
        m->hybrid_mbr = d.mbr;
        m->hybrid_gpt = d.gpt;
        m->mbr_protective = d.mbr_protective;
        m->joliet = d.joliet;
        m->rock_ridge = d.rock_ridge;
        bool fine = check_trees(m, e) && tree_read(m, &f, e) && read_efiboot(m, e) && judge(m, &f, &d, e);
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
