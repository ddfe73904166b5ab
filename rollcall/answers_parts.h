/* answers_parts.h - what the parts of answers.h share. Private to them. */
#pragma once
#include "rollcall/answers.h"
#include "rollcall/visitors.h"

#include <jansson.h>

struct known_host { /* of the build, sorted by school and host */
        const struct expected_school *school;
        const struct expected_pool *pool;
        const struct expected_machine *machine;
};

struct known_token {                   /* sorted by digest */
        unsigned char digest[32];      /* of the token: how far a wrong one is right cannot be measured */
        const struct known_host *host; /* NULL: of a school's server */
        const char *school;            /* "" = of every school */
};

/* What was counted, for so long as it is good enough: many look at the same page. */
struct overview {
        int64_t change, at; /* at: ms, 0 = never */
        struct str schools; /* owned: a JSON array */
        int64_t hosts, overdue, by_standing[STANDINGS];
};

struct answers {
        struct answers_config c;
        struct visitors *visitors;
        struct known_host *hosts;   /* owned */
        struct known_token *tokens; /* owned */
        size_t n_hosts, n_tokens;
        struct overview overview;
};

struct asked {
        struct answers *a;
        const struct ask *ask;
        struct reply *reply;
        struct visitor visitor;
        char path[LONGEST_ASK_PATH + 1], query[LONGEST_FIELDS];
};

const struct known_host *answers_known(const struct answers *, const char *school, const char *host); /* or NULL */
const struct known_token *answers_by_token(const struct answers *, const char *token);                /* or NULL */

/* --- answering --- */

const char *say(const struct asked *, const char *text); /* in the visitor's language */
void answer_json(struct asked *, int status, json_t *);  /* takes it over */
/* {"error": what is wrong, "next": what to do, "code": the rule's number}; arguments as of err_rule. */
void answer_rule(struct asked *, int status, enum rule, ...) __attribute__((sentinel));
void answer_error(struct asked *, int status, const char *sentence); /* N_() */
void answer_trouble(struct asked *, const struct err *);             /* on our side: 503, 507 without room */
json_t *text_json(const char *);                                        /* never NULL */

/* The rule's sentence in the visitor's language with these instead of its {1} … {9}. */
void rule_says(const struct asked *, enum rule, bool remedy, const char *const args[RULE_ARGS], struct str *out);
/* Sets "code", "cause" and "next", in which {1} … are open: the page finds the values in what the host said, by "told" and
 * "told_next", the same in English. */
void code_json(const struct asked *, json_t *to, int code);
/* What people see of it: see standing_has_arrived. */
enum standing standing_shown(const struct answers *, enum standing);
json_t *tile_json(const struct asked *, const struct host_row *, const struct host_more *);
json_t *event_json(const struct asked *, const struct event_row *);

/* --- the parts --- */

void read_summary(struct asked *);
void read_hosts(struct asked *);
void read_one_host(struct asked *);
void read_changes(struct asked *);
void read_enrolled(struct asked *);
void read_rule(struct asked *);
void read_words(struct asked *);
void act_login(struct asked *);
void act_logout(struct asked *);
void act_language(struct asked *);
void act_arm(struct asked *);
void act_disarm(struct asked *);
void act_enrol(struct asked *);
void act_forget(struct asked *);
bool may_read(const struct asked *);
