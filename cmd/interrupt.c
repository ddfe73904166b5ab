#include "cmd/interrupt.h"
#include "base/file.h"

#include <signal.h>
#include <stddef.h>
#include <time.h>

static volatile sig_atomic_t seen;

static void note(int number)
{
        (void)number;
        seen = 1;
}

void interrupt_watch(void)
{
        static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
        struct sigaction act = { .sa_handler = note };
        sigset_t set;
        sigemptyset(&set);
        draft_leave_signals();
        for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
                sigaddset(&set, signals[i]);
                sigaction(signals[i], &act, NULL);
        }
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

bool interrupt_seen(void) { return seen; }

bool interrupt_sleep(int seconds)
{
        struct timespec end, now;
        clock_gettime(CLOCK_MONOTONIC, &end);
        end.tv_sec += seconds;
        do {
                const struct timespec moment = { .tv_nsec = 200000000 };
                nanosleep(&moment, NULL);
                clock_gettime(CLOCK_MONOTONIC, &now);
        } while (!seen && now.tv_sec < end.tv_sec);
        return !seen;
}
