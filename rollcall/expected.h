/* expected.h - what the roll call knows of a build: out/.current/rollcall/expected.json, 0600 (`notify` may hold secrets). */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

struct expected_machine { const char *name, *address, *mac, *serial; bool coordinator; };       /* "" = not said */
struct expected_pool { const char *id, *name; const struct expected_machine *hosts; size_t n_hosts; };
struct expected_school { const char *id, *name; const struct expected_pool *pools; size_t n_pools; };

struct upstream {                       /* the district's roll call; url NULL: none */
        const char *url;                /* "https://10.1.0.5" */
        const char *pin;                /* "sha256//BASE64" of its public key (libcurl's form), "" = the system's certificates */
        const char *token;              /* secret */
        const char *school;             /* whose server this is; NULL: of all of the build's several schools */
};

enum notice_form { NOTICE_JSON, NOTICE_WECOM, NOTICE_DINGTALK, NOTICE_MAIL };
struct notice {
        enum notice_form form;
        const char *url;                /* of the hook, a secret; of mail: smtp://server[:port] or smtps:// */
        const char *from, *to, *user, *password;        /* of mail; "" = none */
        bool on_complete, on_failed;    /* a school has arrived whole; a host has failed */
};

struct expected {                       /* one owner: expected_free */
        const char *timezone;           /* "Asia/Shanghai": in which times are shown */
        const char *district;           /* its name, "" = none */
        bool with_agent;                /* otherwise a host has arrived when it is installed */
        const struct expected_school *schools; size_t n_schools;
        struct upstream upstream;
        const struct notice *notices; size_t n_notices;
};

/* dir: the build's folder. NULL and e (ERR_INPUT): it is not there, or not ours. */
MUST_USE struct expected *expected_open(int dir, struct err *e);
/* From now on the process is in the schools' time zone. */
void expected_use_timezone(const struct expected *);
void expected_free(struct expected *);          /* NULL is fine; wipes secrets */
