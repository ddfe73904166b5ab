#include "rollcall/recorder.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/now.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

enum { MOST_ITEMS = 512, MOST_SHARES = 4096, END_MS = 2000 };

struct item {
        struct item *next;
        struct event *events; /* owned */
        size_t n;
        bool awaited; /* who waits frees it; else the thread does */
        bool done;
        enum recorded end;
        struct err why;
};

struct share { /* of the packages */
        char school[NAME_MOST], host[NAME_MOST];
        int percent;
};

struct work {
        struct item *first;   /* owned */
        struct share *shares; /* owned */
        size_t n_items, n_shares;
};

struct recorder {
        pthread_mutex_t lock; /* for all but the store, which is the thread's */
        pthread_cond_t news, ended;
        int dir;
        const char *where;
        struct store *store; /* owned; NULL until it could be opened */
        struct work waiting;
        pthread_t thread;
        bool started, stopping;
        bool hangs; /* somebody has waited in vain for what the thread is at */
};

struct recorder *recorder_new(int dir, const char *where)
{
        pthread_condattr_t monotonic;
        struct recorder *r = calloc(1, sizeof(*r));
        if (!r)
                file_out_of_memory();
        r->dir = dir;
        r->where = where;
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        pthread_mutex_init(&r->lock, NULL);
        pthread_cond_init(&r->news, &monotonic);
        pthread_cond_init(&r->ended, &monotonic);
        pthread_condattr_destroy(&monotonic);
        return r;
}

static void item_free(struct item *i)
{
        free(i->events);
        free(i);
}

/* --- the thread --- */

static void put(struct recorder *r, struct item *i)
{
        size_t fresh;
        bool fine = store_put(r->store, i->events, i->n, &fresh, &i->why);
        i->end = fine ? RECORDED : store_is_full(r->store) ? RECORDED_NO_ROOM : RECORDED_NOT;
}

static bool put_together(struct recorder *r, struct work *w, struct err *e)
{
        struct err ignored = ERR_INIT;
        for (struct item *i = w->first; i; i = i->next) {
                put(r, i);
                if (i->end != RECORDED)
                        return false;
        }
        for (size_t s = 0; s < w->n_shares; s++)
                if (!store_percent(r->store, w->shares[s].school, w->shares[s].host, w->shares[s].percent, &ignored))
                        return false;
        return store_commit(r->store, e);
}

/* One that cannot be kept spoils it for no other; where none can be begun none is tried. */
static void keep(struct recorder *r, struct work *w)
{
        struct err e = ERR_INIT;
        if (!r->store)
                r->store = store_open(r->dir, r->where, false, &e);
        if (!r->store || !store_begin(r->store, &e)) {
                enum recorded end = r->store && store_is_full(r->store) ? RECORDED_NO_ROOM : RECORDED_NOT;
                for (struct item *i = w->first; i; i = i->next) {
                        i->end = end;
                        i->why = e;
                }
                return;
        }
        if (put_together(r, w, &e))
                return;
        store_rollback(r->store);
        for (struct item *i = w->first; i; i = i->next) {
                i->why = (struct err)ERR_INIT;
                put(r, i);
        }
}

static void hand_back(struct recorder *r, struct work *w)
{
        for (struct item *i = w->first, *next; i; i = next) {
                next = i->next;
                i->done = true;
                if (!i->awaited)
                        item_free(i);
        }
        free(w->shares);
        r->hangs = false;
        pthread_cond_broadcast(&r->ended);
}

static void *run(void *arg)
{
        struct recorder *r = arg;
        pthread_mutex_lock(&r->lock);
        for (;;) {
                while (!r->stopping && !r->waiting.first && !r->waiting.n_shares)
                        pthread_cond_wait(&r->news, &r->lock);
                struct work w = r->waiting;
                if (!w.first && !w.n_shares)
                        break;
                r->waiting = (struct work){ NULL };
                pthread_mutex_unlock(&r->lock);
                keep(r, &w);
                pthread_mutex_lock(&r->lock);
                hand_back(r, &w);
        }
        pthread_mutex_unlock(&r->lock);
        return NULL;
}

