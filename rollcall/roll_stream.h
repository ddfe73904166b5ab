/* roll_stream.h - what the listeners of the page are sent: the last changes, as the same bytes for all of them.
 *
 * A change has a number; a listener has the number of the last one it knows. Who knows one that is too old to go on from is sent
 * `reload`. Thread-safe; nobody waits for a listener. */
#pragma once
#include "base/str.h"
#include <stdint.h>

struct streams;

enum { STREAM_KEEPS = 256, STREAM_BYTES = 4 << 20, STREAM_LARGEST = 1 << 20 };

struct streams *streams_new(void);
void streams_free(struct streams *);            /* NULL is fine; nobody may listen any more */

/* --- who listens --- */

/* from: the change that is known, -1 when that is not said. The listener's position is returned. */
int64_t streams_join(struct streams *, int64_t from);
void streams_leave(struct streams *);

struct stream_piece {                   /* whole events as they go out; borrowed until released */
        struct streams *of;
        unsigned uses;
        int64_t since, change;          /* what came after since, up to change */
        size_t length;
        char text[];
};
void stream_piece_release(struct stream_piece *);       /* NULL is fine */

enum stream_next { STREAM_PIECE, STREAM_NOTHING, STREAM_OVER };
/* Waits at most ms for what comes after the position, which is moved on. */
enum stream_next streams_next(struct streams *, int64_t *position, int ms, struct stream_piece **piece);

/* --- who finds out --- */

/* Waits at most ms until somebody listens. False when nobody does, or it is over. */
bool streams_wanted(struct streams *, int ms);
int64_t streams_position(struct streams *);     /* ask for what came after it */
/* json goes to everybody, as `change`; one that is too large becomes `reload`. Nothing when change is no news. */
void streams_add(struct streams *, int64_t change, struct bytes json);

void streams_stop(struct streams *);            /* it is over for all */
bool streams_stopped(struct streams *);
