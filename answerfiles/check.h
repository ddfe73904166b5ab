/* check.h - rules that look at more than one value: within a host, a pool, a school, the district, the release. */
#pragma once
#include "answerfiles/site.h"

/* Reports every broken rule. Linear in the number of hosts. */
void plan_check(const struct plan *, struct diags *);
