/* recorder.h - keeps what the desk hands on, on a thread of its own: who decides what machines start waits for no
 * database that is locked, or away.
 *
 * What has come by the time it looks is kept with one commit. What nobody waited for any longer may be kept all the
 * same; told once more it is one event. */
#pragma once
#include "rollcall/store.h"

struct recorder;

/* dir, where: as of store_open, borrowed. Its thread begins with the first that there is to keep, so that until then the
 * process may fork; it opens the store, and tries again with the next when that is away. */
struct recorder *recorder_new(int dir, const char *where);
void recorder_free(struct recorder *); /* what is under way gets two seconds; NULL is fine */

enum recorded { RECORDED, RECORDED_NO_ROOM, RECORDED_NOT };

/* Waits for at most wait_ms until the events are on the disk, and not at all where somebody has just waited in vain. 0:
 * nobody waits, and RECORDED promises nothing. Else e (ERR_WORLD) is set. */
enum recorded recorder_put(struct recorder *, const struct event *, size_t n, int wait_ms, struct err *e);

/* As store_percent, some time. */
void recorder_percent(struct recorder *, const char *school, const char *host, int percent);
