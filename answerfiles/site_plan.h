/* site_plan.h - from the site file as written to the plan. Private to the loader (site_*.c). */
#pragma once
#include "answerfiles/site_tables.h"
#include "answerfiles/csv.h"

/* Layers of settings, weakest first; NULL where a level says nothing. */
enum { LAYERS = 9 };
struct layers {
        const struct settings *at[LAYERS];
};

struct merger;                          /* remembers merged layers: hosts that say nothing share one struct */
struct merger *merger_new(struct arena *);
void merger_free(struct merger *);
const struct settings *settings_merge(struct merger *, const struct layers *);
/* What holds where nobody says anything. */
struct settings *settings_of_release(struct arena *, const struct release *);

struct pool_draft {                     /* a pool whose hosts are still being filled in */
        const struct raw_pool *own, *blueprint;         /* either may be NULL, not both */
        struct raw_host *hosts;         /* owned */
        size_t n, cap;
        bool fixed;                     /* the number of places is the blueprint's or a count's */
        struct pos pos;
};

struct school_draft {
        const struct raw_school *raw;
        const struct raw_school *blueprint;             /* NULL = none */
        struct pool_draft *pools;
        size_t n_pools;
};

struct site_builder {
        struct reader *reader;          /* arena and diags */
        const struct raw_site *raw;
        struct plan *plan;
        struct merger *merger;
        const struct settings *base;    /* of the release */
        struct school_draft *schools;
        size_t n_schools;
        bool rows_lost;                 /* a spreadsheet had rows that could not be used: machines may be missing for that reason */
};

/* site_blueprint.c: pools of every school, blueprints applied, places named. */
void drafts_make(struct site_builder *);
void drafts_free(struct site_builder *);
const char *pool_draft_id(const struct pool_draft *);
struct raw_host *pool_draft_add(struct pool_draft *);

/* "{school}-xen{n}" → "nn36-xen1"; a text without braces is itself. NULL after reporting an unknown part. */
const char *name_of_pattern(struct site_builder *, const struct located *pattern, const char *school, const char *pool, size_t number);

/* site_rows.c: machines listed by a school, then rows of spreadsheets, put into places. */
void rows_place_machines(struct site_builder *);
void rows_place(struct site_builder *, const struct csv_rows *);

/* site_machines.c: virtual machines and snapshot schedules of a pool whose storage is resolved. */
void resolve_machines(struct site_builder *, struct pool *, const struct raw_pool *vms, const struct raw_pool *schedules);

/* site_resolve.c: the plan. */
void plan_resolve(struct site_builder *);
