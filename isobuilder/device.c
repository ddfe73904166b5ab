#include "isobuilder/device_use.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/sysmacros.h>

const char *device_root(void)
{
        /* For tests only: a made-up tree with sys/ and proc/ in it. Device files are always the real ones. */
        const char *made_up = secure_getenv("XENROLL_TEST_SYSFS");
        return made_up && *made_up ? made_up : "/";
}

/* What is no disk of its own: memory, optical drives, floppies, and what the kernel makes of other devices. */
static bool is_disk(const char *name, bool loops)
{
        static const char *const others[] = { "ram", "zram", "sr", "fd", "dm-", "md", "nbd", "bcache", "drbd", "zd", "rbd", "mtdblock", "pmem" };
        for (size_t i = 0; i < COUNT(others); i++)
                if (!strncmp(name, others[i], strlen(others[i])))
                        return false;
        /* Parts of an eMMC that are disks to the kernel. */
        if (!strncmp(name, "mmcblk", 6) && (strstr(name, "boot") || strstr(name, "rpmb")))
                return false;
        return *name != '.' && (loops || strncmp(name, "loop", 4)) && strlen(name) < sizeof(((struct device *)0)->name);
}

static uint64_t sysfs_number(int root, const char *name, const char *file)
{
        char text[32];
        sysfs_text(root, text, sizeof(text), "sys/block/%s/%s", name, file);
        return strtoull(text, NULL, 10);
}

/* "../devices/pci0000:00/…/usb1/1-2/1-2:1.0/host6/…/block/sdb": the way says the bus. */
static void find_bus(const struct device *d, const char *way, char bus[12])
{
        static const struct { const char *part, *bus; } parts[] = {
                { "/usb", "usb" }, { "/mmc_host/", "mmc" }, { "/nvme/", "nvme" }, { "/ata", "ata" }, { "/virtio", "virtio" },
        };
        const char *found = !strncmp(d->name, "loop", 4) ? "loop" : "";
        for (size_t i = 0; i < COUNT(parts) && !*found; i++)
                if (strstr(way, parts[i].part))
                        found = parts[i].bus;
        snprintf(bus, 12, "%s", found);
}

/* A stick's own serial number stands with the USB device, some folders up. */
static void usb_serial(int root, char *way, struct device *d)
{
        for (char *slash; !*d->serial && (slash = strrchr(way, '/')) && strstr(way, "/usb");) {
                *slash = '\0';
                char vendor[16];
                sysfs_text(root, vendor, sizeof(vendor), "sys/block/%s/idVendor", way);
                if (*vendor) {
                        sysfs_text(root, d->serial, sizeof(d->serial), "sys/block/%s/serial", way);
                        return;
                }
        }
}

static void find_serial(int root, const char *way, struct device *d)
{
        static const char *const places[] = { "serial", "device/serial" };
        char copy[400];
        snprintf(copy, sizeof(copy), "%s", way);
        if (!strcmp(d->bus, "usb"))
                usb_serial(root, copy, d);
        for (size_t i = 0; i < COUNT(places) && !*d->serial; i++)
                sysfs_text(root, d->serial, sizeof(d->serial), "sys/block/%s/%s", d->name, places[i]);
        if (*d->serial)
                return;
        /* Four bytes of binary header, then the number. */
        sysfs_text(root, copy, sizeof(copy), "sys/block/%s/device/vpd_pg80", d->name);
        if (strlen(copy) > 4)
                snprintf(d->serial, sizeof(d->serial), "%.79s", copy + 4 + strspn(copy + 4, " "));
}

static void find_identity(int root, struct device *d)
{
        char way[400] = "", link[64];
        snprintf(link, sizeof(link), "sys/block/%s", d->name);
        ssize_t n = readlinkat(root, link, way, sizeof(way) - 1);
        way[n > 0 ? n : 0] = '\0';
        find_bus(d, way, d->bus);
        sysfs_text(root, d->vendor, sizeof(d->vendor), "sys/block/%s/device/vendor", d->name);
        sysfs_text(root, d->model, sizeof(d->model), "sys/block/%s/device/model", d->name);
        if (!strncmp(d->vendor, "0x", 2))
                *d->vendor = '\0';
        if (!*d->model)
                sysfs_text(root, d->model, sizeof(d->model), "sys/block/%s/device/name", d->name);
        find_serial(root, way, d);
}

/* The kernel calls SD cards fixed; "MMC" is the soldered kind. */
static bool can_be_taken_out(int root, const struct device *d)
{
        char type[8] = "";
        if (!strcmp(d->bus, "mmc"))
                sysfs_text(root, type, sizeof(type), "sys/block/%s/device/type", d->name);
        return sysfs_number(root, d->name, "removable") || !strcmp(type, "SD");
}

