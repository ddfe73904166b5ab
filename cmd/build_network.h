/* build_network.h - the part of `xenroll build` that `serve` installs from: out/pxe (see pxe/roster.h). */
#pragma once
#include "cmd/build_record.h"

/* Writes the folder pxe/ into draft. image_id: what tells the prepared base from any other. */
MUST_USE bool build_network(const struct build_record *, int64_t not_before, const char *image_id, int draft, struct err *e);
