/* inside.h - what the parts of the fake share: hosts, databases, calls, time. Nothing outside tests/xapi includes it.
 */
#pragma once
#include "base/arena.h"
#include "tests/xapi/api.h"
#include "tests/xapi/world.h"

/* --- databases --- */

struct object {
        const struct class *class;
        const char *ref;
        const struct val **values; /* by the field's place */
        int64_t born, changed;     /* generation */
        size_t at;                 /* place in its database; of a dead one: of what came behind it */
        bool live;
};

struct gone {
        const struct class *class;
        const char *ref;
        int64_t when; /* generation */
};

struct db {
        struct world *w;
        struct object **objects;
        size_t n, room;
        struct gone *gone;
        size_t n_gone, room_gone;
        int64_t generation;
        int64_t class_changed[MOST_CLASSES]; /* generation, by the class's place */
        int owner;                           /* the coordinator */
        int joins_now, joins_most;           /* at the same time */
        bool tls_once;                       /* pool.enable_tls_verification has run here */
        bool statefile;
};

struct db *db_new(struct world *, int owner);
void db_free(struct db *);
struct object *db_add(struct db *, const char *class); /* with a ref, a uuid and every field's default */
void db_remove(struct db *, struct object *);
struct object *db_find(const struct db *, const char *class, const char *ref); /* NULL */
struct object *db_by_uuid(const struct db *, const char *class, const char *uuid);
struct object *db_next(const struct db *, const char *class, const struct object *after); /* NULL after the last */
struct object *db_where(const struct db *, const char *class, const char *field, const char *text);
#define EACH(db, class, o) for (struct object *o = db_next((db), (class), NULL); o; o = db_next((db), (class), o))

/* Nothing happens when the value is there already; the other side of a reference changes too. */
void put(struct db *, struct object *, const char *field, const struct val *);
void put_text(struct db *, struct object *, const char *field, const char *);
void put_number(struct db *, struct object *, const char *field, int64_t);
void put_bool(struct db *, struct object *, const char *field, bool);
void put_key(
        struct db *, struct object *, const char *field, const char *key, const char *value); /* NULL takes it out */
const struct val *get(const struct object *, const char *field);
const char *text_of(const struct object *, const char *field);
int64_t number_of(const struct object *, const char *field);
bool true_of(const struct object *, const char *field);
const char *key_of(const struct object *, const char *field, const char *key); /* "" */
bool is_null(const char *ref);

/* As xapi answers: fields that follow from other objects are worked out. In a. */
const struct val *shown_field(struct arena *a, const struct db *, const struct object *, const struct field *);
const struct val *shown_record(struct arena *a, const struct db *, const struct object *);

/* --- storage around the hosts --- */

enum target_kind { ON_NFS, ON_ISCSI, ON_HBA, ON_SMB };
enum { MOST_ON_TARGET = 8, MOST_ADDRESSES = 4 };

struct target {
        enum target_kind kind;
        const char *address[MOST_ADDRESSES];
        size_t n_addresses;
        const char *path; /* nfs: export; smb: share; iscsi: IQN */
        const char *serial, *scsiid, *lun, *adapter;
        int64_t size;
        const char *user, *password; /* CHAP or SMB; NULL = anybody */
        const char *versions;        /* nfs: "3 4 4.1" */
        bool foreign, statefile_fails;
        const char *sr[MOST_ON_TARGET]; /* uuids that lie on it */
        size_t n_sr;
        unsigned made;   /* SRs made in this world */
        const char *iso; /* names of images, by spaces */
};

/* --- hosts --- */

enum xapi_state { XAPI_OFF, XAPI_ON, XAPI_EMERGENCY };

struct host {
        const char *name, *address, *uuid, *hostname;
        char *macs[16];
        int eth[16];
        size_t n_nics;
        int management;       /* place of its card */
        const char *password; /* when there is no root folder */
        const char *product, *build, *platform, *brand, *cpu_vendor, *cpu_features, *edition, *patches, *backend,
                *timezone;
        const char *guidance;
        int64_t skew; /* seconds */
        bool restricted, no_ha_licence, dies_once, firstboot_done, dhcp;
        int64_t memory, boot_time; /* bytes, ms from power to xapi */
        int64_t firstboot_time;    /* ms in all */
        int root;                  /* descriptor, -1 */

