/* postinstall/clock.h by virtual time: it moves only while this process waits. */
#include "postinstall/clock.h"
#include "tests/simulation/child.h"

int64_t clock_wall(void) { return child_wall; }
int64_t clock_steady(void) { return child_steady; }

void clock_sleep(int64_t milliseconds)
{
        struct wire answer;
        child_ask((struct wire){ .kind = WIRE_SLEEP, .a = milliseconds }, bytes_of("", 0), &answer, NULL);
}

uint32_t clock_random(uint32_t below) { return below ? (uint32_t)(chance_next(&child_chance) % below) : 0; }
