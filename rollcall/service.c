#include "rollcall/service.h"
#include "base/i18n.h"
#include "base/now.h"
#include "base/rule.h"
#include "rollcall/forward.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>

enum {
        TICK_MS = 1000,
        PRUNE_MS = 3600 * 1000,
        PRUNE_AT_ONCE = 2000, /* events; then who asks has his turn */
        MOST_AHEAD = 4 << 20, /* bytes of bodies read before their turn; their events take several times as many */
};

struct held {
        int line;
        struct received_ask question;
        struct posted *posted; /* owned; what its body says, when it is of events and who asks may tell any */
        struct reply reply;
};

struct service {
        const struct service_config *config;
        int64_t ticked, pruned, failed; /* failed: when events could not be kept */
        bool troubled, stale;           /* stale: there is another build, and it has been said */
        /* Questions are read by a thread of their own: to read the body of many events takes as long as to keep them.
         */
        pthread_t reader;
        pthread_mutex_t lock; /* of what follows */
        pthread_cond_t moved;
        struct held queue[ROLL_LINES]; /* one of each line at most: it waits for its reply */
        size_t queued, bytes;          /* bytes: of their bodies */
        bool over;                     /* no more will come */
        struct err failure;            /* why, unless the web server has ended */
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
        s->failed = s->config->now();
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
        bool begun = store_begin(store, &e), fine = begun;
        for (size_t i = 0; i < n && !begun; i++)
                fail(s, &held[i], store_is_full(store), &e);
        for (size_t i = 0; fine && i < n; i++) {
                answer(s, &held[i]);
                fine = held[i].reply.status < 500;
        }
        if (!begun)
                return;
        if (fine && store_commit(store, &e))
                return succeed(s);
        store_rollback(store);
        for (size_t i = 0; i < n; i++)
                keep_one(s, &held[i]);
}

/* --- without a store --- */

static bool turn_away(int line, bool *over, struct err *e)
{
        struct received_ask question;
        struct reply reply = REPLY_INIT;
        if (!backend_receive(line, &question, over, e))
                return false;
        reply.status = 503;
        snprintf(reply.type, sizeof(reply.type), "text/plain; charset=utf-8");
        str_addf(&reply.fields, "Retry-After: 5\n");
        str_addf(&reply.body, "%s\n", _("The database of the roll call is away; it is tried again every few seconds."));
        bool fine = backend_reply(line, &reply, e);
        reply_clear(&reply);
        received_ask_clear(&question);
        return fine;
}

bool service_turn_away(const int *lines, int ms, struct err *e)
{
        struct pollfd fds[ROLL_LINES];
        int64_t until = now_steady() + ms;
        bool over = false;
        for (size_t i = 0; i < ROLL_LINES; i++)
                fds[i] = (struct pollfd){ .fd = lines[i], .events = POLLIN };
        for (int64_t left; (left = until - now_steady()) > 0;) {
                if (poll(fds, ROLL_LINES, (int)left) < 0 && errno != EINTR)
                        return err_sys(e, _("waiting for requests"));
                for (size_t i = 0; i < ROLL_LINES; i++)
                        if (fds[i].revents && !turn_away(lines[i], &over, e)) {
                                if (over)
                                        *e = (struct err)ERR_INIT;
                                return false;
                        }
        }
        return true;
}

/* --- the thread that reads --- */

static void hand_over(struct service *s, const struct held *h)
{
        size_t bytes = h->question.ask.body.len;
        pthread_mutex_lock(&s->lock);
        while (s->queued && s->bytes + bytes > MOST_AHEAD)
                pthread_cond_wait(&s->moved, &s->lock);
        s->queue[s->queued++] = *h;
        s->bytes += bytes;
        pthread_cond_broadcast(&s->moved);
        pthread_mutex_unlock(&s->lock);
}

/* False when the line has ended, or, with e, when it talks nonsense. */
static bool read_question(struct service *s, int line, struct err *e)
{
        struct held h = { .line = line, .reply = REPLY_INIT };
        bool over = false;
        if (!backend_receive(line, &h.question, &over, e)) {
                if (over)
                        *e = (struct err)ERR_INIT;
                return false;
        }
        const struct ask *ask = &h.question.ask;
        if (answers_is_events(ask) && answers_admit(s->config->answers, ask))
                h.posted = posted_read(ask);
        hand_over(s, &h);
        return true;
}

