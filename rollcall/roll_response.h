/* roll_response.h - what goes back from the roll call's web server. Every answer says to browsers what they must not do with it. */
#pragma once
#include "pxe/backend.h"
#include <microhttpd.h>

struct roll_exchange {
        struct MHD_Connection *connection;
        bool last;                      /* the connection ends after it */
};

/* All queue one response. MHD_NO ends the connection. */
enum MHD_Result roll_response_status(const struct roll_exchange *, int status);
/* Takes the body out of the reply; it is wiped when it is sent. Its fields become header fields. */
enum MHD_Result roll_response_reply(const struct roll_exchange *, struct reply *);
/* An endless one. read and done as the library wants them; done is called in any case. */
enum MHD_Result roll_response_stream(const struct roll_exchange *, MHD_ContentReaderCallback read, void *arg, MHD_ContentReaderFreeCallback done);
