/* The plan as a table, and the story of one host's settings. */
#include "answerfiles/plan_show.h"
#include "answerfiles/value.h"
#include "base/i18n.h"
#include "base/text.h"

#include <string.h>

enum { COLUMNS = 7 };

static void row_of(const struct host *h, const char *cells[COLUMNS], char buffers[3][64])
{
        ip4_text(h->address.addr, buffers[0]);
        mac_text(&h->mac, buffers[1]);
        AUTO_STR disk = STR_MAX(63);
        setting_show(&disk, h->set, h->set->raid.n ? SET_RAID : SET_DISK);
        snprintf(buffers[2], sizeof(buffers[2]), "%s", str_text(&disk));
        cells[0] = h->pool->school->id;
        cells[1] = h->pool->id;
        cells[2] = h->name;
        cells[3] = h->coordinator ? _("coordinator") : "";
        cells[4] = h->address.given ? buffers[0] : "dhcp";
        cells[5] = h->mac.given ? buffers[1] : h->serial ? h->serial : "";
        cells[6] = buffers[2];
}

static void print_row(FILE *f, const char *const cells[COLUMNS], const size_t widths[COLUMNS])
{
        AUTO_STR line = STR_MAX(4096);
        for (size_t i = 0; i < COLUMNS; i++) {
                if (i + 1 < COLUMNS) {
                        text_pad(&line, cells[i], widths[i]);
                        str_add(&line, "  ");
                } else
                        str_add(&line, cells[i]);
        }
        fprintf(f, "%s\n", str_text(&line));
}

void plan_print_table(const struct plan *plan, FILE *f)
{
        const char *head[COLUMNS] = { _("school"), _("pool"), _("host"), _("role"), _("address"), _("MAC or serial"), _("disk") };
        const char *cells[COLUMNS];
        char buffers[3][64];
        size_t widths[COLUMNS];
        for (size_t i = 0; i < COLUMNS; i++)
                widths[i] = text_columns(head[i]);
        for (size_t h = 0; h < plan->n_hosts; h++) {
                row_of(plan->hosts[h], cells, buffers);
                for (size_t i = 0; i < COLUMNS; i++) {
                        size_t width = text_columns(cells[i]);
                        if (width > widths[i])
                                widths[i] = width;
                }
        }
        print_row(f, head, widths);
        for (size_t h = 0; h < plan->n_hosts; h++) {
                row_of(plan->hosts[h], cells, buffers);
                print_row(f, cells, widths);
        }
}

static bool host_matches(const struct host *h, const char *name)
{
        const char *slash = strchr(name, '/');
        if (!slash)
                return !strcmp(h->name, name);
        const char *school = h->pool->school->id;
        return strlen(school) == (size_t)(slash - name) && !strncmp(school, name, (size_t)(slash - name)) && !strcmp(h->name, slash + 1);
}

static const struct host *host_named(const struct plan *plan, const char *name, struct err *e)
{
        const struct host *found = NULL;
        for (size_t i = 0; i < plan->n_hosts; i++) {
                if (!host_matches(plan->hosts[i], name))
                        continue;
                if (found) {
                        err_set(e, ERR_INPUT, _("host %s stands in schools %s and %s; write it as %s/%s"), name, found->pool->school->id,
                                plan->hosts[i]->pool->school->id, found->pool->school->id, name);
                        return NULL;
                }
                found = plan->hosts[i];
        }
        if (!found)
                err_set(e, ERR_INPUT, _("there is no host %s; 'xenroll plan' lists them all"), name);
        return found;
}

static const char *level_name(uint8_t level)
{
        static const char *const names[] = { N_("release"), N_("defaults"), N_("blueprint"), N_("school"), N_("pool"), N_("host") };
        return level < COUNT(names) ? _(names[level]) : "";
}

static void print_line(FILE *f, const char *key, const char *value, const char *level, const char *where)
{
        AUTO_STR line = STR_MAX(8192);
        text_pad(&line, key, 30);
        str_add(&line, " ");
        text_pad(&line, *value ? value : "-", 40);
        str_add(&line, " ");
        text_pad(&line, level, 10);
        str_addf(&line, " %s", where);
        fprintf(f, "%s\n", str_text(&line));
}

static void print_identity(const struct host *h, const struct diags *d, FILE *f)
{
        char ip[IP4_TEXT], mac[MAC_TEXT];
        print_line(f, "name", h->name, level_name(h->identity_level), diags_where(d, h->name_pos));
        print_line(f, "address", h->address.given ? ip4_text(h->address.addr, ip) : "dhcp", "", diags_where(d, h->address.given ? h->address.pos : h->pos));
        if (h->mac.given)
                print_line(f, "mac", mac_text(&h->mac, mac), level_name(LEVEL_HOST), diags_where(d, h->mac.pos));
        if (h->serial)
                print_line(f, "serial", h->serial, level_name(LEVEL_HOST), diags_where(d, h->serial_pos));
        if (h->description)
                print_line(f, "description", h->description, level_name(h->identity_level), diags_where(d, h->description_pos));
}

static void add_name(struct str *list, const char *name) { str_addf(list, "%s%s", list->len ? ", " : "", name ? name : "?"); }

/* What the host's pool says, in one line: the names of what it has. */
static void show_pool(struct str *out, const struct pool *p, enum pool_key key)
{
        char window[DURATION_TEXT];
        if (key == POOL_DESCRIPTION && p->description)
                str_add(out, p->description);
        else if (key == POOL_JOIN_WINDOW)
                str_add(out, duration_text(p->join_window, window));
        else if (key == POOL_HA && p->ha.heartbeat)
                str_addf(out, "%s, tolerate %d", p->ha.heartbeat, p->ha.tolerate);
        for (size_t i = 0; key == POOL_NETWORKS && i < p->n_networks; i++)
                add_name(out, p->networks[i].name);
        for (size_t i = 0; key == POOL_STORAGE && i < p->n_storage; i++)
                add_name(out, p->storage[i].name);
        for (size_t i = 0; key == POOL_VMS && i < p->n_vms; i++)
                add_name(out, p->vms[i].name);
        for (size_t i = 0; key == POOL_SNAPSHOTS && i < p->n_schedules; i++)
                add_name(out, p->schedules[i].name);
}

static void print_pool(const struct pool *p, const struct diags *d, FILE *f)
{
        static const char *const names[POOL_KEYS] = { "pool description", "pool join-window", "pool networks", "pool storage",
                "pool ha", "pool vms", "pool snapshots" };
        for (enum pool_key k = 0; k < POOL_KEYS; k++) {
                AUTO_STR value = STR_MAX(4096);
                const struct origin *o = &p->origin[k];
                show_pool(&value, p, k);
                print_line(f, names[k], str_text(&value), level_name(o->level), diags_where(d, o->pos));
        }
}

bool plan_print_why(const struct plan *plan, const struct diags *d, const char *name, FILE *f, struct err *e)
{
        const struct host *h = host_named(plan, name, e);
        if (!h)
                return false;
        print_line(f, "release", plan->release->id, level_name(plan->release_origin.level),
                plan->release_origin.pos.line ? diags_where(d, plan->release_origin.pos) : _("the base ISO"));
        print_identity(h, d, f);
        for (enum setting set = 0; set < SETTINGS; set++) {
                const struct origin *o = &h->set->origin[set];
                AUTO_STR value = STR_MAX(8192);
                setting_show(&value, h->set, set);
                print_line(f, setting_names[set], str_text(&value), level_name(o->level), diags_where(d, o->pos));
        }
        print_pool(h->pool, d, f);
        return true;
}
