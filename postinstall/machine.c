/* This machine as its own file system shows it. Absolute paths, all below the root folder. */
#include "postinstall/agent_parts.h"
#include "base/file.h"
#include "base/i18n.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { LONGEST_SMALL_FILE = 64 << 10 };

/* Below root even when that is "/". */
static const char *below(const char *path) { return path + strspn(path, "/"); }

/* Not by faccessat, whose flags are a call of newer kernels. */
bool machine_exists(int root, const char *path)
{
        struct stat st;
        return fstatat(root, below(path), &st, AT_SYMLINK_NOFOLLOW) == 0;
}

bool machine_read(int root, const char *path, size_t max, struct str *out, struct err *e)
{
        return file_read(root, below(path), max, out, e);
}

/* The folder of path, made when it is missing. */
static int folder_of(int root, const char *path, const char **name, struct err *e)
{
        AUTO_FREE char *copy = strdup(below(path));
        if (!copy)
                file_out_of_memory();
        AUTO_FD int dir = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        for (char *part = copy, *slash; dir >= 0 && (slash = strchr(part, '/')); part = slash + 1) {
                *slash = '\0';
                if (mkdirat(dir, part, 0755) < 0 && errno != EEXIST)
                        break;
                int next = openat(dir, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                close(dir);
                dir = next;
        }
        *name = strrchr(below(path), '/') ? strrchr(path, '/') + 1 : below(path);
        if (dir < 0)
                err_sys(e, _("opening %s"), path);
        return take_fd(&dir);
}

bool machine_publish(int root, const char *path, struct bytes content, unsigned mode, struct err *e)
{
        const char *name;
        AUTO_FD int dir = folder_of(root, path, &name, e);
        return dir >= 0 && file_publish(dir, name, content, mode, e);
}

bool machine_remove(int root, const char *path, struct err *e)
{
        const char *name;
        AUTO_FD int dir = folder_of(root, path, &name, e);
        if (dir < 0)
                return false;
        if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
                return err_sys(e, _("removing %s"), path);
        return fsync(dir) == 0 || err_sys(e, _("removing %s"), path);
}

/* --- what the installer and xapi wrote --- */

/* A line "INSTALLATION_UUID='…'" as shells read it. */
bool machine_uuid(int root, char uuid[UUID_TEXT])
{
        struct err ignored = ERR_INIT;
        AUTO_STR text = STR_MAX(LONGEST_SMALL_FILE);
        if (!machine_read(root, "/etc/xensource-inventory", LONGEST_SMALL_FILE, &text, &ignored))
                return false;
        const char *at = strstr(str_text(&text), "INSTALLATION_UUID=");
        if (!at)
                return false;
        at += strlen("INSTALLATION_UUID=");
        at += *at == '\'' || *at == '"';
        size_t n = strspn(at, "0123456789abcdef-");
        if (n != UUID_TEXT - 1)
                return false;
        snprintf(uuid, UUID_TEXT, "%.*s", (int)n, at);
        return true;
}

bool machine_is_member(int root, char coordinator[64])
{
        struct err ignored = ERR_INIT;
        AUTO_STR text = STR_MAX(LONGEST_SMALL_FILE);
        if (!machine_read(root, "/etc/xensource/pool.conf", LONGEST_SMALL_FILE, &text, &ignored) ||
                strncmp(str_text(&text), "slave:", 6))
                return false;
        const char *at = str_text(&text) + 6;
        snprintf(coordinator, 64, "%.*s", (int)strcspn(at, "\r\n \t"), at);
        return true;
}

/* --- network cards --- */

struct found {
        struct nic nic;
        char order[300]; /* PCI address, then the port of a card that has several */
};

static bool read_line(int dir, const char *name, char *line, size_t size)
{
        AUTO_FD int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, line, size - 1);
        line[n < 0 ? 0 : n] = '\0';
        line[strcspn(line, "\n")] = '\0';
        return n > 0;
}

/* The last PCI address in the path of a card's device: ".../0000:00:1c.0/0000:03:00.1" or behind a virtio bridge. */
static void pci_address(const char *path, char *out, size_t size)
{
        snprintf(out, size, "%s", path);
        for (const char *at = path; (at = strchr(at, '/')); at++) {
                const char *part = at + 1;
                size_t n = strcspn(part, "/");
                if (n == 12 && part[4] == ':' && part[7] == ':' && part[10] == '.')
                        snprintf(out, size, "%.*s", (int)n, part);
        }
}

/* A card enslaved to a bond shows the bond's address; its own one stands beside it. */
static void read_mac(int card, char mac[MAC_CHARS])
{
        char line[64];
        if (!read_line(card, "bonding_slave/perm_hwaddr", line, sizeof(line)) &&
                !read_line(card, "address", line, sizeof(line)))
                *line = '\0';
        for (char *c = line; *c; c++)
                *c = (char)tolower((unsigned char)*c);
        snprintf(mac, MAC_CHARS, "%.17s", line);
}

static bool look_at_card(int net, const char *name, struct found *f)
{
        char path[256], port[32];
        AUTO_FD int card = openat(net, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ssize_t n = card < 0 ? -1 : readlinkat(card, "device", path, sizeof(path) - 1);
        if (n <= 0 || strlen(name) >= DEVICE_CHARS || faccessat(card, "wireless", F_OK, 0) == 0)
                return false;
        path[n] = '\0';
        /* A USB card is a remote console's more often than a network's. */
        if (strstr(path, "/usb"))
                return false;
        char pci[256];
        pci_address(path, pci, sizeof(pci));
        if (!read_line(card, "dev_port", port, sizeof(port)))
                snprintf(port, sizeof(port), "0");
        snprintf(f->order, sizeof(f->order), "%s %04d", pci, atoi(port));
        snprintf(f->nic.device, sizeof(f->nic.device), "%.15s", name);
        read_mac(card, f->nic.mac);
        return true;
}

static int by_order(const void *a, const void *b)
{
        const struct found *x = a, *y = b;
        int c = strcmp(x->order, y->order);
        return c ? c : strcmp(x->nic.device, y->nic.device);
}

bool machine_nics(struct agent *a, struct err *e)
{
        struct found found[MOST_NICS];
        size_t n = 0;
        int fd = openat(a->root, "sys/class/net", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        if (!dir) {
                err_sys(e, _("opening %s"), "/sys/class/net");
                if (fd >= 0)
                        close(fd);
                return false;
        }
        for (struct dirent *d; n < COUNT(found) && (d = readdir(dir));)
                n += d->d_name[0] != '.' && look_at_card(dirfd(dir), d->d_name, &found[n]);
        closedir(dir);
        qsort(found, n, sizeof(*found), by_order);
        for (size_t i = 0; i < n; i++)
                a->nics[i] = found[i].nic;
        a->n_nics = n;
        return true;
}

const struct nic *machine_nic(const struct agent *a, int number)
{
        return number >= 0 && (size_t)number < a->n_nics ? &a->nics[number] : NULL;
}
