/* selector.h - what lies in /xsinst: the selector script, every host's answers packed, and the hook scripts.
 *
 * Equal lines of answer files are stored once, so that a district of 10,000 hosts costs a few MB of the installer's
 * RAM. The selector needs only what an installer of 7.0 or later is known to have: bash, coreutils, gawk, sed. */
#pragma once
#include "answerfiles/site.h"

#define SELECTOR_NAME "xenroll-select"          /* its name under /xsinst */

struct pack_file {
        char *name;                     /* owned; no blanks */
        struct str content;             /* owned */
};

struct pack_files {                     /* ordered by name */
        struct pack_file *items;
        size_t n;
};
void pack_files_clear(struct pack_files *);

struct selector_pack;

MUST_USE struct selector_pack *selector_pack_new(const struct plan *, struct err *e);
void selector_pack_free(struct selector_pack *);

/* Adds one host with its answer file as answer_write gave it. */
MUST_USE bool selector_pack_add(struct selector_pack *, const struct host *, struct bytes answer, struct err *e);

/* build_id: ASCII without blanks, recorded on the installed system. not_before: a clock earlier than this is wrong
 * (seconds since 1970). Fills out, which the caller clears. Same hosts, same bytes. */
MUST_USE bool selector_pack_finish(struct selector_pack *, const char *build_id, int64_t not_before,
                                   struct pack_files *out, struct err *e);
