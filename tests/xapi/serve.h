/* serve.h - requests on their way: who hears them, when, and what comes back. */
#pragma once
#include "tests/xapi/inside.h"

struct request *request_next(const struct world *); /* the first that is due; NULL */
int64_t request_due(const struct world *, const struct request *);
void request_run(struct world *, struct request *); /* ends it, or lets it wait on */
void requests_drop(struct world *, int host);       /* this host's xapi is gone */
void task_end(struct call *, struct object *task);
void event_from(struct call *);
bool events_there(const struct request *);
