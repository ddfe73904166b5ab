/* schema.h - our RELAX NG schemas, one per family of releases, compiled from the bytes inside the program.
 *
 * Thread-safe; a compiled schema may be used by one thread at a time. */
#pragma once
#include "answerfiles/release.h"
#include "base/err.h"
#include <libxml/relaxng.h>

/* NULL and e set when it does not compile, which is our own defect. Caller frees with xmlRelaxNGFree. */
MUST_USE xmlRelaxNG *schema_compile(enum family, struct err *e);

/* A context that keeps the first problem of each validation in first (a sentence of libxml2's, bounded). */
struct schema_problem {
        char text[400];
        int line;
};
MUST_USE xmlRelaxNGValidCtxt *schema_context(xmlRelaxNG *, struct schema_problem *first);
