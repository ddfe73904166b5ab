/* inspect_parts.h - what `inspect` and `diff` share: media and builds described. */
#pragma once
#include "isobuilder/medium.h"

#include <jansson.h>

void inspect_line(const char *key, const char *value);  /* aligned, "-" for none */

/* A medium or image, as JSON; the caller frees. deep: also read everything and compare it with the slot map's digests. */
MUST_USE json_t *inspect_medium_json(const struct medium *, bool deep, struct err *e);
MUST_USE bool inspect_medium(const struct medium *, bool deep, struct err *e);

MUST_USE bool inspect_build(const char *path, bool json, struct err *e);

/* build.json of a build's folder; the caller frees. NULL and e when there is none. */
MUST_USE json_t *build_record_read(const char *path, struct err *e);
/* "" when absent. */
const char *json_text(const json_t *, const char *key);
