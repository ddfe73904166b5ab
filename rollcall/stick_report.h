/* stick_report.h - the report that a stick carries home (xenroll-HOST.txt, xenroll-refused.txt), as events.
 *
 * People read blocks of sentences there; below each stands a line for programs:
 *
 *     #xenroll 1 BUILD SCHOOL HOST STAGE OUTCOME CODE TIME MACS
 *
 * The file has been in other people's computers: everything in it is foreign. Lines that are not understood are passed over. */
#pragma once
#include "rollcall/event.h"

enum { LARGEST_STICK_REPORT = 1 << 20 };

/* Reads a file into events (caller's array of most). A machine that did not find out which host it is has host "" (and perhaps school
 * ""), and its network cards in detail: nothing that store_put would keep. received stays 0, for the caller. False and e (ERR_INPUT):
 * too large, no such line in it, too many. */
MUST_USE bool stick_report_read(struct bytes text, struct event *events, size_t most, size_t *n, struct err *e);
