/* asking.h - the one line to the backend, which all threads share: one question at a time.
 *
 * Who asks waits in the thread of its own connection; downloads have theirs. */
#pragma once
#include "pxe/backend.h"

struct asking;

struct asking *asking_new(int backend);         /* borrowed */
void asking_free(struct asking *);              /* NULL is fine */

/* Status 503 when the backend is gone or the line is closed. When the backend fails its socket is shut down: whoever
 * watches that hears of it. */
void asking_ask(struct asking *, const struct ask *, struct reply *);

/* Asks no more, and cuts off who waits for an answer. */
void asking_close(struct asking *);

/* Why the backend was lost, once it was; else false. */
bool asking_failure(struct asking *, struct err *);
