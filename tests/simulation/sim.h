/* sim.h - one rollout: a world, its hosts with their agents as processes, and time that passes only when all of them
 * wait.
 *
 * A run is decided by its deployment, its faults and the seed of its order; nothing else has a say. */
#pragma once
#include "tests/simulation/deployment.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/trace.h"
#include "tests/xapi/world.h"
#include <sys/types.h>

enum host_state {
        HOST_OFF,     /* no process; starts when due */
        HOST_RUNNING, /* only while the simulation listens to it */
        HOST_ASLEEP,
        HOST_ASKING, /* waits for an answer; due: until it gives up */
        HOST_READY,  /* the answer is there */
        HOST_ENDED,
};

struct sim_host {
        enum host_state state;
        const char *name;
        char *root;
        struct disk *disk;
        pid_t pid;
        int wire;
        int64_t due; /* ms; INT64_MAX: never by itself */
        bool powered;
        int64_t request;       /* in the world; -1 = none */
        int asked;             /* host that was asked; -1: the boot server */
        bool tls;              /* … and shows a certificate */
        struct fault *spoils;  /* the answer that is awaited */
        int transport, status; /* the answer */
        struct str answer;
        int root_fd;
        int64_t paused_until;
        int disk_code;
        int64_t disk_until;
        int64_t wall_shift;         /* s */
        bool set_back;              /* its wall clock went back at some time */
        int64_t booted;             /* ms: its steady clock begins then */
        int64_t off_since, off_for; /* ms without power */
        int64_t able_since;         /* ms: since then up, not paused, its disk in order */
        int64_t first_start;        /* ms; -1 = not yet */
        int64_t remembered;         /* ms: since then its journal knows when it began; -1 = it does not */
        unsigned lives, certificate;
        unsigned points, requests, again;
        int end; /* enum agent_end, once it has ended */
        int code;
        char text[1300], remedy[700];
        int64_t ended_at;
        bool was_through;           /* its agent has converged */
        bool booted_since;          /* … and its machine has started again: nobody plugs then what xapi could not */
};

struct sim {
        const struct deployment *deployment;
        struct world *world;
        struct faults *faults;
        struct sim_host *hosts;
        int n;
        struct chance order;
        struct trace trace;
        char *work;          /* folder of this run */
        int64_t now;         /* ms */
        struct str failures; /* one line each; empty = as it should be */
        bool over;
};

struct sim_result {
        struct str failures; /* owned by the caller */
        struct str last;     /* the end of the trace */
        uint64_t hash;
        int64_t time, joins; /* ms */
        unsigned most_calls; /* of a member */
        unsigned points[64];
        int converged;
};

struct sim_options {
        uint64_t seed;
        bool trace, keep;
        const char *work; /* parent of the run's folder */
        bool faultless;   /* the stricter judgement */
        bool no_budget;   /* of calls and time */
        long most_turns;  /* 0: enough */
};

void sim_run(const struct deployment *, struct faults *, const struct sim_options *, struct sim_result *);
void sim_result_clear(struct sim_result *);

void sim_fail(struct sim *, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* judge.c: while it goes on, and at its end. */
void judge_password(struct sim *);
void judge_end(struct sim *, const struct sim_options *, struct sim_result *);
void judge_state(struct sim *); /* judge_state.c: when all converged */
bool judge_password_lives(const struct sim *, const struct sim_host *);
