/* build_record.h - what was made from what: out/build.json. No secrets: hosts are named, their answers hashed. */
#pragma once
#include "answerfiles/answer_tree.h"

struct build_record {
        const struct plan *plan;
        struct answer_tree answers;
        unsigned char digest[32];       /* of the base and all answers */
        char id[17];                    /* its first 8 bytes in hex */
        char base_sha256[65];           /* "" without a base */
        char image_sha256[65], uuid[23];/* "" without an image */
};

MUST_USE bool build_record_write(const struct build_record *, int dir, struct err *e);