/* A line brings its next question when the last one has been replied to. */
static void *read_lines(void *arg)
{
        struct service *s = arg;
        struct pollfd fds[ROLL_LINES];
        struct err e = ERR_INIT;
        size_t left = ROLL_LINES;
        for (size_t i = 0; i < ROLL_LINES; i++)
                fds[i] = (struct pollfd){ .fd = s->config->lines[i], .events = POLLIN };
        while (left && !e.kind) {
                if (poll(fds, ROLL_LINES, -1) < 0 && errno != EINTR)
                        (void)err_sys(&e, _("waiting for requests"));
                for (size_t i = 0; i < ROLL_LINES && !e.kind; i++)
                        if (fds[i].fd >= 0 && fds[i].revents && !read_question(s, fds[i].fd, &e)) {
                                fds[i].fd = -1;
                                left--;
                        }
        }
        pthread_mutex_lock(&s->lock);
        s->over = true;
        s->failure = e;
        pthread_cond_broadcast(&s->moved);
        pthread_mutex_unlock(&s->lock);
        return NULL;
}

/* --- a round --- */

/* What has been read by now, after a tick at most; events come first in the list. */
static size_t collect(struct service *s, struct held *held, size_t *n_events)
{
        struct timespec until;
        int error = 0;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += TICK_MS / 1000;
        pthread_mutex_lock(&s->lock);
        while (!s->queued && !s->over && !error)
                error = pthread_cond_clockwait(&s->moved, &s->lock, CLOCK_MONOTONIC, &until);
        size_t n = s->queued;
        *n_events = 0;
        for (size_t i = 0; i < n; i++) {
                held[i] = s->queue[i];
                if (answers_is_events(&held[i].question.ask)) {
                        struct held h = held[i];
                        held[i] = held[*n_events];
                        held[(*n_events)++] = h;
                }
        }
        s->queued = s->bytes = 0;
        pthread_cond_broadcast(&s->moved);
        pthread_mutex_unlock(&s->lock);
        return n;
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

static void one_round(struct service *s)
{
        struct held held[ROLL_LINES];
        size_t n_events, n = collect(s, held, &n_events);
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

static void look_at_build(struct service *s)
{
        const struct service_config *c = s->config;
        struct err e = ERR_INIT;
        if (s->stale || !c->still || c->still(c->still_arg))
                return;
        s->stale = true;
        err_rule(&e, XR_ROLL_OTHER_BUILD, "out", NULL);
        AUTO_STR line = STR_MAX(2000);
        str_addf(&line, "XR-%03d %s. %s", e.code, e.text, e.remedy);
        if (c->say)
                c->say(str_text(&line));
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
        look_at_build(s);
        /* Whoever waits to hear that his events are not kept comes before another wait for the same. */
        if (s->troubled && now < s->failed + TICK_MS && now >= s->failed)
                return;
        if (c->watch)
                (void)!arming_watch_look(c->watch, now, &ignored);
        if (now < s->pruned + PRUNE_MS && now >= s->pruned)
                return;
        ignored = (struct err)ERR_INIT;
        bool fine = prune(c, now - c->keep_ms, &removed, &ignored);
        if (!fine || removed < PRUNE_AT_ONCE)
                s->pruned = now;
}

/* Both are only the other thread's to change while it runs. */
static bool is_over(struct service *s)
{
        pthread_mutex_lock(&s->lock);
        bool over = s->over && !s->queued;
        pthread_mutex_unlock(&s->lock);
        return over;
}

bool service_run(const struct service_config *c, struct err *e)
{
        struct service s = { .config = c, .lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER };
        errno = pthread_create(&s.reader, NULL, read_lines, &s);
        if (errno)
                return err_sys(e, _("waiting for requests"));
        while (!is_over(&s)) {
                tick(&s);
                one_round(&s);
        }
        pthread_join(s.reader, NULL);
        if (s.failure.kind)
                *e = s.failure;
        return !s.failure.kind;
}
