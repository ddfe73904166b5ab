/* routes.h - from the request's target to what is meant by it; nothing of it ever reaches a file system.
 *
 * A path is decoded once. What could mean two things to two readers (a NUL, a control character, "." or ".." as a part, a wrong
 * escape) is no path at all; repeated slashes are one, since loaders put paths together from parts. */
#pragma once
#include "pxe/backend.h"

enum route { ROUTE_NONE, ROUTE_LOADER, ROUTE_REPO, ROUTE_BACKEND };

/* False when the target is no path. out holds the decoded path, beginning with "/". */
MUST_USE bool path_decode(const char *target, char out[LONGEST_ASK_PATH + 1]);

/* Of a decoded path; *name is what follows /boot/ or /repo/. /boot/… may still be the backend's when no loader has the
 * name: route_is_backend. */
enum route route_of(const char *path, const char **name);

/* Whether the backend may be asked for it: printable ASCII below one of its prefixes. */
bool route_is_backend(const char *path, bool post);

/* For a log: the token in /h/TOKEN/… becomes ****. */
void path_show(const char *path, struct str *out);
