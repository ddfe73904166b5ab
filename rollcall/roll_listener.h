/* roll_listener.h - one open stream: what its client is sent, and for how long it may listen. */
#pragma once
#include "rollcall/roll_lines.h"
#include "rollcall/roll_question.h"
#include "rollcall/roll_stream.h"

struct listener_config {                /* all borrowed, but for the question's content, which is copied */
        struct streams *streams;
        struct roll_lines *lines;
        const struct roll_question *question;   /* asked again as it is */
        int socket;                     /* of the client: looked at to see whether it is gone */
        int64_t from;                   /* the change that the client knows; -1 = not said */
        unsigned again_seconds;
};

struct listener;
struct listener *listener_new(const struct listener_config *);

/* For the library: waits until there is something to send. */
ssize_t listener_read(void *listener, uint64_t at, char *to, size_t n);
void listener_free(void *listener);

/* Finds out what has changed while anybody listens, five times a second, until streams_stop. To be run in a thread of its own. */
struct listener_source { struct streams *streams; struct roll_lines *lines; };
void *listener_source_run(void *source);
