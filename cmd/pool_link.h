/* pool_link.h - from the administrator's computer to a pool's coordinator: root's password, and certificates that are known.
 *
 * The certificates of these hosts are signed by nobody. One that was accepted is kept in the user's own list, and root's
 * password is sent to no other. */
#pragma once
#include "base/secret.h"
#include "cmd/command.h"
#include "postinstall/agent_plan.h"
#include "postinstall/xapi.h"

struct pool_link_options {
        const char *password_file;      /* its first line; "-" = standard input; NULL = asked for at the terminal */
        struct option_list trust;       /* fingerprints that may be accepted unasked */
        const char *address;            /* where the coordinator is; NULL = as the plan says */
};

struct pool_links {                     /* zero-initialised is empty */
        const struct pool_link_options *options;
        struct secret password;         /* asked for once, for all pools */
};
void pool_links_clear(struct pool_links *);

/* To xapi at this address, for xapi_free(); NULL and e set when it cannot be reached or is not to be trusted. plain: HTTP,
 * for a release that has nothing better. */
MUST_USE struct xapi *pool_link_open(struct pool_links *, const char *address, bool plain, struct err *e);

/* Where the pool's coordinator is; NULL and e set (TRANSPORT_NO_ADDRESS) when only DHCP knows. */
const char *pool_link_address(const struct pool_link_options *, const struct agent_plan *, struct err *e);

/* The rows of a command's table for options at this member of its own. */
#define POOL_LINK_ROWS(type, member)                                                                                                     \
        { "address", 'a', "ADDRESS", OPTION_TEXT, offsetof(struct type, member.address),                                                 \
                N_("where the pool's coordinator is, when the site file does not say it") },                                             \
        { "password-file", 'p', "FILE", OPTION_TEXT, offsetof(struct type, member.password_file),                                        \
                N_("root's password is the first line of FILE, - for standard input; asked for when left out") },                        \
        { "trust", 't', "SHA256", OPTION_LIST, offsetof(struct type, member.trust),                                                      \
                N_("a certificate that may be accepted without a question, by its fingerprint; may be given several times") }
