/* mail.h - a text as a mail: headers that every mail server takes, Chinese in subject and body, nothing that a name
 * could add. */
#pragma once
#include "base/str.h"

enum { MAIL_ADDRESS = 256 };

/* One address or several with commas between, each LOCAL@DOMAIN of printable ASCII; "" is fine. */
bool mail_addresses_are_fine(const char *list);
/* The next of a fine list, and *at behind it. False at the end. */
bool mail_next_address(const char **at, char address[MAIL_ADDRESS]);
/* from, or without one the first of those it goes to. */
void mail_sender(const char *from, const char *to, char address[MAIL_ADDRESS]);

struct mail {                       /* borrowed */
        const char *from, *to;      /* fine lists */
        const char *subject, *text; /* UTF-8, lines end in "\n" */
        const char *id;             /* the same for the same notice, so that a repeated one is recognised: hex digits */
        int64_t time;               /* ms since 1970 */
};
void mail_write(const struct mail *, struct str *out);
