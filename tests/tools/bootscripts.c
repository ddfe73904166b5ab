/* bootscripts ISO: every text that a loader gets for it, armed, not armed, and asked for its serial number; and whether
 * the BIOS loader with an address built in is what it was, and that. */
#include "base/cleanup.h"
#include "pxe/bootscript.h"
#include "pxe/grub_image.h"

#include <fcntl.h>
#include <stdio.h>

static int fail(const struct err *e)
{
        printf("XR-%03d: %s\n", e->code, e->text);
        return 1;
}

static void show(const char *title, void (*write)(const struct bootscript *, struct str *), const struct bootscript *s)
{
        AUTO_STR text = STR_MAX(64 << 10);
        write(s, &text);
        printf("==== %s\n%s", title, str_text(&text));
}

int main(int argc, char **argv)
{
        struct err e = ERR_INIT;
        struct kernel_lines lines;
        if (argc != 2)
                return 2;
        struct medium *m = medium_open(AT_FDCWD, argv[1], &e);
        if (!m || !kernel_lines_read(m, &lines, &e))
                return fail(&e);
        struct bootscript armed = { .lines = &lines,
                .address = "192.0.2.5",
                .mac = "52:54:00:00:00:11",
                .generator = "http://192.0.2.5/h/TOKEN/select",
                .title = "east-xen1" };
        struct bootscript not_armed = armed, by_serial = armed;
        not_armed.generator = by_serial.generator = NULL;
        by_serial.serial_asked = true;
        by_serial.title = "unknown machine";
        show("pxelinux, armed", bootscript_pxelinux, &armed);
        show("pxelinux, not armed", bootscript_pxelinux, &not_armed);
        show("GRUB, armed", bootscript_grub, &armed);
        show("GRUB, not armed", bootscript_grub, &not_armed);
        show("GRUB, asked for its serial number", bootscript_grub, &by_serial);
        show("iPXE, armed", bootscript_ipxe, &armed);
        show("iPXE, not armed", bootscript_ipxe, &not_armed);
        AUTO_STR config = STR_MAX(64 << 10);
        grub_image_config("192.0.2.5", &config);
        printf("==== our GRUB's own configuration\n%s", str_text(&config));
        kernel_lines_clear(&lines);
        medium_free(m);
        return 0;
}
