/* interrupt.h - Ctrl-C as a wish: for a command that has to put something back before it ends. */
#pragma once
#include <stdbool.h>

void interrupt_watch(void);             /* from now on SIGINT, SIGTERM and SIGHUP only set the flag */
bool interrupt_seen(void);
bool interrupt_sleep(int seconds);      /* false when it was seen meanwhile */
