/* rpc.h - XML-RPC as xapi speaks it: a call to bytes, an answer's bytes to values.
 *
 * Answers are foreign: at most RPC_LONGEST bytes, RPC_DEEPEST levels, no DOCTYPE, no processing instruction, UTF-8. Values
 * belong to their answer. xapi sends whole numbers as strings, so numbers stay text here. */
#pragma once
#include "base/str.h"

enum { RPC_LONGEST = 16 << 20, RPC_DEEPEST = 32 };

enum rpc_kind { RPC_NIL, RPC_TEXT, RPC_BOOL, RPC_ARRAY, RPC_STRUCT };

struct rpc_value {
        enum rpc_kind kind;
        const char *key;                /* of a struct's member; NULL otherwise */
        const char *text;               /* RPC_TEXT (also int, double, dateTime): as sent; RPC_BOOL: "true" or "false"; never NULL */
        const struct rpc_value *items;  /* of RPC_ARRAY and RPC_STRUCT */
        size_t n;
};

struct rpc_answer {                     /* zero-initialised is empty */
        struct arena *arena;
        bool failed;                    /* Status was Failure: value is the array of ErrorDescription */
        struct rpc_value value;
};
void rpc_answer_clear(struct rpc_answer *);

/* False and e set for what is not a methodResponse with a Status and a Value (or ErrorDescription), or is a fault. */
MUST_USE bool rpc_answer_read(struct bytes, struct rpc_answer *, struct err *e);

/* Never NULL: what is not there reads as an RPC_NIL with the text "". */
const struct rpc_value *rpc_member(const struct rpc_value *, const char *key);
const char *rpc_text(const struct rpc_value *, const char *key);        /* "" unless RPC_TEXT or RPC_BOOL */
bool rpc_true(const struct rpc_value *, const char *key);
int64_t rpc_number(const struct rpc_value *, const char *key, int64_t otherwise);
bool rpc_has_text(const struct rpc_value *array, const char *text);    /* one of its items is this text */

/* --- writing --- */

enum rpc_arg_kind { ARG_TEXT, ARG_BOOL, ARG_NUMBER, ARG_FLOAT, ARG_MAP, ARG_TEXTS, ARG_RECORD };

struct rpc_named;

struct rpc_arg {
        enum rpc_arg_kind kind;
        union {
                const char *text;
                bool yes;
                int64_t number;                 /* sent as <string>, as xapi wants its ints */
                double fraction;
                const char *const *texts;       /* ARG_TEXTS: …, NULL; ARG_MAP: key, value, key, value, …, NULL */
                struct {
                        const struct rpc_named *members;
                        size_t n_members;
                };
        };
};

struct rpc_named {                      /* a member of ARG_RECORD */
        const char *key;
        struct rpc_arg arg;
};
#define RPC_S(s) { .kind = ARG_TEXT, .text = (s) }
#define RPC_B(b) { .kind = ARG_BOOL, .yes = (b) }
#define RPC_I(i) { .kind = ARG_NUMBER, .number = (i) }
#define RPC_F(d) { .kind = ARG_FLOAT, .fraction = (d) }
#define RPC_M(pairs) { .kind = ARG_MAP, .texts = (pairs) }
#define RPC_R(named) { .kind = ARG_RECORD, .members = (named), .n_members = COUNT(named) }
#define RPC_A(list) { .kind = ARG_TEXTS, .texts = (list) }

/* Appends a methodCall. Texts are UTF-8; characters that XML cannot hold become "?". */
void rpc_call_write(struct str *out, const char *method, const struct rpc_arg *args, size_t n);
