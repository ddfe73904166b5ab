/* installing.h - which machine installs from which address, and how much of the packages it has been served. */
#pragma once
#include "base/str.h"
#include <stdint.h>

struct installing;

/* total: bytes of all packages. */
struct installing *installing_new(uint64_t total);
void installing_free(struct installing *);      /* NULL is fine */

/* The machine at that address begins: what went there before counts no more. */
void installing_begin(struct installing *, const char *peer, const char *school, const char *host);

/* lines: "ADDRESS BYTES", what has been served since the last time. Each machine whose percentage has become larger is told, up to 99: that
 * it is through it says itself. */
void installing_served(struct installing *, struct bytes lines,
        void (*each)(void *arg, const char *school, const char *host, int percent), void *arg);
