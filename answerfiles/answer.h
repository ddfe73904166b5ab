/* answer.h - a host's answer file, in the dialect of its release, valid against our schema before anybody sees it.
 *
 * Deterministic; ASCII; one element a line (the selector's packing shares equal lines between hosts). Where a rule
 * picks the disk the text of <primary-disk> is ANSWER_PICK_DISK, where the selector picks the management NIC (a host
 * known by its serial only) hwaddr is ANSWER_PICK_NIC. */
#pragma once
#include "answerfiles/site.h"

#define ANSWER_PICK_DISK "xenroll-picks-the-disk"
#define ANSWER_PICK_NIC "xenroll-picks-the-nic"
#define ANSWER_PICK_GUEST "xenroll-picks-guest-disk-"   /* + 1…: guest disks that a rule picks */
#define ANSWER_PICK_RAID "xenroll-picks-raid-disk-"     /* + 1, 2: members of a mirror that a rule picks */

enum { ANSWER_HASH = 256 };

struct answer_writer;           /* one per thread: holds the compiled schema */

struct answer_options {
        const char *hook_base;          /* where scripts are fetched from: "file:///tmp/xenroll" */
        /* Hooks of our own, run before the user's of the same stage: names under hook_base; NULL = none. */
        const char *own_hook[STAGES];
        /* Another root password than the site file's, for some hosts: fills in its hash, or says false. NULL = for none. Called
         * from several threads. */
        bool (*root_hash)(void *arg, const struct host *, char hash[ANSWER_HASH]);
        void *root_hash_arg;
};

MUST_USE struct answer_writer *answer_writer_new(const struct release *, const struct answer_options *, struct err *e);
void answer_writer_free(struct answer_writer *);

/* Appends the document to out. False when it does not validate, which is our own defect: the sentence says so. */
MUST_USE bool answer_write(struct answer_writer *, const struct host *, struct str *out, struct err *e);
