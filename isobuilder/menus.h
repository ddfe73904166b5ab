/* menus.h - every boot menu of a base with our entry put in: those on the volume and those inside efiboot.img. */
#pragma once
#include "isobuilder/medium.h"

struct patch {
        const char *path;               /* on the volume, or inside efiboot.img; borrowed from the base */
        char local[32];                 /* file name in the work folder */
        struct str text;
};

struct patch_list {
        struct patch *items;
        size_t n;
};
void patch_list_clear(struct patch_list *);

struct menus {                          /* zero-initialised is empty */
        struct patch_list volume, efi;
};
void menus_clear(struct menus *);

struct menus_spec {
        const struct medium *base;
        const char *uuid;               /* of the volume to be booted */
        int countdown;                  /* seconds before the default entry installs */
        bool ramdisk;                   /* the release knows make-ramdisk */
};

/* Patches them all and puts the results into the folder dir, as patch-N and efiboot.img. ERR_INPUT with a rule where a menu
 * cannot carry our entry. */
MUST_USE bool menus_patch(const struct menus_spec *, int dir, struct menus *, struct err *e);

/* A file for the medium: mode 0444 and the base's own date, so that equal inputs give equal bytes. */
MUST_USE bool medium_file_put(const struct medium *base, int dir, const char *name, struct bytes content, struct err *e);