static bool start(struct recorder *r)
{
        r->started = r->started || pthread_create(&r->thread, NULL, run, r) == 0;
        return r->started;
}

/* A thread that hangs at its store goes with the process. */
void recorder_free(struct recorder *r)
{
        struct timespec until;
        if (!r)
                return;
        pthread_mutex_lock(&r->lock);
        r->stopping = true;
        pthread_cond_signal(&r->news);
        pthread_mutex_unlock(&r->lock);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += END_MS / 1000;
        if (r->started && pthread_timedjoin_np(r->thread, NULL, &until) != 0)
                return;
        store_close(r->store);
        pthread_cond_destroy(&r->news);
        pthread_cond_destroy(&r->ended);
        pthread_mutex_destroy(&r->lock);
        free(r);
}

/* --- handing on --- */

static struct item *item_new(const struct event *events, size_t n, bool awaited)
{
        struct item *i = calloc(1, sizeof(*i));
        if (!i || !(i->events = calloc(n, sizeof(*events))))
                file_out_of_memory();
        memcpy(i->events, events, n * sizeof(*events));
        i->n = n;
        i->awaited = awaited;
        return i;
}

static void append(struct work *w, struct item *i)
{
        struct item **end = &w->first;
        while (*end)
                end = &(*end)->next;
        *end = i;
        w->n_items++;
}

static enum recorded await(struct recorder *r, struct item *i, int ms, struct err *e)
{
        int64_t at = now_steady() + ms;
        const struct timespec until = { .tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000 };
        for (int late = 0; !i->done && !late;)
                late = pthread_cond_timedwait(&r->ended, &r->lock, &until);
        if (!i->done) {
                i->awaited = false;
                r->hangs = true;
                (void)err_set(e, ERR_WORLD, _("the roll call's database does not answer"));
                return RECORDED_NOT;
        }
        enum recorded end = i->end;
        if (end != RECORDED)
                *e = i->why;
        item_free(i);
        return end;
}

enum recorded recorder_put(struct recorder *r, const struct event *events, size_t n, int wait_ms, struct err *e)
{
        enum recorded end = RECORDED;
        pthread_mutex_lock(&r->lock);
        if ((wait_ms && r->hangs) || r->waiting.n_items >= MOST_ITEMS || !start(r)) {
                end = RECORDED_NOT;
                (void)err_set(e, ERR_WORLD, _("the roll call's database does not answer"));
        } else if (n) {
                struct item *i = item_new(events, n, wait_ms > 0);
                append(&r->waiting, i);
                pthread_cond_signal(&r->news);
                if (wait_ms)
                        end = await(r, i, wait_ms, e);
        }
        pthread_mutex_unlock(&r->lock);
        return end;
}

static struct share *share_of(struct work *w, const char *school, const char *host)
{
        for (size_t i = 0; i < w->n_shares; i++)
                if (!strcmp(w->shares[i].school, school) && !strcmp(w->shares[i].host, host))
                        return &w->shares[i];
        if (w->n_shares == MOST_SHARES)
                return NULL;
        if (!w->shares && !(w->shares = calloc(MOST_SHARES, sizeof(*w->shares))))
                file_out_of_memory();
        struct share *s = &w->shares[w->n_shares++];
        snprintf(s->school, sizeof(s->school), "%s", school);
        snprintf(s->host, sizeof(s->host), "%s", host);
        return s;
}

void recorder_percent(struct recorder *r, const char *school, const char *host, int percent)
{
        pthread_mutex_lock(&r->lock);
        struct share *s = start(r) ? share_of(&r->waiting, school, host) : NULL;
        if (s)
                s->percent = percent;
        pthread_cond_signal(&r->news);
        pthread_mutex_unlock(&r->lock);
}
