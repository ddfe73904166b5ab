#include "rollcall/service.h"
#include "base/i18n.h"
#include "rollcall/forward.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

enum {
        TICK_MS = 1000,
        PRUNE_MS = 3600 * 1000,
        PRUNE_AT_ONCE = 2000, /* events; then who asks has his turn */
};

struct held {
        int line;
        struct received_ask question;
        struct reply reply;
};

struct service {
        const struct service_config *config;
        int lines[ROLL_LINES]; /* -1: ended */
        size_t open_lines;
        int64_t ticked, pruned;
        bool troubled;
};

/* --- events --- */

static void fail(struct service *s, struct held *h, bool full, const struct err *e)
{
        reply_clear(&h->reply);
        h->reply.status = full ? 507 : 503;
        if (!s->troubled && s->config->say) {
                AUTO_STR line = STR_MAX(2000);
                str_addf(&line, _("events cannot be kept: %s"), e->text);
                s->config->say(str_text(&line));
        }
        s->troubled = true;
}

static void succeed(struct service *s)
{
        if (s->troubled && s->config->say)
                s->config->say(_("events can be kept again"));
        s->troubled = false;
}

static void answer(struct service *s, struct held *h)
{
        reply_clear(&h->reply);
        answers_answer(s->config->answers, &h->question.ask, &h->reply);
}

static void keep_one(struct service *s, struct held *h)
{
        struct err e = ERR_INIT;
        bool fine = store_begin(s->config->store, &e);
        if (fine)
                answer(s, h);
        bool refused = fine && h->reply.status >= 500, full = refused && h->reply.status == 507;
        if (refused)
                (void)err_set(
                        &e, ERR_WORLD, "%.*s", (int)strcspn(str_text(&h->reply.body), "\n"), str_text(&h->reply.body));
        else
                fine = fine && store_commit(s->config->store, &e);
        if (fine && !refused) {
                if (h->reply.status < 300)
                        succeed(s);
                return;
        }
        full = full || store_is_full(s->config->store);
        store_rollback(s->config->store);
        fail(s, h, full, &e);
}

/* One commit for all. When that is not to be had each is tried by itself: what stands in the way may be about one of
 * them only, and who can be helped is. */
static void keep_all(struct service *s, struct held *held, size_t n)
{
        struct err e = ERR_INIT;
        bool fine = n > 1 && store_begin(s->config->store, &e);
        for (size_t i = 0; fine && i < n; i++) {
                answer(s, &held[i]);
                fine = held[i].reply.status < 500;
        }
        if (fine && store_commit(s->config->store, &e)) {
                succeed(s);
                return;
        }
        if (n > 1)
                store_rollback(s->config->store);
        for (size_t i = 0; i < n; i++)
                keep_one(s, &held[i]);
}

/* --- a round --- */

/* Events come first in the list. False when a line talks nonsense. */
static bool collect(
        struct service *s, const struct pollfd *fds, struct held *held, size_t *n, size_t *n_events, struct err *e)
{
        *n = *n_events = 0;
        for (size_t i = 0; i < ROLL_LINES; i++) {
                struct held h = { .line = s->lines[i], .reply = REPLY_INIT };
                bool over = false;
                if (s->lines[i] < 0 || !fds[i].revents)
                        continue;
                if (!backend_receive(h.line, &h.question, &over, e)) {
                        if (!over)
                                return false;
                        s->lines[i] = -1;
                        s->open_lines--;
                        *e = (struct err)ERR_INIT;
                        continue;
                }
                held[*n] = h;
                if (answers_is_events(&h.question.ask)) {
                        held[*n] = held[*n_events];
                        held[(*n_events)++] = h;
                }
                (*n)++;
        }
        return true;
}

/* One that has gone meanwhile is found out by the next poll. */
static void reply_to(struct held *h)
{
        struct err gone = ERR_INIT;
        (void)!backend_reply(h->line, &h->reply, &gone);
        reply_clear(&h->reply);
        received_ask_clear(&h->question);
}

static bool one_round(struct service *s, const struct pollfd *fds, struct err *e)
{
        struct held held[ROLL_LINES];
        size_t n, n_events;
        bool fine = collect(s, fds, held, &n, &n_events, e);
        if (n_events)
                keep_all(s, held, n_events);
        for (size_t i = 0; i < n_events; i++)
                reply_to(&held[i]);
        for (size_t i = n_events; i < n; i++) {
                answer(s, &held[i]);
                reply_to(&held[i]);
        }
        return fine;
}

/* --- from time to time --- */

/* Where nothing is forwarded to any more, nothing is kept for: its cursor is not asked. */
static bool prune(const struct service_config *c, int64_t before, int64_t *removed, struct err *e)
{
        char name[FORWARD_CURSOR];
        struct store_hold hold = { name, c->upstream->school };
        if (!c->upstream->url)
                return store_prune(c->store, before, PRUNE_AT_ONCE, NULL, removed, e);
        forward_cursor(c->upstream, name);
        return store_prune(c->store, before, PRUNE_AT_ONCE, &hold, removed, e);
}

/* What does not succeed is due again in a second, or in an hour; events tell of the same trouble, and louder. */
static void tick(struct service *s)
{
        const struct service_config *c = s->config;
        struct err ignored = ERR_INIT;
        int64_t now = c->now(), removed = 0;
        if (now < s->ticked + TICK_MS && now >= s->ticked)
                return;
        s->ticked = now;
        if (c->watch)
                (void)!arming_watch_look(c->watch, now, &ignored);
        if (now < s->pruned + PRUNE_MS && now >= s->pruned)
                return;
        ignored = (struct err)ERR_INIT;
        bool fine = prune(c, now - c->keep_ms, &removed, &ignored);
        if (!fine || removed < PRUNE_AT_ONCE)
                s->pruned = now;
}

bool service_run(const struct service_config *c, struct err *e)
{
        struct service s = { .config = c, .open_lines = ROLL_LINES };
        memcpy(s.lines, c->lines, sizeof(s.lines));
        while (s.open_lines) {
                struct pollfd fds[ROLL_LINES];
                for (size_t i = 0; i < ROLL_LINES; i++)
                        fds[i] = (struct pollfd){ .fd = s.lines[i], .events = POLLIN };
                tick(&s);
                int ready = poll(fds, ROLL_LINES, TICK_MS);
                if (ready < 0 && errno != EINTR)
                        return err_sys(e, _("waiting for requests"));
                if (ready > 0 && !one_round(&s, fds, e))
                        return false;
        }
        return true;
}
