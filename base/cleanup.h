/* cleanup.h - scope-bound ownership: AUTO_FREE for malloc'd memory, AUTO_FD for descriptors, OWN(fn) for the rest. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *p) { free(*(void **)p); }
static inline void cleanup_fd(int *fd) { if (*fd >= 0) close(*fd); }
static inline void cleanup_file(FILE **f) { if (*f) fclose(*f); }

#define OWN(fn) __attribute__((cleanup(fn)))
#define AUTO_FREE OWN(cleanup_free)
#define AUTO_FD OWN(cleanup_fd)
#define AUTO_FILE OWN(cleanup_file)

/* Hands a pointer over to the caller: the scope no longer frees it. */
#define TAKE(p) ({ __typeof__(p) taken_ = (p); (p) = NULL; taken_; })
static inline int take_fd(int *fd) { int taken = *fd; *fd = -1; return taken; }

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
