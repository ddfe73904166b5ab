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

/* efi_patches: the files that were changed inside efiboot.img. */
MUST_USE bool image_verify(const struct image_spec *, const struct patch_list *patches,
        const struct patch_list *efi_patches, int dir, const char *name, struct err *e);
