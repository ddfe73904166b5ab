#include "pxe/interface.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <fcntl.h>

static bool in_sysfs(const char *name, const char *what)
{
        char path[80];
        snprintf(path, sizeof(path), "/sys/class/net/%s/%s", name, what);
        return access(path, F_OK) == 0;
}

/* A VRF is a master too, and its members stay networks of their own. */
static bool is_member(const char *name)
{
        char text[512] = "", path[80];
        if (!in_sysfs(name, "master"))
                return false;
        snprintf(path, sizeof(path), "/sys/class/net/%s/master/uevent", name);
        AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
        text[n > 0 ? n : 0] = '\0';
        return !strstr(text, "DEVTYPE=vrf");
}

static void add(struct interface_list *l, const struct interface *i)
{
        struct interface *more = reallocarray(l->items, l->n + 1, sizeof(*more));
        if (!more)
                file_out_of_memory();
        l->items = more;
        l->items[l->n++] = *i;
}

/* The kernel names each interface once as a link, which has its MAC, and once for each address. */
static void add_links(struct interface_list *l, const struct ifaddrs *all)
{
        for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
                if (!a->ifa_addr || a->ifa_addr->sa_family != AF_PACKET || a->ifa_flags & IFF_LOOPBACK ||
                        is_member(a->ifa_name))
                        continue;
                struct interface i = { .up = (a->ifa_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING) };
                const struct sockaddr_ll *ll = (const void *)a->ifa_addr;
                /* Only what carries Ethernet frames can be booted through: no tunnel, no PPP. */
                if (ll->sll_halen != sizeof(i.mac) || strlen(a->ifa_name) >= sizeof(i.name))
                        continue;
                memcpy(i.mac, ll->sll_addr, sizeof(i.mac));
                snprintf(i.name, sizeof(i.name), "%s", a->ifa_name);
                i.index = ll->sll_ifindex;
                i.wireless = in_sysfs(i.name, "wireless") || in_sysfs(i.name, "phy80211");
                add(l, &i);
        }
}

static uint32_t ipv4_of(const struct sockaddr *a)
{
        return a ? ntohl(((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr) : 0;
}

static void add_addresses(struct interface_list *l, size_t links, const struct ifaddrs *all)
{
        for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
                if (!a->ifa_addr || a->ifa_addr->sa_family != AF_INET)
                        continue;
                char name[sizeof(((struct interface *)0)->name)];
                /* A second address may carry a label of its own: "eth0:1". */
                snprintf(name, sizeof(name), "%.*s", (int)strcspn(a->ifa_name, ":"), a->ifa_name);
                for (size_t i = 0; i < links; i++) {
                        if (strcmp(l->items[i].name, name))
                                continue;
                        struct interface with = l->items[i];
                        with.address = ipv4_of(a->ifa_addr);
                        with.mask = ipv4_of(a->ifa_netmask);
                        if (l->items[i].address)
                                add(l, &with);
                        else
                                l->items[i] = with;
                        break;
                }
        }
}

static int by_index(const void *a, const void *b)
{
        const struct interface *x = a, *y = b;
        if (x->index != y->index)
                return x->index < y->index ? -1 : 1;
        return (x->address > y->address) - (x->address < y->address);
}

bool interface_list(struct interface_list *l, struct err *e)
{
        *l = (struct interface_list){ 0 };
        struct ifaddrs *all = NULL;
        if (getifaddrs(&all) < 0)
                return err_sys(e, _("listing the network interfaces"));
        add_links(l, all);
        add_addresses(l, l->n, all);
        freeifaddrs(all);
        if (l->n)
                qsort(l->items, l->n, sizeof(*l->items), by_index);
        return true;
}

void interface_list_clear(struct interface_list *l)
{
        free(l->items);
        *l = (struct interface_list){ 0 };
}

static void add_shown(struct str *out, const struct interface *i)
{
        str_addf(out, "%s%s", out->len ? ", " : "", i->name);
        if (i->address)
                str_addf(out, " %u.%u.%u.%u", i->address >> 24, i->address >> 16 & 255, i->address >> 8 & 255,
                        i->address & 255);
        else
                str_addf(out, " (%s)", _("no IPv4 address"));
        if (!i->up)
                str_addf(out, " (%s)", _("not connected"));
        if (i->wireless)
                str_addf(out, " (%s)", _("wireless"));
}

/* What the wish leaves: those of that name, or those that are ready; then those of that address. */
static bool is_meant(const struct interface *i, const char *name, uint32_t address)
{
        if (name ? strcmp(i->name, name) != 0 : !i->up || !i->address)
                return false;
        return !address || i->address == address;
}

static bool refuse_none(const struct interface_list *l, const char *name, uint32_t address, struct err *e)
{
        AUTO_STR all = STR_MAX(600);
        bool known = false;
        for (size_t i = 0; i < l->n; i++) {
                add_shown(&all, &l->items[i]);
                known = known || (name && !strcmp(l->items[i].name, name));
        }
        if (name && !known)
                err_set(e, ERR_USAGE, _("there is no network interface '%s'"), name);
        else if (address)
                err_set(e, ERR_USAGE, _("no network interface has that IPv4 address"));
        else
                err_set(e, ERR_USAGE, _("no connected network interface has an IPv4 address"));
        snprintf(e->remedy, sizeof(e->remedy), _("The network interfaces here: %s."), all.len ? all.ptr : _("none"));
        return false;
}

static bool refuse_several(
        const struct interface_list *l, const char *name, uint32_t address, bool one_name, struct err *e)
{
        AUTO_STR all = STR_MAX(600);
        for (size_t i = 0; i < l->n; i++)
                if (is_meant(&l->items[i], name, address))
                        add_shown(&all, &l->items[i]);
        err_set(e, ERR_USAGE,
                one_name ? _("the network interface has several addresses: %s")
                         : _("there are several network interfaces: %s"),
                str_text(&all));
        snprintf(e->remedy, sizeof(e->remedy), "%s",
                one_name ? _("Say which address machines reach us by: --address")
                         : _("Say which one the machines are connected to: --interface"));
        return false;
}

bool interface_choose(
        const struct interface_list *l, const char *name, uint32_t address, struct interface *out, struct err *e)
{
        const struct interface *found = NULL;
        bool several = false, one_name = true;
        for (size_t i = 0; i < l->n; i++) {
                if (!is_meant(&l->items[i], name, address))
                        continue;
                several = several || found;
                one_name = one_name && (!found || !strcmp(found->name, l->items[i].name));
                found = &l->items[i];
        }
        if (several)
                return refuse_several(l, name, address, one_name, e);
        if (!found)
                return refuse_none(l, name, address, e);
        if (!found->address)
                return err_set(e, ERR_USAGE, _("the network interface %s has no IPv4 address"), found->name);
        *out = *found;
        return true;
}
