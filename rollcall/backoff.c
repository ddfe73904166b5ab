#include "rollcall/backoff.h"

void backoff_clear(struct backoff *b) { *b = (struct backoff){ 0 }; }

void backoff_failed(struct backoff *b, int64_t now, uint32_t chance, int64_t asked)
{
        int64_t most = BACKOFF_FIRST;
        for (int i = 0; i < b->failures && most < BACKOFF_LONGEST; i++)
                most *= 2;
        if (most > BACKOFF_LONGEST)
                most = BACKOFF_LONGEST;
        int64_t wait = most / 2 + chance % (most / 2 + 1);
        if (asked > BACKOFF_ASKED)
                asked = BACKOFF_ASKED;
        b->failures += b->failures < 100;
        b->due = now + (wait > asked ? wait : asked);
}

void backoff_stuck(struct backoff *b, int64_t now)
{
        b->failures += b->failures < 100;
        b->due = now + BACKOFF_LONGEST;
}

void backoff_until(struct backoff *b, int64_t due) { b->due = due; }

int64_t backoff_wait(const struct backoff *b, int64_t now)
{
        int64_t wait = b->due - now;
        return wait <= 0 || wait > BACKOFF_ASKED ? 0 : wait;
}
