/* store_parts.h - what the parts of the store know of each other. Private to the modules store*.
 *
 * The rows of hosts that were touched are kept in memory, small, so that an event costs one INSERT and a host one UPDATE a
 * transaction. Every row that is written bears the number of the transaction; who finds that numbers were given to others
 * re-reads what those wrote. A transaction takes its number first of all, which also makes the writers wait for each other. */
#pragma once
#include "rollcall/store.h"

struct kept {                           /* a host in memory */
        struct kept *next;              /* of the same slot */
        uint32_t hash;
        bool dirty;
        bool expected, started;
        int standing, before, stage, attempt, code, percent;
        int64_t id, since, heard, change;
        char *texts;                    /* owned: school, host, pool, step, outcome, detail, one after the other */
};

struct store {
        struct database *db;            /* owned */
        struct kept **slots;            /* owned */
        size_t n_slots, n_kept;
        struct kept **dirty;            /* borrowed from slots */
        size_t n_dirty, most_dirty;
        int64_t seen;                   /* all changes up to this number are in what is kept */
        int64_t number;                 /* of the transaction */
        bool begun, broken, full;
};

/* A transaction of its own, or part of one that was begun. */
MUST_USE bool store_enter(struct store *, bool *own, struct err *e);
MUST_USE bool store_leave(struct store *, bool own, bool fine, struct err *e);

/* The host as it is now, in the transaction; NULL and e untouched: there is none. */
struct kept *store_find(struct store *, const char *school, const char *host, struct err *e);
MUST_USE struct kept *store_find_or_make(struct store *, const struct event *, struct err *e);
void kept_row(const struct kept *, struct host_row *);
void store_keep(struct store *, struct kept *, const struct host_row *);        /* to be written at the end */
MUST_USE bool store_flush(struct store *, struct err *e);                       /* writes what is to be written */
MUST_USE bool store_catch_up(struct store *, struct err *e);                    /* re-reads what others wrote */
void store_forget(struct store *);                                              /* all that is kept */

#define HOST_COLUMNS                                                                                                   \
        "h.id, h.school, h.pool, h.host, h.expected, h.standing, h.attempt, h.started, h.earlier, h.stage, h.code, "    \
        "h.percent, h.since, h.heard, h.change, h.step, h.outcome, h.detail"
enum { N_HOST_COLUMNS = 18 };
void store_read_host(const struct rows *, struct host_row *);
