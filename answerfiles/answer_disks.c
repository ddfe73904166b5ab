#include "answerfiles/answer_parts.h"

#include <string.h>

/* What the installer resolves by itself is written out; what only the machine can tell is a placeholder that names no
 * device: an installer that met it unreplaced would stop, not guess. */
static void add_disk(struct str *out, const struct disk_rule *rule, const char *placeholder, size_t number)
{
        static const char *const folders[] = {
                [DISK_BY_ID] = "/dev/disk/by-id/",
                [DISK_BY_PATH] = "/dev/disk/by-path/",
                [DISK_DEVICE] = "/dev/",
                [DISK_RAID] = NULL,
        };
        const char *folder = folders[rule->kind];
        if (folder)
                str_addf(out, "%s%s", folder, rule->value);
        else if (number)
                str_addf(out, "%s%zu", placeholder, number);
        else
                str_add(out, placeholder);
}

static void add_raid(const struct answer_page *p, const struct raid *raid, struct str *primary)
{
        xmlNode *node = answer_element(p->root, "raid", NULL);
        answer_attribute(node, "device", raid->device);
        for (size_t i = 0; i < raid->n; i++) {
                AUTO_STR member = STR_MAX(4096);
                add_disk(&member, &raid->disks[i], ANSWER_PICK_RAID, i + 1);
                answer_element(node, "disk", str_text(&member));
        }
        str_addf(primary, "/dev/%s", raid->device);
}

static void add_pair(const struct raid *raid, struct str *primary)
{
        for (size_t i = 0; i < raid->n; i++) {
                if (i)
                        str_addc(primary, ',');
                add_disk(primary, &raid->disks[i], ANSWER_PICK_RAID, i + 1);
        }
}

void answer_disks(const struct answer_page *p)
{
        const struct settings *set = p->set;
        bool mirrored = set->raid.n > 0;
        AUTO_STR primary = STR_MAX(4096);
        if (mirrored && p->release->raid_element)
                add_raid(p, &set->raid, &primary);
        else if (mirrored)
                add_pair(&set->raid, &primary);
        else
                add_disk(&primary, &set->disk, ANSWER_PICK_DISK, 0);

        xmlNode *node = answer_element(p->root, "primary-disk", str_text(&primary));
        answer_attribute(node, "guest-storage", set->local_storage == LOCAL_NONE ? "no" : "yes");
        /* An older XenServer 8 that does not know the attribute takes the pair for one name, and stops. */
        if (mirrored && !p->release->raid_element)
                answer_attribute(node, "swraid", "yes");
        for (size_t i = 0; i < set->n_guest_disks; i++) {
                AUTO_STR guest = STR_MAX(4096);
                add_disk(&guest, &set->guest_disks[i], ANSWER_PICK_GUEST, i + 1);
                answer_element(p->root, "guest-disk", str_text(&guest));
        }
}
