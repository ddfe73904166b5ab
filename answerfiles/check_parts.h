/* check_parts.h - the parts of plan_check, and how they report. Private to check*.c. */
#pragma once
#include "answerfiles/check.h"
#include "answerfiles/seen.h"

struct check {
        const struct plan *plan;
        const struct release *release;
        struct diags *diags;
        struct arena *arena;            /* of this check alone */
        struct seen said;               /* (rule, place): a blueprint's mistake is one mistake, not one for every school */
        struct seen places;             /* what was judged already, by check_first */
};

/* `check_say(c, pos, XR_…, text, …)`: once for each rule and place. */
#define check_say(c, pos, rule, ...) check_say_((c), (pos), (rule), ##__VA_ARGS__, NULL)
void check_say_(struct check *, struct pos, enum rule, ...) __attribute__((sentinel));

/* True for the first caller with this place: what is written once is judged once. */
bool check_first(struct check *, const void *kind, struct pos);

/* Text for a message, in the check's arena. */
const char *check_number(struct check *, size_t);
const char *check_ip(struct check *, uint32_t addr);
const char *check_subnet(struct check *, uint32_t addr, int prefix);
const char *check_size(struct check *, uint64_t bytes);
/* ASCII capitals only: firmware, spreadsheets and people do not agree on them. */
const char *check_lower(struct check *, const char *);
const char *check_where(struct check *, struct pos);

/* The better known of two places. */
static inline struct pos check_pos(struct pos a, struct pos b) { return a.line ? a : b; }

void check_unique(struct check *);                              /* the district */
void check_addresses(struct check *, const struct school *);    /* who has which address in a school */
void check_school(struct check *, const struct school *);
void check_pool(struct check *, const struct pool *);
void check_host(struct check *, const struct host *);
void check_networks(struct check *, const struct pool *);
void check_storages(struct check *, const struct pool *);
bool storage_is_iso(const struct storage *);
const struct storage *check_storage_named(const struct pool *, const char *name);
const char *check_storage_names(struct check *, const struct pool *);    /* "NAS, lun0", or "none" */
void check_ha(struct check *, const struct pool *);
void check_vms(struct check *, const struct pool *);
void check_luns(struct check *);                                /* the district */
void check_release(struct check *, const struct settings *);
void check_disks(struct check *, const struct settings *);
void check_servers(struct check *, const struct settings *, bool fixed_address);
void check_wipes(struct check *);                               /* the district */
void check_passwords(struct check *);                           /* the district */
