/* store.h - the events of all hosts and where each host stands: out/rollcall.db, or a PostgreSQL.
 *
 * What store_put returns true for is on the disk. Every transaction that changes something gets the next change number, in the order
 * in which they become visible, also when several processes write: who remembers a number can ask what came after it. */
#pragma once
#include "rollcall/database.h"
#include "rollcall/standing.h"

struct store;

/* where: NULL for rollcall.db in dir, else as database_open. Makes and migrates the tables; whoever may create it also has all of it
 * checked, which takes a second for a million events. ERR_INPUT when it is damaged or newer than this program. Caller closes. */
MUST_USE struct store *store_open(int dir, const char *where, bool create, struct err *e);
void store_close(struct store *);               /* NULL is fine */
struct database *store_database(struct store *);        /* for the modules that keep other things there */

/* Several changes as one. store_put and others outside of these are a transaction each. */
MUST_USE bool store_begin(struct store *, struct err *e);
MUST_USE bool store_commit(struct store *, struct err *e);
void store_rollback(struct store *);

/* These hosts are expected; those that were and are not in the list any more are kept, no longer expected. Only of the schools in the
 * list, so that a district's store takes several builds. */
struct expected_host { const char *school, *school_name, *pool, *pool_name, *host, *address, *mac, *serial; };
MUST_USE bool store_expect(struct store *, const struct expected_host *, size_t n, struct err *e);

/* Keeps the events (key filled in), those that it has already not twice, those without a school or host not at all; *fresh: how many were new. All or none. When it fails for
 * lack of room, store_is_full says so. */
MUST_USE bool store_put(struct store *, const struct event *, size_t n, size_t *fresh, struct err *e);
bool store_is_full(const struct store *);

/* How much of the packages has been served to the host: changes its row while it installs, and never goes down within an attempt. */
MUST_USE bool store_percent(struct store *, const char *school, const char *host, int percent, struct err *e);

MUST_USE bool store_last_change(struct store *, int64_t *change, struct err *e);

/* --- reading; each says false to stop --- */

/* Counts are those of the expected hosts; in a school of which none is expected, of all that were heard of. */
struct school_row {
        char school[NAME_MOST], name[200];
        int64_t hosts, by_standing[STANDINGS], overdue;
        int64_t heard;                  /* ms, newest of its hosts */
};
MUST_USE bool store_schools(struct store *, int64_t now, bool (*each)(void *arg, const struct school_row *), void *arg, struct err *e);

struct host_filter {                    /* NULL, 0: any */
        const char *school, *pool, *host;
        unsigned standings;             /* a bit 1 << enum standing for each of these */
        const char *search;             /* in school, its name, pool, host, address, MAC, serial, detail; any case */
        int64_t changed_since;          /* rows with a larger change number */
        bool worst_first;               /* failed, overdue, then the others; else school, pool, host */
        int64_t limit;                  /* 0 = all */
};
struct host_more { char school_name[200], pool_name[200], address[64], mac[32], serial[100]; };
MUST_USE bool store_hosts(struct store *, const struct host_filter *, bool (*each)(void *arg, const struct host_row *, const struct host_more *), void *arg, struct err *e);

struct event_row { int64_t seq; struct event event; int attempt; };
/* after: events with a larger seq; newest first when newest_first. school NULL: everybody's. */
struct event_filter { const char *school, *host; int64_t after, limit; bool newest_first; };
MUST_USE bool store_events(struct store *, const struct event_filter *, bool (*each)(void *arg, const struct event_row *), void *arg, struct err *e);

/* Events that somebody is still to get: those behind the cursor (cursor.h), of that school. */
struct store_hold {
        const char *cursor;             /* none of that name yet: nobody has got any */
        const char *school;             /* NULL: of all */
};
/* Removes events received before that moment (ms), at most most of them; *removed how many. What is held stays (NULL: nothing is), and
 * so does a host's row. What people did before it is removed as well. */
MUST_USE bool store_prune(struct store *, int64_t before, int64_t most, const struct store_hold *, int64_t *removed, struct err *e);
