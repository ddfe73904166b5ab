/* arrivals.h - where every expected host stands: by the store, and for those it has not heard of by out/state.db. */
#pragma once
#include "cmd/roll.h"
#include "base/arena.h"
#include "pxe/agent_reports.h"

struct arrival {
        const struct expected_school *school;
        const struct expected_pool *pool;
        const struct expected_machine *host;
        enum standing standing;
        enum stage_kind stage;          /* of the last event that counted */
        bool arrived, overdue;
        bool is_armed;                  /* state.db knows it */
        enum arm_state state;
        int attempt, code, percent;
        int64_t since, heard;           /* ms */
        const char *step, *outcome, *detail;    /* in the arena; never NULL */
};

struct arrivals {
        struct arena *arena;
        struct arrival *items;          /* owned; in the order of the plan */
        struct arrival **by_name;       /* owned; the same, sorted */
        size_t n;
        size_t arrived, failed, moving, waiting;        /* waiting: not heard of, or armed */
        bool with_agent;
};

/* school: of that one only, or NULL. Frees what it held before. */
MUST_USE bool arrivals_read(struct arrivals *, struct roll *, const char *school, struct err *e);
void arrivals_clear(struct arrivals *);
