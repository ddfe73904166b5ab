/* pxe: DHCP offers as they arrive, which interface is meant, who is a rival, and names in the hosts file. */
#include "tests/unit/unit.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "pxe/dnsmasq.h"
#include "pxe/interface.h"
#include "pxe/probe.h"
#include "pxe/rivals.h"

#include <stdlib.h>

/* ---- packets: options, fields, and then one byte that is changed */

enum { IP = 20, UDP = 8, BOOTP = 240, XID = 0x01020304, ROOM = 1500 };

#define OFFER "\65\1\2"
#define SERVER "\66\4\300\250\115\1"
#define BYTES(text) .options = text, .n_options = sizeof(text) - 1

static const struct row {
        const char *why;
        const char *options;
        size_t n_options;
        const char *file, *sname; /* 64 bytes of each at most; NULL = zero */
        int poke, value;          /* offset from the IP header on, and what is written there; poke 0 = nothing */
        bool stale;               /* the checksums are from before that */
        int cut;                  /* bytes of the packet that did not come */
        const char *want;         /* NULL = it is no offer */
} packets[] = {
        { "an offer", BYTES(OFFER SERVER "\3\4\300\250\115\376\377"),
                .want = "192.168.77.1 192.168.77.50 192.168.77.254 192.168.77.5 '' ''" },
        { "no end mark", BYTES(OFFER SERVER), .want = "192.168.77.1 192.168.77.50 0.0.0.0 192.168.77.5 '' ''" },
        { "padding between options", BYTES("\0\0" OFFER "\0" SERVER "\0\377"),
                .want = "192.168.77.1 192.168.77.50 0.0.0.0 192.168.77.5 '' ''" },
        { "bytes behind the end mark", BYTES(OFFER SERVER "\377\66\4\1\1\1\1"),
                .want = "192.168.77.1 192.168.77.50 0.0.0.0 192.168.77.5 '' ''" },
        { "without option 54 the sender counts", BYTES(OFFER "\377"),
                .want = "10.0.0.9 192.168.77.50 0.0.0.0 192.168.77.5 '' ''" },
        { "a boot file in its field", BYTES(OFFER SERVER "\377"), .file = "pxelinux.0",
                .want = "192.168.77.1 192.168.77.50 0.0.0.0 192.168.77.5 'pxelinux.0' ''" },
        { "option 67 goes before the field", BYTES(OFFER SERVER "\103\5a.efi\377"), .file = "pxelinux.0",
                .want = "192.168.77.1 192.168.77.50 0.0.0.0 192.168.77.5 'a.efi' ''" },
        { "option 67 with a NUL at its end", BYTES(OFFER SERVER "\103\6a.efi\0\377"),
                .want = "192.168.77.1 192.168.77.50 0.0.0.0 192.168.77.5 'a.efi' ''" },
        { "signs that steer a terminal", BYTES(OFFER SERVER "\103\4a\33[m\377"),
                .want = "192.168.77.1 192.168.77.50 0.0.0.0 192.168.77.5 'a?[m' ''" },
        { "a class", BYTES(OFFER SERVER "\74\11PXEClient\377"),
                .want = "192.168.77.1 192.168.77.50 0.0.0.0 192.168.77.5 '' 'PXEClient'" },
        { "a class that is too long is cut", BYTES(OFFER SERVER "\74\46PXEClientPXEClientPXEClientPXEClientAB\377"),
                .want = "192.168.77.1 192.168.77.50 0.0.0.0 192.168.77.5 '' 'PXEClientPXEClientPXEClientPXECl'" },
        { "several routers", BYTES(OFFER SERVER "\3\10\1\2\3\4\5\6\7\10\377"),
                .want = "192.168.77.1 192.168.77.50 1.2.3.4 192.168.77.5 '' ''" },
        { "options in the file field", BYTES(SERVER "\64\1\1\377"), .file = OFFER "\377",
                .want = "192.168.77.1 192.168.77.50 0.0.0.0 192.168.77.5 '' ''" },
        { "options in the name field", BYTES(SERVER "\64\1\2\377"), .sname = OFFER "\377", .file = "x",
                .want = "192.168.77.1 192.168.77.50 0.0.0.0 192.168.77.5 'x' ''" },
        { "options in both", BYTES("\64\1\3\377"), .sname = OFFER "\377", .file = SERVER "\377",
                .want = "192.168.77.1 192.168.77.50 0.0.0.0 192.168.77.5 '' ''" },
        { "a file field that is not said to hold options", BYTES(SERVER "\377"), .file = OFFER "\377" },
        { "an option that runs out of the file field", BYTES(OFFER SERVER "\64\1\1\377"), .file = "\14\376x" },
        { "a proxy: no address", BYTES(OFFER SERVER "\377"), .poke = IP + UDP + 16, .value = 0,
                .want = "192.168.77.1 0.168.77.50 0.0.0.0 192.168.77.5 '' ''" },
        { "overload 0", BYTES(OFFER SERVER "\64\1\0\377") },
        { "overload 4", BYTES(OFFER SERVER "\64\1\4\377") },
        { "overload of two bytes", BYTES(OFFER SERVER "\64\2\1\1\377") },
        { "an acknowledgement", BYTES("\65\1\5" SERVER "\377") },
        { "no type: plain BOOTP", BYTES(SERVER "\377") },
        { "a type of two bytes", BYTES("\65\2\2\2" SERVER "\377") },
        { "a server of three bytes", BYTES(OFFER "\66\3\1\2\3\377") },
        { "a router of six bytes", BYTES(OFFER SERVER "\3\6\1\2\3\4\5\6\377") },
        { "a router of no bytes", BYTES(OFFER SERVER "\3\0\377") },
        { "an empty class", BYTES(OFFER SERVER "\74\0\377") },
        { "an empty boot file", BYTES(OFFER SERVER "\103\0\377") },
        { "an option beyond the end", BYTES(OFFER SERVER "\14\12abc") },
        { "a code without a length at the end", BYTES(OFFER SERVER "\14") },
        { "no options at all", BYTES("") },
        { "a question, not an answer", BYTES(OFFER SERVER "\377"), .poke = IP + UDP, .value = 1 },
        { "not Ethernet", BYTES(OFFER SERVER "\377"), .poke = IP + UDP + 1, .value = 6 },
        { "a hardware address of 16 bytes", BYTES(OFFER SERVER "\377"), .poke = IP + UDP + 2, .value = 16 },
        { "somebody else's transaction", BYTES(OFFER SERVER "\377"), .poke = IP + UDP + 7, .value = 5 },
        { "no magic cookie", BYTES(OFFER SERVER "\377"), .poke = IP + UDP + 236, .value = 0 },
        { "IPv6", BYTES(OFFER SERVER "\377"), .poke = 0 + 1000, .value = 0x65 },
        { "TCP", BYTES(OFFER SERVER "\377"), .poke = 9, .value = 6 },
        { "from another port", BYTES(OFFER SERVER "\377"), .poke = IP + 1, .value = 68 },
        { "to another port", BYTES(OFFER SERVER "\377"), .poke = IP + 3, .value = 67 },
        { "more fragments to come", BYTES(OFFER SERVER "\377"), .poke = 6, .value = 0x20 },
        { "a later fragment", BYTES(OFFER SERVER "\377"), .poke = 7, .value = 1 },
        { "must not be fragmented is fine", BYTES(OFFER SERVER "\377"), .poke = 6, .value = 0x40,
                .want = "192.168.77.1 192.168.77.50 0.0.0.0 192.168.77.5 '' ''" },
        { "a header of four words", BYTES(OFFER SERVER "\377"), .poke = 1000, .value = 0x44 },
        { "a header longer than the packet", BYTES(OFFER SERVER "\377"), .poke = 1000, .value = 0x4f },
        { "a wrong header checksum", BYTES(OFFER SERVER "\377"), .poke = 8, .value = 1, .stale = true },
        { "a wrong UDP checksum", BYTES(OFFER SERVER "\377"), .poke = IP + UDP + 20, .value = 1, .stale = true },
        { "a UDP length beyond the packet", BYTES(OFFER SERVER "\377"), .poke = IP + 4, .value = 4 },
        { "a UDP length below the header", BYTES(OFFER SERVER "\377"), .poke = IP + 4, .value = 0 },
        { "a packet length beyond what came", BYTES(OFFER SERVER "\377"), .poke = 2, .value = 8 },
        { "one byte less", BYTES(OFFER SERVER "\377"), .cut = 1 },
        { "a header and nothing else", BYTES(OFFER SERVER "\377"), .cut = ROOM },
};

