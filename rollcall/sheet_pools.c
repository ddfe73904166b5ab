/* The pools of the sheet: what the hosts have in common, and how people get at it. */
#include "rollcall/sheet_parts.h"
#include "base/i18n.h"

#include <string.h>

static const char *const storage_types[SR_TYPES] = { [SR_NFS] = "NFS",
        [SR_ISCSI] = "iSCSI",
        [SR_HBA] = N_("fibre channel"),
        [SR_SMB] = "SMB",
        [SR_ISO_NFS] = N_("images (NFS)"),
        [SR_ISO_SMB] = N_("images (SMB)"),
        [SR_LOCAL] = N_("each host's own disk") };

static void add_cards(const struct network *n, struct str *out)
{
        if (!n->n_bond)
                return sayf(out, _("card %d"), n->nic);
        AUTO_STR cards = STR_MAX(100);
        for (size_t i = 0; i < n->n_bond; i++)
                str_addf(&cards, "%s%d", i ? " + " : "", n->bond[i]);
        sayf(out, _("cards %s together (%s)"), str_text(&cards), n->mode);
}

static void add_name(struct str *out, const char *name, const char *description)
{
        str_add(out, "<td class=\"name\">");
        element(out, "b", name);
        if (description)
                element(out, "small", description);
        str_add(out, "</td>");
}

static void add_network(const struct network *n, struct str *out)
{
        char first[IP4_TEXT], last[IP4_TEXT];
        str_add(out, "<tr>");
        add_name(out, n->name, n->description);
        str_add(out, "<td>");
        add_cards(n, out);
        str_add(out, "</td>");
        if (n->vlan)
                elementf(out, "td", "%d", n->vlan);
        else
                element(out, "td", "–");
        if (n->first)
                elementf(out, "td class=\"num\"", "%s – %s /%d", ip4_text(n->first, first), ip4_text(n->last, last),
                        n->prefix);
        else
                element(out, "td", "–");
        str_add(out, "</tr>\n");
}

static void begin_table(struct str *out, const char *const *heads, size_t n)
{
        str_add(out, "<table>\n<thead><tr>");
        for (size_t i = 0; i < n; i++)
                element(out, "th", heads[i]);
        str_add(out, "</tr></thead>\n<tbody>\n");
}

static void end_table(struct str *out) { str_add(out, "</tbody>\n</table>\n"); }

static void add_networks(const struct pool *p, struct str *out)
{
        const char *const heads[] = { _("Network"), _("Network cards, counted from 0"), "VLAN",
                _("Addresses of the hosts") };
        if (!p->n_networks)
                return;
        begin_table(out, heads, COUNT(heads));
        for (size_t i = 0; i < p->n_networks; i++)
                add_network(&p->networks[i], out);
        end_table(out);
}

static void add_place(const struct storage *s, struct str *out)
{
        AUTO_STR place = STR_MAX(2000);
        for (size_t i = 0; i < s->n_portals; i++)
                str_addf(&place, "%s%s", i ? ", " : "", s->portals[i].text);
        if (s->server.text)
                str_addf(&place, "%s%s%s", s->server.text, s->path && *s->path != '/' ? "/" : ":",
                        s->path ? s->path : "");
        if (s->iqn)
                str_addf(&place, " %s", s->iqn);
        if (s->lun >= 0)
                str_addf(&place, " LUN %d", s->lun);
        else if (s->lun_serial || s->scsi_id)
                str_addf(&place, " LUN %s", s->lun_serial ? s->lun_serial : s->scsi_id);
        element(out, "td", place.len ? str_text(&place) : "–");
}

static void add_uses(const struct pool *p, const struct storage *s, struct str *out)
{
        const struct {
                bool is;
                const char *text;
        } uses[] = { { s->is_default, _("default") },
                { p->ha.heartbeat && !strcmp(p->ha.heartbeat, s->name), _("heartbeat") },
                { s->suspend, _("suspended machines") }, { s->crash_dump, _("crash dumps") } };
        AUTO_STR text = STR_MAX(400);
        for (size_t i = 0; i < COUNT(uses); i++)
                if (uses[i].is)
                        str_addf(&text, "%s%s", text.len ? ", " : "", uses[i].text);
        element(out, "td", text.len ? str_text(&text) : "–");
}

