/* The fixed structures of an ISO, from images made here byte by byte; and what is no ISO at all. */
#include "tests/unit/unit.h"
#include "base/cleanup.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "isobuilder/descriptors.h"
#include "isobuilder/medium.h"
#include "isobuilder/treeinfo.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTORS = 64, SIZE = SECTORS * 2048, CATALOGUE = 20, ROOT = 21, EFI = 40 };

static void put_le(unsigned char *at, uint64_t v, int n)
{
        for (int i = 0; i < n; i++)
                at[i] = (unsigned char)(v >> 8 * i);
}

static void put_text(unsigned char *at, const char *text) { memcpy(at, text, strlen(text)); }

static void descriptor(unsigned char *image, int sector, int type)
{
        image[sector * 2048] = (unsigned char)type;
        put_text(image + sector * 2048 + 1, "CD001\1");
}

/* A medium with everything: Rock Ridge, Joliet, both boot entries, MBR and GPT partitions at the UEFI image. */
static void make_image(unsigned char *image)
{
        unsigned char *pvd = image + 16 * 2048, *c = image + CATALOGUE * 2048, *root = image + ROOT * 2048;
        descriptor(image, 16, 1);
        memset(pvd + 40, ' ', 32);
        put_text(pvd + 40, "XCP-ng 8.3.0");
        put_le(pvd + 80, SECTORS, 4);
        put_le(pvd + 158, ROOT, 4);
        put_text(pvd + 813, "2024100109080700");
        put_text(pvd + 830, "2024100712000005");
        root[0] = 64;
        root[32] = 1;
        put_text(root + 34, "SP\7\1\xbe\xef");
        descriptor(image, 17, 2);
        put_text(image + 17 * 2048 + 88, "%/E");
        descriptor(image, 18, 0);
        put_text(image + 18 * 2048 + 7, "EL TORITO SPECIFICATION");
        put_le(image + 18 * 2048 + 71, CATALOGUE, 4);
        descriptor(image, 19, 255);
        c[0] = 1, c[30] = 0x55, c[31] = 0xaa, c[32] = 0x88;
        c[64] = 0x91, c[65] = 0xef, c[66] = 1, c[96] = 0x88;
        put_le(c + 104, EFI, 4);
        image[510] = 0x55, image[511] = 0xaa;
        image[450] = 0xef;
        put_le(image + 454, EFI * 4, 4);
        put_text(image + 512, "EFI PART");
        put_le(image + 512 + 72, 2, 8);
        put_le(image + 512 + 80, 4, 4);
        put_le(image + 512 + 84, 128, 4);
        memset(image + 1024 + 128, 7, 16);
        put_le(image + 1024 + 160, EFI * 4, 8);
}

static void describe(bool is_iso, const struct descriptors *d, char *text, size_t size)
{
        if (is_iso)
                snprintf(text, size, "%s|%s|%lld|%s%s%s%s%s%s|%u", d->volume_id, d->uuid, (long long)d->created_at,
                        d->bios_entry ? "b" : "", d->uefi_entry ? "u" : "", d->joliet ? "j" : "", d->rock_ridge ? "r" : "",
                        d->mbr ? "m" : "", d->gpt ? "g" : "", d->uefi_partitions);
        else
                snprintf(text, size, "no ISO");
}

#define WHOLE "XCP-ng 8.3.0|2024-10-07-12-00-00-05|1727773687|bujrmg|2"
#define UNSET "0000000000000000"

