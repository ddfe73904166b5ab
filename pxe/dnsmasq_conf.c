/* The text of dnsmasq.conf. Its comments are English in every language: it is read by whoever knows dnsmasq. */
#include "pxe/dnsmasq.h"

#include <ctype.h>
#include <string.h>

const char *const dhcp_mode_names[] = { "dhcp", "proxy", "none", NULL };

/* iPXE puts the MAC of the card that it starts from here. Plain ${mac} would be the first card's. */
#define OF_THIS_CARD "${netX/mac}"

enum { MOST_TRANSFERS = 500 }; /* machines that load by TFTP at the same time; dnsmasq's own limit is 50 */

static void add_address(struct str *out, uint32_t a)
{
        str_addf(out, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

static void add_line_with_address(struct str *out, const char *before, uint32_t a, const char *after)
{
        str_add(out, before);
        add_address(out, a);
        str_add(out, after);
}

static void add_start(const struct dnsmasq_wish *w, struct str *out)
{
        static const char *const about[] = { "this machine gives the addresses", "another server gives the addresses",
                "TFTP only" };
        str_addf(out, "# dnsmasq.conf - written by xenroll, anew at every start. Mode %s: %s.\n\n",
                dhcp_mode_names[w->mode], about[w->mode]);
        str_add(out,
                "# No name server: port 53 stays with whoever has it. Nothing of this machine's own settings gets in.\n"
                "port=0\nno-hosts\nno-resolv\n\n");
        str_addf(out,
                "# Only this network card; another dnsmasq on another card goes on undisturbed.\n"
                "interface=%s\nexcept-interface=lo\nbind-interfaces\n\n",
                w->on.name);
        str_add(out, "# The log goes to xenroll. No file in /run that the system's own dnsmasq could be looking for.\n"
                     "log-facility=-\npid-file\n");
        if (w->user)
                str_addf(out, "\n# Nothing here needs more rights than these.\nuser=%s\n", w->user);
}

static void add_tftp(const struct dnsmasq_wish *w, struct str *out)
{
        str_addf(out,
                "\n# The loaders, read-only. Everything larger comes over HTTP.\n"
                "enable-tftp\ntftp-root=%s/tftp\ntftp-max=%d\n",
                w->folder, MOST_TRANSFERS);
}

/* Needed in both modes: who asks. Firmware that is not served gets no tag. */
static void add_tags(const struct dnsmasq_wish *w, struct str *out)
{
        str_add(out, "\n# Who asks: option 93 says which firmware. iPXE is told by what it says of itself.\n");
        if (w->bios_loader)
                str_add(out, "dhcp-match=set:bios,option:client-arch,0\n");
        if (w->uefi_loader)
                str_add(out, "dhcp-match=set:uefi,option:client-arch,7\n"
                             "dhcp-match=set:uefi,option:client-arch,9\n"
                             "dhcp-match=set:http,option:client-arch,16\n");
        str_add(out, "dhcp-match=set:ipxe,175\n"
                     "dhcp-userclass=set:ipxe,iPXE\n");
}

static void add_boot_files(const struct dnsmasq_wish *w, struct str *out)
{
        str_add(out, "\n# What each of them loads. Others, such as 32-bit UEFI, are told nothing.\n");
        if (w->bios_loader) {
                str_addf(out, "dhcp-boot=tag:bios,tag:!ipxe,%s", w->bios_loader);
                add_line_with_address(out, ",,", w->address, "\n");
        }
        if (w->uefi_loader) {
                str_addf(out, "dhcp-boot=tag:uefi,tag:!ipxe,%s", w->uefi_loader);
                add_line_with_address(out, ",,", w->address, "\n");
                str_addf(out, "dhcp-boot=tag:http,tag:!ipxe,%s%s", w->http_base, w->uefi_loader);
                add_line_with_address(out, ",,", w->address, "\n");
        }
        str_addf(out, "dhcp-boot=tag:ipxe,%s" OF_THIS_CARD, w->ipxe_script);
        add_line_with_address(out, ",,", w->address, "\n");
}

static size_t count_range(const struct dnsmasq_wish *w)
{
        return w->range_first ? (size_t)(w->range_last - w->range_first) + 1 : 0;
}

static void add_range(const struct dnsmasq_wish *w, struct str *out)
{
        if (w->range_first) {
                str_add(out, "\n# Hosts of the build get their own address, other machines one from here. They are "
                             "told apart by MAC alone: firmware,\n"
                             "# loader and installer of one machine call themselves differently.\n");
                add_line_with_address(out, "dhcp-range=", w->range_first, ",");
                add_line_with_address(out, "", w->range_last, ",");
                add_line_with_address(out, "", w->on.mask, ",12h\ndhcp-ignore-clid\n");
                return;
        }
        str_add(out, "\n# Only hosts of the build get an address; nobody else hears anything from us.\n");
        add_line_with_address(out, "dhcp-range=", w->on.address & w->on.mask, ",static,");
        add_line_with_address(out, "", w->on.mask, ",12h\ndhcp-ignore=tag:!known\n");
}

static void add_network_options(const struct dnsmasq_wish *w, struct str *out)
{
        str_add(out, "\n# Gateway and name servers. An empty one keeps dnsmasq from naming this machine.\n");
        if (w->gateway)
                add_line_with_address(out, "dhcp-option=3,", w->gateway, "\n");
        else
                str_add(out, "dhcp-option=3\n");
        str_add(out, "dhcp-option=6");
        for (size_t i = 0; i < w->n_dns; i++)
                add_line_with_address(out, ",", w->dns[i], "");
        str_add(out, "\n");
}

static void add_dhcp(const struct dnsmasq_wish *w, struct str *out)
{
        add_range(w, out);
        str_addf(out,
                "dhcp-hostsfile=%s/hosts\n"
                "# Which address is whose, kept over a restart; not in the file of the system's own dnsmasq.\n"
                "dhcp-leasefile=%s/leases\n"
                "# Room for all of them: dnsmasq's own limit is 1000.\n"
                "dhcp-lease-max=%zu\n",
                w->folder, w->folder, w->n_hosts + count_range(w) + 100);
        if (!w->beside_another)
                str_add(out, "# No other server is here: a machine that comes with an address of another network is "
                             "told at once.\ndhcp-authoritative\n");
        add_network_options(w, out);
        add_tags(w, out);
        add_boot_files(w, out);
        str_add(out, "\n# Server and file stand where every firmware looks for them, not in the room for options.\n"
                     "dhcp-no-override\n"
                     "# iPXE need not wait for a proxy.\n"
                     "dhcp-option=tag:ipxe,encap:175,176,1b\n");
        if (w->uefi_loader)
                str_add(out, "# UEFI takes a URL only from a server that calls itself "
                             "HTTPClient.\ndhcp-option-force=tag:http,60,HTTPClient\n");
}

static void add_service(const struct dnsmasq_wish *w, int architecture, const char *file, struct str *out)
{
        str_addf(out, "pxe-service=tag:!ipxe,%d,\"xenroll\",%s", architecture, file);
        add_line_with_address(out, ",", w->address, "\n");
}

static void add_proxy(const struct dnsmasq_wish *w, struct str *out)
{
        str_add(out, "\n# No address is given: only what to boot is added to what the other server says.\n");
        add_line_with_address(out, "dhcp-range=", w->on.address & w->on.mask, ",proxy,");
        add_line_with_address(out, "", w->on.mask, "\n");
        str_addf(out,
                "# It stays empty, but without it dnsmasq opens the one of the system's own "
                "dnsmasq.\ndhcp-leasefile=%s/leases\n",
                w->folder);
        add_tags(w, out);
        str_add(out, "# Who is none of them is not answered: an empty answer would only "
                     "confuse.\ndhcp-ignore=tag:!bios,tag:!uefi,tag:!http,tag:!ipxe\n");
        add_boot_files(w, out);
        str_add(out, "\n# Without a service for its firmware a machine is not answered. With exactly one it starts "
                     "that, without a menu.\n"
                     "# The numbers are those of option 93.\n");
        if (w->bios_loader)
                add_service(w, 0, w->bios_loader, out);
        if (w->uefi_loader) {
                add_service(w, 7, w->uefi_loader, out);
                add_service(w, 9, w->uefi_loader, out);
        }
        if (w->uefi_loader && !w->old_dnsmasq)
                str_add(out, "# UEFI HTTP boot calls itself HTTPClient and wants to be called "
                             "so.\ndhcp-pxe-vendor=PXEClient,HTTPClient\n");
}

/* In a line of the hosts file, dnsmasq takes a word that looks like a time for how long an address is lent, and
 * "ignore" for an order. */
static bool is_plain_name(const char *name, size_t n)
{
        bool time_like = isdigit((unsigned char)*name);
        for (size_t i = 0; i < n; i++) {
                if (!isalnum((unsigned char)name[i]) && name[i] != '-')
                        return false;
                if (i + 1 < n)
                        time_like = time_like && isdigit((unsigned char)name[i]);
        }
        bool order = (n == 6 && !strncasecmp(name, "ignore", 6)) || (n == 8 && !strncasecmp(name, "infinite", 8));
        return n && n < 64 && !time_like && !order && *name != '-' && name[n - 1] != '-';
}

static void add_host(const struct reservation *r, struct str *out)
{
        const uint8_t *m = r->mac;
        size_t n = r->name ? strcspn(r->name, ".") : 0;
        str_addf(out, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
        if (r->address)
                add_line_with_address(out, ",", r->address, "");
        if (n && is_plain_name(r->name, n)) {
                str_add(out, ",");
                str_addn(out, r->name, n);
        }
        str_add(out, "\n");
}

void dnsmasq_print(const struct dnsmasq_wish *w, struct str *conf, struct str *hosts)
{
        add_start(w, conf);
        add_tftp(w, conf);
        if (w->mode == DHCP_PROXY)
                add_proxy(w, conf);
        if (w->mode != DHCP_OURS)
                return;
        add_dhcp(w, conf);
        for (size_t i = 0; i < w->n_hosts; i++)
                add_host(&w->hosts[i], hosts);
}
