#include "rollcall/sheet_parts.h"
#include "base/embed.h"
#include "base/i18n.h"

#include <string.h>

EMBED(sheet_css, "rollcall/sheet.css");

/* --- marks --- */

void sayf(struct str *out, const char *fmt, ...)
{
        char text[4096];
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        say(out, text);
}

void element(struct str *out, const char *tag, const char *text)
{
        str_addf(out, "<%s>", tag);
        say(out, text);
        str_addf(out, "</%.*s>", (int)strcspn(tag, " "), tag);
}

void elementf(struct str *out, const char *tag, const char *fmt, ...)
{
        char text[4096];
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        element(out, tag, text);
}

/* --- what the parts ask of the plan --- */

const struct settings *school_settings(const struct school *s)
{
        for (size_t i = 0; i < s->n_pools; i++)
                if (s->pools[i]->n_hosts)
                        return s->pools[i]->hosts[0]->set;
        return NULL;
}

const struct host *pool_coordinator(const struct pool *p)
{
        for (size_t i = 0; i < p->n_hosts; i++)
                if (p->hosts[i]->coordinator)
                        return p->hosts[i];
        return NULL;
}

void host_address(const struct host *h, struct str *out)
{
        char text[IP4_TEXT];
        str_add(out, h->address.given ? ip4_text(h->address.addr, text) : _("by DHCP"));
}

void sheet_host_url(const struct sheet *s, const struct host *h, struct str *out)
{
        str_addf(out, "%s/#%s/%s", s->status_url, s->school->id, h->name);
}

/* --- the head of the page --- */

static size_t count_hosts(const struct school *s)
{
        size_t n = 0;
        for (size_t i = 0; i < s->n_pools; i++)
                n += s->pools[i]->n_hosts;
        return n;
}

static void add_header(const struct sheet *s, struct str *out)
{
        size_t hosts = count_hosts(s->school);
        const char *district = s->plan->district_name ? s->plan->district_name : s->plan->district_id;
        str_add(out, "<header><div>");
        element(out, "p class=\"kind\"", _("Hand-over sheet of the servers"));
        element(out, "h1", school_name(s->school));
        str_add(out, "</div><div class=\"of\">");
        if (district)
                element(out, "b", district);
        elementf(out, "span", ngettext("%s · %zu server", "%s · %zu servers", hosts), s->date, hosts);
        str_add(out, "<br>");
        say(out, s->plan->release ? s->plan->release->product : "");
        str_add(out, "</div></header>\n");
}

static void add_fact(struct str *out, const char *name, const char *value)
{
        if (!value || !*value)
                return;
        str_add(out, "<div>");
        element(out, "dt", name);
        element(out, "dd", value);
        str_add(out, "</div>");
}

static void add_ip_fact(struct str *out, const char *name, const struct ip4 *ip)
{
        char text[IP4_TEXT];
        add_fact(out, name, ip->given ? ip4_text(ip->addr, text) : NULL);
}

static void add_list_fact(struct str *out, const char *name, const struct text_list *list)
{
        AUTO_STR all = STR_MAX(2000);
        for (size_t i = 0; i < list->n; i++)
                str_addf(&all, "%s%s", i ? ", " : "", list->items[i]);
        add_fact(out, name, str_text(&all));
}

static void add_facts(const struct sheet *s, struct str *out)
{
        const struct school *school = s->school;
        const struct settings *set = school_settings(school);
        char subnet[IP4_TEXT + 8] = "", ip[IP4_TEXT];
        if (school->subnet.given)
                snprintf(subnet, sizeof(subnet), "%s/%d", ip4_text(school->subnet.addr, ip), school->subnet.prefix);
        str_add(out, "<dl class=\"facts\">");
        add_fact(out, _("School's id"), school->id);
        add_fact(out, _("Management network"), subnet);
        add_ip_fact(out, _("Gateway"), &school->gateway);
        add_ip_fact(out, _("Boot server"), &school->boot_server);
        if (set) {
                add_list_fact(out, _("Name servers"), &set->dns);
                add_list_fact(out, _("Time servers"), &set->ntp);
                add_fact(out, _("Time zone"), set->timezone);
        }
        add_fact(out, _("Status page"), s->status_url);
        str_add(out, "</dl>\n");
}

bool sheet_write(const struct sheet *s, struct str *out, struct err *e)
{
        /* TRANSLATORS: the language of the translation as HTML names it: zh-CN */
        str_addf(out, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n", _("en"));
        str_add(out, "<meta name=\"viewport\" content=\"width=device-width\">\n");
        elementf(out, "title", "%s · %s", school_name(s->school), _("Hand-over sheet of the servers"));
        str_add(out, "\n<style>\n");
        str_addn(out, sheet_css, (size_t)(sheet_css_end - sheet_css));
        str_add(out, "</style>\n</head>\n<body>\n");
        add_header(s, out);
        add_facts(s, out);
        if (!sheet_machines(s, out, e))
                return false;
        sheet_checks(s, out);
        sheet_ways(s, out);
        sheet_pools(s, out);
        sheet_connect(s, out);
        sheet_trouble(s, out);
        sheet_sign(s, out);
        str_add(out, "</body>\n</html>\n");
        return str_ok(out, _("the hand-over sheet"), e);
}
