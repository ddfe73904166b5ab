/* pxelinux_options.h - DHCP options built into (l)pxelinux.0, which win over those that a server sends. */
#pragma once
#include "base/str.h"

/* Appends the loader with its path prefix (option 210) built in to out. False when the bytes are no pxelinux.0 that knows built-in
 * options, or the prefix is longer than 250 bytes. */
bool pxelinux_with_prefix(struct bytes loader, const char *prefix, struct str *out);
