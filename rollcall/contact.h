/* contact.h - how it goes with one place: when to try again, and what of that is said. Each change is said once. */
#pragma once
#include "rollcall/backoff.h"
#include "rollcall/carrier.h"

struct contact {                        /* all zero: never tried */
        struct backoff backoff;
        int said;                       /* rule, 0 = all is well */
        char why[200];
        void (*say)(const char *line);  /* may be NULL */
};

/* 988 when it is to be tried again soon, 989 when somebody has to mend something. */
void contact_failed(struct contact *, const char *place, int64_t now, const struct route_result *);
/* A rule of one's own, tried again soon. */
void contact_failed_as(struct contact *, const char *place, int64_t now, int rule, const char *why);
void contact_fine(struct contact *, const char *place);
