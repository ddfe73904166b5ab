/* serve_network.h - the network side of `xenroll serve`: which interface, who gives addresses, what dnsmasq is told. */
#pragma once
#include "cmd/netbuild.h"
#include "pxe/dnsmasq.h"

struct network_choice {                 /* as on the command line; NULL = not given */
        const char *interface, *address, *dhcp, *range, *school;
        bool enrol, second_server;
        bool offline;                   /* ask nobody on the network: only text is wanted */
};

struct serve_network {
        struct dnsmasq_wish wish;       /* all but the loaders and the folder */
        char address[20];
        struct reservation *hosts;      /* owned */
        size_t without_mac;             /* hosts that get no reservation */
        uint32_t dns[8];
};
void serve_network_clear(struct serve_network *);

/* Asks the network who gives addresses (a few seconds), and refuses to be a second one unless told. */
MUST_USE bool serve_network_choose(const struct network_choice *, struct netbuild *, struct serve_network *, struct err *e);
