/* agent_parts.h - what the steps of the agent share. Only postinstall/ itself includes this. */
#pragma once
#include "base/cleanup.h"
#include "base/rule.h"
#include "base/secret.h"
#include "postinstall/agent_plan.h"
#include "postinstall/journal.h"
#include "postinstall/lease.h"
#include "postinstall/xapi.h"

enum look {
        LOOK_SO,                /* as planned: nothing to do */
        LOOK_NOT_SO,            /* make() may change that */
        LOOK_WAIT,              /* nothing can be done now: look again later; e says what is waited for */
        LOOK_STOP,              /* it will never be so: e says why, and what a person can do */
};

enum { MOST_NICS = 32, UUID_TEXT = 37, REF_TEXT = 80, MAC_CHARS = 18, DEVICE_CHARS = 16 };

struct nic {
        char mac[MAC_CHARS];            /* lower case */
        char device[DEVICE_CHARS];      /* "eth0" */
};

/* What the journal remembers from one life of the process to the next. */
struct memory {
        char host_uuid[UUID_TEXT];      /* "" = not known yet */
        char pin[FINGERPRINT_TEXT];     /* of the coordinator's certificate, taken at first contact */
        char report_pin[FINGERPRINT_TEXT];      /* … of the roll call's */
        char done[64][24];              /* names of steps that are done and verified */
        size_t n_done;
        int64_t started;                /* wall clock of the agent's first start */
        int64_t waited;                 /* seconds that the agent's lives have certainly lasted */
        int64_t shift;                  /* seconds by which the wall clock was set meanwhile */
        bool rotated;                   /* the one-time password is dead */
        bool joined;                    /* pool.join was called; whether it worked the coordinator knows */
};

struct agent {
        int root;                       /* borrowed */
        const char *root_path;          /* borrowed */
        struct agent_plan *plan;
        struct journal *journal;
        struct memory memory;
        struct xapi *local;             /* over the socket */
        struct xapi *remote;            /* the coordinator, for a member; NULL until it is needed */
        struct secret handed;           /* by `xenroll add-host`: goes before the plan's one-time password */
        char there[REF_TEXT];           /* a member's own reference in its pool; "" = not known yet */
        char host[REF_TEXT], pool[REF_TEXT];    /* references; valid while session and membership last */
        struct rpc_answer hosts, pools; /* what our own xapi has just said; see forget_seen() */
        bool hosts_fresh, pools_fresh;
        struct nic nics[MOST_NICS];     /* in PCI order, by the MACs that are theirs for good */
        size_t n_nics;
        int64_t join_asked;             /* steady ms, of this life's last pool.join; 0 = none */
        bool join_refused;              /* … to which xapi said no */
        bool ha_doubted;                /* its enabling was refused: that it looks as if it were on proves nothing */
        int64_t life;                   /* steady clock when this process began */
        int64_t ticked;                 /* seconds of this life that the journal has */
        int64_t seen_wall, seen_steady; /* seconds, when the clocks were last compared */
        int64_t wait;                   /* milliseconds before the next look; a step may shorten it */
        struct lease_view line;         /* of those who join, as it was last seen */
        bool line_told;                 /* … a moment ago, by queue_told() */
        struct lease_view line_moved;   /* … and as it stood when it last moved */
        int64_t line_since;             /* steady ms */
        int line_wakes;                 /* times that it was looked at since, for nothing */
        char token[256];                /* of event.from */
        char report[512];               /* URL; "" = nobody listens */
        const char *report_pin;         /* of the plan; NULL = none, or it is the boot server that listens */
        int64_t deaf_until;             /* steady ms: until then the boot server is not bothered */
        int64_t clock_since;            /* steady ms: when the clock was first seen to be wrong; 0 = it was not */
        char warning[400];              /* for the result: what was let pass */
};

struct step {
        const char *name;
        enum look (*look)(struct agent *, struct err *);
        enum look (*make)(struct agent *, struct err *);        /* NULL: it can only be waited for */
        int patience;                   /* seconds until a wait becomes a stop; 0 = the join window */
        enum rule late;                 /* what is then said; XR_NONE: what it was waiting for */
        bool needs_host;                /* agent->host must be known */
        bool again;                     /* its look is not repeated by the last verification */
        bool quiet;                     /* its begin is told to nobody: others wait for it, and who is told may not answer */
};

/* --- xapi --- */

/* What a call's end means for a step: LOOK_SO when it was done. */
enum look after_call(struct agent *, enum xapi_end, struct err *);
/* CLASS.get_all_records: a struct of reference → record. */
enum look all_records(struct agent *, struct xapi *, const char *class, struct rpc_answer *out, struct err *);
/* A local call that changes something; value in out, or ignored. */
enum look change(struct agent *, struct rpc_answer *out, struct err *, const char *method, const struct rpc_arg *, size_t n);
enum look call(struct agent *, struct err *, const char *method, const struct rpc_arg *, size_t n);

/* The member of a struct of records whose field says this; NULL when none does. Its key is the reference. */
const struct rpc_value *record_where(const struct rpc_value *records, const char *field, const char *text);
const struct rpc_value *record_of(const struct rpc_value *records, const char *reference);

