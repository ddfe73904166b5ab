#include "isobuilder/device_use.h"
#include "base/file.h"
#include "base/i18n.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

/* sysfs files have no size, and a made-up one may be anything: read with a bound, never wait. */
void sysfs_text(int root, char *out, size_t size, const char *fmt, ...)
{
        char path[512];
        va_list ap;
        *out = '\0';
        va_start(ap, fmt);
        int n = vsnprintf(path, sizeof(path), fmt, ap);
        va_end(ap);
        AUTO_FD int fd = n < 0 || (size_t)n >= sizeof(path) ? -1 : openat(root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        ssize_t got = fd < 0 ? 0 : read(fd, out, size - 1);
        size_t from = 0, to = got > 0 ? (size_t)got : 0;
        while (to && (out[to - 1] == '\n' || out[to - 1] == ' ' || !out[to - 1]))
                to--;
        while (from < to && out[from] == ' ')
                from++;
        memmove(out, out + from, to - from);
        out[to - from] = '\0';
        for (size_t i = 0; i < to - from; i++)
                if (out[i] < 0x20 || out[i] > 0x7e)
                        out[i] = '?';
}

static bool read_table(int root, const char *path, struct str *out, struct err *e)
{
        AUTO_FD int fd = openat(root, path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return err_sys(e, _("reading %s"), path);
        char buffer[16384];
        ssize_t n;
        while ((n = read(fd, buffer, sizeof(buffer))) > 0)
                str_addn(out, buffer, (size_t)n);
        return n < 0 ? err_sys(e, _("reading %s"), path) : str_ok(out, path, e);
}

/* Without these tables nobody knows what is mounted: an error, not an empty list. A kernel without swap has no table of it. */
bool uses_read(int root, struct uses *u, struct err *e)
{
        return read_table(root, "proc/self/mountinfo", &u->mounts, e) &&
               (faccessat(root, "proc/swaps", F_OK, 0) < 0 || read_table(root, "proc/swaps", &u->swaps, e));
}

void uses_clear(struct uses *u)
{
        str_clear(&u->mounts);
        str_clear(&u->swaps);
}

/* The disk, a partition, or what lies on them. */
struct node {
        const char *number;             /* "8:17" */
        const char *name;               /* "sdb1" */
        const char *mapped;             /* "vg-root": name below /dev/mapper, "" = none */
};

/* Fields of both tables have \040 for a blank. */
static void unescape(char *out, size_t size, const char *field, size_t n)
{
        size_t to = 0;
        for (size_t i = 0; i < n && to + 1 < size; i++) {
                unsigned char c = (unsigned char)field[i];
                if (c == '\\' && i + 3 < n && field[i + 1] >= '0' && field[i + 1] <= '3') {
                        c = (unsigned char)((field[i + 1] - '0') << 6 | (field[i + 2] & 7) << 3 | (field[i + 3] & 7));
                        i += 3;
                }
                out[to++] = c < 0x20 || c == 0x7f ? '?' : (char)c;
        }
        out[to] = '\0';
}

static void append(char *list, size_t size, const char *word)
{
        /* Whether there is one at all decides: the first is cut, never left out. */
        size_t n = strlen(list);
        if (!n)
                snprintf(list, size, "%.*s", (int)size - 1, word);
        else if (n + strlen(word) + 3 < size)
                snprintf(list + n, size - n, ", %s", word);
}

static bool names_node(const char *path, const struct node *n)
{
        if (!strncmp(path, "/dev/mapper/", 12))
                return *n->mapped && !strcmp(path + 12, n->mapped);
        return !strncmp(path, "/dev/", 5) && !strcmp(path + 5, n->name);
}

static bool system_place(const char *place)
{
        static const char *const needed[] = { "/", "/usr", "/boot", "/boot/efi", "/etc", "/var" };
        for (size_t i = 0; i < COUNT(needed); i++)
                if (!strcmp(place, needed[i]))
                        return true;
        return false;
}

static void note_mount(const char *place, struct device *d)
{
        append(d->mounted, sizeof(d->mounted), place);
        if (system_place(place))
                append(d->system, sizeof(d->system), place);
}

static const char *behind_blank(const char *at, const char *end)
{
        const char *blank = memchr(at, ' ', (size_t)(end - at));
        return blank ? blank + 1 : end;
}

/* "36 35 98:0 /root /place options … - type source …". btrfs has numbers of its own: its source tells. */
static void read_mount(const char *line, size_t n, const struct node *node, struct device *d)
{
        const char *fields[5] = { NULL }, *end = line + n, *at = line;
        size_t lengths[5] = { 0 };
        for (int i = 0; i < 5 && at < end; i++) {
                const char *blank = memchr(at, ' ', (size_t)(end - at));
                fields[i] = at;
                lengths[i] = (size_t)((blank ? blank : end) - at);
                at = blank ? blank + 1 : end;
        }
        const char *dash = at < end ? memmem(at, (size_t)(end - at), "- ", 2) : NULL, *type = dash ? dash + 2 : end;
        const char *source = behind_blank(type, end), *behind = memchr(source, ' ', (size_t)(end - source));
        char place[256], from[256];
        if (!fields[4])
                return;
        unescape(place, sizeof(place), fields[4], lengths[4]);
        unescape(from, sizeof(from), source, (size_t)((behind ? behind : end) - source));
        bool same = lengths[2] == strlen(node->number) && !memcmp(fields[2], node->number, lengths[2]);
        if (same || names_node(from, node))
                note_mount(place, d);
}

static void read_swap(const char *line, size_t n, const struct node *node, struct device *d)
{
        char path[256];
        const char *blank = memchr(line, ' ', n), *tab = memchr(line, '\t', n), *end = blank && (!tab || blank < tab) ? blank : tab;
        unescape(path, sizeof(path), line, end ? (size_t)(end - line) : n);
        if (names_node(path, node)) {
                append(d->used_by, sizeof(d->used_by), "swap");
                append(d->system, sizeof(d->system), "swap");
        }
}

static void each_line(const struct str *table, const struct node *node, struct device *d,
        void (*read_line)(const char *, size_t, const struct node *, struct device *))
{
        for (const char *at = str_text(table), *end; *at; at = *end ? end + 1 : end) {
                end = strchrnul(at, '\n');
                read_line(at, (size_t)(end - at), node, d);
        }
}

static void note_holder(int root, const char *name, struct device *d)
{
        char uuid[128], mapped[64], text[400];
        sysfs_text(root, uuid, sizeof(uuid), "sys/block/%s/dm/uuid", name);
        sysfs_text(root, mapped, sizeof(mapped), "sys/block/%s/dm/name", name);
        const char *what = !strncmp(name, "md", 2) ? "RAID" : !strncmp(uuid, "LVM-", 4) ? "LVM" : !strncmp(uuid, "CRYPT-", 6) ? _("encryption") :
                           !strncmp(name, "dm-", 3) ? "device mapper" : _("another device");
        snprintf(text, sizeof(text), "%s (%s)", what, *mapped ? mapped : name);
        append(d->used_by, sizeof(d->used_by), text);
}

enum { DEEPEST = 8 };   /* LVM on encryption on RAID on a partition is 4 */

static void find_node(int root, const struct uses *u, const char *folder, const char *name, int depth, struct device *d);

static void find_holders(int root, const struct uses *u, const char *folder, int depth, struct device *d)
{
        char path[400];
        snprintf(path, sizeof(path), "%s/holders", folder);
        int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        for (struct dirent *entry; dir && (entry = readdir(dir));) {
                if (*entry->d_name == '.')
                        continue;
                if (depth == 0)
                        note_holder(root, entry->d_name, d);
                snprintf(path, sizeof(path), "sys/block/%s", entry->d_name);
                find_node(root, u, path, entry->d_name, depth + 1, d);
        }
        if (dir)
                closedir(dir);
}

static void find_node(int root, const struct uses *u, const char *folder, const char *name, int depth, struct device *d)
{
        char number[32], mapped[128];
        if (depth > DEEPEST)
                return;
        sysfs_text(root, number, sizeof(number), "%s/dev", folder);
        sysfs_text(root, mapped, sizeof(mapped), "%s/dm/name", folder);
        struct node node = { number, name, mapped };
        each_line(&u->mounts, &node, d, read_mount);
        each_line(&u->swaps, &node, d, read_swap);
        find_holders(root, u, folder, depth, d);
}

void uses_find(int root, const struct uses *u, struct device *d)
{
        char folder[300], partition[600], number[16];
        snprintf(folder, sizeof(folder), "sys/block/%s", d->name);
        find_node(root, u, folder, d->name, 0, d);
        int fd = openat(root, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        for (struct dirent *entry; dir && (entry = readdir(dir));) {
                if (*entry->d_name == '.' || strlen(entry->d_name) > 31)
                        continue;
                snprintf(partition, sizeof(partition), "%s/%s", folder, entry->d_name);
                sysfs_text(root, number, sizeof(number), "%s/partition", partition);
                if (!*number)
                        continue;
                d->partitions++;
                find_node(root, u, partition, entry->d_name, 0, d);
        }
        if (dir)
                closedir(dir);
}
