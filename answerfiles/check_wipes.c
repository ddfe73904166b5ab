/* Places that allow data to be destroyed: said once each, with the hosts they reach. */
#include "answerfiles/check_parts.h"

enum { NAMES_SHOWN = 5 };

struct reach { /* of one line of the site file */
        struct pos pos;
        size_t hosts;
        const char *names[NAMES_SHOWN];
};

struct reaches {
        struct seen index;
        struct reach *items; /* in the check's arena; room for every host */
        size_t n;
};

static void reach_add(struct reaches *r, struct pos pos, const char *name)
{
        uint64_t place = (uint64_t)pos.file << 48 | (uint64_t)pos.line << 16 | pos.col;
        const struct seen_entry *known =
                seen_before(&r->index, (struct seen_key){ 0, place, NULL }, pos, &r->items[r->n]);
        struct reach *to = known ? (struct reach *)(uintptr_t)known->who : &r->items[r->n++];
        to->pos = pos;
        if (to->hosts < NAMES_SHOWN)
                to->names[to->hosts] = name;
        to->hosts++;
}

static const char *names_of(struct check *c, const struct reach *r)
{
        AUTO_STR text = STR_MAX(1024);
        for (size_t i = 0; i < r->hosts && i < NAMES_SHOWN; i++)
                str_addf(&text, "%s%s", i ? ", " : "", r->names[i]);
        if (r->hosts > NAMES_SHOWN)
                str_add(&text, ", …");
        return arena_strdup(c->arena, str_text(&text));
}

static bool destroys(const struct settings *set, enum setting what)
{
        return what == SET_ALREADY_INSTALLED ? set->already_installed == INSTALLED_REINSTALL
                                             : set->other_data == OTHER_ERASE;
}

static size_t count_hosts(const struct plan *plan, enum setting what)
{
        size_t n = 0;
        for (size_t i = 0; i < plan->n_hosts; i++)
                n += destroys(plan->hosts[i]->set, what);
        return n;
}

static void check_setting(struct check *c, enum setting what, enum rule rule)
{
        size_t most = count_hosts(c->plan, what);
        struct reaches r = { .items = most ? ARENA_ARRAY(c->arena, struct reach, most + 1) : NULL };
        for (size_t i = 0; most && i < c->plan->n_hosts; i++) {
                const struct host *h = c->plan->hosts[i];
                if (destroys(h->set, what))
                        reach_add(&r, h->set->origin[what].pos, h->name);
        }
        for (size_t i = 0; i < r.n; i++)
                check_say(c, r.items[i].pos, rule, check_number(c, r.items[i].hosts), names_of(c, &r.items[i]));
        seen_clear(&r.index);
}

/* Kernel names are common in small sites and spreadsheets: one warning for all of them. */
static void check_device_names(struct check *c)
{
        const struct disk_rule *first = NULL;
        OWN(seen_clear) struct seen places = { 0 };
        for (size_t i = 0; i < c->plan->n_hosts; i++) {
                const struct settings *set = c->plan->hosts[i]->set;
                if (set->raid.n || !set->origin[SET_DISK].pos.line || set->disk.kind != DISK_DEVICE || !set->disk.value)
                        continue;
                struct pos pos = set->disk.pos;
                uint64_t place = (uint64_t)pos.file << 48 | (uint64_t)pos.line << 16 | pos.col;
                seen_before(&places, (struct seen_key){ 0, place, NULL }, pos, NULL);
                first = first ? first : &set->disk;
        }
        if (first)
                check_say(c, first->pos, XR_DISK_DEVICE_NAME, first->value, check_number(c, places.filled));
}

void check_wipes(struct check *c)
{
        check_setting(c, SET_ALREADY_INSTALLED, XR_REINSTALL);
        check_setting(c, SET_OTHER_DATA, XR_ERASE_OTHER);
        check_device_names(c);
}
