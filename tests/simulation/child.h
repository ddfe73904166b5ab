/* child.h - a host's agent as a process of its own, all of whose doors lead to the simulation. */
#pragma once
#include "tests/simulation/chance.h"
#include "tests/simulation/wire.h"

struct child_start {
        int wire;
        int64_t steady, wall;
        struct chance chance; /* of this life */
};

/* Runs the agent below root until it ends; tells how, and exits. */
_Noreturn void child_run(const struct child_start *, const char *root_path);

/* Asks the simulation and waits; exits when it is gone. Answers set the clocks. */
void child_ask(struct wire question, struct bytes text, struct wire *answer, struct str *reply);

extern int64_t child_steady, child_wall;
extern struct chance child_chance;

/* From now on changes to files are reported (points.c). */
extern bool points_on;
