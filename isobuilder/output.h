/* output.h - the folder that `xenroll build` writes: replaced as a whole, or not at all.
 *
 *     out/answerfiles -> .current/answerfiles       what users open; these links never change
 *     out/agent       -> .current/agent
 *     out/build.json  -> .current/build.json
 *     out/media       -> .current/media
 *     out/pxe         -> .current/pxe
 *     out/.current    -> .builds/…                  one rename switches the whole build
 *     out/secrets/    0700                          lives on: drawn once and kept
 *
 * A build that is interrupted, at any instant, leaves the previous one where it was. */
#pragma once
#include "base/err.h"
#include "base/file.h"

struct output {
        int parent;                     /* of out/ */
        char *name;                     /* of out/ in parent; owned */
        bool created;                   /* by this process, and nothing worth keeping in it yet */
        int watched;                    /* slot of draft_watch */
        int dir;                        /* out/ */
        int builds;                     /* out/.builds/ */
        int lock;
        int draft;                      /* the new build's folder, empty at first */
        struct draft d;
};

/* The seed that salts of passwords derive from: of out/secrets/seed, or drawn now when there is none yet. Writes nothing:
 * a site file is judged before its output folder is touched. */
MUST_USE bool output_seed(const char *path, unsigned char seed[32], struct err *e);

/* Creates out/ when missing, takes its lock, sweeps what a killed build left, opens a draft. Refuses (ERR_REFUSED) a
 * folder that is not empty and not an earlier build's. Keeps the seed when
 * there is none yet. On failure nothing is left behind. */
MUST_USE bool output_open(struct output *, const char *path, const unsigned char seed[32], struct err *e);
/* Syncs the draft's file system once, then makes it the current build and removes the previous one. */
MUST_USE bool output_commit(struct output *, struct err *e);
void output_close(struct output *);     /* drops an uncommitted draft, and a folder made for it */

#define OUTPUT_INIT { .parent = -1, .watched = -1, .dir = -1, .builds = -1, .lock = -1, .draft = -1, .d = { .slot = -1 } }
