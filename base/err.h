/* err.h - what went wrong, said once.
 *
 * The lowest level states the cause, each caller adds what it was doing, only main prints. A fallible function
 * returns bool or a pointer and fills the struct err it was given; it never prints. The text is bounded, so that
 * reporting an error cannot itself fail. */
#pragma once
#include <stdbool.h>
#include <stdarg.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* The kind is the process's exit code. */
enum err_kind {
        ERR_NONE = 0,
        ERR_INPUT = 1,          /* what the user wrote is wrong */
        ERR_USAGE = 2,          /* the command line is wrong */
        ERR_WORLD = 3,          /* disk, network, a missing program, no memory */
        ERR_REFUSED = 4,        /* would work, but could destroy something */
};

struct err {
        enum err_kind kind;
        int code;               /* XR number, 0 when none applies */
        char text[1200];        /* one sentence, no newline, in the user's language */
        char remedy[600];       /* what to do about it, may be empty */
};

#define ERR_INIT { .kind = ERR_NONE }

/* All return false, so that `return err_set(...)` reads as it acts. */
bool err_set(struct err *e, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool err_setv(struct err *e, enum err_kind kind, const char *fmt, va_list ap);

/* ERR_WORLD with errno's text behind the sentence; read errno before anything else does. */
bool err_sys(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Puts "what the caller was doing: " in front. Kind and code stay. */
bool err_ctx(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
