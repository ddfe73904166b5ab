/* xapi_errors.h - what xapi refuses, as a rule with a remedy. */
#pragma once
#include "postinstall/xapi.h"

/* Sets e to the rule that fits the code. The sentence names the code and shows the parameters, cleaned and cut: no references
 * to objects, no XML, none of the secrets (NULL-terminated). Returns false. */
bool xapi_explain(struct err *e, const struct xapi_failure *, const char *const *secrets);

/* Every code that has a rule of its own, for tests; NULL past the last. */
const char *xapi_known_code(size_t index);
