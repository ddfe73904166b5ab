/* cell.h - takes everything from this process that serving files does not need.
 *
 * In this order: an empty file system of its own (mount namespace, nothing mounted in it), the rights of an unprivileged user,
 * no_new_privs, a seccomp filter of the calls that libmicrohttpd and we make. Descriptors that are open stay. */
#pragma once
#include "base/err.h"

/* user: whose rights to take; NULL keeps them, and when they are not root's the empty file system is tried with a user namespace
 * and done without where the kernel forbids that (*walls tells). ERR_WORLD when anything else fails, ERR_INPUT when there is no such
 * user: then nothing is served. Before threads: they all are to be inside. */
MUST_USE bool cell_enter(const char *user, bool *walls, struct err *e);
