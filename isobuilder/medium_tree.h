/* medium_tree.h - one pass over the files of a medium, through libarchive. Private to medium.c. */
#pragma once
#include "isobuilder/medium.h"

enum { LARGEST_CONFIG = 256 << 10, LARGEST_TREEINFO = 64 << 10, LARGEST_EFIBOOT = 64 << 20, MOST_ENTRIES = 1000000,
       MOST_CONFIGS = 32 };

/* What the pass finds besides the medium's own fields. */
struct tree_found {
        struct str treeinfo;
        char old_version[64];           /* of XenServer, from its package folders; "" = not of that kind */
        bool xen, vmlinuz, install_img, treeinfo_seen;
};

/* Needs the fields that come from the descriptors. ERR_INPUT with a rule when the tree is damaged. */
MUST_USE bool tree_read(struct medium *, struct tree_found *, struct err *e);
