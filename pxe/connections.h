/* connections.h - the connections that are open, and which of them have to move by when.
 *
 * The library's own timeout begins anew with every byte: a client that sends one now and then would keep its place for ever.
 * Here a request has to be complete by a fixed moment, however slowly it trickles. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connections;                     /* thread-safe */
struct connection;                      /* one that is open */

/* state_size: bytes that each connection has for its owner's use, zero at first. Memory is touched by those in use only. */
struct connections *connections_new(size_t most, size_t state_size, int seconds);
void connections_free(struct connections *);    /* NULL is fine; none may be open */

/* Its deadline is set. NULL when there are too many. The socket is shut down when it does not move in time. */
struct connection *connections_begin(struct connections *, int socket);
void connections_end(struct connections *, struct connection *);        /* before the socket is closed */
void *connection_state(struct connection *);

/* A request is complete: what follows is up to us and to how it is read. */
void connection_moves(struct connection *);
/* The next request, or its body, has to be complete within the seconds. */
void connection_waits(struct connections *, struct connection *);

/* Ends those that are late. To be called about once a second. How many. */
size_t connections_sweep(struct connections *);
