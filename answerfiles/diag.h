/* diag.h - the problems of a site file: collected while reading and checking, printed together at the end.
 *
 * Each has a rule (base/rule.h), a position, the value as written, and the excerpt with a caret. A value that is or
 * may be a secret is never shown: neither in the message nor in the excerpt. */
#pragma once
#include "base/rule.h"
#include <stdio.h>

/* Where something was written. file 0 means nowhere (a default of xenroll or of the release). */
struct pos {
        uint32_t line;                  /* from 1 */
        uint16_t col, len;              /* in bytes from 1; len 0 = unknown; both saturate */
        uint16_t file;                  /* index given by diags_add_file */
};

struct diags;

struct diags *diags_new(void);
void diags_free(struct diags *);

/* Lives as long as the diags: for texts of sources. */
struct arena *diags_arena(struct diags *);

/* Registers a source; text is borrowed and must outlive the diags (excerpts come from it). Never returns 0. */
uint16_t diags_add_file(struct diags *, const char *name, struct bytes text);
const char *diags_file_name(const struct diags *, uint16_t file);

/* Reports one problem. Arguments fill the rule's {1}…; all are copied; NULL ends them. */
void diag(struct diags *, enum rule, struct pos, ...) __attribute__((sentinel));

/* The same, for a value that must not be shown: the excerpt's value is masked. */
void diag_secret(struct diags *, enum rule, struct pos, ...) __attribute__((sentinel));

void diag_v(struct diags *, bool secret, enum rule, struct pos, va_list);

size_t diags_errors(const struct diags *);
size_t diags_warnings(const struct diags *);

/* "site.yaml:14:22", in a buffer that the next but three calls overwrite. */
const char *diags_where(const struct diags *, struct pos);

/* All of them, ordered by file, line and column, warnings among errors. strict prints warnings as errors.
 * json: one JSON array instead. */
void diags_print(const struct diags *, FILE *, bool strict);
MUST_USE bool diags_print_json(const struct diags *, FILE *, bool strict);
