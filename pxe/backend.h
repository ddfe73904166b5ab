/* backend.h - what the web server asks of the process that knows the hosts and their state.
 *
 * The web server is in a cell: no files, no privileges, one socket. Whatever does not stand in the image or among the loaders
 * it asks for here, in plain text: method, path, body, and of the header fields those that matter. One question at a time, answered in order. */
#pragma once
#include "base/str.h"

enum {
        LONGEST_ASK_PATH = 512,
        LARGEST_ASK_BODY = 64 << 10,    /* that the boot network's web server takes */
        LARGEST_FRAME_BODY = 2 << 20,   /* that any web server hands on */
        LONGEST_FIELDS = 8 << 10,
        LARGEST_REPLY = 8 << 20
};

struct ask {
        const char *method;             /* "GET" or "POST" */
        const char *path;               /* decoded, printable ASCII, begins with "/"; no query */
        const char *peer;               /* "192.168.0.11" */
        struct bytes body;              /* of a POST */
        const char *fields;             /* lines "Name: value\n" of the request that matter; NULL: none */
};

/* The value of a field, in any case of its name. False when it is not there or longer than size - 1. */
bool ask_field(const struct ask *, const char *name, char *out, size_t size);

struct reply {
        int status;                     /* HTTP: 200, 204, 404, 503 */
        char type[64];                  /* content type; "" for none */
        struct str body;                /* owned; wiped by reply_clear: secrets are in it */
        struct str fields;              /* owned; lines "Name: value\n" that go into the head of the answer */
};
#define REPLY_INIT { .status = 404, .body = STR_MAX(LARGEST_REPLY), .fields = STR_MAX(LONGEST_FIELDS) }
void reply_clear(struct reply *);

/* The web server's side. False (ERR_WORLD) when the other process is gone or talks nonsense: the server then ends. */
MUST_USE bool backend_ask(int socket, const struct ask *, struct reply *, struct err *e);

/* The other side: reads one question into memory of its own and has it answered. False and *over set when the web server is gone;
 * false with e when a question is not well-formed, which never comes from an honest web server. */
MUST_USE bool backend_answer(int socket, void (*answer)(void *arg, const struct ask *, struct reply *), void *arg, bool *over, struct err *e);

/* Its two halves, for who has several lines: a question in memory of its own, to be replied to on the same line. */
struct received_ask {
        struct ask ask;                 /* what follows, borrowed */
        struct str path, peer, fields, body;    /* owned; wiped by received_ask_clear */
};
MUST_USE bool backend_receive(int socket, struct received_ask *, bool *over, struct err *e);
/* False (ERR_WORLD) when the web server is gone. */
MUST_USE bool backend_reply(int socket, struct reply *, struct err *e);
void received_ask_clear(struct received_ask *);

/* A pair of sockets that end with the processes. */
MUST_USE bool backend_pair(int sockets[2], struct err *e);
