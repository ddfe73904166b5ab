/* probe.h - which DHCP servers answer on a network: one DHCPDISCOVER, and every offer that comes back.
 *
 * Nothing is taken: an offer that is not asked for lapses. */
#pragma once
#include "pxe/interface.h"

struct dhcp_offer {
        uint32_t server;                /* who offers: option 54, else the sender; host byte order */
        uint32_t address;               /* what it offers; 0 = a proxy, which offers boot files only */
        uint32_t router, next_server;
        char boot_file[129];            /* "" = none; foreign text, printable ASCII only */
        char vendor_class[33];          /* option 60, "PXEClient" from a proxy */
        uint8_t server_mac[6];
};

enum { MOST_OFFERS = 16 };
struct dhcp_offers {
        struct dhcp_offer items[MOST_OFFERS];   /* one for each server */
        size_t n;
};

/* Sends to the broadcast address of that interface and listens for wait_ms. as_pxe: asks as a PXE client would (option 93 = 0 and 60 =
 * PXEClient), so that proxies answer too. ERR_WORLD when it may not (needs CAP_NET_RAW) or the link is down. */
MUST_USE bool dhcp_probe(const struct interface *, bool as_pxe, int wait_ms, struct dhcp_offers *out, struct err *e);

/* One packet from the network: an Ethernet payload from its IPv4 header on. False when it is no offer to this transaction. */
bool dhcp_parse_offer(const uint8_t *packet, size_t n, uint32_t xid, struct dhcp_offer *out);
