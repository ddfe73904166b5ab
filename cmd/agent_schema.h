/* agent_schema.h - the schema of agents' plans, compiled from the bytes inside the program. */
#pragma once
#include "base/str.h"

struct agent_schema;

/* NULL and e set when it does not compile, which is our own defect. Caller frees. */
MUST_USE struct agent_schema *agent_schema_new(struct err *e);
void agent_schema_free(struct agent_schema *);          /* NULL is fine */

/* False and e set when the plan of that host does not fit it, which is our own defect too. Not thread-safe. */
MUST_USE bool agent_schema_check(struct agent_schema *, const char *host, struct bytes plan, struct err *e);
