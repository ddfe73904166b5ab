/* now.h - what time it is, in milliseconds. */
#pragma once
#include <stdint.h>

int64_t now_wall(void);                 /* since 1970; may jump */
int64_t now_steady(void);               /* since some moment before this process; never jumps */
