/* Media from anywhere: boot menus, .treeinfo and the raw structures. A patched menu must be refused as a base. */
#include "isobuilder/bootconfig.h"
#include "isobuilder/descriptors.h"
#include "isobuilder/treeinfo.h"
#include "base/rule.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void try_menu(struct bytes text, bool grub, bool efiboot, bool ramdisk)
{
        struct bootconfig_spec spec = { "fuzz", "2041-07-15-03-22-51-08", "xenroll-select", 10, efiboot, ramdisk };
        bool (*patch)(const struct bootconfig_spec *, struct bytes, struct str *, struct err *) =
                grub ? bootconfig_grub : bootconfig_isolinux;
        struct err e = ERR_INIT;
        AUTO_STR out = STR_MAX(4 << 20), again = STR_MAX(4 << 20);
        if (!patch(&spec, text, &out, &e)) {
                if (e.kind == ERR_NONE)
                        abort();
                return;
        }
        const char *mark = ramdisk ? "answerfile_generator=file:///tmp/ramdisk/" : "answerfile_generator=file:///xenroll/";
        /* One that only leads to another menu carries no mark. */
        bool ours = memmem(str_text(&out), out.len, mark, strlen(mark));
        if (ours && (patch(&spec, str_bytes(&out), &again, &e) || e.code != XR_ALREADY_XENROLL))
                abort();
}

static void try_descriptors(const uint8_t *data, size_t n)
{
        struct descriptors d;
        int fd = memfd_create("fuzz", MFD_CLOEXEC);
        /* The first sector, then the descriptors: the empty ones between would only cost time. */
        size_t head = n < 2048 ? n : 2048;
        if (fd < 0 || pwrite(fd, data, head, 0) != (ssize_t)head || pwrite(fd, data + head, n - head, 32768) != (ssize_t)(n - head))
                abort();
        descriptors_read(fd, 32768 + n, &d);
        close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        char value[64];
        if (!n)
                return 0;
        struct bytes text = bytes_of((const char *)data + 1, n - 1);
        if (data[0] % 4 < 2)
                try_menu(text, data[0] % 4, data[0] & 4, data[0] & 8);
        else if (data[0] % 4 == 2)
                try_descriptors(data + 1, n - 1);
        else if (treeinfo_get(text, "a", "b", value, sizeof(value)) && !*value)
                abort();
        bootconfig_has_gpg_flags(text);
        return 0;
}
