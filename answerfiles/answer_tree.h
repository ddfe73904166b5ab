/* answer_tree.h - every host's answer file as SCHOOL/HOST.xml under one folder, written by as many threads as there are
 * processors. Files are not synced one by one: the caller syncs the tree once. */
#pragma once
#include "answerfiles/answer.h"

struct answer_tree {                    /* one entry a host, in plan order */
        unsigned char (*digest)[32];    /* SHA-256 of each file */
        char **text;                    /* NULL unless asked for; len beside it */
        size_t *len;
        size_t n;
        uint64_t bytes;                 /* written in all */
};

/* dir is empty. tick, when not NULL, is called from one thread with the number of hosts done so far. */
MUST_USE bool answer_tree_write(const struct plan *, const struct answer_options *, int dir, bool keep_texts,
                                void (*tick)(size_t done, void *), void *tick_arg, struct answer_tree *out, struct err *e);
void answer_tree_clear(struct answer_tree *);
