/* roll_request.h - one request to the roll call's web server, from its first line to its last byte.
 *
 * All functions but roll_requests_new and _free are called by the library's threads. */
#pragma once
#include "pxe/connections.h"
#include "rollcall/roll_lines.h"
#include "rollcall/roll_stream.h"
#include <microhttpd.h>

struct roll_requests;

struct roll_requests_config {           /* all borrowed */
        struct connections *connections;        /* with roll_requests_state_size each */
        struct roll_lines *lines;
        struct streams *streams;
        bool secure;                    /* HTTPS: nobody stands before us, and nobody is believed to */
        unsigned again_seconds;         /* how often a listener's permission is asked again */
};
/* Caller frees, after the library has ended. */
struct roll_requests *roll_requests_new(const struct roll_requests_config *);
void roll_requests_free(struct roll_requests *);        /* NULL is fine */
size_t roll_requests_state_size(void);

/* For the library. */
void *roll_requests_target(void *arg, const char *target, struct MHD_Connection *);
enum MHD_Result roll_requests_handle(void *arg, struct MHD_Connection *, const char *url, const char *method, const char *version,
        const char *data, size_t *n, void **state);
void roll_requests_completed(void *arg, struct MHD_Connection *, void **state, enum MHD_RequestTerminationCode);
void roll_requests_connection(void *arg, struct MHD_Connection *, void **context, enum MHD_ConnectionNotificationCode);

/* From now on a connection ends with the answer it is about. */
void roll_requests_stop(struct roll_requests *);
unsigned roll_requests_running(const struct roll_requests *);
