/* wire.h - between a host's agent, a child process, and the simulation that owns its world and its time.
 *
 * The child asks, the simulation answers when it pleases; every answer says what time it is, so that the child's clocks
 * stand still until the next. */
#pragma once
#include "base/str.h"

enum wire_kind {
        /* from the child */
        WIRE_SLEEP,   /* a: milliseconds */
        WIRE_REQUEST, /* a: timeout; text: socket \0 url \0 pin \0 body */
        WIRE_POINT,   /* a: enum point, b: bytes of a write; text: path \0 or from \0 to \0 */
        WIRE_LOG,     /* text: a line. No answer */
        WIRE_END,     /* a: enum agent_end, b: XR code; text: sentence \0 remedy \0. No answer */
        /* to the child */
        WIRE_GO, /* a: for a point an errno, b: bytes that a write may write.
                    for a request enum transport_end, b: HTTP status; text: fingerprint \0 body */
};

enum point { POINT_WRITE, POINT_SYNC, POINT_RENAME, POINT_UNLINK, POINT_CREATE, POINT_MKDIR, POINT_TRUNCATE, POINTS };
extern const char *const point_names[POINTS];

enum { WIRE_LONGEST = 24 << 20 };

struct wire {                  /* one message */
        uint32_t kind, length; /* length: of the text */
        int64_t a, b;
        int64_t steady, wall; /* to the child: ms, seconds */
};

/* False when the other side is gone or silent for too long. text may be NULL when none is expected; it is replaced. */
MUST_USE bool wire_send(int fd, struct wire, struct bytes text);
MUST_USE bool wire_receive(int fd, struct wire *, struct str *text);
