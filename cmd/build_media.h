/* build_media.h - the media part of `xenroll build`: which images, from which packs, on which prepared base. */
#pragma once
#include "cmd/build_record.h"
#include "isobuilder/media.h"

enum image_per { PER_DISTRICT, PER_SCHOOL, PER_HOST };
enum image_form { FORM_AUTO, FORM_DELTA, FORM_IMAGE };          /* AUTO: images where they cost nothing */

struct media_wish {
        const struct medium *base;
        int countdown;                  /* seconds */
        enum image_per per;
        enum image_form form;
};

/* Writes the folder media/ into draft. previous: that folder of the build before, or -1. Fills in the record's base, id and
 * images. */
MUST_USE bool build_media(struct build_record *, const struct media_wish *, int draft, int previous, struct err *e);

/* Removes prepared bases that no build uses any more; after the new build has taken the place of the old one. */
void build_media_tidy(const struct build_record *, const struct medium *base);

/* The base's SHA-256, remembered or found out; for a build without images. */
MUST_USE bool build_base_sha256(const struct medium *, char hex[65], struct err *e);
