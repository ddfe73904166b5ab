/* session.h - sessions, tasks and secrets: what a call is made with. */
#pragma once
#include "tests/xapi/inside.h"

void password_fetched(struct world *, int host);
handler session_login, session_logout, task_create, task_destroy, secret_create, secret_destroy;