        bool powered;
        enum xapi_state state;
        unsigned life;   /* of xapi: timers of an earlier one mean nothing */
        int step;        /* of the first boot */
        struct db *db;   /* its pool's */
        struct db *own;  /* the one it began with */
        int master;      /* -1: itself */
        int becomes;     /* whose member its xapi will be once it has restarted; -1 */
        bool cold;       /* it had no power since its xapi ran */
        const char *ref; /* in db */
        bool joining;    /* between pool.join's answer and enabled */
        int64_t join_asked, join_live, join_enabled;
        int64_t away_since; /* as the coordinator sees it; -1 */
};

struct cut {
        const char *a, *b;
}; /* names of hosts, or addresses */

/* --- time --- */

struct timer {
        int64_t at, number;
        void (*act)(struct world *, int host, const char *arg);
        int host;
        unsigned life; /* xapi's; 0 = whatever happens */
        const char *arg;
};

/* --- requests --- */

enum fault_kind {
        FAULT_ERROR,
        FAULT_DROP_BEFORE,
        FAULT_DROP_AFTER,
        FAULT_HALF,
        FAULT_HTTP,
        FAULT_DELAY,
        FAULT_RESTART_BEFORE,
        FAULT_RESTART_AFTER,
        FAULT_POWER_BEFORE,
        FAULT_POWER_AFTER,
        FAULT_ERROR_AFTER,
        FAULT_HANG,
        FAULT_BODY,
        FAULT_KINDS
};

struct fault {
        char *method;   /* "*" = any */
        int host, from; /* -1 = any */
        int nth, times; /* at the nth match from now, so often; times -1 = always */
        enum fault_kind kind;
        int64_t number; /* ms, HTTP status */
        const char *error[8];
        size_t n_error;
        const char *body; /* in place of the answer */
};

struct request {
        int64_t id, due, until; /* until: an event.from gives up then */
        int host, from;
        enum via via;
        struct arena *a;
        struct request_body body;
        const char *bad;    /* why it is no call at all */
        const char *method; /* without "Async." */
        bool async, waits, abandoned;
        struct fault *fault;
        struct db *db; /* where its event.from waits */
        unsigned life; /* of the xapi that heard it */
        const char *task;
};

/* --- calls --- */

enum { MOST_ERROR = 8 };

struct call {
        struct world *w;
        struct db *db;
        struct arena *a; /* the request's */
        struct request *r;
        int asked; /* host whose xapi was asked */
        const struct message *m;
        const struct val **args; /* behind the session */
        size_t n;
        struct object *session;
        const struct val *result;
        const char *error[MOST_ERROR];
        size_t n_error;
        bool changed; /* it changed something that no database shows */
        bool wait;    /* nothing to say yet */
};

typedef void handler(struct call *);

struct handling {
        const char *method;
        handler *handle;
        int latency; /* ms; 0 = the usual */
};

const struct handling *handling_of(const char *method); /* NULL: the generic ones */
void fail(struct call *, const char *code, ...) __attribute__((sentinel));
void refuse_unknown(struct call *, const char *fmt, ...) PRINTF_LIKE(2, 3); /* FAKE_DOES_NOT_KNOW, and a complaint */
struct object *arg_object(
        struct call *, size_t arg); /* of the parameter's class; NULL and failed, or it was NULL_REF */
const char *arg_text(const struct call *, size_t arg); /* "" when left out */
bool arg_true(const struct call *, size_t arg);
int64_t arg_number(const struct call *, size_t arg);
void generic_call(struct call *);
/* RW fields and those that a constructor takes, each of the right type, none unknown, those needed there. */
bool check_record(struct call *, const struct val *record, const struct class *, const char *const *needed);
struct object *add_from_record(struct call *, const struct val *record, const char *class);
void check_arguments(struct call *);
void call_run(struct call *);
handler call_plain_setter;

/* --- the world --- */

