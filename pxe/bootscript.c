#include "pxe/bootscript.h"

/* What follows "install": the selector's URL, and the card to use, so that no unplugged one is waited for. */
static void add_kernel_args(const struct bootscript *s, const struct kernel_line *l, struct str *out)
{
        str_addf(out, "%s install answerfile_generator=%s network_device=%s", l->kernel_args, s->generator, s->mac);
}

/* An armed machine that was started in a mode this release has no installer for must not look as if it had been
 * forgotten. */
static const char *own_disk(const struct bootscript *s)
{
        return s->generator ? "cannot be installed in this firmware mode; it starts its own disk."
                            : "starts its own disk.";
}

/* --- pxelinux: its path prefix is http://ADDRESS/boot/ --- */

void bootscript_pxelinux(const struct bootscript *s, struct str *out)
{
        const struct kernel_line *l = &s->lines->bios;
        if (!s->generator || !l->xen) {
                str_addf(out, "DEFAULT local\nPROMPT 0\nLABEL local\n  SAY xenroll: %s %s\n  LOCALBOOT 0\n", s->title,
                        own_disk(s));
                return;
        }
        str_addf(out,
                "DEFAULT xenroll\nPROMPT 0\nLABEL xenroll\n  SAY xenroll: %s starts the installer.\n  KERNEL "
                "mboot.c32\n",
                s->title);
        str_addf(out, "  APPEND http://%s/repo%s %s --- http://%s/repo%s ", s->address, l->xen, l->xen_args, s->address,
                l->kernel);
        add_kernel_args(s, l, out);
        str_addf(out, " --- http://%s/repo%s\n", s->address, l->initrd);
}

/* --- GRUB --- */

/* The disk's own loader is started from here: to most firmware, leaving GRUB is a success, after which it shows its own
 * menu. XenServer's stands in the fourth partition or a little further, Windows' in any. EFI/BOOT is not looked for: a
 * stick that installs has one. When there is neither, the firmware goes on with its next entry. The
 * root tells GRUB which disk to hand on: ours has none by itself. */
void bootscript_local_disk(struct str *out)
{
        static const char *const loaders[] = { "EFI/xenserver/grubx64.efi", "EFI/Microsoft/Boot/bootmgfw.efi" };
        str_add(out, "for loader in");
        for (size_t i = 0; i < COUNT(loaders); i++)
                str_addf(out, " %s", loaders[i]);
        str_add(out, "; do\n  for disk in");
        for (int i = 0; i < 16; i++)
                str_addf(out, " hd%d", i);
        str_add(out, "; do\n    for part in gpt4 gpt5 gpt6 gpt1 gpt2 gpt3; do\n"
                     "      if [ -f ($disk,$part)/$loader ]; then\n"
                     "        set root=$disk,$part\n"
                     "        chainloader /$loader\n"
                     "        boot\n"
                     "      fi\n"
                     "    done\n"
                     "  done\n"
                     "done\n"
                     "exit 1\n");
}

/* GRUB goes on after a command that failed: a kernel without its other half must not be started. */
static void add_install(const struct bootscript *s, struct str *out)
{
        const struct kernel_line *l = &s->lines->uefi;
        const char *xen = s->lines->hypervisor_verbs ? "xen_hypervisor" : "multiboot2";
        const char *module = s->lines->hypervisor_verbs ? "xen_module" : "module2";
        str_addf(out, "echo \"xenroll: %s starts the installer.\"\nset repo=(http,%s)/repo\nfor try in 1 2 3 4 5; do\n",
                s->title, s->address);
        str_addf(out, "  if %s $repo%s %s; then\n    if %s $repo%s ", xen, l->xen, l->xen_args, module, l->kernel);
        add_kernel_args(s, l, out);
        str_addf(out,
                "; then\n      if %s $repo%s; then\n        boot\n      fi\n    fi\n  fi\n"
                "  echo \"xenroll: not everything could be loaded; trying again.\"\n  sleep 5\ndone\n",
                module, l->initrd);
}

void bootscript_grub(const struct bootscript *s, struct str *out)
{
        if (s->generator && s->lines->uefi.xen) {
                add_install(s, out);
                return;
        }
        if (s->serial_asked)
                str_addf(out,
                        "smbios --type 1 --get-string 7 --set serial\nif [ -n \"$serial\" ]; then\n"
                        "  configfile \"(http,%s)/boot/grub-serial/$serial\"\nfi\n",
                        s->address);
        str_addf(out, "echo \"xenroll: %s %s\"\n", s->title, own_disk(s));
        bootscript_local_disk(out);
}

/* --- iPXE: goes on with one of the other two --- */

void bootscript_ipxe(const struct bootscript *s, struct str *out)
{
        bool bios = s->lines->bios.xen, uefi = s->lines->uefi.xen;
        str_add(out, "#!ipxe\niseq ${platform} efi && goto uefi ||\n");
        if (s->generator && bios)
                str_addf(out, "chain http://%s/boot/lpxelinux.0 ||\n", s->address);
        else
                str_addf(out, "echo xenroll: %s %s\n", s->title, own_disk(s));
        str_add(out, "sanboot --no-describe --drive 0x80 || exit 1\n:uefi\n");
        if (uefi)
                str_addf(out, "chain http://%s/boot/xenroll.efi || exit 1\n", s->address);
        str_add(out, "exit 1\n");
}
