/* selector.h - what an installation medium carries of ours: files that are the same for everybody, and one pack of
 * answers, agents' plans and hook scripts, for one host or for all of a district.
 *
 * The files lie in a folder (/xsinst; for 6.5 the installer's own memory); the pack is written into the slot there,
 * maybe much later. Equal lines of answer files are stored once, so that a district of 10,000 hosts costs a few MB of
 * the installer's RAM. The selector needs only what an installer of 6.5 or later has: bash 3.2, coreutils, gawk, sed. */
#pragma once
#include "answerfiles/site.h"

#define SELECTOR_NAME "xenroll-select"          /* its name under /xsinst */
#define AGENT_NAME "xenroll-agent"

struct pack_file {
        char *name;                     /* owned; no blanks */
        struct str content;             /* owned */
};

struct pack_files {                     /* ordered by name */
        struct pack_file *items;
        size_t n;
};
void pack_files_clear(struct pack_files *);

/* The new file's content, to fill; valid until the next one is added. NULL and e set when memory ran out. */
MUST_USE struct str *pack_files_add(struct pack_files *, const char *name, struct err *e);

/* Adds hook-complete, hook-populated, xenroll-messages, xenroll-select, the agent (none when it is empty), and xenroll-sums
 * over these: the same for every image of this version. */
MUST_USE bool selector_files(struct pack_files *out, struct bytes agent, struct err *e);

struct selector_pack;

MUST_USE struct selector_pack *selector_pack_new(const struct plan *, struct err *e);
void selector_pack_free(struct selector_pack *);

/* Adds one host with its answer file as answer_write gave it, and its agent's plan; an empty plan is none. report: URL of its roll
 * call, with its token; NULL or "": none. */
MUST_USE bool selector_pack_add(struct selector_pack *, const struct host *, struct bytes answer, struct bytes plan, const char *report,
        struct err *e);

/* By what hosts with a plan know the right agent, wherever it comes from. md5 may be "". Borrowed until the pack is finished. */
void selector_pack_agent(struct selector_pack *, const char *sha256, const char *md5, size_t bytes);

/* build_id: ASCII without blanks, recorded on the installed system. not_before: a clock earlier than this is wrong
 * (seconds since 1970). Appends the pack's bytes, with password hashes in them. Same hosts, same bytes. */
MUST_USE bool selector_pack_finish(struct selector_pack *, const char *build_id, int64_t not_before,
                                   struct str *out, struct err *e);
