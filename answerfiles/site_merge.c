/* Settings of a host: the strongest level that says something wins, field by field. */
#include "answerfiles/site_plan.h"
#include "base/file.h"

#include <string.h>

#define AT(member) { offsetof(struct settings, member), sizeof(((struct settings *)0)->member) }

/* Where each setting lives. Guest disks are a pointer and a count side by side. */
static const struct {
        size_t offset, size;
} place[SETTINGS] = {
        [SET_KEYBOARD] = AT(keyboard), [SET_TIMEZONE] = AT(timezone), [SET_NTP] = AT(ntp), [SET_DNS] = AT(dns),
        [SET_ROOT_PASSWORD] = AT(root_password), [SET_DISK] = AT(disk),
        [SET_GUEST_DISKS] = { offsetof(struct settings, guest_disks), sizeof(struct disk_rule *) + sizeof(size_t) },
        [SET_RAID] = AT(raid), [SET_LOCAL_STORAGE] = AT(local_storage), [SET_ALREADY_INSTALLED] = AT(already_installed),
        [SET_OTHER_DATA] = AT(other_data), [SET_SOURCE] = AT(source), [SET_PACKS] = AT(packs), [SET_DRIVER_DISKS] = AT(driver_disks),
        [SET_SCRIPT_START] = AT(scripts[STAGE_INSTALLATION_START]), [SET_SCRIPT_PACKAGES] = AT(scripts[STAGE_PACKAGES_INSTALLED]),
        [SET_SCRIPT_POPULATED] = AT(scripts[STAGE_FILESYSTEM_POPULATED]), [SET_SCRIPT_COMPLETE] = AT(scripts[STAGE_INSTALLATION_COMPLETE]),
        [SET_MANAGEMENT_NIC] = AT(management_nic), [SET_DOMAIN] = AT(domain), [SET_IPV6] = AT(ipv6), [SET_VLAN] = AT(vlan), [SET_TAGS] = AT(tags),
        [SET_ROLL_CALL] = AT(roll_call), [SET_ROLL_CALL_PIN] = AT(roll_call_pin),
};
_Static_assert(offsetof(struct settings, n_guest_disks) == offsetof(struct settings, guest_disks) + sizeof(struct disk_rule *),
        "guest disks are copied as one piece");

struct memory {
        struct layers layers;
        const struct settings *merged;
        struct memory *next;
};

struct merger {
        struct arena *arena;
        struct memory *slot[4096];
};

struct merger *merger_new(struct arena *a)
{
        struct merger *m = calloc(1, sizeof(*m));
        if (!m)
                file_out_of_memory();
        m->arena = a;
        return m;
}

void merger_free(struct merger *m) { free(m); }

static size_t slot_of(const struct layers *l)
{
        uintptr_t h = 0;
        for (size_t i = 0; i < LAYERS; i++)
                h = (h ^ ((uintptr_t)l->at[i] >> 4)) * UINT64_C(0x9e3779b97f4a7c15);
        return (h >> 40) % 4096;
}

static bool given(const struct settings *s, enum setting set) { return s->origin[set].pos.line; }

static void lay_over(struct settings *to, const struct settings *from)
{
        for (enum setting set = 0; set < SETTINGS; set++) {
                if (!given(from, set))
                        continue;
                memcpy((char *)to + place[set].offset, (const char *)from + place[set].offset, place[set].size);
                to->origin[set] = from->origin[set];
        }
        /* Whoever names a disk at a stronger level means that disk, not a mirror from further down. */
        if (given(from, SET_DISK) && !given(from, SET_RAID)) {
                to->raid = (struct raid){ 0 };
                to->origin[SET_RAID] = (struct origin){ 0 };
        }
}

const struct settings *settings_merge(struct merger *m, const struct layers *l)
{
        struct memory **slot = &m->slot[slot_of(l)];
        for (struct memory *known = *slot; known; known = known->next)
                if (!memcmp(&known->layers, l, sizeof(*l)))
                        return known->merged;
        struct settings *s = ARENA_NEW(m->arena, struct settings);
        *s = *l->at[0];
        for (size_t i = 1; i < LAYERS; i++)
                if (l->at[i])
                        lay_over(s, l->at[i]);
        struct memory *new = ARENA_NEW(m->arena, struct memory);
        *new = (struct memory){ *l, s, *slot };
        *slot = new;
        return s;
}

struct settings *settings_of_release(struct arena *a, const struct release *release)
{
        struct settings *s = ARENA_NEW(a, struct settings);
        s->keyboard = "us";
        s->timezone = "Asia/Shanghai";
        s->management_nic = -1;
        s->local_storage = release && release->default_sr && !strcmp(release->default_sr, "ext") ? LOCAL_EXT : LOCAL_LVM;
        return s;
}
