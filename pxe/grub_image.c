#include "pxe/grub_image.h"
#include "pxe/bootscript.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/proc.h"
#include "base/rule.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/mman.h>

#define MODULES "/usr/lib/grub/x86_64-efi"
enum { LARGEST_CONFIG = 64 << 10 };

bool grub_image_knows_hypervisor(void) { return faccessat(AT_FDCWD, MODULES "/xen_boot.mod", R_OK, 0) == 0; }

/* The address is ours, said outright: what GRUB calls its server is, beside another DHCP server, that one. After UEFI's
 * HTTP boot GRUB may not know the card that it came from (when the DHCP server named a DNS server, too); then it asks
 * for addresses itself, and the first card that gets one is it. */
void grub_image_config(const char *address, struct str *out)
{
        str_add(out, "set xenroll_mac=\"$net_default_mac\"\n"
                     "if [ -z \"$xenroll_mac\" ]; then\n"
                     "  net_bootp\n"
                     "  for mac in");
        for (int i = 0; i < 8; i++)
                str_addf(out, " \"$net_efinet%d_dhcp_mac\"", i);
        str_addf(out,
                "; do\n"
                "    if [ -z \"$xenroll_mac\" ]; then set xenroll_mac=\"$mac\"; fi\n"
                "  done\n"
                "fi\n"
                "export xenroll_mac\n"
                "for try in 1 2 3; do\n"
                "  configfile (http,%s)/boot/grub/$xenroll_mac\n"
                "  echo \"xenroll: the boot server %s does not answer.\"\n"
                "  sleep 2\n"
                "done\n",
                address, address);
        bootscript_local_disk(out);
}

/* A tar archive with that one file, which GRUB mounts as (memdisk). */
static bool write_memdisk(int fd, const char *address, struct err *e)
{
        AUTO_STR config = STR_MAX(LARGEST_CONFIG);
        grub_image_config(address, &config);
        struct archive *a = archive_write_new();
        struct archive_entry *entry = archive_entry_new();
        archive_write_set_format_ustar(a);
        archive_entry_set_pathname(entry, "boot/grub/grub.cfg");
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, (int64_t)config.len);
        bool fine = str_ok(&config, "grub.cfg", e) && archive_write_open_fd(a, fd) == ARCHIVE_OK &&
                    archive_write_header(a, entry) == ARCHIVE_OK &&
                    archive_write_data(a, str_text(&config), config.len) == (la_ssize_t)config.len &&
                    archive_write_close(a) == ARCHIVE_OK;
        if (!fine && e->kind == ERR_NONE)
                err_set(e, ERR_WORLD, _("packing %s: %s"), "grub.cfg", archive_error_string(a));
        archive_entry_free(entry);
        archive_write_free(a);
        return fine;
}

/* It writes to a file, and syncs it: not to a pipe. */
static bool run_mkimage(int memdisk, int image, struct err *e)
{
        char from[40], to[40];
        snprintf(from, sizeof(from), "/proc/self/fd/%d", memdisk);
        snprintf(to, sizeof(to), "/proc/self/fd/%d", image);
        const char *argv[] = { "grub-mkimage", "-O", "x86_64-efi", "-d", MODULES, "-p", "(memdisk)/boot/grub", "-m",
                from, "-o", to, "memdisk", "tar", "normal", "configfile", "test", "echo", "sleep", "boot", "minicmd",
                "chain", "search", "net", "efinet", "http", "tftp", "multiboot2", "linux", "gzio", "smbios", "part_gpt",
                "part_msdos", "fat", "ext2", "iso9660", "reboot", "halt",
                grub_image_knows_hypervisor() ? "xen_boot" : NULL, NULL };
        struct proc p = { .argv = argv, .pass_fds = { memdisk, image } };
        return proc_run(&p, e);
}

static bool read_back(int fd, struct str *out, struct err *e)
{
        char bytes[64 << 10];
        off_t at = 0;
        ssize_t n;
        while ((n = pread(fd, bytes, sizeof(bytes), at)) > 0) {
                str_addn(out, bytes, (size_t)n);
                at += n;
        }
        return n == 0 ? str_ok(out, "GRUB", e) : err_sys(e, _("reading %s"), "GRUB");
}

bool grub_image_make(const char *address, struct str *out, struct err *e)
{
        AUTO_FD int memdisk = memfd_create("memdisk", 0);
        AUTO_FD int image = memfd_create("image", 0);
        if (!proc_have("grub-mkimage") || faccessat(AT_FDCWD, MODULES "/http.mod", R_OK, 0) < 0) {
                err_rule(e, XR_LOADER_MISSING, "GRUB (x86_64-efi)", "grub-common, grub-efi-amd64-bin", NULL);
                e->kind = ERR_WORLD;
                return false;
        }
        if (memdisk < 0 || image < 0)
                return err_sys(e, _("creating %s"), "memdisk");
        return (write_memdisk(memdisk, address, e) && run_mkimage(memdisk, image, e) && read_back(image, out, e)) ||
               err_ctx(e, _("making the UEFI loader"));
}
