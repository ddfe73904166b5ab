/* ask.h - a question at the terminal, whatever standard input and output are. */
#pragma once
#include "base/err.h"
#include "base/secret.h"

bool ask_possible(void);                /* somebody is there who could answer */

/* One line, not shown while it is typed. Without a terminal: ERR_USAGE. */
MUST_USE bool ask_secret(const char *prompt, struct secret *out, struct err *e);

/* True only for the whole word "yes". */
MUST_USE bool ask_yes(const char *prompt);
