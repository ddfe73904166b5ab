/* server.h - the fake over real sockets: HTTP on unix sockets below each host's root, HTTP and HTTPS on its address.
 *
 * One thread. Where a host's xapi does not run nobody listens, so that its clients are refused as by the real one. */
#pragma once
#include "tests/xapi/world.h"

struct server_options {
        const char *roots;   /* folder of folders, one per host by its name */
        const char *control; /* unix socket that takes lines; NULL = none */
        const char *ready;   /* file that appears when all listen; NULL = none */
        int speed;           /* virtual milliseconds per real one */
        int http, https;     /* ports; 0 = none */
        bool local; /* no TCP at the hosts' addresses: all on 127.0.0.1, ports counted up by the host's number */
};

/* Until a "quit" over the control socket or a signal that ends the process. False and e set when it cannot start. */
bool server_run(struct world *, const struct server_options *, struct err *e);

/* --- its parts --- */

struct ssl_ctx_st;
/* A self-signed certificate for the host, kept in its root: NULL and e set on failure. */
struct ssl_ctx_st *tls_context(int root, const char *address, struct err *e);
void tls_context_free(struct ssl_ctx_st *);

struct http_request {
        char method[8], path[128];
        struct bytes body;
        size_t whole; /* bytes that it takes of the buffer */
        bool closes;
        const char *odd; /* what no client of xapi may send; NULL */
};
/* 1: a whole request; 0: more is to come; -1: no HTTP. */
int http_read(const struct str *in, struct http_request *);
void http_write(struct str *out, int status, struct bytes body, size_t pretended, bool closes);
