/* roll.h - a build's folder as the commands of the roll call open it: who is expected, and what has been heard. */
#pragma once
#include "pxe/arming.h"
#include "rollcall/expected.h"
#include "rollcall/store.h"

struct roll {
        int out;                        /* out/; owned */
        int build;                      /* out/.current; owned */
        struct expected *expected;      /* owned */
        struct store *store;            /* owned; NULL: nothing was ever heard */
        struct arming *arming;          /* owned; NULL until roll_arming */
};
#define ROLL_INIT { .out = -1, .build = -1 }
void roll_close(struct roll *);

/* ERR_INPUT when path is no build's folder. From now on times are told in the build's time zone. */
MUST_USE bool roll_open(struct roll *, const char *path, struct err *e);
/* database: --database, or NULL for XENROLL_DATABASE in the environment, else the file in the folder. Without create and without a file
 * the store stays NULL. */
MUST_USE bool roll_store(struct roll *, const char *database, bool create, struct err *e);
MUST_USE bool roll_arming(struct roll *, struct err *e);

/* An XR rule when the build has no such school. */
MUST_USE bool roll_has_school(const struct roll *, const char *id, struct err *e);

/* A host as a person names it: "HOST" or "SCHOOL/HOST". Of one that the build does not name only the latter is found. */
struct roll_name { char school[NAME_MOST], pool[NAME_MOST], host[NAME_MOST]; bool expected; };
MUST_USE bool roll_name(const struct roll *, const char *said, struct roll_name *, struct err *e);

/* The seed that tokens follow from. */
MUST_USE bool roll_seed(const struct roll *, unsigned char seed[32], struct err *e);

/* Appends foreign text so that it neither steers a terminal nor breaks the line. */
void roll_show(struct str *out, const char *text);
/* "2026-11-28 08:30:00"; "-" for 0. at in ms. */
enum { WHEN_TEXT = 24 };
const char *roll_when(int64_t at, char out[WHEN_TEXT]);
/* "XR-513 sda holds …"; a code without words gets the rule's, as far as they do not ask for arguments. */
void roll_problem(struct str *out, int code, const char *detail);
/* "name: begun" of an agent's step; "" when the event says nothing of the kind. */
void roll_step(struct str *out, const char *step, const char *outcome);
