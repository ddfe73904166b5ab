/* prepare_verify.h - a prepared base is read back before it gets its name: what boots is what was meant. */
#pragma once
#include "isobuilder/menus.h"
#include "isobuilder/prepare.h"

/* fd holds the prepared base, but for the map. slot: where the slot's file begins, found in the image. */
MUST_USE bool prepare_verify(const struct prepare_spec *, const struct menus *, int fd, uint64_t slot, struct err *e);
