#include "pxe/rivals.h"
#include "base/rule.h"

#include <string.h>

enum { NAMED = 400 }; /* bytes of names in a sentence: a handful of servers */

static void add_server(struct str *out, const struct dhcp_offer *o, bool with_file)
{
        const uint8_t *m = o->server_mac;
        if (out->len > NAMED - 200) {
                if (out->ptr[out->len - 1] != '.')
                        str_add(out, ", ...");
                return;
        }
        str_addf(out, "%s%u.%u.%u.%u (MAC %02x:%02x:%02x:%02x:%02x:%02x)", out->len ? ", " : "", o->server >> 24,
                o->server >> 16 & 255, o->server >> 8 & 255, o->server & 255, m[0], m[1], m[2], m[3], m[4], m[5]);
        if (with_file)
                str_addf(out, " '%.120s'", o->boot_file);
}

bool dhcp_offers_addresses(const struct dhcp_offers *all)
{
        for (size_t i = 0; i < all->n; i++)
                if (all->items[i].address)
                        return true;
        return false;
}

bool dhcp_rivals(const struct dhcp_offers *all, enum dhcp_mode mode, bool although, struct err *e)
{
        AUTO_STR names = STR_MAX(NAMED);
        if (mode != DHCP_OURS || although || !dhcp_offers_addresses(all))
                return true;
        for (size_t i = 0; i < all->n; i++)
                if (all->items[i].address)
                        add_server(&names, &all->items[i], false);
        return err_refuse(e, XR_DHCP_RIVAL, str_text(&names), NULL);
}

static bool names_us(const struct dhcp_offer *o, uint32_t ours) { return o->next_server == ours && *o->boot_file; }

static bool is_other_proxy(const struct dhcp_offer *o, uint32_t ours) { return !o->address && o->server != ours; }

static bool is_other_file(const struct dhcp_offer *o, uint32_t ours)
{
        return o->address && *o->boot_file && !names_us(o, ours);
}

/* Those of one kind, as a text; NULL when there are none. */
static const char *name_all(const struct dhcp_offers *all, bool (*is)(const struct dhcp_offer *, uint32_t),
        uint32_t ours, bool files, struct str *out)
{
        str_reset(out);
        for (size_t i = 0; i < all->n; i++)
                if (is(&all->items[i], ours))
                        add_server(out, &all->items[i], files);
        return out->len ? out->ptr : NULL;
}

bool dhcp_warning(const struct dhcp_offers *all, enum dhcp_mode mode, uint32_t ours, struct err *warning)
{
        AUTO_STR names = STR_MAX(NAMED);
        const char *proxies = name_all(all, is_other_proxy, ours, false, &names);
        if (proxies)
                return !err_rule(warning, XR_DHCP_OTHER_PROXY, proxies, NULL);
        if (mode == DHCP_PROXY && !dhcp_offers_addresses(all))
                return !err_rule(warning, XR_DHCP_NOBODY, NULL);
        const char *files = name_all(all, is_other_file, ours, true, &names);
        if (files && mode != DHCP_OURS)
                return !err_rule(warning, XR_DHCP_OTHER_FILE, files, NULL);
        if (mode == DHCP_NONE && !name_all(all, names_us, ours, false, &names))
                return !err_rule(warning, XR_DHCP_NOT_NAMED, NULL);
        return false;
}
