/* deployment.h - what is to become of a few hosts: the plans of their agents, the world they find, the folders they
 * live in. */
#pragma once
#include "postinstall/agent_plan.h"
#include "tests/simulation/chance.h"

/* What is so wrong from the start that the rollout cannot end well; behind TROUBLES, what is only to be said. */
enum trouble {
        NO_TROUBLE,
        FOREIGN_LUN,
        TWO_SRS,
        OTHER_CPU,
        OTHER_BUILD,
        WRONG_CHAP,
        NO_NFS,
        NO_TEMPLATE,
        TROUBLES,
        OTHER_CARDS = TROUBLES, /* the last host's cards 2 and 3 are called eth3 and eth2 */
        OTHER_MANAGEMENT,       /* its own address is on another card than the others' */
        MANY_LUNS,              /* more on the target than are looked at */
        ODDITIES
};

enum boot_server { NOBODY_LISTENS, SAYS_YES, SAYS_NO, SAYS_NOTHING };

struct expected {
        const char *method; /* "SR.create+SR.introduce": their sum */
        unsigned n;
};

struct deployment {
        struct arena *arena;
        int n;
        struct agent_plan *plans; /* one a host; plans[0] is the coordinator's */
        const char *scenario;     /* for the world */
        const char *join_hash, *admin_hash;
        const char **secrets; /* what must be nowhere at the end; the join password first */
        size_t n_secrets;
        enum boot_server boot_server;
        int64_t *power_on; /* ms, by host */
        struct expected expected[16];
        size_t n_expected;
        int nics, management; /* cards, and which of them is for the hosts' own addresses */
        enum trouble trouble; /* below TROUBLES: somebody must stop and say why */
};

enum storage_wishes {
        WISH_NFS = 1,
        WISH_ISCSI = 2,
        WISH_ISO = 4,
        WISH_HA = 8,
        WISH_BOND = 16,
        WISH_VMS = 32,
        WISH_NETS = 64,
        WISH_HBA = 128,
        WISH_SMB = 256,
        WISH_SNAPSHOTS = 512, /* of what WISH_VMS asks for, where the release has schedules */
        WISH_SERIAL = 1024,   /* the LUN of WISH_ISCSI by its serial number, over two portals */
        WISH_ALL = WISH_NFS | WISH_ISCSI | WISH_ISO | WISH_HA,
        WISH_EVERYTHING = 2047
};

struct deployment *deployment_new(int hosts, unsigned wishes, const char *release, enum trouble, uint64_t seed);
struct deployment *deployment_draw(uint64_t seed);
void deployment_free(struct deployment *);
void deployment_show(const struct deployment *, struct str *);

/* Writes what the installer left on a host, with its plan, below a new folder. */
MUST_USE bool deployment_root(const struct deployment *, int host, const char *path, struct err *e);
