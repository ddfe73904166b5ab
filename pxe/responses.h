/* responses.h - what goes back: files out of the image or memory, answers of the backend, and the little else there is.
 *
 * All have a length; none says more than its status. */
#pragma once
#include "pxe/backend.h"
#include "pxe/conditions.h"
#include <microhttpd.h>

struct content {
        struct entity entity;
        struct bytes memory;            /* the bytes, which stay; or ptr NULL: */
        int image;                      /* they are here, borrowed */
        uint64_t offset;
};

struct exchange {
        struct MHD_Connection *connection;
        bool head;                      /* only the fields are wanted */
        bool last;                      /* the connection ends after it */
};

/* All queue one response. MHD_NO ends the connection. */

/* The portion that the request's fields ask for. Small ones are copied out of the image: that is one call less than to send
 * them from there. *length: how many bytes go out. */
enum MHD_Result response_content(const struct exchange *, const struct content *, uint64_t *length);
enum MHD_Result response_status(const struct exchange *, int status);
enum MHD_Result response_elsewhere(const struct exchange *, const char *url);   /* 307 */
/* Takes the body out of the reply; it is wiped when it is sent. */
enum MHD_Result response_reply(const struct exchange *, struct reply *);
