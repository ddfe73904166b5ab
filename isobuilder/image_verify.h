/* image_verify.h - a written image is read back before it gets its name: what boots is what was meant. */
#pragma once
#include "isobuilder/image.h"

struct patch {
        const char *path;               /* in the ISO, borrowed */
        char local[32];                 /* file name in the work folder */
        struct str text;
};

struct patch_list {
        struct patch *items;
        size_t n;
};

/* efiboot_config: the text that the copy inside efiboot.img must have; empty when there is none. */
MUST_USE bool image_verify(const struct image_spec *, const struct patch_list *, const struct str *efiboot_config, int dir, const char *name, struct err *e);
