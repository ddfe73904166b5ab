/* roster.h - the hosts that a build can install over the network: who they are, and each one's pack of answers.
 *
 *     out/pxe/hosts.json      schools and hosts; no secrets
 *     out/pxe/packs           0600: the packs, one behind the other, with password hashes in them */
#pragma once
#include "base/str.h"
#include <stdint.h>

struct roster_school {
        const char *id, *name;
        uint32_t subnet, gateway, boot_server;  /* host byte order; 0 = not said */
        int prefix;
        const uint32_t *dns;
        size_t n_dns;
};

struct roster_host {
        const struct roster_school *school;
        const char *name;
        const char *mac, *serial;       /* "52:54:00:00:00:11"; NULL = not said, never both */
        uint32_t address;               /* host byte order; 0 = by DHCP */
        bool reinstall;                 /* already-installed: reinstall */
        uint64_t at, bytes;             /* its pack, in the file packs */
};

struct roster;

/* dir: the build's folder (out/.current). NULL and e set (ERR_INPUT) when there is none, or it is not ours. Caller frees. */
MUST_USE struct roster *roster_open(int dir, struct err *e);
void roster_free(struct roster *);              /* NULL is fine */

const char *roster_build(const struct roster *);
const char *roster_image(const struct roster *);        /* "media/prepared.base", in the build's folder */
const char *roster_image_id(const struct roster *);     /* hex; another image has another one */

size_t roster_count(const struct roster *);
const struct roster_host *roster_at(const struct roster *, size_t index);
size_t roster_schools(const struct roster *);
const struct roster_school *roster_school_at(const struct roster *, size_t index);

/* The same time for 10 hosts and for 10,000. Lower-case MAC; serial in any case. NULL when nobody's. */
const struct roster_host *roster_by_mac(const struct roster *, const char *mac);
const struct roster_host *roster_by_serial(const struct roster *, const char *serial);
bool roster_has_nameless(const struct roster *);        /* a host that is known by its serial number alone */
const struct roster_host *roster_find(const struct roster *, const char *school, const char *host);

/* "HOST" or "SCHOOL/HOST" as a person writes it. NULL and e (an XR rule): nobody, or several schools have one. */
const struct roster_host *roster_named(const struct roster *, const char *name, struct err *e);

/* Appends the host's pack; ERR_WORLD when it cannot be read, which includes a file of another size than said. */
MUST_USE bool roster_pack(const struct roster *, const struct roster_host *, struct str *out, struct err *e);
