/* cell_calls.h - the system calls that serving files takes, as a seccomp filter; all others end the process. */
#pragma once
#include "base/err.h"

/* For the calling thread and those it makes. Needs no_new_privs. False with errno set. */
MUST_USE bool cell_calls_limit(void);