static void add_storages(const struct pool *p, struct str *out)
{
        const char *const heads[] = { _("Storage"), _("Kind"), _("Where"), _("Used as") };
        if (!p->n_storage)
                return;
        begin_table(out, heads, COUNT(heads));
        for (size_t i = 0; i < p->n_storage; i++) {
                const struct storage *s = &p->storage[i];
                str_add(out, "<tr>");
                add_name(out, s->name, s->description);
                element(out, "td", _(storage_types[s->type]));
                add_place(s, out);
                add_uses(p, s, out);
                str_add(out, "</tr>\n");
        }
        end_table(out);
}

static void add_sentence(const struct pool *p, struct str *out)
{
        const struct host *c = pool_coordinator(p);
        str_add(out, "<p>");
        if (p->n_hosts > 1 && c)
                sayf(out, _("Coordinator: %s."), c->name);
        if (p->ha.heartbeat) {
                str_add(out, " ");
                sayf(out,
                        ngettext("High availability: on, %d host may fail.",
                                "High availability: on, %d hosts may fail.", (unsigned long)p->ha.tolerate),
                        p->ha.tolerate);
        }
        if (p->n_vms) {
                str_add(out, " ");
                sayf(out, ngettext("%zu virtual machine is created.", "%zu virtual machines are created.", p->n_vms),
                        p->n_vms);
        }
        str_add(out, "</p>\n");
}

void sheet_pools(const struct sheet *s, struct str *out)
{
        element(out, "h2", _("Pools, networks and storage"));
        for (size_t i = 0; i < s->school->n_pools; i++) {
                const struct pool *p = s->school->pools[i];
                element(out, "h3", pool_name(p));
                add_sentence(p, out);
                add_networks(p, out);
                add_storages(p, out);
        }
}

/* --- how people get at it --- */

static void add_addresses(const struct sheet *s, struct str *out)
{
        const char *const heads[] = { _("Pool"), _("Host to connect to"), _("Address"), _("User") };
        begin_table(out, heads, COUNT(heads));
        for (size_t i = 0; i < s->school->n_pools; i++) {
                const struct host *c = pool_coordinator(s->school->pools[i]);
                AUTO_STR address = STR_MAX(200);
                if (!c)
                        continue;
                host_address(c, &address);
                str_add(out, "<tr>");
                element(out, "td", pool_name(c->pool));
                element(out, "td", c->name);
                element(out, "td class=\"num\"", str_text(&address));
                element(out, "td class=\"num\"", "root");
                str_add(out, "</tr>\n");
        }
        end_table(out);
}

void sheet_connect(const struct sheet *s, struct str *out)
{
        const char *const ways[][2] = {
                { "XenCenter / XCP-ng Center", _("Server → Add…, the address, user root and the password. All hosts of "
                                                 "the pool appear below it.") },
                { "Xen Orchestra", _("Settings → Servers → Add: the address, user root, the password; switch on "
                                     "“unauthorized certificates”, since hosts sign their own.") },
                { "xe", _("Log in to the coordinator with ssh root@ADDRESS; 'xe host-list' and 'xe sr-list' show what "
                          "is there.") },
        };
        str_add(out, "<div class=\"whole\">");
        element(out, "h2", _("How to connect"));
        add_addresses(s, out);
        str_add(out, "<ul>");
        for (size_t i = 0; i < COUNT(ways); i++) {
                str_add(out, "<li>");
                element(out, "b", ways[i][0]);
                str_add(out, ": ");
                say(out, ways[i][1]);
                str_add(out, "</li>");
        }
        str_add(out, "</ul>\n");
        element(out, "p", _("The password is not printed here: the administrator who wrote the site file has it."));
        str_add(out, "</div>\n");
}