static void put16(unsigned char *p, unsigned v)
{
        p[0] = (unsigned char)(v >> 8);
        p[1] = (unsigned char)v;
}

static unsigned sum(const unsigned char *p, size_t n, unsigned total)
{
        for (size_t i = 0; i < n; i++)
                total += i & 1 ? p[i] : (unsigned)p[i] << 8;
        while (total >> 16)
                total = (total & 0xffff) + (total >> 16);
        return total;
}

static void mend(unsigned char *p, size_t n)
{
        put16(p + 10, 0);
        put16(p + 10, ~sum(p, IP, 0) & 0xffff);
        put16(p + IP + 6, 0);
        put16(p + IP + 6, ~sum(p + IP, n - IP, sum(p + 12, 8, 17 + (unsigned)(n - IP))) & 0xffff);
}

static size_t make_packet(const struct row *r, unsigned char p[ROOM])
{
        size_t n = IP + UDP + BOOTP + r->n_options;
        unsigned char *m = p + IP + UDP;
        memset(p, 0, ROOM);
        p[0] = 0x45;
        put16(p + 2, (unsigned)n);
        p[8] = 64;
        p[9] = 17;
        memcpy(p + 12, "\12\0\0\11\377\377\377\377", 8);
        put16(p + IP, 67);
        put16(p + IP + 2, 68);
        put16(p + IP + 4, (unsigned)(n - IP));
        memcpy(m, "\2\1\6\0\1\2\3\4", 8);
        memcpy(m + 16, "\300\250\115\62\300\250\115\5", 8);
        memcpy(m + 236, "\x63\x82\x53\x63", 4);
        memcpy(m + BOOTP, r->options, r->n_options);
        if (r->file)
                memcpy(m + 108, r->file, strlen(r->file));
        if (r->sname)
                memcpy(m + 44, r->sname, strlen(r->sname));
        mend(p, n);
        if (r->poke)
                p[r->poke % 1000] = (unsigned char)r->value;
        if (r->poke && !r->stale)
                mend(p, n);
        return (size_t)r->cut >= n ? IP : n - (size_t)r->cut;
}

