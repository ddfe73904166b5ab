#include "rollcall/roll_lines.h"
#include "base/file.h"

#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

enum { FOR_THE_PAGE = 2 };

struct roll_lines {
        pthread_mutex_t lock;
        pthread_cond_t some, many; /* a line is free; so many that events may have one */
        const int *sockets;
        int *free; /* owned; indices */
        size_t n, n_free;
        bool closed;
        struct err failure;
};

struct roll_lines *roll_lines_new(const int *sockets, size_t n)
{
        struct roll_lines *l = calloc(1, sizeof(*l));
        int *free_ones = calloc(n, sizeof(*free_ones));
        if (!l || !free_ones)
                file_out_of_memory();
        *l = (struct roll_lines){ .sockets = sockets, .free = free_ones, .n = n, .n_free = n };
        for (size_t i = 0; i < n; i++)
                free_ones[i] = (int)i;
        pthread_mutex_init(&l->lock, NULL);
        pthread_cond_init(&l->some, NULL);
        pthread_cond_init(&l->many, NULL);
        return l;
}

void roll_lines_free(struct roll_lines *l)
{
        if (!l)
                return;
        pthread_cond_destroy(&l->some);
        pthread_cond_destroy(&l->many);
        pthread_mutex_destroy(&l->lock);
        free(l->free);
        free(l);
}

static void close_all(struct roll_lines *l)
{
        l->closed = true;
        for (size_t i = 0; i < l->n; i++)
                shutdown(l->sockets[i], SHUT_RDWR);
        pthread_cond_broadcast(&l->some);
        pthread_cond_broadcast(&l->many);
}

void roll_lines_close(struct roll_lines *l)
{
        pthread_mutex_lock(&l->lock);
        close_all(l);
        pthread_mutex_unlock(&l->lock);
}

/* -1 when it is over. */
static int take(struct roll_lines *l, bool events)
{
        pthread_mutex_lock(&l->lock);
        size_t reserved = events && l->n > FOR_THE_PAGE ? FOR_THE_PAGE : 0;
        while (!l->closed && l->n_free <= reserved)
                pthread_cond_wait(events ? &l->many : &l->some, &l->lock);
        int line = l->closed ? -1 : l->free[--l->n_free];
        pthread_mutex_unlock(&l->lock);
        return line;
}

static void give_back(struct roll_lines *l, int line, const struct err *failure)
{
        pthread_mutex_lock(&l->lock);
        l->free[l->n_free++] = line;
        if (failure && !l->closed) { /* and not cut off by ourselves */
                l->failure = *failure;
                close_all(l);
        }
        pthread_cond_signal(&l->some);
        pthread_cond_signal(&l->many);
        pthread_mutex_unlock(&l->lock);
}

void roll_lines_ask(struct roll_lines *l, bool events, const struct ask *question, struct reply *reply)
{
        struct err e = ERR_INIT;
        int line = take(l, events);
        if (line < 0) {
                reply->status = 503;
                return;
        }
        bool fine = backend_ask(l->sockets[line], question, reply, &e);
        if (!fine)
                reply->status = 503;
        give_back(l, line, fine ? NULL : &e);
}

bool roll_lines_failure(struct roll_lines *l, struct err *e)
{
        pthread_mutex_lock(&l->lock);
        bool failed = l->failure.kind;
        if (failed)
                *e = l->failure;
        pthread_mutex_unlock(&l->lock);
        return failed;
}
