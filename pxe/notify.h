/* notify.h - tells the service manager that started us how we are (sd_notify's protocol), and whether a journal reads our log. */
#pragma once
#include <stdbool.h>

/* "READY=1", "STOPPING=1", "STATUS=…": sent when NOTIFY_SOCKET is set; otherwise, or when nobody listens, nothing. */
void notify_manager(const char *state);

enum log_level { SAY_ERROR = 3, SAY_WARNING = 4, SAY_NOTICE = 5, SAY_INFO = 6 };

/* One line on stderr: with the level in front for a journal, with the time for a person. */
void say_line(enum log_level, const char *line);
