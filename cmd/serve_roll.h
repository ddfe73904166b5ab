/* serve_roll.h - the roll call's side of `xenroll serve`: its processes, its page's address and key, and what the desk hands on to it. */
#pragma once
#include "pxe/supervisor.h"
#include "rollcall/recorder.h"
#include "rollcall/roll_web.h"

struct roll_options {                   /* as on the command line; NULL, 0 = not given */
        int port;
        const char *key, *certificate, *database, *address;
        bool everybody_reads, only, behind;
        int keep_days;
};

struct serve_roll {
        const struct roll_options *options;
        int out, build;                 /* the folders; borrowed */
        char address[64];               /* where it listens, "0.0.0.0" for everywhere */
        char page[96];                  /* "https://192.168.0.5/" */
        char *database;                 /* owned, a secret; NULL: out/rollcall.db */
        bool courier;                   /* there is somebody to tell */
        int listen, ours[ROLL_LINES + 1], theirs[ROLL_LINES];   /* owned until they are the children's; ours ends with listen */
        struct recorder *recorder;      /* of the desk; owned */
};
#define SERVE_ROLL_INIT { .listen = -1 }
void serve_roll_clear(struct serve_roll *);

int serve_roll_port(const struct roll_options *);
MUST_USE bool serve_roll_check(const struct roll_options *, struct err *e);

/* address: "192.168.0.5", "" for everywhere. Listens, draws the key, says where the page is. */
MUST_USE bool serve_roll_prepare(struct serve_roll *, const char *address, struct err *e);

/* The paths of the page's key and certificate, for another web server; drawn when they are not there. out: the folder's path. */
MUST_USE bool serve_roll_key(struct serve_roll *, const char *address, const char *out, struct str *key, struct str *certificate, struct err *e);

/* Adds the processes. From then on the descriptors are the supervisor's. */
void serve_roll_children(struct serve_roll *, struct supervisor *);
void serve_roll_forget(void *serve_roll);       /* for struct supervisor */

/* The desk's own way to the store, and what it does with it. */
void serve_roll_open(struct serve_roll *);
enum heard_end serve_roll_heard(void *serve_roll, const struct heard *, struct err *e);
void serve_roll_percent(void *serve_roll, const char *school, const char *host, int percent);