static const struct {
        const char *why;
        int at;                         /* where bytes are changed */
        const char *bytes;
        size_t n;
        const char *want;
} changes[] = {
        { "nothing changed", 0, "", 0, WHOLE },
        { "no identifier", 16 * 2048 + 1, "CD002", 5, "no ISO" },
        { "modification date not given", 16 * 2048 + 830, UNSET, 16, "XCP-ng 8.3.0|2024-10-01-09-08-07-00|1727773687|bujrmg|2" },
        { "modification date is no date", 16 * 2048 + 830, "20241007\n2000005", 16, "XCP-ng 8.3.0|2024-10-01-09-08-07-00|1727773687|bujrmg|2" },
        { "creation date in China's time", 16 * 2048 + 829, "\x20", 1, "XCP-ng 8.3.0|2024-10-07-12-00-00-05|1727744887|bujrmg|2" },
        { "unprintable label", 16 * 2048 + 40, "A\x1b[\xff", 4, "A?[?ng 8.3.0|2024-10-07-12-00-00-05|1727773687|bujrmg|2" },
        { "Joliet level 3 is not the only one", 17 * 2048 + 90, "@", 1, WHOLE },
        { "a second descriptor that is not Joliet's", 17 * 2048 + 90, "x", 1, "XCP-ng 8.3.0|2024-10-07-12-00-00-05|1727773687|burmg|2" },
        { "no Rock Ridge", ROOT * 2048 + 34, "XX", 2, "XCP-ng 8.3.0|2024-10-07-12-00-00-05|1727773687|bujmg|2" },
        { "root folder beyond the end", 16 * 2048 + 158, "\xff\xff\xff\xff", 4, "XCP-ng 8.3.0|2024-10-07-12-00-00-05|1727773687|bujmg|2" },
        { "boot catalogue without its mark", CATALOGUE * 2048 + 30, "\0", 1, "XCP-ng 8.3.0|2024-10-07-12-00-00-05|1727773687|jrmg|0" },
        { "boot catalogue beyond the end", 18 * 2048 + 71, "\xff\xff\xff\x7f", 4, "XCP-ng 8.3.0|2024-10-07-12-00-00-05|1727773687|jrmg|0" },
        { "BIOS entry not bootable", CATALOGUE * 2048 + 32, "\0", 1, "XCP-ng 8.3.0|2024-10-07-12-00-00-05|1727773687|ujrmg|2" },
        { "UEFI image beyond the end", CATALOGUE * 2048 + 104, "\xff\xff\xff\xff", 4, "XCP-ng 8.3.0|2024-10-07-12-00-00-05|1727773687|bjrmg|0" },
        { "more entries than a catalogue holds", CATALOGUE * 2048 + 66, "\xff\xff", 2, WHOLE },
        { "MBR partition elsewhere", 454, "\1", 1, "XCP-ng 8.3.0|2024-10-07-12-00-00-05|1727773687|bujrmg|1" },
        { "no MBR", 510, "\0", 1, "XCP-ng 8.3.0|2024-10-07-12-00-00-05|1727773687|bujrg|1" },
        { "GPT partition elsewhere", 1024 + 160, "\1", 1, "XCP-ng 8.3.0|2024-10-07-12-00-00-05|1727773687|bujrmg|1" },
        { "GPT of endless length", 512 + 80, "\xff\xff\xff\xff", 4, WHOLE },
        { "GPT table beyond the end", 512 + 72, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, "XCP-ng 8.3.0|2024-10-07-12-00-00-05|1727773687|bujrm|1" },
};

static int image_fd(const unsigned char *image, size_t n)
{
        int fd = memfd_create("image", MFD_CLOEXEC);
        if (fd < 0 || write(fd, image, n) != (ssize_t)n)
                abort();
        return fd;
}

static void test_changes(void)
{
        for (size_t i = 0; i < COUNT(changes); i++) {
                static unsigned char image[SIZE];
                char got[200];
                struct descriptors d;
                memset(image, 0, SIZE);
                make_image(image);
                memcpy(image + changes[i].at, changes[i].bytes, changes[i].n);
                AUTO_FD int fd = image_fd(image, SIZE);
                describe(descriptors_read(fd, SIZE, &d), &d, got, sizeof(got));
                unit_same("descriptors", changes[i].why, got, changes[i].want);
        }
}

