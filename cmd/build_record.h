/* build_record.h - what was made from what: out/build.json. No secrets: hosts are named, their answers hashed. */
#pragma once
#include "cmd/build_agent.h"
#include "answerfiles/answer_tree.h"
#include "answerfiles/selector.h"
#include "isobuilder/media.h"

struct build_record {
        const struct plan *plan;
        const struct build_agent *agent; /* borrowed */
        struct answer_tree answers;
        char id[17];                    /* from a digest of the base and all answers */
        char base_sha256[65];           /* "" without a base */
        char prepared[64];              /* name of the prepared base in the store; "" without images */
        char uuid[23];                  /* of the images; "" without any */
        struct media_unit *images;      /* owned */
        size_t n_images;
        bool image_files;               /* *.iso, else *.delta */
        bool images_copied;             /* full copies, for want of a file system that shares blocks */
};
void build_record_clear(struct build_record *);

/* Sets the id. */
void build_identify(struct build_record *);

/* Adds the host of that number, with its answers and its agent's plan. Thread-safe. */
MUST_USE bool build_record_pack(const struct build_record *, struct selector_pack *, size_t host, struct err *e);

MUST_USE bool build_record_write(const struct build_record *, int dir, struct err *e);
