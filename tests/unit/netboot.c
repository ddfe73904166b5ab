/* What machines post, and the loader that gets our address: tables. */
#include "tests/unit/unit.h"
#include "base/cleanup.h"
#include "pxe/enrolment.h"
#include "pxe/form.h"
#include "pxe/kernel_lines.h"
#include "pxe/pxelinux_options.h"

#include <stdlib.h>

static const struct {
        const char *why, *form, *want; /* want NULL: not there, or damaged */
} fields[] = {
        { "the only field", "code=510", "510" },
        { "one of several", "a=1&code=510&b=2", "510" },
        { "the first of two", "code=1&code=2", "1" },
        { "no value", "code=", "" },
        { "not there", "a=1", NULL },
        { "a longer name", "xcode=1&codex=2", NULL },
        { "a name without a value", "code", NULL },
        { "blanks", "code=a+b%20c", "a b c" },
        { "either case of hex", "code=%4a%4A", "JJ" },
        { "line feed and tab stay", "code=%0a%09", "\n\t" },
        { "control characters do not", "code=%1b%5b%00%7f%ff", "?[???" },
        { "a cut escape", "code=%4", NULL },
        { "no hex", "code=%zz", NULL },
        { "an empty form", "", NULL },
        { "just too long", "code=123456789012345678901234567890123456789", "123456789012345678901234567890123456789" },
        { "too long", "code=1234567890123456789012345678901234567890", NULL },
};

static void test_form(void)
{
        for (size_t i = 0; i < COUNT(fields); i++) {
                char value[40];
                bool found = form_field(bytes_of(fields[i].form, strlen(fields[i].form)), "code", value, sizeof(value));
                unit_same("form", fields[i].why, found ? value : NULL, fields[i].want);
        }
}

static const struct {
        const char *why, *report, *want; /* "MACS|SERIAL|CPUS|DISKS"; NULL: refused */
} reports[] = {
        { "everything", "mac%0952:54:00:00:00:01%0aserial%09S1%0acpus%098%0adisk%09A|1|sata|M",
                "52:54:00:00:00:01|S1|8|A\t1\tsata\tM" },
        { "two cards, one of them twice", "mac%0952:54:00:00:00:01%0amac%0952:54:00:00:00:0A%0amac%0952:54:00:00:00:01",
                "52:54:00:00:00:01 52:54:00:00:00:0a||0|" },
        { "no card", "serial%09S1", NULL },
        { "a card that is none", "mac%09x%0amac%0952-54-00-00-00-01", NULL },
        { "lines without a tab", "hello%0amac%0952:54:00:00:00:01%0a%0a", "52:54:00:00:00:01||0|" },
        { "unknown keys", "mac%0952:54:00:00:00:01%0acolour%09red", "52:54:00:00:00:01||0|" },
};

static void test_enrolment(void)
{
        for (size_t i = 0; i < COUNT(reports); i++) {
                struct enrolled m;
                AUTO_STR form = STR_MAX(4096), got = STR_MAX(4096);
                str_addf(&form, "report=%s", reports[i].report);
                bool fine = enrolment_read(str_bytes(&form), &m);
                str_addf(&got, "%s|%s|%d|%s", m.macs, m.serial, m.cpus, m.disks);
                unit_same("enrolment", reports[i].why, fine ? str_text(&got) : NULL, reports[i].want);
        }
        AUTO_STR many = STR_MAX(1 << 20);
        struct enrolled m;
        str_add(&many, "report=");
        for (int i = 0; i < 400; i++)
                str_addf(&many, "mac%%0952:54:00:00:%02x:%02x%%0a", i / 256, i % 256);
        unit_case("enrolment", "no more cards than there is room for",
                enrolment_read(str_bytes(&many), &m) && strlen(m.macs) < sizeof(m.macs) && strlen(m.macs) % 18 == 17,
                m.macs);
}

static void test_prefix(void)
{
        static const char url[] = "http://192.0.2.5/boot/";
        char *loader = calloc(1, 5000);
        memcpy(loader + 8, "\xac\xc8\x83\x29\x1c", 5);
        AUTO_STR out = STR_MAX(10000);
        bool fine = pxelinux_with_prefix(bytes_of(loader, 5000), url, &out);
        const unsigned char *p = (const unsigned char *)out.ptr;
        size_t n = sizeof(url) - 1;
        unit_case("pxelinux", "the prefix stands behind the loader, as option 210",
                fine && out.len == 5000 + n + 3 && p[5000] == 210 && p[5001] == n && !memcmp(p + 5002, url, n) &&
                        p[5002 + n] == 255,
                "it does not");
        unit_case("pxelinux", "the header says where, and how many bytes",
                fine && p[28] == 0x88 && p[29] == 0x13 && !p[30] && p[32] == n + 3 && !p[33], "it does not");
        unit_case("pxelinux", "the rest is what it was",
                fine && !memcmp(p, loader, 28) && !memcmp(p + 36, loader + 36, 5000 - 36), "it is not");
        str_reset(&out);
        loader[8] ^= 1;
        unit_case("pxelinux", "another program is not touched",
                !pxelinux_with_prefix(bytes_of(loader, 5000), url, &out), "it was");
        loader[8] ^= 1;
        loader[32] = 4;
        unit_case("pxelinux", "nor one that has options already",
                !pxelinux_with_prefix(bytes_of(loader, 5000), url, &out), "it was");
        free(loader);
}

static const struct {
        const char *why, *menu, *want; /* "XEN|ARGS|KERNEL|ARGS|INITRD"; NULL: not understood */
} menus[] = {
        { "as vendors write it", "append /boot/xen.gz a=1 --- /boot/vmlinuz b=2 quiet --- /install.img\n",
                "/boot/xen.gz|a=1|/boot/vmlinuz|b=2 quiet|/install.img" },
        { "which card, and what from, is ours to say",
                "append /x --- /vmlinuz network_device=all answerfile_device=eth0 network_config=dhcp b --- /i\n",
                "/x||/vmlinuz|b|/i" },
        { "the first entry", "append /x --- /vmlinuz 1 --- /i\nappend /x --- /vmlinuz 2 --- /i\n",
                "/x||/vmlinuz|1|/i" },
        { "a fourth part", "append /x --- /vmlinuz --- /i --- /more\n", NULL },
        { "words behind the last file", "append /x --- /vmlinuz --- /i more\n", NULL },
        { "no Xen", "append /vmlinuz --- /i\n", NULL },
        { "nothing", "", NULL },
};

static void test_menus(void)
{
        for (size_t i = 0; i < COUNT(menus); i++) {
                struct err e = ERR_INIT;
                struct kernel_lines l;
                char path[] = "boot/isolinux/isolinux.cfg", name[] = "x.iso";
                struct boot_config config = { .path = path, .text = STR_MAX(4096) };
                struct medium m = { .path = name, .firmware = FIRMWARE_BIOS, .configs = &config, .n_configs = 1 };
                AUTO_STR got = STR_MAX(4096);
                str_add(&config.text, menus[i].menu);
                bool fine = kernel_lines_read(&m, &l, &e);
                str_addf(&got, "%s|%s|%s|%s|%s", l.bios.xen, l.bios.xen_args, l.bios.kernel, l.bios.kernel_args,
                        l.bios.initrd);
                unit_same("menu", menus[i].why, fine ? str_text(&got) : NULL, menus[i].want);
                kernel_lines_clear(&l);
                str_clear(&config.text);
        }
}

int main(void)
{
        test_form();
        test_enrolment();
        test_prefix();
        test_menus();
        return 0;
}
