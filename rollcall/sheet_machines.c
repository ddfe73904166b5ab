/* The machines of the sheet: who stands where in the rack, and what is looked at on each before it is started. */
#include "rollcall/sheet_parts.h"
#include "base/i18n.h"

#include <string.h>

/* --- disk rules in words --- */

static void add_size(struct str *out, uint64_t bytes)
{
        bool tera = bytes >= 1000000000000;
        str_addf(out, "%.4g %s", (double)bytes / (tera ? 1e12 : 1e9), tera ? "TB" : "GB");
}

static void add_limits(struct str *out, const struct disk_rule *d)
{
        static const char *const buses[] = { "SATA", "SAS", "NVMe", "USB", "virtio", "RAID" };
        const char *before = " · ";
        if (d->at_least) {
                str_add(out, " · ≥ ");
                add_size(out, d->at_least);
        }
        if (d->at_most) {
                str_add(out, " · ≤ ");
                add_size(out, d->at_most);
        }
        for (unsigned bus = 0; bus < COUNT(buses); bus++)
                if (d->bus >> bus & 1) {
                        str_addf(out, "%s%s", before, buses[bus]);
                        before = "/";
                }
}

static void add_disk(struct str *out, const struct disk_rule *d)
{
        static const char *const kinds[] = { [DISK_PICK_SMALLEST] = N_("the smallest disk"),
                [DISK_PICK_LARGEST] = N_("the largest disk"),
                [DISK_BY_ID] = N_("by id"),
                [DISK_BY_PATH] = N_("in the slot"),
                [DISK_SERIAL] = N_("serial number"),
                [DISK_DEVICE] = N_("device"),
                [DISK_RAID] = "RAID" };
        str_addf(out, "%s%s%s", _(kinds[d->kind]), d->value ? " " : "", d->value ? d->value : "");
        add_limits(out, d);
}

static void add_disks(struct str *out, const struct settings *set)
{
        AUTO_STR text = STR_MAX(4000), guests = STR_MAX(4000);
        if (set->raid.n == 2) {
                str_addf(&text, "%s: ", _("mirror"));
                add_disk(&text, &set->raid.disks[0]);
                str_add(&text, " + ");
                add_disk(&text, &set->raid.disks[1]);
        } else
                add_disk(&text, &set->disk);
        say(out, str_text(&text));
        for (size_t i = 0; i < set->n_guest_disks; i++) {
                str_add(&guests, i ? "; " : "");
                add_disk(&guests, &set->guest_disks[i]);
        }
        if (guests.len)
                elementf(out, "small", _("for virtual machines: %s"), str_text(&guests));
        if (set->already_installed == INSTALLED_REINSTALL)
                element(out, "small", _("an old installation is replaced"));
        if (set->other_data == OTHER_ERASE)
                element(out, "small", _("other data is erased"));
}

/* --- one row --- */

static void add_name(struct str *out, const struct host *h)
{
        str_add(out, "<td class=\"name\">");
        element(out, "b", h->name);
        if (h->coordinator && h->pool->n_hosts > 1) {
                str_add(out, " ");
                element(out, "span class=\"role\"", _("Coordinator"));
        }
        if (h->description)
                element(out, "small", h->description);
        str_add(out, "</td>");
}

static void add_identity(struct str *out, const struct host *h)
{
        char mac[MAC_TEXT];
        str_add(out, "<td>");
        if (h->mac.given)
                element(out, "span class=\"num\"", mac_text(&h->mac, mac));
        if (h->serial)
                elementf(out, h->mac.given ? "small" : "span", _("S/N %s"), h->serial);
        if (h->set->vlan)
                elementf(out, "small", "VLAN %d", h->set->vlan);
        str_add(out, "</td>");
}

static void add_ticks(struct str *out)
{
        const char *const texts[] = { _("installed"), _("arrived") };
        str_add(out, "<td class=\"result\">");
        for (size_t i = 0; i < COUNT(texts); i++) {
                str_add(out, "<span class=\"tick\"><i class=\"box\"></i>");
                say(out, texts[i]);
                str_add(out, "</span>");
        }
        str_add(out, "</td>");
}

static bool add_code(const struct sheet *s, const struct host *h, struct str *out, struct err *e)
{
        AUTO_STR url = STR_MAX(1000);
        sheet_host_url(s, h, &url);
        str_add(out, "<td class=\"code\">");
        bool fine = qr_write(str_text(&url), out, e);
        str_add(out, "</td>");
        return fine;
}

