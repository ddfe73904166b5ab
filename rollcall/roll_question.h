/* roll_question.h - a request as it is put to answers.h: its path, and of its header fields those that matter. */
#pragma once
#include "pxe/backend.h"
#include "pxe/peer.h"
#include <microhttpd.h>

enum { LONGEST_QUERY = 2048 };

struct roll_question {
        bool is_path, post;
        char path[LONGEST_ASK_PATH + 1], peer[PEER_SIZE];
        struct str fields;              /* owned */
};

/* Fills in all but is_path and path, which the target's decoding gives. query: as it came, without "?". What a client says is taken only
 * as printable ASCII; a field that is not is left out. Status 0, or 431 when there is too much of it. */
int roll_question_read(struct roll_question *, struct MHD_Connection *, const char *query, bool secure);

/* Whether it may bring events: then its body may be large. */
bool roll_question_is_events(const struct roll_question *);
struct ask roll_question_ask(const struct roll_question *, struct bytes body);

/* The number after NAME= in the query, or -1. */
int64_t query_number(const char *query, const char *name);
