/* lint.h - judge an answer file that somebody wrote by hand, as the real installer of that release will.
 *
 * Reports what the installer would refuse (errors) and what it would silently ignore or misread (warnings). */
#pragma once
#include "answerfiles/diag.h"
#include "answerfiles/release.h"

/* text is borrowed and must outlive the diags. Problems of any kind, malformed XML included, go to diags. */
void answer_lint(const struct release *, const char *name, struct bytes text, struct diags *);