static bool add_host(const struct sheet *s, const struct host *h, size_t number, struct str *out, struct err *e)
{
        AUTO_STR address = STR_MAX(200);
        host_address(h, &address);
        str_add(out, "<tr>");
        elementf(out, "td class=\"n\"", "%zu", number);
        add_name(out, h);
        str_add(out, "<td>");
        element(out, "span class=\"num\"", str_text(&address));
        if (h->address6)
                element(out, "small", h->address6);
        str_add(out, "</td>");
        add_identity(out, h);
        str_add(out, "<td class=\"disk\">");
        add_disks(out, h->set);
        str_add(out, "</td>");
        if (*s->status_url && !add_code(s, h, out, e))
                return false;
        add_ticks(out);
        str_add(out, "</tr>\n");
        return true;
}

static void add_heads(struct str *out, const char *const *heads, size_t n)
{
        str_add(out, "<table>\n<thead><tr>");
        for (size_t i = 0; i < n; i++)
                if (heads[i])
                        element(out, "th", heads[i]);
        str_add(out, "</tr></thead>\n<tbody>\n");
}

static void add_pool_row(struct str *out, const struct pool *p, size_t columns)
{
        str_addf(out, "<tr class=\"pool\"><td colspan=\"%zu\">", columns);
        sayf(out, _("Pool %s"), pool_name(p));
        if (p->description) {
                str_add(out, " ");
                elementf(out, "small", "· %s", p->description);
        }
        str_add(out, "</td></tr>\n");
}

bool sheet_machines(const struct sheet *s, struct str *out, struct err *e)
{
        const char *const heads[] = { "#", _("Host"), _("Address"), _("Network card, serial number"),
                _("Disk for the system"), *s->status_url ? _("Status page") : NULL, _("Result") };
        size_t number = 0;
        element(out, "h2", _("The servers in the order of the rack"));
        add_heads(out, heads, COUNT(heads));
        for (size_t i = 0; i < s->school->n_pools; i++) {
                const struct pool *p = s->school->pools[i];
                add_pool_row(out, p, COUNT(heads) - !*s->status_url);
                for (size_t k = 0; k < p->n_hosts; k++)
                        if (!add_host(s, p->hosts[k], ++number, out, e))
                                return false;
        }
        str_add(out, "</tbody>\n</table>\n");
        return true;
}

/* --- what is looked at before --- */

/* short: a column's head. */
static const struct {
        const char *head, *name, *text;
} checks[] = {
        { N_("VT on"), N_("Virtualisation on"),
                N_("Intel VT-x or AMD-V (SVM) enabled, and VT-d or IOMMU where there is one.") },
        { N_("Secure Boot off"), N_("Secure Boot off"), N_("The installer's boot loader is not started otherwise.") },
        { N_("Boot order"), N_("Boot order"),
                N_("The disk first. The stick, or the network card, is chosen once, in the start menu (often F8, F11 "
                   "or F12).") },
        { N_("Clock"), N_("Date and time"),
                N_("Today's date, and the time within a few minutes; a flat battery shows here.") },
        { N_("Cables"), N_("Cables"),
                N_("The management card, whose address is printed above, is in the switch and its light is on.") },
};

static void add_explanations(struct str *out)
{
        str_add(out, "<dl class=\"checks\">");
        for (size_t i = 0; i < COUNT(checks); i++) {
                str_add(out, "<div>");
                element(out, "dt", _(checks[i].name));
                element(out, "dd", _(checks[i].text));
                str_add(out, "</div>");
        }
        str_add(out, "</dl>\n");
}

static void add_check_row(struct str *out, const struct host *h, size_t number)
{
        str_add(out, "<tr>");
        elementf(out, "td class=\"n\"", "%zu", number);
        element(out, "td", h->name);
        for (size_t i = 0; i < COUNT(checks); i++)
                str_add(out, "<td class=\"check\"><i class=\"box\"></i></td>");
        str_add(out, "</tr>\n");
}

void sheet_checks(const struct sheet *s, struct str *out)
{
        size_t number = 0;
        element(out, "h2", _("Before the start: settings of the firmware (BIOS)"));
        add_explanations(out);
        str_add(out, "<table>\n<thead><tr>");
        element(out, "th", "#");
        element(out, "th", _("Host"));
        for (size_t i = 0; i < COUNT(checks); i++)
                element(out, "th class=\"check\"", _(checks[i].head));
        str_add(out, "</tr></thead>\n<tbody>\n");
        for (size_t i = 0; i < s->school->n_pools; i++)
                for (size_t k = 0; k < s->school->pools[i]->n_hosts; k++)
                        add_check_row(out, s->school->pools[i]->hosts[k], ++number);
        str_add(out, "</tbody>\n</table>\n");
}