/* Wherever it ends, what is there is read and nothing else. */
static void test_truncated(void)
{
        static unsigned char image[SIZE];
        size_t wrong = 0;
        make_image(image);
        for (size_t n = 0; n < 24 * 2048; n += 97) {
                struct descriptors d;
                AUTO_FD int fd = image_fd(image, n);
                bool is_iso = descriptors_read(fd, n, &d);
                wrong += is_iso != (n >= 17 * 2048) || (d.joliet && n < 18 * 2048) || (d.bios_entry && n < 21 * 2048);
        }
        char text[60];
        snprintf(text, sizeof(text), "%zu lengths read wrongly", wrong);
        unit_case("descriptors", "cut at any length", !wrong, text);
}

static const struct {
        const char *name;
        enum rule want;
} others[] = {
        { "missing", XR_MEDIUM_UNREADABLE }, { "folder", XR_MEDIUM_NOT_A_FILE }, { "pipe", XR_MEDIUM_NOT_A_FILE },
        { "empty", XR_MEDIUM_NOT_ISO }, { "text", XR_MEDIUM_NOT_ISO }, { "cut", XR_MEDIUM_TRUNCATED },
        { "bare", XR_MEDIUM_NOT_ISO },   /* every descriptor, and not one readable folder */
};

static void write_file(int dir, const char *name, const unsigned char *bytes, size_t n)
{
        AUTO_FD int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
                abort();
}

static void test_others(void)
{
        static unsigned char image[SIZE];
        char path[] = "/tmp/xenroll-medium.XXXXXX";
        AUTO_FD int dir = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        if (dir < 0 || mkdirat(dir, "folder", 0700) < 0 || mkfifoat(dir, "pipe", 0600) < 0)
                abort();
        make_image(image);
        write_file(dir, "empty", image, 0);
        write_file(dir, "text", (const unsigned char *)"PK\3\4", 4);
        write_file(dir, "cut", image, SIZE - 1);
        write_file(dir, "bare", image, SIZE);
        for (size_t i = 0; i < COUNT(others); i++) {
                struct err e = ERR_INIT;
                struct medium *m = medium_open(dir, others[i].name, &e);
                unit_case("medium", others[i].name, !m && e.code == (int)others[i].want && e.kind == ERR_INPUT, e.text);
                medium_free(m);
                unlinkat(dir, others[i].name, strcmp(others[i].name, "folder") ? 0 : AT_REMOVEDIR);
        }
        rmdir(path);
}

static const struct {
        const char *why, *text, *want;  /* the version; NULL: none */
} repositories[] = {
        { "as on the medium", "<?xml version=\"1.0\"?>\n<repository originator=\"xs\" name=\"main\" product=\"XenServer\"\n\tversion=\"6.5.0\" build=\"1c\">", "6.5.0" },
        { "single quotes and blanks", "<repository  version = '6.2.0'/>", NULL },       /* no such writer is known */
        { "single quotes", "<repository version='6.2.0'/>", "6.2.0" },
        { "a longer name", "<repository reversion=\"1\"/>", NULL },
        { "after the element", "<repository name=\"x\"><pack version=\"1\"/>", NULL },
        { "of the XML itself", "<?xml version=\"1.0\"?>", NULL },
        { "in another value", "<repository name=\"a version=1\" version=\"2\"/>", "2" },
        { "no end", "<repository version=\"6.5", NULL }, { "cut after the sign", "<repository version=", NULL }, { "empty", "", NULL },
        { "unprintable bytes are dropped", "<repository version=\"6\x1b.5\xff\"/>", "6.5" },
};

static void test_repositories(void)
{
        for (size_t i = 0; i < COUNT(repositories); i++) {
                char value[64] = "";
                bool got = repository_get(bytes_of(repositories[i].text, strlen(repositories[i].text)), "version", value, sizeof(value));
                unit_same("repository", repositories[i].why, got ? value : NULL, repositories[i].want);
        }
}

int main(void)
{
        i18n_init("en");
        test_repositories();
        test_changes();
        test_truncated();
        test_others();
        return 0;
}
