/* workers.h - many runs on several processors. */
#pragma once
#include <stdbool.h>

/* Calls one(i) for every i from 0 to n-1, in so many processes. False when one of them died. */
bool workers_run(int processes, long n, void (*one)(long i, void *arg), void *arg);

void workers_lock(void); /* for whoever prints more than a line */
void workers_unlock(void);
