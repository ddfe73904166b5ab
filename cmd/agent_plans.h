/* agent_plans.h - a host of the checked plan as the plan of its agent: the one place that knows both. */
#pragma once
#include "answerfiles/site.h"
#include "postinstall/agent_plan.h"

/* What is not in the site file. Borrowed. */
struct agent_marks {
        const char *deployment;         /* 32 hex digits */
        const char *build;
        const char *join_password;      /* of the host's pool; NULL when it has one host */
        const char *report;             /* URL of its roll call, with its token; NULL or "" = none */
};

/* Fills in the plan, with memory of the arena and of the host's own plan: both must outlive it. */
void agent_plan_of(struct agent_plan *out, struct arena *, const struct host *, const struct release *,
        const struct agent_marks *);
