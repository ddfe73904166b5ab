/* log.h - key=value lines on stderr for programs and for support; silent unless asked for.
 *
 * log_event("image", "written", "file", path, "bytes", n, NULL): values are strings, quoted where needed. Never pass a
 * secret; secret_show() is what may stand in a line. */
#pragma once
#include <stdbool.h>

void log_enable(bool on);
bool log_enabled(void);
void log_event(const char *module, const char *event, ...) __attribute__((sentinel));
