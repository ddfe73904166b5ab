/* server.h - the web server of the boot network: one process in a cell.
 *
 *     /boot/NAME          a loader or one of its parts, from memory
 *     /repo/PATH          a file of the installation image, straight from inside it (sendfile; ranges, conditional requests)
 *     /boot/pxelinux.cfg/…, /boot/grub/… /boot/grub-serial/… /boot/ipxe/…, /h/TOKEN/NAME, /enrol/…        asked of the backend (backend.h)
 *
 * GET / leads to the page of the roll call. Every two seconds the backend is told how much of the packages has gone to whom: POST /served,
 * which nobody else can ask. Everything else is 404 without a word. GET and HEAD; POST below /h/ and /enrol/ only. A HEAD is never asked of the
 * backend: it would count as a start. */
#pragma once
#include "pxe/backend.h"
#include "pxe/iso_files.h"
#include <stdint.h>

struct loader_file {                    /* served as /boot/NAME, and over TFTP */
        const char *name;               /* "lpxelinux.0", "xenroll.efi" */
        struct bytes content;           /* borrowed */
};

struct server_config {
        int listen;                     /* bound and listening; owned by the caller */
        int image;                      /* the ISO; borrowed, read only */
        const struct iso_files *files;  /* borrowed */
        const char *etag;               /* what is unique to the image: hex of its SHA-256 */
        int64_t image_date;             /* seconds since 1970, for Last-Modified */
        const struct loader_file *loaders;      /* borrowed */
        size_t n_loaders;
        const char *page;               /* "https://192.168.0.5/": where GET / leads to; NULL: nowhere */
        int backend;                    /* this side of backend_pair; owned by the caller */
        int keep;                       /* one more descriptor not to close, which ready() uses; 0: none */
        unsigned most_connections;      /* 0: 1024; fewer when descriptors are short; a quarter of them for one address */
        unsigned idle_seconds;          /* a request not complete by then ends its connection, and a download that stands still for
                                         * four times as long; 0: 30 */
        const char *user;               /* whose rights to take after start; NULL: keep (when not root) */
        bool no_cell;                   /* tests only: neither seccomp nor a file system of its own (sanitizers need both) */
};

/* Serves until SIGTERM, then stops accepting, lets running downloads finish (at most 10 minutes; a second SIGTERM ends at once)
 * and returns true. ready is called once requests are answered. To be called in a process of its own: it gives up rights, closes every
 * descriptor above 2 that is not in config, and turns stderr to whole lines. False and e (ERR_WORLD) when it cannot start or the backend
 * is lost; after SIGTERM the backend should answer until this process ends. Behind a web server on the same machine the machine's
 * address is taken from X-Real-IP. */
MUST_USE bool server_run(const struct server_config *, void (*ready)(void *arg), void *arg, struct err *e);
