#include "tests/simulation/workers.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct shared {
        atomic_long next;
        pthread_mutex_t lock;
} * shared;

static void share(void)
{
        pthread_mutexattr_t a;
        if (shared)
                return;
        shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared == MAP_FAILED)
                abort();
        pthread_mutexattr_init(&a);
        pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
        pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
        pthread_mutex_init(&shared->lock, &a);
}

void workers_lock(void)
{
        share();
        pthread_mutex_lock(&shared->lock);
}

void workers_unlock(void)
{
        fflush(stdout);
        pthread_mutex_unlock(&shared->lock);
}

/* A run is two processes that take turns: on one processor that costs a fraction of what it costs on two. */
static void stay_on(int which)
{
        cpu_set_t allowed, one;
        if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
                return;
        which %= CPU_COUNT(&allowed);
        for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
                if (CPU_ISSET(cpu, &allowed) && which-- == 0) {
                        CPU_ZERO(&one);
                        CPU_SET(cpu, &one);
                        /* Without it all is the same, only slower. */
                        if (sched_setaffinity(0, sizeof(one), &one) < 0)
                                return;
                }
}

static void work(long n, void (*one)(long, void *), void *arg)
{
        for (long i; (i = atomic_fetch_add(&shared->next, 1)) < n;)
                one(i, arg);
}

bool workers_run(int processes, long n, void (*one)(long, void *), void *arg)
{
        bool fine = true;
        share();
        atomic_store(&shared->next, 0);
        fflush(stdout);
        for (int p = 0; p < processes; p++) {
                if (fork() != 0)
                        continue;
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                stay_on(p);
                work(n, one, arg);
                fflush(stdout);
                _exit(0);
        }
        for (int p = 0; p < processes; p++) {
                int status = 0;
                fine &= wait(&status) > 0 && status == 0;
        }
        return fine;
}
