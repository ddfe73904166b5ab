/* postinstall/clock: it goes forward, sleeps as long as it should, and draws evenly enough to keep hosts apart. */
#include "postinstall/clock.h"
#include "tests/unit/unit.h"

#include <time.h>

static void test_time(void)
{
        int64_t before = clock_steady();
        clock_sleep(30);
        int64_t slept = clock_steady() - before;
        unit_case("clock", "sleeps at least as long as asked", slept >= 30, "woke early");
        clock_sleep(0);
        clock_sleep(-1000);
        unit_case("clock", "a time that is over is no sleep", clock_steady() - before < 10000, "slept");
        int64_t wall = clock_wall() - (int64_t)time(NULL);
        unit_case("clock", "the wall clock counts seconds since 1970", wall >= -1 && wall <= 1, "it does not");
}

static void test_random(void)
{
        unsigned drawn[8] = { 0 };
        bool below = true;
        for (int i = 0; i < 8000; i++) {
                uint32_t n = clock_random(8);
                below = below && n < 8;
                drawn[n & 7]++;
        }
        bool even = true;
        for (int i = 0; i < 8; i++)
                even = even && drawn[i] > 800 && drawn[i] < 1200;
        unit_case("clock", "below its limit", below, "not below");
        unit_case("clock", "every number as often as the others", even, "uneven");
        unit_case("clock", "below one, and below nothing, is zero", clock_random(1) == 0 && clock_random(0) == 0,
                "not zero");
}

int main(void)
{
        test_time();
        test_random();
        return 0;
}
