#include "pxe/asking.h"
#include "base/file.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

struct asking {
        pthread_mutex_t line; /* held while a question is out */
        int backend;          /* borrowed */
        _Atomic bool closed;
        struct err failure;
};

struct asking *asking_new(int backend)
{
        struct asking *a = calloc(1, sizeof(*a));
        if (!a)
                file_out_of_memory();
        a->backend = backend;
        pthread_mutex_init(&a->line, NULL);
        return a;
}

void asking_free(struct asking *a)
{
        if (!a)
                return;
        pthread_mutex_destroy(&a->line);
        free(a);
}

void asking_close(struct asking *a)
{
        atomic_store(&a->closed, true);
        shutdown(a->backend, SHUT_RDWR);
}

void asking_ask(struct asking *a, const struct ask *question, struct reply *reply)
{
        struct err e = ERR_INIT;
        pthread_mutex_lock(&a->line);
        if (atomic_load(&a->closed))
                reply->status = 503;
        else if (!backend_ask(a->backend, question, reply, &e)) {
                reply->status = 503;
                if (!atomic_load(&a->closed)) /* and not cut off by ourselves */
                        a->failure = e;
                asking_close(a);
        }
        pthread_mutex_unlock(&a->line);
}

bool asking_failure(struct asking *a, struct err *e)
{
        pthread_mutex_lock(&a->line);
        bool failed = a->failure.kind;
        if (failed)
                *e = a->failure;
        pthread_mutex_unlock(&a->line);
        return failed;
}
