/* agent.h - brings this host to what its plan says, resumes after anything, and removes itself.
 *
 * Every path is below one root folder ("/" on a host, any folder in a test):
 *     etc/xenroll/plan.xml            the plan, 0600; removed at the end
 *     etc/xenroll/root-hash           in a pool of several: the administrator's hash once more, should the plan be damaged
 *     etc/xenroll/report              one line: URL that hears how far it is; may be missing
 *     var/lib/xenroll/journal         what has been done
 *     var/lib/xenroll/result          how it ended, for people and for 'status'
 *     var/lib/xenroll/done            there when nothing is left to do: the service does not start again
 *     var/lib/xcp/xapi                xapi's socket
 *     etc/shadow                      root's password; in 6.5, which has none, etc/passwd
 *     sys/class/net                   its network cards */
#pragma once
#include "base/err.h"

enum agent_end {
        AGENT_CONVERGED,        /* everything is as planned, verified; secrets are gone */
        AGENT_STOPPED,          /* the time is up and something is still missing: e has cause and remedy; the one-time password is
                                   dead and forgotten. Started once more, it tries again what needs no password */
        AGENT_AGAIN,            /* this process cannot go on (disk full, read-only): to be started again later; e says why */
};

/* Returns when nothing is left to do. root: a folder's descriptor, root_path its path, for the socket. */
MUST_USE enum agent_end agent_run(int root, const char *root_path, struct err *e);

/* Prints how far it is, from journal and result: for 'xenroll-agent status'. False when there is no agent here. */
MUST_USE bool agent_status(int root, struct err *e);
