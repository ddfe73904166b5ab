#include "pxe/connections.h"
#include "base/file.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

struct connection {
        int socket;              /* -1: this place is free */
        struct connection *next; /* of the free ones */
        _Atomic int64_t deadline;
        max_align_t state[];
};

struct connections {
        pthread_mutex_t lock; /* for everything but the deadlines and the states */
        struct connection *free;
        char *memory; /* owned mapping */
        size_t places, begun, size, state_size;
        int64_t seconds;
};

static int64_t now(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
        return t.tv_sec;
}

static struct connection *at(const struct connections *all, size_t i) { return (void *)(all->memory + i * all->size); }

struct connections *connections_new(size_t most, size_t state_size, int seconds)
{
        struct connections *all = calloc(1, sizeof(*all));
        if (!all)
                file_out_of_memory();
        size_t unit = sizeof(max_align_t);
        pthread_mutex_init(&all->lock, NULL);
        all->seconds = seconds;
        all->places = most;
        all->state_size = state_size;
        all->size = (sizeof(struct connection) + state_size + unit - 1) / unit * unit;
        all->memory = mmap(NULL, most * all->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (all->memory == MAP_FAILED)
                file_out_of_memory();
        return all;
}

void connections_free(struct connections *all)
{
        if (!all)
                return;
        munmap(all->memory, all->places * all->size);
        pthread_mutex_destroy(&all->lock);
        free(all);
}

struct connection *connections_begin(struct connections *all, int socket)
{
        pthread_mutex_lock(&all->lock);
        struct connection *c = all->free;
        if (c)
                all->free = c->next;
        else if (all->begun < all->places)
                c = at(all, all->begun++);
        if (c) {
                c->socket = socket;
                connection_waits(all, c);
                memset(c->state, 0, all->state_size);
        }
        pthread_mutex_unlock(&all->lock);
        return c;
}

void connections_end(struct connections *all, struct connection *c)
{
        pthread_mutex_lock(&all->lock);
        c->socket = -1;
        c->next = all->free;
        all->free = c;
        pthread_mutex_unlock(&all->lock);
}

void *connection_state(struct connection *c) { return c->state; }
void connection_moves(struct connection *c) { atomic_store_explicit(&c->deadline, INT64_MAX, memory_order_relaxed); }

void connection_waits(struct connections *all, struct connection *c)
{
        atomic_store_explicit(&c->deadline, now() + all->seconds, memory_order_relaxed);
}

/* The lock keeps a socket from being closed, and its number from being another's, while it is shut down. */
size_t connections_sweep(struct connections *all)
{
        size_t late = 0;
        int64_t moment = now();
        pthread_mutex_lock(&all->lock);
        for (size_t i = 0; i < all->begun; i++) {
                struct connection *c = at(all, i);
                if (c->socket < 0 || atomic_load_explicit(&c->deadline, memory_order_relaxed) >= moment)
                        continue;
                shutdown(c->socket, SHUT_RDWR);
                late++;
        }
        pthread_mutex_unlock(&all->lock);
        return late;
}
