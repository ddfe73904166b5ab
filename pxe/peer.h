/* peer.h - who asks: the address of the other end of a connection, as text. */
#pragma once
#include <microhttpd.h>
#include <stdbool.h>

enum { PEER_SIZE = 46 };

/* "192.168.0.11", "?" when it is not known. With believe, a web server on this machine that hands requests on says whose they are
 * (X-Real-IP); nobody else is believed. True when the other end is on this machine. */
bool peer_find(struct MHD_Connection *, bool believe, char peer[PEER_SIZE]);
