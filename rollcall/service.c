#include "rollcall/service.h"
#include "base/i18n.h"
#include "rollcall/forward.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>

enum {
        TICK_MS = 1000,
        PRUNE_MS = 3600 * 1000,
        PRUNE_AT_ONCE = 2000,      /* events; then who asks has his turn */
        WORTH_A_THREAD = 64 << 10, /* bytes of bodies */
};

struct held {
        int line;
        struct received_ask question;
        bool admitted;
        struct posted *posted; /* owned; NULL: its body has not been read yet */
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
        if (h->posted)
                answers_take(s->config->answers, &h->question.ask, h->posted, &h->reply);
        else
                answers_answer(s->config->answers, &h->question.ask, &h->reply);
}

/* --- reading ahead --- */

/* To read a body takes as long as to keep its events: while those of one are kept, the next is read. */
struct reading {
        struct held *held;
        size_t n;
        sem_t done; /* one for each that is read */
        pthread_t thread;
        bool runs;
};

static void *read_all(void *arg)
{
        struct reading *r = arg;
        for (size_t i = 0; i < r->n; i++) {
                if (r->held[i].admitted)
                        r->held[i].posted = posted_read(&r->held[i].question.ask);
                sem_post(&r->done);
        }
        return NULL;
}

static void reading_start(struct reading *r, const struct answers *a)
{
        size_t bytes = 0;
        for (size_t i = 0; i < r->n; i++) {
                bytes += r->held[i].question.ask.body.len;
                r->held[i].admitted = answers_admit(a, &r->held[i].question.ask);
        }
        if (bytes < WORTH_A_THREAD || sem_init(&r->done, 0, 0) < 0)
                return;
        r->runs = pthread_create(&r->thread, NULL, read_all, r) == 0;
        if (!r->runs)
                sem_destroy(&r->done);
}

/* The next in the list is read, or is not going to be. */
static void reading_await(struct reading *r)
{
        while (r->runs && sem_wait(&r->done) < 0 && errno == EINTR)
                ;
}

static void reading_end(struct reading *r)
{
        if (!r->runs)
                return;
        pthread_join(r->thread, NULL);
        sem_destroy(&r->done);
        r->runs = false;
}

/* --- keeping --- */

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
 * them only, and who can be helped is. A database that is held or away is the same for all, and waited for once. */
static void keep_all(struct service *s, struct held *held, size_t n)
{
        struct store *store = s->config->store;
        struct err e = ERR_INIT;
        struct reading reading = { .held = held, .n = n };
        bool begun = store_begin(store, &e), fine = begun;
        for (size_t i = 0; i < n && !begun; i++)
                fail(s, &held[i], store_is_full(store), &e);
        if (begun)
                reading_start(&reading, s->config->answers);
        for (size_t i = 0; fine && i < n; i++) {
                reading_await(&reading);
                answer(s, &held[i]);
                fine = held[i].reply.status < 500;
        }
        reading_end(&reading);
        if (!begun)
                return;
        if (fine && store_commit(store, &e))
                return succeed(s);
        store_rollback(store);
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
        posted_free(h->posted);
        received_ask_clear(&h->question);
}

static bool one_round(struct service *s, const struct pollfd *fds, struct err *e)
{
        struct held held[ROLL_LINES];
        size_t n, n_events;
        bool fine = collect(s, fds, held, &n, &n_events, e);
        if (n_events == 1)
                keep_one(s, &held[0]);
        else if (n_events)
                keep_all(s, held, n_events);
        for (size_t i = 0; i < n_events; i++)
                reply_to(&held[i]);
        for (size_t i = n_events; i < n; i++) {
                answer(s, &held[i]);
                if (!strcmp(held[i].question.ask.method, "POST"))
                        s->ticked = 0; /* it may have armed somebody, which the page wants to see */
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
