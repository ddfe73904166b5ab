#include "rollcall/courier.h"
#include "base/file.h"
#include "base/now.h"
#include "rollcall/carrier.h"
#include "rollcall/cursor.h"
#include "rollcall/forward.h"
#include "rollcall/notice.h"
#include "rollcall/turn.h"

#include <stdlib.h>
#include <time.h>

enum { LOOK_MS = 1000, WORK_MS = 2000, ROUND_MS = 500 };

struct courier {
        struct courier_config config;
        struct carrier *carrier;
        struct forward *forward; /* NULL: no upstream */
        struct notices *notices; /* NULL: nobody to tell */
        struct turn turn;
        bool stale;     /* others may have carried since the parts were opened */
        int64_t change; /* the last that was looked at; -1: none */
};

static void close_parts(struct courier *c)
{
        forward_free(c->forward);
        notices_free(c->notices);
        carrier_free(c->carrier);
        c->forward = NULL;
        c->notices = NULL;
        c->carrier = NULL;
        c->change = -1;
}

static bool open_parts(struct courier *c, struct err *e)
{
        const struct expected *x = c->config.expected;
        close_parts(c);
        if (!(c->carrier = carrier_new(e)))
                return false;
        if (x->upstream.url && !(c->forward = forward_new(&c->config, c->carrier, e)))
                return false;
        return !x->n_notices || (c->notices = notices_new(&c->config, c->carrier, e));
}

struct courier *courier_new(const struct courier_config *config, struct err *e)
{
        struct courier *c = calloc(1, sizeof(*c));
        if (!c)
                file_out_of_memory();
        c->config = *config;
        if (!c->config.status_url)
                c->config.status_url = "";
        turn_init(&c->turn, store_database(config->store));
        expected_use_timezone(config->expected);
        if (open_parts(c, e))
                return c;
        courier_free(c);
        return NULL;
}

void courier_free(struct courier *c)
{
        if (!c)
                return;
        close_parts(c);
        turn_give_back(&c->turn);
        free(c);
}

static bool busy(const struct courier *c)
{
        return (c->forward && forward_busy(c->forward)) || (c->notices && notices_busy(c->notices));
}

static int64_t wait_for(const struct courier *c)
{
        int64_t wait = LOOK_MS, other = c->forward ? forward_wait(c->forward) : -1;
        if (other >= 0 && other < wait)
                wait = other;
        other = c->notices ? notices_wait(c->notices) : -1;
        return other >= 0 && other < wait ? other : wait;
}

static bool work_once(struct courier *c, struct err *e)
{
        int64_t change = 0;
        if (!store_last_change(c->config.store, &change, e))
                return false;
        bool fresh = change != c->change;
        c->change = change;
        return (!c->forward || forward_work(c->forward, fresh, e)) &&
               (!c->notices || notices_work(c->notices, fresh, e));
}

/* Who takes over goes on from what the store knows. */
static bool take_turn(struct courier *c, bool *mine, struct err *e)
{
        if (!turn_take(&c->turn, c->config.now(), mine, e))
                return false;
        if (*mine && c->stale && !open_parts(c, e))
                return false;
        c->stale = !*mine;
        return true;
}

static bool work(struct courier *c, int *wait, struct err *e)
{
        int64_t until = now_steady() + WORK_MS;
        bool mine = false;
        if (!take_turn(c, &mine, e))
                return false;
        *wait = LOOK_MS;
        if (!mine)
                return true;
        do {
                if (!work_once(c, e))
                        return false;
                if (busy(c))
                        carrier_work(c->carrier, ROUND_MS);
        } while ((busy(c) || !wait_for(c)) && now_steady() < until);
        *wait = busy(c) ? 0 : (int)wait_for(c);
        return true;
}

/* What was under way when the store was lost is taken from there again when it is back. */
bool courier_work(struct courier *c, int *wait, struct err *e)
{
        if (work(c, wait, e))
                return true;
        c->stale = true;
        return false;
}