struct world {
        struct arena *a;
        struct api *api;
        const struct release *release;
        struct host *hosts;
        int n;
        struct target *targets;
        size_t n_targets;
        const char **names; /* that DNS knows besides */
        size_t n_names;
        const char **templates;
        size_t n_templates;
        struct cut *cuts;
        size_t n_cuts;
        struct fault *faults;
        size_t n_faults;
        struct timer *timers;
        size_t n_timers, room_timers;
        struct request **requests;
        size_t n_requests, room_requests;
        struct world_reply *replies;
        size_t n_replies, room_replies, first_reply;
        int64_t now, next_id, next_timer, began; /* began: seconds since 1970 at 0 */
        int64_t latency, pace; /* ms of a usual call; pace: percent, of everything that takes longer */
        int64_t join_least, join_most, join_time;
        uint64_t chance;
        unsigned *calls; /* [host][from + 1] */
        struct counted {
                const char *method;
                unsigned n;
        } * mutations;
        size_t n_mutations;
        struct str complaints, breaches;
};

void complain(struct world *, const char *fmt, ...) PRINTF_LIKE(2, 3);
void breach(struct world *, const char *fmt, ...) PRINTF_LIKE(2, 3);
int64_t draw(struct world *, int64_t least, int64_t most);
const char *draw_uuid(struct world *);
int64_t paced(const struct world *, int64_t ms);
void after(struct world *, int64_t ms, int host, unsigned life, void (*act)(struct world *, int, const char *),
        const char *arg);
void count_mutation(struct world *, const char *method);
bool reaches(const struct world *, const char *a, const char *b); /* names of hosts or addresses */
int host_named(const struct world *, const char *name);
int64_t world_seconds(const struct world *, int host); /* its own clock */
bool parse_line(struct world *, const char *line, bool starting, struct err *e);
bool fault_parse(struct world *, const char *const *words, size_t n, struct err *e);
void faults_end(struct world *); /* none strikes any more */
struct fault *fault_take(struct world *, const char *method, int host, int from);
bool target_parse(struct world *, const char *const *words, size_t n, struct err *e);
bool target_told(struct world *, const char *const *words, size_t n, struct err *e);
bool control(struct world *, const char *const *words, size_t n, struct err *e);

/* hosts and their xapi */
void host_begin(struct world *, int host); /* its own database, as the installer leaves it */
void host_power(struct world *, int host, bool on);
void xapi_stops(struct world *, int host);
void xapi_starts(struct world *, int host, const char *arg);
void xapi_restarts(struct world *, int host, int64_t down);
void xapi_comes_up(struct world *, int host);             /* the first boot goes on, members report */
bool coordinator_answers(const struct world *, int host); /* a member's coordinator, as it sees it */
void look_at_members(struct world *);                     /* who became unreachable, who is back */
void firstboot_go_on(struct world *, int host, const char *arg);
void firstboot_finish(struct world *, int host); /* at once, as if it were long ago */
void firstboot_files(struct world *, int host);  /* for a root folder that came later */
void scan_cards(struct world *, int host);
struct object *host_object(const struct world *, int host);                   /* in its database */
int host_of_object(const struct world *, const struct db *, const char *ref); /* -1 */
struct object *pool_of(const struct db *);
void host_writes(struct world *, int host, const char *path, const char *text);
void host_unlinks(struct world *, int host, const char *path);
bool password_fits(struct world *, int host, const char *user, const char *password);
bool join_check(struct call *, int coordinator, const char *user, const char *password);
void join_begin(struct world *, int host, int coordinator, int64_t asked);
void member_starts(struct world *, int host, bool cold);
void become_member(struct world *, int host);

/* storage, networks */
const char *storage_attach(struct call *, const struct object *sr, const struct val *config, int host);
bool pbd_plug(struct call *, struct object *pbd); /* false: the call has failed */
bool pbd_plug_quietly(struct world *, struct db *, struct object *pbd);
struct object *pbd_make(struct world *, struct db *, struct object *sr, const char *host, const struct val *config);
void tools_sr_make(struct world *, int host);
void local_srs_make(struct world *, int host);
void replicate_networks(struct world *, int host);
struct object *pif_of(const struct db *, const char *host, const char *device);
struct object *network_on_bridge(const struct db *, const char *bridge);
struct object *card_add(struct world *, struct db *, int host, size_t nic, const char *network);
void vm_templates_make(struct world *, int host);
void control_domain_make(struct world *, int host);
void luns_show(struct world *, int host);
void sr_scan(struct world *, struct db *, struct object *sr);
