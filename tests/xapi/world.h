/* world.h - xapi as far as the facts say: hosts with their databases, the storage around them, and what calls do to both.
 *
 * A test instrument, and a strict one. Every call is held against the API of the world's release (class, message, number and
 * types of parameters); what the facts do not describe is refused with FAKE_DOES_NOT_KNOW and remembered as a complaint.
 * Single-threaded, no real time: whoever drives it (an HTTP server, a simulation) says how late it is, in milliseconds. The
 * same seed, scenario and order of requests give the same world. */
#pragma once
#include "base/str.h"
#include <stdint.h>

struct world;

/* scenario: lines of text, see tests/xapi/README.md. NULL and e set when it makes no sense. */
struct world *world_new(const char *scenario, uint64_t seed, struct err *e);
void world_free(struct world *);

/* --- hosts, by number from 0 in the scenario's order --- */

int world_hosts(const struct world *);
const char *world_host_name(const struct world *, int host);
const char *world_host_address(const struct world *, int host);
int world_host_at(const struct world *, const char *address);  /* -1: nobody has this address */

/* The host's file system: root's password is what etc/shadow there says, etc/xensource/pool.conf is written there, first-boot
 * stamps appear there as the scenario says, sys/class/net shows its cards. The folder's descriptor is borrowed. */
MUST_USE bool world_host_root(struct world *, int host, int dir, struct err *e);

/* --- requests --- */

enum via { VIA_SOCKET, VIA_TCP };
enum fate {
        FATE_ANSWER,                    /* status and body */
        FATE_REFUSED,                   /* connection refused: xapi is not running, or the network is down */
        FATE_DROPPED,                   /* the connection ends; body holds what came of the answer before (maybe nothing) */
};

struct world_reply {
        int64_t id;
        enum fate fate;
        int status;                     /* HTTP */
        struct str body;                /* the caller clears it */
};

/* An HTTP request's body arrives. from: the asking host's number, -1 for an administrator's computer; networks may be cut
 * between two. Returns the request's id; its reply comes from world_next, now or later. */
int64_t world_request(struct world *, int host, enum via, int from, const char *path, struct bytes body, int64_t now);
void world_abandon(struct world *, int64_t id);        /* the asking process is gone; what the call does is still done */

/* Lets everything happen that is due by now. True with one finished reply; call until false. */
bool world_next(struct world *, int64_t now, struct world_reply *);
int64_t world_due(const struct world *);                /* when something happens next by itself; INT64_MAX: never */

/* --- what tests do to it, and ask of it --- */

/* One line as in the scenario ("fault …", "cut …", "power-off xen2", …), now. */
MUST_USE bool world_do(struct world *, const char *line, int64_t now, struct err *e);

const char *world_complaints(const struct world *);    /* calls that no xapi would understand or that broke a rule of the test; "" */
unsigned world_calls(const struct world *, int host, int from);     /* requests of from to host; -1 = any */
unsigned world_mutations(const struct world *, const char *method); /* how often it changed something */
int64_t world_join_time(const struct world *);         /* milliseconds: sum over all joins, request to live and enabled */

/* The whole state in readable lines, the same for the same state: pools, hosts, networks, SRs, PBDs, VMs, other_config. */
void world_show(const struct world *, struct str *out);
/* Breaches of what must never be: two coordinators of one pool, an SR made twice or over foreign data, … ; "" */
const char *world_breaches(const struct world *);
