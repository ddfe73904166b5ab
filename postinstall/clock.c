#include "postinstall/clock.h"

#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

int64_t clock_wall(void) { return (int64_t)time(NULL); }

/* The boot clock goes on while a machine sleeps; a kernel without it has the other. */
int64_t clock_steady(void)
{
        struct timespec t;
        if (clock_gettime(CLOCK_BOOTTIME, &t) < 0 && clock_gettime(CLOCK_MONOTONIC, &t) < 0)
                return 0;
        return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void clock_sleep(int64_t milliseconds)
{
        int64_t end = clock_steady() + milliseconds;
        for (int64_t left = milliseconds; left > 0; left = end - clock_steady()) {
                struct timespec t = { .tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000 };
                nanosleep(&t, NULL);
        }
}

/* Hosts that start in the same second must not draw the same numbers: the kernel gives every program 16 random bytes.
 */
static uint64_t seed(void)
{
        uint64_t s[2] = { (uint64_t)clock_wall(), (uint64_t)getpid() };
        const void *given = (const void *)getauxval(AT_RANDOM);
        if (given)
                memcpy(s, given, sizeof(s));
        return s[0] ^ s[1] ^ (uint64_t)clock_steady();
}

uint32_t clock_random(uint32_t below)
{
        static uint64_t state;
        if (!state)
                state = seed() | 1;
        /* xorshift, with a multiplication to even out its low bits */
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        uint64_t drawn = (state * 0x2545f4914f6cdd1du) >> 32;
        return (uint32_t)(drawn * below >> 32);
}
