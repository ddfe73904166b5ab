/* Disk rules: each must be able to fit exactly one whole disk, and none by accident. */
#include "answerfiles/check_parts.h"
#include "answerfiles/value_text.h"

#include <string.h>

static bool by_name(const struct disk_rule *r)
{
        return r->kind == DISK_BY_ID || r->kind == DISK_BY_PATH || r->kind == DISK_SERIAL || r->kind == DISK_DEVICE;
}

static struct pos place(const struct disk_rule *r, const struct settings *set, enum setting s)
{
        return check_pos(r->pos, set->origin[s].pos);
}

/* The first letter that no such name has, or NULL. A serial number may have blanks inside. */
static const char *bad_letter(const struct disk_rule *r)
{
        for (const char *s = r->value; *s; s++) {
                bool plain = is_digit(*s) || is_lower(to_lower(*s)) || strchr(":._-+=@!#,~", *s);
                bool inner_blank = *s == ' ' && r->kind == DISK_SERIAL && s > r->value && s[1];
                if (!plain && !inner_blank)
                        return s;
        }
        return NULL;
}

/* Length of the whole disk's part of "ata-X-part1", "sda1", "nvme0n1p2"; 0 when it is no partition. */
static size_t partition_of(const struct disk_rule *r)
{
        const char *v = r->value;
        size_t n = strlen(v), digits = n;
        while (digits && is_digit(v[digits - 1]))
                digits--;
        if (digits == n || !digits)
                return 0;
        if (r->kind == DISK_BY_ID || r->kind == DISK_BY_PATH)
                return digits > 5 && !strncmp(v + digits - 5, "-part", 5) ? digits - 5 : 0;
        if (r->kind != DISK_DEVICE)
                return 0;
        static const char *const lettered[] = { "sd", "hd", "vd", "xvd" };
        for (size_t i = 0; i < COUNT(lettered); i++)
                if (!strncmp(v, lettered[i], strlen(lettered[i])))
                        return digits > strlen(lettered[i]) ? digits : 0;
        /* nvme0n1p2, mmcblk0p1, cciss!c0d0p1: a "p" between two digits. */
        return v[digits - 1] == 'p' && digits > 1 && is_digit(v[digits - 2]) ? digits - 1 : 0;
}

static bool is_usb_name(const struct disk_rule *r)
{
        return (r->kind == DISK_BY_ID && !strncmp(r->value, "usb-", 4)) ||
               (r->kind == DISK_BY_PATH && strstr(r->value, "-usb-"));
}

static void check_name(struct check *c, const struct disk_rule *r, struct pos pos)
{
        char letter[CHARACTER_TEXT];
        const char *bad = bad_letter(r);
        size_t whole = partition_of(r);
        if (!*r->value)
                check_say(c, pos, XR_DISK_NAME, r->value, "");
        else if (bad)
                check_say(c, pos, XR_DISK_NAME, r->value, character_text(bad, letter));
        else if (whole)
                check_say(c, pos, XR_DISK_PARTITION, r->value, arena_strndup(c->arena, r->value, whole));
        else if (is_usb_name(r) && !(r->bus & BUS_USB))
                check_say(c, pos, XR_DISK_USB, r->value);
}

static void check_rule(struct check *c, const struct disk_rule *r, struct pos pos, uint64_t need)
{
        if (by_name(r) && r->value)
                check_name(c, r, pos);
        uint64_t least = r->at_least > need ? r->at_least : need;
        if (r->at_least && r->at_least < need)
                check_say(
                        c, pos, XR_DISK_AT_LEAST, check_size(c, r->at_least), c->release->product, check_size(c, need));
        else if (r->at_most && r->at_most < least)
                check_say(c, pos, XR_DISK_AT_MOST, check_size(c, r->at_most), check_size(c, least));
}

static bool same_disk(const struct disk_rule *a, const struct disk_rule *b)
{
        return by_name(a) && a->kind == b->kind && a->value && b->value && !strcmp(a->value, b->value);
}

static bool is_mirror_name(const char *device)
{
        size_t digits = strncmp(device, "md", 2) ? 0 : strspn(device + 2, "0123456789");
        return digits && digits <= 3 && !device[2 + digits];
}

static void check_raid(struct check *c, const struct settings *set)
{
        const struct raid *raid = &set->raid;
        struct pos whole = check_pos(raid->pos, set->origin[SET_RAID].pos);
        if (raid->device && !is_mirror_name(raid->device))
                check_say(c, whole, XR_RAID_DEVICE, raid->device);
        for (size_t i = 0; i < raid->n; i++) {
                const struct disk_rule *r = &raid->disks[i];
                struct pos pos = check_pos(r->pos, whole);
                if (!by_name(r))
                        check_say(c, pos, XR_RAID_PICK);
                check_rule(c, r, pos, c->release->min_disk);
        }
        if (raid->n == 2 && same_disk(&raid->disks[0], &raid->disks[1]))
                check_say(c, check_pos(raid->disks[1].pos, whole), XR_RAID_SAME_DISK, raid->disks[1].value);
}

/* Where an earlier rule of the host names the same disk; line 0 when none does. */
static struct pos earlier(const struct settings *set, size_t guest)
{
        const struct disk_rule *r = &set->guest_disks[guest];
        if (!set->raid.n && same_disk(&set->disk, r))
                return place(&set->disk, set, SET_DISK);
        for (size_t i = 0; i < set->raid.n; i++)
                if (same_disk(&set->raid.disks[i], r))
                        return place(&set->raid.disks[i], set, SET_RAID);
        for (size_t i = 0; i < guest; i++)
                if (same_disk(&set->guest_disks[i], r))
                        return place(&set->guest_disks[i], set, SET_GUEST_DISKS);
        return (struct pos){ 0 };
}

static void check_guests(struct check *c, const struct settings *set)
{
        if (set->n_guest_disks && set->local_storage == LOCAL_NONE)
                check_say(c, set->origin[SET_GUEST_DISKS].pos, XR_GUEST_WITHOUT_STORAGE);
        for (size_t i = 0; i < set->n_guest_disks; i++) {
                const struct disk_rule *r = &set->guest_disks[i];
                struct pos pos = place(r, set, SET_GUEST_DISKS), first = earlier(set, i);
                check_rule(c, r, pos, 0);
                if (first.line)
                        check_say(c, pos, XR_GUEST_DISK_TWICE, r->value, check_where(c, first));
        }
}

void check_disks(struct check *c, const struct settings *set)
{
        if (set->raid.n)
                check_raid(c, set);
        else if (set->origin[SET_DISK].pos.line)
                check_rule(c, &set->disk, place(&set->disk, set, SET_DISK), c->release->min_disk);
        check_guests(c, set);
}
