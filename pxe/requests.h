/* requests.h - one request from its first line to its last byte: which route, whose answer.
 *
 * All functions but requests_new and _free are called by the library's threads. */
#pragma once
#include "pxe/asking.h"
#include "pxe/connections.h"
#include "pxe/served.h"
#include "pxe/server.h"
#include <microhttpd.h>

struct requests;

/* All is borrowed. Caller frees, after the library has ended. */
struct requests *requests_new(const struct server_config *, struct connections *, struct asking *, struct served *);
void requests_free(struct requests *);
size_t requests_state_size(void);               /* of each connection */

/* For the library. */
enum MHD_Result requests_handle(void *arg, struct MHD_Connection *, const char *url, const char *method, const char *version,
        const char *data, size_t *n, void **state);
void requests_completed(void *arg, struct MHD_Connection *, void **state, enum MHD_RequestTerminationCode);
void requests_connection(void *arg, struct MHD_Connection *, void **context, enum MHD_ConnectionNotificationCode);

/* From now on a connection ends with the answer it is about. */
void requests_stop(struct requests *);
unsigned requests_running(const struct requests *);
