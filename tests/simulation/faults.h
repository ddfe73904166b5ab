/* faults.h - what goes wrong in one run, drawn from its seed, and when. */
#pragma once
#include "base/str.h"
#include "tests/simulation/chance.h"

enum fault_kind {
        FAULT_KILL,        /* the agent's process dies; its service starts it again after value ms */
        FAULT_POWER,       /* the host loses power for value ms */
        FAULT_DISK,        /* changes to files fail with code for value ms */
        FAULT_PAUSE,       /* the process stands still for value ms, then goes on as if nothing had been */
        FAULT_UNREACHED,   /* a request does not arrive */
        FAULT_LOST,        /* it arrives, its answer does not */
        FAULT_HTTP,        /* it is answered with the HTTP status code, by something in between */
        FAULT_HALF,        /* half of its answer arrives, as if it were all */
        FAULT_REFUSED,     /* xapi refuses it with the error text */
        FAULT_CLOCK,       /* the host's wall clock is set by value ms */
        FAULT_PLAN,        /* code 0: a bit of the plan file flips, 1: it loses its end; value says where */
        FAULT_CERTIFICATE, /* the host shows another certificate from now on */
        FAULT_WORLD,       /* text is told to the world */
        FAULT_KINDS
};
extern const char *const fault_names[FAULT_KINDS];

enum fault_when { AT_START, AT_TIME, AT_POINT, AT_REQUEST };

struct fault {
        enum fault_kind kind;
        enum fault_when when;
        int host;
        int64_t nth;     /* ms, or the how-manieth point or request of the host, from 1 */
        char method[48]; /* AT_REQUEST: of those that call this only; "" = of all */
        char key[32];    /* AT_REQUEST: … and whose body holds this */
        int64_t value;
        int code;
        int64_t cut; /* power: bytes of unsynced growth that stay; kill: length that the journal is cut to; -1 = no
                        matter */
        bool after;  /* AT_REQUEST, kill or power: the request has been sent by then */
        char text[160];
        int64_t seen; /* how many have matched so far */
        bool spent;
        int64_t could; /* what cut might at most have been */
};

enum { MOST_FAULTS = 32 };

struct faults {
        struct fault items[MOST_FAULTS];
        size_t n;
        bool lasting; /* something that nobody can get over may be among them */
};

struct deployment;

void faults_draw(struct faults *, const struct deployment *, struct chance *); /* draw.c */
void faults_show(const struct faults *, struct str *);
struct fault *faults_add(struct faults *, struct fault);

struct fault *faults_at_point(struct faults *, int host); /* counts; NULL = nothing happens */
struct fault *faults_at_request(struct faults *, int host, const char *method, struct bytes body);
struct fault *faults_by_time(struct faults *, int64_t now); /* one that is due; spent then */
int64_t faults_due(const struct faults *);                  /* INT64_MAX: none any more */
