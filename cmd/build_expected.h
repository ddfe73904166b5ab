/* build_expected.h - what the roll call knows of a build: rollcall/expected.json, 0600 in a folder of its own (0700), for hooks and
 * tokens are secrets. rollcall/expected.h reads it. */
#pragma once
#include "cmd/build_record.h"

MUST_USE bool build_expected(const struct build_record *, int draft, struct err *e);
