/* web_password.h - the password of the page, of which only a hash is kept (out/secrets/web.hash). */
#pragma once
#include "base/err.h"

enum { PASSWORD_LEAST = 8, PASSWORD_MOST = 512 };

/* A hash as crypt(3) writes it; wiped or not, it is the caller's to free. NULL and e when the password is too short or
 * too long (ERR_INPUT), or the library refuses. */
MUST_USE char *web_password_hash(const char *password, struct err *e);

/* Takes as long for a wrong one as for the right one. */
bool web_password_is(const char *hash, const char *password);