static const char *shown(uint32_t a)
{
        static char text[4][16];
        static int at;
        at = (at + 1) % 4;
        snprintf(text[at], 16, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
        return text[at];
}

static void check_packets(void)
{
        for (size_t i = 0; i < sizeof(packets) / sizeof(*packets); i++) {
                unsigned char p[ROOM];
                char got[300] = "(no offer)";
                size_t n = make_packet(&packets[i], p);
                /* Exactly as large as it is, so that reading on is seen. */
                unsigned char *exact = malloc(n ? n : 1);
                struct dhcp_offer o;
                if (!exact)
                        exit(3);
                memcpy(exact, p, n);
                if (dhcp_parse_offer(exact, n, XID, &o))
                        snprintf(got, sizeof(got), "%s %s %s %s '%s' '%s'", shown(o.server), shown(o.address),
                                shown(o.router), shown(o.next_server), o.boot_file, o.vendor_class);
                free(exact);
                unit_same("offer", packets[i].why, got, packets[i].want ? packets[i].want : "(no offer)");
        }
}

/* Whatever the length, nothing beyond it is read. */
static void check_lengths(void)
{
        unsigned char p[ROOM];
        const struct row whole = { "", BYTES(OFFER SERVER "\64\1\3\377"), .file = "\377", .sname = "\377" };
        size_t n = make_packet(&whole, p), taken = 0;
        for (size_t length = 0; length <= n; length++) {
                unsigned char *exact = malloc(length ? length : 1);
                struct dhcp_offer o;
                if (!exact)
                        exit(3);
                memcpy(exact, p, length);
                taken += dhcp_parse_offer(exact, length, XID, &o);
                free(exact);
        }
        unit_case("offer", "of all its beginnings only the whole is taken", taken == 1, "");
}

/* ---- interfaces */

#define ETH                                                                                                            \
        {                                                                                                              \
                .name = "enp3s0", .index = 2, .address = 0xc0a80005, .mask = 0xffffff00, .up = true                    \
        }
#define ETH2                                                                                                           \
        {                                                                                                              \
                .name = "enp3s0", .index = 2, .address = 0x0a000005, .mask = 0xff000000, .up = true                    \
        }
#define WIFI                                                                                                           \
        {                                                                                                              \
                .name = "wlp2s0", .index = 3, .address = 0xc0a80105, .mask = 0xffffff00, .up = true, .wireless = true  \
        }
#define DOWN                                                                                                           \
        {                                                                                                              \
                .name = "enp4s0", .index = 4, .address = 0xc0a80205, .mask = 0xffffff00                                \
        }
#define BARE                                                                                                           \
        {                                                                                                              \
                .name = "enp5s0", .index = 5, .up = true                                                               \
        }

static const struct {
        const char *why;
        struct interface list[4];
        size_t n;
        const char *name;
        uint32_t address;
        const char *want; /* "name address", or what the sentence and its remedy hold */
        bool error;
} choices[] = {
        { "the only one", { ETH }, 1, NULL, 0, "enp3s0 192.168.0.5", false },
        { "the only one that is ready", { ETH, DOWN, BARE }, 3, NULL, 0, "enp3s0 192.168.0.5", false },
        { "by name", { ETH, WIFI }, 2, "wlp2s0", 0, "wlp2s0 192.168.1.5", false },
        { "by name, although it is not connected", { ETH, DOWN }, 2, "enp4s0", 0, "enp4s0 192.168.2.5", false },
        { "by address", { ETH, WIFI }, 2, NULL, 0xc0a80105, "wlp2s0 192.168.1.5", false },
        { "by name and address", { ETH, ETH2 }, 2, "enp3s0", 0x0a000005, "enp3s0 10.0.0.5", false },
        { "several", { ETH, WIFI }, 2, NULL, 0,
                "there are several network interfaces: enp3s0 192.168.0.5, wlp2s0 192.168.1.5 (wireless)|Say which one "
                "the machines are connected to: --interface",
                true },
        { "several addresses", { ETH, ETH2 }, 2, NULL, 0,
                "the network interface has several addresses: enp3s0 192.168.0.5, enp3s0 10.0.0.5|Say which address "
                "machines reach us by: --address",
                true },
        { "a name that is not there", { ETH, DOWN }, 2, "eth0", 0,
                "there is no network interface 'eth0'|The network interfaces here: enp3s0 192.168.0.5, enp4s0 "
                "192.168.2.5 (not connected).",
                true },
        { "an address that it does not have", { ETH }, 1, "enp3s0", 0x0a000006,
                "no network interface has that IPv4 address|The network interfaces here: enp3s0 "
                "192.168.0.5.",
                true },
        { "none is ready", { DOWN, BARE }, 2, NULL, 0,
                "no connected network interface has an IPv4 address|The network interfaces here: enp4s0 "
                "192.168.2.5 (not connected), enp5s0 (no IPv4 address).",
                true },
        { "none at all", { { .index = 0 } }, 0, NULL, 0,
                "no connected network interface has an IPv4 address|The network interfaces here: none.", true },
        { "one without an address", { BARE }, 1, "enp5s0", 0, "the network interface enp5s0 has no IPv4 address|",
                true },
};

static void check_choices(void)
{
        for (size_t i = 0; i < sizeof(choices) / sizeof(*choices); i++) {
                struct interface list[4], out;
                struct err e = ERR_INIT;
                char got[2000];
                memcpy(list, choices[i].list, sizeof(list));
                struct interface_list l = { list, choices[i].n };
                if (interface_choose(&l, choices[i].name, choices[i].address, &out, &e))
                        snprintf(got, sizeof(got), "%s %s", out.name, shown(out.address));
                else
                        snprintf(got, sizeof(got), "%s|%s", e.text, e.remedy);
                unit_same("interface", choices[i].why, got, choices[i].want);
                unit_case("interface", "it is a matter of usage", choices[i].error == (e.kind == ERR_USAGE),
                        choices[i].why);
        }
}

/* ---- rivals */

#define GIVES                                                                                                          \
        {                                                                                                              \
                .server = 0xc0a80001, .address = 0xc0a80032, .server_mac = { 2, 0, 0, 0, 0, 1 }                        \
        }
#define GIVES_TOO                                                                                                      \
        {                                                                                                              \
                .server = 0xc0a80002, .address = 0xc0a80033, .server_mac = { 2, 0, 0, 0, 0, 2 }                        \
        }
#define GIVES_FILE                                                                                                     \
        {                                                                                                              \
                .server = 0xc0a80001, .address = 0xc0a80032, .next_server = 0xc0a80001, .boot_file = "wds.0"           \
        }
#define NAMES_US                                                                                                       \
        {                                                                                                              \
                .server = 0xc0a80001, .address = 0xc0a80032, .next_server = 0xc0a80005, .boot_file = "lpxelinux.0"     \
        }
#define PROXY                                                                                                          \
        {                                                                                                              \
                .server = 0xc0a80003, .vendor_class = "PXEClient"                                                      \
        }
#define OUR_PROXY                                                                                                      \
        {                                                                                                              \
                .server = 0xc0a80005, .vendor_class = "PXEClient"                                                      \
        }

static const struct {
        const char *why;
        struct dhcp_offers offers;
        enum dhcp_mode mode;
        bool although;
        int refused, warned; /* XR numbers; 0 = no */
        const char *text;    /* in the refusal or warning */
} rivals[] = {
        { "alone", { .n = 0 }, DHCP_OURS, false, 0, 0, "" },
        { "one other", { { GIVES }, 1 }, DHCP_OURS, false, XR_DHCP_RIVAL, 0, "192.168.0.1 (MAC 02:00:00:00:00:01)" },
        { "two others", { { GIVES, GIVES_TOO }, 2 }, DHCP_OURS, false, XR_DHCP_RIVAL, 0,
                "192.168.0.1 (MAC 02:00:00:00:00:01), 192.168.0.2 (MAC 02:00:00:00:00:02)" },
        { "sixteen others",
                { { GIVES, GIVES, GIVES, GIVES, GIVES, GIVES, GIVES, GIVES, GIVES, GIVES, GIVES, GIVES, GIVES, GIVES,
                          GIVES, GIVES },
                        16 },
                DHCP_OURS, false, XR_DHCP_RIVAL, 0, "), ..." },
        { "one other, and that is meant", { { GIVES }, 1 }, DHCP_OURS, true, 0, 0, "" },
        { "a proxy is no rival, but in the way", { { PROXY }, 1 }, DHCP_OURS, false, 0, XR_DHCP_OTHER_PROXY,
                "192.168.0.3" },
        { "a proxy beside a server", { { PROXY, GIVES }, 2 }, DHCP_OURS, false, XR_DHCP_RIVAL, XR_DHCP_OTHER_PROXY,
                "192.168.0" },
        { "we are the proxy", { { GIVES }, 1 }, DHCP_PROXY, false, 0, 0, "" },
        { "we are the proxy, and heard", { { OUR_PROXY, GIVES }, 2 }, DHCP_PROXY, false, 0, 0, "" },
        { "a proxy, and nobody gives addresses", { .n = 0 }, DHCP_PROXY, false, 0, XR_DHCP_NOBODY,
                "nobody gives addresses" },
        { "two proxies", { { PROXY, GIVES }, 2 }, DHCP_PROXY, false, 0, XR_DHCP_OTHER_PROXY, "192.168.0.3" },
        { "another boot file", { { GIVES_FILE }, 1 }, DHCP_PROXY, false, 0, XR_DHCP_OTHER_FILE, "'wds.0'" },
        { "none, and the server names us", { { NAMES_US }, 1 }, DHCP_NONE, false, 0, 0, "" },
        { "none, and nobody names us", { { GIVES }, 1 }, DHCP_NONE, false, 0, XR_DHCP_NOT_NAMED, "boot from this one" },
        { "none, and no server", { .n = 0 }, DHCP_NONE, false, 0, XR_DHCP_NOT_NAMED, "boot from this one" },
        { "none, and another boot file", { { GIVES_FILE }, 1 }, DHCP_NONE, false, 0, XR_DHCP_OTHER_FILE, "'wds.0'" },
};

static void check_rivals(void)
{
        for (size_t i = 0; i < sizeof(rivals) / sizeof(*rivals); i++) {
                struct err e = ERR_INIT, w = ERR_INIT;
                bool fine = dhcp_rivals(&rivals[i].offers, rivals[i].mode, rivals[i].although, &e);
                bool warned = dhcp_warning(&rivals[i].offers, rivals[i].mode, 0xc0a80005, &w);
                char got[60], want[60];
                snprintf(got, sizeof(got), "refused %d, warned %d", fine ? 0 : e.code, warned ? w.code : 0);
                snprintf(want, sizeof(want), "refused %d, warned %d", rivals[i].refused, rivals[i].warned);
                unit_same("rivals", rivals[i].why, got, want);
                unit_case("rivals", "the sentence says who",
                        strstr(fine ? w.text : e.text, rivals[i].text) && (fine || e.kind == ERR_REFUSED),
                        rivals[i].why);
                unit_case("rivals", "the way out is spelled out",
                        fine || strstr(e.remedy, "--although-another-dhcp-server-answers"), rivals[i].why);
        }
}

/* ---- the hosts file */

static const struct {
        const char *name, *want; /* behind MAC and address */
} names[] = {
        { "xen1", ",xen1" },
        { "nn36-xen1.school.cn", ",nn36-xen1" },
        { "ignore", "" },
        { "IGNORE", "" },
        { "infinite", "" },
        { "36", "" },
        { "12h", "" },
        { "2d", "" },
        { "h12", ",h12" },
        { "12ha", ",12ha" },
        { "-a", "" },
        { "a-", "" },
        { "a,set:x", "" },
        { "a b", "" },
        { "", "" },
        { NULL, "" },
        { ".a", "" },
        { "\xe4\xbd\xa0", "" },
        { "a23456789012345678901234567890123456789012345678901234567890123",
                ",a23456789012345678901234567890123456789012345678901234567890123" },
        { "a234567890123456789012345678901234567890123456789012345678901234", "" },
};

static void check_names(void)
{
        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
                AUTO_STR conf = STR_MAX(1 << 16), hosts = STR_MAX(1 << 16), want = STR_MAX(300);
                struct reservation r = { { 2, 0, 0, 0xab, 0, 1 }, 0xc0a80032, names[i].name };
                struct dnsmasq_wish w = {
                        .mode = DHCP_OURS, .folder = "/f", .http_base = "", .ipxe_script = "", .hosts = &r, .n_hosts = 1
                };
                dnsmasq_print(&w, &conf, &hosts);
                str_addf(&want, "02:00:00:ab:00:01,192.168.0.50%s\n", names[i].want);
                unit_same("hosts file", names[i].name ? names[i].name : "(none)", str_text(&hosts), str_text(&want));
        }
}

int main(void)
{
        check_packets();
        check_lengths();
        check_choices();
        check_rivals();
        check_names();
        return 0;
}
