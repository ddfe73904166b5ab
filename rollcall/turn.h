/* turn.h - of several processes on one PostgreSQL, one at a time carries; when it is gone for half a minute, another does.
 *
 * Clocks of these machines should agree by some seconds. When they do not, two may carry at once: events still count once. */
#pragma once
#include "rollcall/database.h"

struct turn {
        struct database *db;            /* borrowed */
        char me[33];
        int64_t until;                  /* ms; 0: not mine */
};

void turn_init(struct turn *, struct database *);
/* Takes it or keeps it. A database that nobody else writes to is always mine. False when the database is lost. */
MUST_USE bool turn_take(struct turn *, int64_t now, bool *mine, struct err *e);
void turn_give_back(struct turn *);
