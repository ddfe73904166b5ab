/* nginx.h - a configuration for nginx that takes the static part off our web server, for larger sites. */
#pragma once
#include "base/str.h"

struct nginx_wish {
        const char *address;            /* "192.168.0.5": where the machines come to */
        const char *image;              /* path of the ISO, as a comment: it is mounted read-only at mount_point */
        const char *mount_point;        /* "/srv/xenroll/repo" */
        const char *backend;            /* "127.0.0.1:8069": where `xenroll serve` listens behind it */
        const char *page;               /* "127.0.0.1:8070": and where its page is; NULL: without */
        const char *key, *certificate;  /* paths of the page's */
};

/* Appends a commented server block, and one with HTTPS for the page. Everything but /repo/ goes to the backend, which also sees the machine's address. */
void nginx_print(const struct nginx_wish *, struct str *out);