static bool read_device(int root, const struct uses *u, const char *name, struct device *d)
{
        char number[32];
        *d = (struct device){ 0 };
        snprintf(d->name, sizeof(d->name), "%.*s", (int)sizeof(d->name) - 1, name);
        snprintf(d->path, sizeof(d->path), "/dev/%s", d->name);
        for (char *c = d->path; *c; c++)
                *c = *c == '!' ? '/' : *c;
        sysfs_text(root, number, sizeof(number), "sys/block/%s/dev", name);
        if (sscanf(number, "%u:%u", &d->major, &d->minor) != 2)
                return false;
        d->size = sysfs_number(root, name, "size") * 512;
        d->sector = (unsigned)sysfs_number(root, name, "queue/logical_block_size");
        find_identity(root, d);
        d->removable = can_be_taken_out(root, d);
        d->read_only = sysfs_number(root, name, "ro");
        uses_find(root, u, d);
        return true;
}

static int by_name(const void *a, const void *b)
{
        const struct device *x = a, *y = b;
        size_t n = strlen(x->name), m = strlen(y->name);
        return n != m ? (n > m) - (n < m) : strcmp(x->name, y->name);   /* sdz before sdaa */
}

static void add(struct device_list *l, const struct device *d)
{
        struct device *more = reallocarray(l->items, l->n + 1, sizeof(*more));
        if (!more)
                file_out_of_memory();
        l->items = more;
        l->items[l->n++] = *d;
}

bool device_list(const char *root_path, bool loops, struct device_list *l, struct err *e)
{
        *l = (struct device_list){ 0 };
        OWN(uses_clear) struct uses u = USES_INIT;
        AUTO_FD int root = open(root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int fd = root < 0 ? -1 : openat(root, "sys/block", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        if (!dir)
                return err_sys(e, _("reading %s"), "/sys/block");
        bool fine = uses_read(root, &u, e);
        struct device d;
        for (struct dirent *entry; fine && (entry = readdir(dir));)
                if (is_disk(entry->d_name, loops) && read_device(root, &u, entry->d_name, &d))
                        add(l, &d);
        closedir(dir);
        if (l->n)
                qsort(l->items, l->n, sizeof(*l->items), by_name);
        return fine;
}

void device_list_clear(struct device_list *l)
{
        free(l->items);
        *l = (struct device_list){ 0 };
}

static bool has_partition(int root, const struct device *d, dev_t number)
{
        char folder[64], text[32], want[32];
        bool found = false;
        snprintf(want, sizeof(want), "%u:%u", major(number), minor(number));
        snprintf(folder, sizeof(folder), "sys/block/%s", d->name);
        int fd = openat(root, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        for (struct dirent *entry; dir && !found && (entry = readdir(dir));) {
                sysfs_text(root, text, sizeof(text), "%s/%s/dev", folder, entry->d_name);
                found = *entry->d_name != '.' && !strcmp(text, want);
        }
        if (dir)
                closedir(dir);
        return found;
}

const struct device *device_of(const char *root_path, const struct device_list *l, dev_t number, bool *partition)
{
        AUTO_FD int root = open(root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        *partition = false;
        for (size_t i = 0; i < l->n; i++)
                if (l->items[i].major == major(number) && l->items[i].minor == minor(number))
                        return &l->items[i];
        *partition = true;
        for (size_t i = 0; root >= 0 && i < l->n; i++)
                if (has_partition(root, &l->items[i], number))
                        return &l->items[i];
        return NULL;
}

void device_describe(const struct device *d, struct str *out)
{
        str_addf(out, "%s%s%s%s%.1f GB", d->vendor, *d->vendor ? " " : "", d->model, *d->model || *d->vendor ? ", " : "", (double)d->size / 1e9);
        if (*d->serial)
                str_addf(out, _(", serial number %s"), d->serial);
}

static bool too_small(const struct device *d, uint64_t bytes, struct err *e)
{
        char has[24], needs[24];
        snprintf(has, sizeof(has), "%" PRIu64, d->size);
        snprintf(needs, sizeof(needs), "%" PRIu64, bytes);
        return err_refuse(e, XR_STICK_TOO_SMALL, d->path, has, needs, NULL);
}

static bool refuse_fixed(const struct device *d, struct err *e)
{
        AUTO_STR what = STR_MAX(512);
        device_describe(d, &what);
        return err_refuse(e, XR_STICK_FIXED, d->path, str_text(&what), NULL);
}

bool device_judge(const struct device *d, uint64_t bytes, bool fixed_too, struct err *e)
{
        char sector[16];
        snprintf(sector, sizeof(sector), "%u", d->sector);
        if (*d->system)
                return err_refuse(e, XR_STICK_SYSTEM, d->path, d->system, NULL);
        if (*d->mounted)
                return err_refuse(e, XR_STICK_MOUNTED, d->path, d->mounted, NULL);
        if (*d->used_by)
                return err_refuse(e, XR_STICK_IN_USE, d->path, d->used_by, NULL);
        if (!d->removable && !fixed_too)
                return refuse_fixed(d, e);
        if (!d->size)
                return err_refuse(e, XR_STICK_NO_MEDIUM, d->path, NULL);
        if (d->read_only)
                return err_refuse(e, XR_STICK_READ_ONLY, d->path, NULL);
        if (d->sector != 512)
                return err_refuse(e, XR_STICK_SECTORS, d->path, sector, NULL);
        return d->size >= bytes ? true : too_small(d, bytes, e);
}
