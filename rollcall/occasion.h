/* occasion.h - what people are told of: a school is complete, a host has failed; and when that is news.
 *
 * A school is complete when every expected host has arrived (has been installed, where no agent follows). It is news
 * once, and again only after it was not complete in between. A host's failure is news once for each attempt and code.
 */
#pragma once
#include "base/str.h"
#include "rollcall/standing.h"

enum occasion_kind { OCCASION_COMPLETE, OCCASION_FAILED };
enum { OCCASION_ID = 33, OCCASION_DETAIL = 301, TOLD_CODES = 500 };

struct occasion {
        enum occasion_kind kind;
        char id[OCCASION_ID]; /* the same occasion has the same */
        char school[NAME_MOST], school_name[200], pool[NAME_MOST], pool_name[200], host[NAME_MOST];
        int64_t hosts;     /* of a complete school */
        int attempt, code; /* of a failed host */
        char detail[OCCASION_DETAIL];
        int64_t time; /* ms since 1970 */
};

void occasion_set_id(struct occasion *);
/* As JSON, to be kept until it is told; read false: not ours. */
void occasion_write(const struct occasion *, struct str *out);
MUST_USE bool occasion_read(const char *text, struct occasion *);

struct told {                   /* what is kept of a host's failures, or of a school's completion */
        int64_t position;       /* attempt; or when the completion that was told began, 0 = not complete */
        char codes[TOLD_CODES]; /* of that attempt: "|501|503|" */
};
/* Whether that is news; then, and when something else changed, told is what is to be kept and *changed is set. */
bool occasion_failure(struct told *, int attempt, int code, bool *changed);

struct school_count {
        int64_t expected, there;
        int64_t newest; /* ms: when the last of them came to its standing */
};
void occasion_count(struct school_count *, const struct host_row *, bool with_agent);
bool occasion_completion(struct told *, const struct school_count *, bool with_agent, bool *changed);

/* Hex digits that name a text: for keys that must not hold it. */
void occasion_digest(const char *a, const char *b, char out[OCCASION_ID]);
