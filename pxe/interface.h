/* interface.h - the network interfaces of this machine, and which one machines are to be installed through. */
#pragma once
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

struct interface {
        char name[16];                  /* "enp3s0" */
        int index;
        uint8_t mac[6];
        uint32_t address, mask;         /* IPv4, host byte order; 0 when it has none */
        bool up, wireless;
};

struct interface_list {
        struct interface *items;        /* owned */
        size_t n;
};
void interface_list_clear(struct interface_list *);

/* All but loopback; an interface with several addresses stands once for each. Bridges and bonds are listed, their members are not. */
MUST_USE bool interface_list(struct interface_list *, struct err *e);

/* name NULL: the only one that is up and has an IPv4 address; several: an error (ERR_USAGE) that lists them with their addresses and says
 * --interface. address 0: its only one; else it must be one of its addresses (--address). */
MUST_USE bool interface_choose(const struct interface_list *, const char *name, uint32_t address, struct interface *out, struct err *e);
