/* unit.h - one line per case: "ok - …" or "not ok - …: why". tests/report counts the lines of every ring. */
#pragma once
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Under valgrind memory is its own and time passes differently. */
static inline bool unit_is_watched(void)
{
        const char *preloaded = getenv("LD_PRELOAD");
        return preloaded && strstr(preloaded, "vgpreload");
}

static inline bool unit_case(const char *group, const char *why, bool fine, const char *detail)
{
        if (fine)
                printf("ok - %s: %s\n", group, why);
        else
                printf("not ok - %s: %s: %s\n", group, why, detail ? detail : "");
        return fine;
}

static inline bool unit_same(const char *group, const char *why, const char *got, const char *want)
{
        char detail[2048];
        got = got ? got : "(null)";
        want = want ? want : "(null)";
        snprintf(detail, sizeof(detail), "got '%s', want '%s'", got, want);
        return unit_case(group, why, !strcmp(got, want), detail);
}
