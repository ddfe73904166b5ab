/* built_plan.h - the agent's plan of one host, as a build's folder holds it. */
#pragma once
#include "postinstall/agent_plan.h"

/* name: "HOST" or "SCHOOL/HOST". Caller frees with agent_plan_free(). NULL and e set: not a build's folder, nobody's name,
 * or that of hosts in several schools. */
MUST_USE struct agent_plan *built_plan_read(const char *out, const char *name, struct err *e);
