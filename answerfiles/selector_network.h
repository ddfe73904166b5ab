/* selector_network.h - the selector for a machine that was started from the network: one script that carries everything
 * with it, since the installer fetches just one. */
#pragma once
#include "answerfiles/selector.h"

struct network_script {
        const struct pack_files *files; /* of selector_files: the same as on a medium */
        struct bytes pack;              /* for this one host, of selector_pack_finish */
        const char *server;             /* "http://192.168.0.5": its packages are at SERVER/repo */
        const char *report;             /* URL that the selector and hook-complete tell what became of it */
};

/* Appends the script, with password hashes in it. It unpacks to /tmp/xenroll-net and goes on there. */
MUST_USE bool network_script_write(const struct network_script *, struct str *out, struct err *e);

/* The script for a machine that nobody knows: it tells the URL what it is and powers off; it never gives an answer. */
MUST_USE bool enrol_script_write(const char *report, struct str *out, struct err *e);
