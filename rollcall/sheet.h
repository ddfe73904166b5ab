/* sheet.h - the hand-over sheet of a school: one HTML page that needs nothing else, laid out for A4, for the person who stands in front
 * of the rack with a pen.
 *
 * In the user's language (gettext). No passwords and no hashes: it is hung on the wall. All names are escaped. */
#pragma once
#include "answerfiles/site.h"
#include "base/str.h"

struct sheet {                          /* all borrowed */
        const struct plan *plan;
        const struct school *school;
        const char *status_url;         /* of the roll call, no slash behind it: QR codes lead to URL/#SCHOOL/HOST; "" = none are printed */
        const char *date;               /* "2026-11-28" */
};

/* Appends the page. */
MUST_USE bool sheet_write(const struct sheet *, struct str *out, struct err *e);

/* Appends the address of the host's status page, and a QR code of some text as an SVG element. */
void sheet_host_url(const struct sheet *, const struct host *, struct str *out);
MUST_USE bool qr_write(const char *text, struct str *out, struct err *e);
