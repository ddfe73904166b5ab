/* agent_binary.h - the agent as it lies beside this program, looked at before it is sent to hosts. */
#pragma once
#include "base/str.h"

enum { LARGEST_AGENT = 4 << 20 };

/* Reads the file that was named; or, when named is NULL, build/agent/xenroll-agent or lib/xenroll/xenroll-agent, seen from
 * where this program is. *found is false, and nothing is wrong, when none was named and there is none. False and e set when
 * it cannot be read, or is no program that starts on a host. */
MUST_USE bool agent_binary_read(const char *named, struct str *out, bool *found, struct err *e);
