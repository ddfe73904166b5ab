/* bootconfig.h - boot menus: the vendor's default entry becomes ours, everything of the vendor's stays below it.
 *
 *     1  install with xenroll (default, after a short countdown)
 *     2  start from the machine's own disk
 *     3  the vendor's interactive installer, and all further stock entries, byte for byte
 *
 * Entries are patched by "the part with /vmlinuz", never by verb: releases differ in verbs. */
#pragma once
#include "base/err.h"
#include "base/str.h"

struct bootconfig_spec {
        const char *path;               /* of the file, for messages */
        const char *uuid;               /* of the volume to be booted */
        const char *selector;           /* name under /xsinst, or under /xenroll */
        int countdown;                  /* seconds */
        bool efiboot;                   /* the copy inside efiboot.img */
        bool ramdisk;                   /* /xsinst is copied to /tmp/ramdisk; else install.img itself holds /xenroll (6.5) */
};

/* Appends the patched text to out. ERR_INPUT with a rule when there is no entry to start from, or it is ours already.
 * A grub.cfg without entries that only loads another one keeps doing that, from the right medium. */
MUST_USE bool bootconfig_isolinux(const struct bootconfig_spec *, struct bytes text, struct str *out, struct err *e);
MUST_USE bool bootconfig_grub(const struct bootconfig_spec *, struct bytes text, struct str *out, struct err *e);

/* The shortest grub.cfg that leads to `config` on the volume: for an efiboot.img without room for a whole menu. */
void bootconfig_grub_stub(const struct bootconfig_spec *, const char *config, struct str *out);

/* Whether a kernel line switches signature checks off: with an answer file XCP-ng 8.3 stops at that. */
bool bootconfig_has_gpg_flags(struct bytes text);
/* Whether a kernel line names the flag, as a word of its own. */
bool bootconfig_has_flag(struct bytes text, const char *flag);
