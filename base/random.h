/* random.h - bytes that nobody can guess, also from kernels that have no getrandom (before Linux 3.17). */
#pragma once
#include "base/err.h"
#include <stddef.h>

/* False and errno set when the kernel gives none. Up to 256 bytes at once. */
MUST_USE bool random_bytes(void *p, size_t n);
