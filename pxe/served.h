/* served.h - how many bytes of packages have gone to each address since that was last told. Thread-safe. */
#pragma once
#include "base/str.h"
#include <stdint.h>

struct served;

struct served *served_new(void);
void served_free(struct served *);              /* NULL is fine */

/* Whether a file of the image is one of the packages: not what a machine loads to start. */
bool served_is_package(const char *path);
void served_add(struct served *, const char *peer, uint64_t bytes);

/* Appends lines "ADDRESS BYTES" and begins anew. */
void served_take(struct served *, struct str *out);
