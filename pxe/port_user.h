/* port_user.h - who has a UDP port already.
 *
 * dnsmasq shares port 67 with any other dnsmasq without a word, and a DHCP server on this very machine never hears our own probe:
 * so the kernel is asked. */
#pragma once
#include "pxe/interface.h"

struct port_user {
        int port;
        int pid;                        /* 0 = not to be found: a kernel socket, or another user's process */
        char program[64];               /* "dnsmasq", foreign text, printable ASCII only */
};

/* True when a socket would take what arrives for one of the ports at this interface's address: bound to all addresses or to this one, and
 * to no other interface. No interface (NULL): any socket on the port. ERR_NONE in e unless the kernel could not be asked. */
bool port_user_find(const struct interface *, const int *ports, size_t n, struct port_user *out, struct err *e);
