/* state.h - the file out/state.db: opening, its version, its lock. Private to the modules that keep things in it. */
#pragma once
#include "pxe/arming.h"

#include <sqlite3.h>

struct arming {
        sqlite3 *db;            /* NULL: there is no file yet, and nobody asked for one */
        int dir;                /* of the file; its path goes through here. Owned */
};