/* The interface with a host's own address; NULL when it has none yet. */
const struct rpc_value *management_of(const struct rpc_value *pifs, const char *host);
/* One pool, and its coordinator among the hosts. Otherwise a host that is missing in the list would count as gone. */
MUST_USE bool records_are_pool(const struct rpc_value *pools, const struct rpc_value *hosts, struct err *);

/* What read_host() and own_pool() have read is good until time passes or something is changed: then it is forgotten. */
void forget_seen(struct agent *);

/* This host's record, in agent->hosts. */
enum look read_host(struct agent *, const struct rpc_value **host, struct err *);
/* This host's record among those of xapi; sets agent->host. */
enum look own_host(struct agent *, const struct rpc_value *hosts, const struct rpc_value **record, struct err *);
/* The record of the pool, in agent->pools; sets agent->pool. */
enum look own_pool(struct agent *, const struct rpc_value **record, struct err *);

/* Puts key=value into other_config of an object unless it says so already; record is the object's. */
enum look mark(struct agent *, const char *class, const char *ref, const struct rpc_value *record, const char *key,
        const char *value, struct err *);

/* --- keys that we leave in other_config, and those that are gone at the end --- */
#define MARK_DEPLOYMENT "xenroll-deployment"    /* pool, host, SR, network, VM: the deployment's id */
#define MARK_NAME "xenroll-name"                /* what it is called in the plan */
#define MARK_NICS "xenroll-nics"                /* host: "eth0=MAC,eth1=MAC" in PCI order */
#define MARK_STATE "xenroll-state"              /* host: "ready" */
#define MARK_OPEN "xenroll-open"                /* pool: members may join */
#define MARK_HA "xenroll-ha"                    /* pool: its HA is off while a member is added: "SR-UUID TOLERATE TIMEOUT" */
#define MARK_PASSWORD "xenroll-password"        /* host that is to join: uuid of a secret, root's password on its coordinator */
#define MARK_QUEUE "xenroll-queue-"             /* pool: one for each member that waits to join */
#define MARK_LEASE "xenroll-lease-"             /* pool: generations of the right to join */

/* --- this machine --- */
MUST_USE bool machine_uuid(int root, char uuid[UUID_TEXT]);             /* from the inventory; false: not there yet */
MUST_USE bool machine_nics(struct agent *, struct err *);
const struct nic *machine_nic(const struct agent *, int number);        /* NULL: it has no such card */
MUST_USE bool machine_exists(int root, const char *path);               /* an absolute path, below root */
MUST_USE bool machine_is_member(int root, char coordinator[64]);        /* pool.conf: of which pool; false: it is its own */
MUST_USE bool machine_publish(int root, const char *path, struct bytes, unsigned mode, struct err *);   /* whole or not at all */
MUST_USE bool machine_remove(int root, const char *path, struct err *);         /* a missing file is fine */
MUST_USE bool machine_read(int root, const char *path, size_t max, struct str *, struct err *);

/* --- the password (shadow.c) --- */
MUST_USE bool shadow_set(int root, const char *hash, struct err *);     /* root's; whole or not at all */
MUST_USE bool shadow_is(int root, const char *hash);

/* --- memory.c --- */
MUST_USE bool memory_open(struct agent *, struct err *);
MUST_USE bool memory_note(struct agent *, const char *key, const char *value, struct err *);
bool memory_done(const struct agent *, const char *step);
int64_t memory_age(const struct agent *);       /* seconds since the first start, by whichever clock says more */
MUST_USE bool memory_tick(struct agent *, struct err *);        /* now and then writes the age down */

/* --- lists of steps, each in its file --- */
extern const struct step step_first_boot, step_clock, step_identity, step_multipath, step_pool, step_networks, step_storage, step_defaults,
        step_open, step_members, step_attach, step_schedules, step_vms, step_ha, step_password, step_tidy, step_preflight, step_queue,
        step_join, step_joined, step_release, step_addresses, step_ready, step_sealed;

/* --- pieces of steps --- */
bool is_litter(const char *key);         /* of a pool that is complete: what members queued with, and the door */

/* A failed enable_ha can leave the flag set: on means that a statefile is there too. */
bool ha_is_on(const struct rpc_value *pool);
bool storage_is_shared(const struct agent_storage *);
const struct agent_storage *storage_named(const struct agent_plan *, const char *name);

/* How far our clock is off the one of the pool of x; LOOK_WAIT with XR_STEP_CLOCK while it may still be set right. */
enum look clock_compare(struct agent *, const char *master, struct err *);
MUST_USE bool coordinator_connect(struct agent *, struct err *);       /* sets remote */
const char *coordinator_password(const struct agent *);        /* NULL when there is none (any more) */

/* The pool as the coordinator has just shown it: the line of those who join need not be asked for again. */
void queue_told(struct agent *, const struct rpc_value *pool);
void agent_log(struct agent *, const char *fmt, ...) PRINTF_LIKE(2, 3);
void agent_log_call(void *agent, const char *line);      /* for xapi_new() */
void agent_warn(struct agent *, enum rule, ...) __attribute__((sentinel));
void agent_tell(struct agent *, const char *stage, const char *outcome, const struct err *);    /* the boot server or the roll call, if one listens */
