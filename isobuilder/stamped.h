/* stamped.h - finds the image of a host, a school or the whole district in what `xenroll build` wrote.
 *
 *     out/media/prepared.base         the base, without answers, shared by all
 *     out/media/universal.delta       what the image for all hosts lays over it (or universal.iso, the image itself)
 *     out/media/SCHOOL.delta          for one school
 *     out/media/SCHOOL/HOST.delta     for one host
 */
#pragma once
#include "isobuilder/overlay.h"

/* from: a build's folder, or an ISO file (then who must be NULL). who: NULL = all hosts, "SCHOOL", "SCHOOL/HOST", or the name
 * of a host that only one school has. ERR_INPUT with a rule when there is none, or it is damaged. Clear in any case. */
MUST_USE bool stamped_open(const char *from, const char *who, struct overlay *, struct err *e);
