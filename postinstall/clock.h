/* clock.h - time and chance, in one place, so that tests can bring their own. */
#pragma once
#include <stdint.h>

int64_t clock_wall(void);               /* seconds since 1970; may jump */
int64_t clock_steady(void);             /* milliseconds since some moment before this process; never jumps */
void clock_sleep(int64_t milliseconds);
uint32_t clock_random(uint32_t below);  /* 0 … below-1, for jitter only */
