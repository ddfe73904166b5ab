/* store_test.h - what the cases of the store have in common: the store that is tried, events to put there, and what is
 * found then.
 *
 * Whatever is to succeed and does not ends the process with a line "not ok - …". */
#pragma once
#include "tests/unit/unit.h"
#include "base/cleanup.h"
#include "rollcall/store.h"

extern const char *where, *group; /* the store's file in the folder dir, or its URL; what the lines begin with */
extern int dir;

void must(bool fine, const struct err *e);
struct store *open_store(void);
struct store *fresh(void); /* on tables that are empty */

/* The host is one of nn36; number is the event's clock, and when it came, in seconds. */
struct event event_of(const char *host, enum stage_kind stage, const char *outcome, int64_t number);
size_t put(struct store *s, const struct event *events, size_t n); /* how many were new */
size_t put_one(struct store *s, const char *host, enum stage_kind stage, const char *outcome, int64_t number);
int64_t last_change(struct store *s);

/* The ways to try it. 0, or the program's code. */
int run_all(void);
int run_kill(int times);
int run_full(const char *ballast);
int run_away(void);
