/* told.h - what a machine has told of itself: a form or a JSON object, with the same names. Anybody who has a token may post it. */
#pragma once
#include "pxe/arming.h"
#include "base/str.h"

struct told {                           /* foreign text, printable only; "" = not said */
        char stage[16], step[64], outcome[24], detail[ARM_DETAIL];
        int code;                       /* XR number, 0 = none */
};

/* Of a JSON array the last object counts. False when it is neither, or says no outcome. */
MUST_USE bool told_read(struct bytes body, struct told *);
