#include "isobuilder/contents.h"
#include "base/file.h"
#include "base/i18n.h"
#include "isobuilder/partition.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { EDGE = 1 << 20, SECTOR = 512, VOLUME_DESCRIPTOR = 32768, LABEL = 33 };

static bool read_edge(int fd, unsigned char *to, size_t n, uint64_t offset, struct err *e)
{
        while (n) {
                ssize_t got = pread(fd, to, n, (off_t)offset);
                if (got < 0 && errno == EINTR)
                        continue;
                if (got <= 0)
                        return err_sys(e, _("reading what is on it"));
                to += got;
                offset += (uint64_t)got;
                n -= (size_t)got;
        }
        return true;
}

static bool zero(const unsigned char *p, size_t n) { return !n || (!*p && !memcmp(p, p + 1, n - 1)); }

static void take_label(char out[LABEL], const unsigned char *label, size_t n)
{
        while (n && (label[n - 1] == ' ' || !label[n - 1]))
                n--;
        for (size_t i = 0; i < n; i++)
                out[i] = label[i] < 0x20 || label[i] > 0x7e ? '?' : (char)label[i];
        out[n] = '\0';
}

/* The boot sector says the kind in words, FAT16 and FAT32 at different places. */
static bool fat_label(const unsigned char *s, char label[LABEL])
{
        bool wide = !memcmp(s + 82, "FAT32   ", 8);
        if (s[510] != 0x55 || s[511] != 0xaa || (!wide && memcmp(s + 54, "FAT1", 4)))
                return false;
        take_label(label, s + (wide ? 71 : 43), 11);
        return true;
}

static const char *other_kind(const unsigned char *s)
{
        if (!memcmp(s + 3, "NTFS    ", 8))
                return "NTFS";
        if (!memcmp(s + 3, "EXFAT   ", 8))
                return "exFAT";
        if (!memcmp(s, "XFSB", 4))
                return "XFS";
        if (!memcmp(s, "LUKS\xba\xbe", 6))
                return "LUKS";
        if (s[1080] == 0x53 && s[1081] == 0xef)
                return "ext2/3/4";
        return !memcmp(s + 512, "LABELONE", 8) ? "LVM" : NULL;
}

static void tell(struct contents *c, const char *kind, const char *label)
{
        size_t n = strlen(c->text);
        char word[80];
        snprintf(word, sizeof(word), *label ? "%s '%s'" : "%s", kind, label);
        /* A FAT that both tables name is one. */
        if (!strstr(c->text, word) && n + strlen(word) + 3 < sizeof(c->text))
                snprintf(c->text + n, sizeof(c->text) - n, "%s%s", n ? ", " : "", word);
}

/* One file system that begins at s, of which 2048 bytes are there. True when it is a FAT named XENROLL. */
static bool note_file_system(struct contents *c, const unsigned char *s)
{
        char label[LABEL] = "";
        const char *kind = other_kind(s);
        if (kind)
                tell(c, kind, "");
        else if (fat_label(s, label))
                tell(c, "FAT", label);
        return !kind && !strcmp(label, "XENROLL");
}

static void note_partitions(int fd, uint64_t size, const unsigned char *head, struct contents *c)
{
        struct partition list[PARTITION_LIST];
        size_t n = partition_list(head, EDGE, list);
        for (size_t i = 0; i < n; i++) {
                unsigned char s[2048];
                if (!list[i].first || list[i].first > (size - sizeof(s)) / SECTOR)
                        continue;
                /* One that cannot be read is told by its number below. */
                if (pread(fd, s, sizeof(s), (off_t)(list[i].first * SECTOR)) == (ssize_t)sizeof(s) && note_file_system(c, s))
                        c->ours |= !list[i].gpt && list[i].type == PARTITION_FAT;
        }
        if (n && !*c->text)
                snprintf(c->text, sizeof(c->text), _("partitions: %zu"), n);
}

static void note_iso(const unsigned char *head, struct contents *c)
{
        char label[LABEL];
        const unsigned char *volume = head + VOLUME_DESCRIPTOR;
        if (memcmp(volume + 1, "CD001", 5) || volume[0] != 1)
                return;
        take_label(label, volume + 40, 32);
        tell(c, "ISO 9660", label);
}

static void say_rest(struct contents *c)
{
        if (c->ours)
                snprintf(c->text, sizeof(c->text), "%s", _("a xenroll stick"));
        else if (c->blank)
                snprintf(c->text, sizeof(c->text), "%s", _("nothing"));
        else if (!*c->text)
                snprintf(c->text, sizeof(c->text), "%s", _("data of an unknown kind"));
}

bool contents_read(int fd, uint64_t size, struct contents *c, struct err *e)
{
        *c = (struct contents){ 0 };
        if (size < 2 * EDGE)
                return err_set(e, ERR_WORLD, _("it is too small to look at"));
        AUTO_FREE unsigned char *head = malloc(EDGE), *tail = malloc(EDGE);
        if (!head || !tail)
                file_out_of_memory();
        if (!read_edge(fd, head, EDGE, 0, e) || !read_edge(fd, tail, EDGE, size - EDGE, e))
                return false;
        bool empty_head = zero(head, EDGE);
        c->blank = empty_head && zero(tail, EDGE);
        /* Interrupted before its first sector was written. */
        c->ours = zero(head, SECTOR) && partition_tail_is_ours(tail, EDGE);
        if (!empty_head) {
                note_iso(head, c);
                note_file_system(c, head);
                note_partitions(fd, size, head, c);
        }
        say_rest(c);
        return true;
}
