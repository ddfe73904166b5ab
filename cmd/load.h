/* load.h - what check, plan and build share: a site file read with its base ISO's release, problems printed. */
#pragma once
#include "answerfiles/site.h"
#include "isobuilder/medium.h"

struct loaded {
        struct diags *diags;
        struct plan *plan;
        struct medium *base;            /* NULL without an ISO */
};

struct load_options {
        const char *site;               /* NULL = site.yaml */
        const char *iso;                /* NULL = none */
        bool strict, json;              /* json: problems go to stdout as JSON */
        bool quiet;                     /* nothing on success */
        const unsigned char *seed;
        const char *draft_of;           /* see struct site_options */
        struct bytes draft;
};

/* True when the plan may be used. Problems are printed either way; e then only counts them. Clear in any case. */
MUST_USE bool load_site(struct loaded *, const struct load_options *, struct err *e);
void loaded_clear(struct loaded *);
