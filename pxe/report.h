/* report.h - what a machine that is being installed, and later its agent, tells the desk. A part of desk.c. */
#pragma once
#include "pxe/desk.h"

/* POST /h/TOKEN/report, of the host whose token it is. */
void report_take(struct desk *, const struct arm_row *, const struct ask *, struct reply *, struct err *e);

/* The selector has been fetched. */
void report_started(struct desk *, const struct arm_row *, const char *peer);

/* POST /served, which only our own web server can ask (server.h). */
void report_served(struct desk *, struct bytes lines, struct reply *);
