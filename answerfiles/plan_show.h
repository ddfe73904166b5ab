/* plan_show.h - a checked plan for people and programs. Secrets are masked everywhere. */
#pragma once
#include "answerfiles/site.h"
#include <stdio.h>

/* One line a host, columns aligned also with wide characters. */
void plan_print_table(const struct plan *, FILE *);

/* The whole plan as one JSON document, streamed host by host. False and e set when writing fails. */
MUST_USE bool plan_print_json(const struct plan *, FILE *, struct err *e);

/* Every setting of a host with its value and where it was said. host: "name" or "school/name". False and e set when no
 * host, or more than one, has that name. */
MUST_USE bool plan_print_why(const struct plan *, const struct diags *, const char *host, FILE *, struct err *e);

/* The key as a site file spells it, and the value as one line. */
extern const char *const setting_names[SETTINGS];
void setting_show(struct str *, const struct settings *, enum setting);
