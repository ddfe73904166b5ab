/* netbuild.h - a build's folder as the commands of the boot server open it: its hosts, and their state. */
#pragma once
#include "pxe/arming.h"
#include "pxe/roster.h"

struct netbuild {
        int out;                        /* out/; owned */
        int build;                      /* out/.current; owned */
        struct roster *roster;          /* owned */
        struct arming *arming;          /* owned; NULL until netbuild_state */
};
#define NETBUILD_INIT { .out = -1, .build = -1 }
void netbuild_close(struct netbuild *);

/* Its folders alone: also of a build that nothing can be installed from over the network. ERR_INPUT, and what to name instead, when path
 * is no build's folder. */
MUST_USE bool netbuild_folders(struct netbuild *, const char *path, struct err *e);
/* Whether build is still what out shows as its build: another 'xenroll build' puts another folder there. */
bool netbuild_is_current(int out, int build);
/* ERR_INPUT when path is no build's folder. */
MUST_USE bool netbuild_open(struct netbuild *, const char *path, struct err *e);
MUST_USE bool netbuild_state(struct netbuild *, bool create, struct err *e);

/* Which hosts a command is about. */
struct host_choice {
        const char *school;             /* --school; NULL = not given */
        bool all;
        char **names;
        int n_names;
};
struct host_set {
        const struct roster_host **items;       /* owned; in the build's order, none twice */
        size_t n;
        bool by_name;                   /* each was named by a person */
};
void host_set_clear(struct host_set *);

/* ERR_USAGE unless exactly one of names, school, all is given. */
MUST_USE bool hosts_choose(const struct roster *, const struct host_choice *, struct host_set *, struct err *e);
