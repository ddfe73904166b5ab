/* backoff.h - when something that failed is worth another try: after 1 s, then twice as long each time, up to 5
 * minutes.
 *
 * Each wait is drawn between half of that and all of it, so that the schools of a district do not all come back in the
 * same second. Times are ms since 1970 of a clock that may be set: a moment further away than any wait is taken for
 * past. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum { BACKOFF_FIRST = 1000, BACKOFF_LONGEST = 5 * 60 * 1000, BACKOFF_ASKED = 60 * 60 * 1000 };

struct backoff {      /* all zero: nothing has failed */
        int failures; /* in a row */
        int64_t due;
};

void backoff_clear(struct backoff *);
/* chance: any number, the jitter; asked: ms that the other side wants to be left alone, 0 = not said; believed up to
 * BACKOFF_ASKED. */
void backoff_failed(struct backoff *, int64_t now, uint32_t chance, int64_t asked);
/* Nothing to be hoped for soon: somebody has to mend something. Always BACKOFF_LONGEST. */
void backoff_stuck(struct backoff *, int64_t now);
/* Not failed, but not before that moment. */
void backoff_until(struct backoff *, int64_t due);
/* ms until it is due; 0: now. */
int64_t backoff_wait(const struct backoff *, int64_t now);
