/* rule.h - every rule xenroll judges by, in one table.
 *
 * base/rules/ holds the rows, one file per area: number, severity, message, remedy, explanation. Messages on the
 * terminal, `xenroll explain` and the reference page all come from these rows. A number, once published, keeps its
 * meaning for ever.
 *
 * In message and remedy {1} … {9} stand for the arguments given where the rule is broken, so that a translator may
 * reorder them and foreign text can never be taken for a format. */
#pragma once
#include "base/err.h"
#include "base/str.h"

enum severity { SEVERITY_WARNING, SEVERITY_ERROR };

#define RULE(number, symbol, severity, message, remedy, about) XR_##symbol = number,
enum rule {
        XR_NONE = 0,
#include "base/rules/all.def"
};
#undef RULE

struct rule_row {
        enum rule rule;
        const char *symbol;             /* "MAC_SYNTAX": for programs and tests */
        enum severity severity;
        const char *message;            /* English, translated by gettext at use */
        const char *remedy;             /* may be "" */
        const char *about;              /* why the rule exists: one or two sentences for the reference page */
};

const struct rule_row *rule_row(enum rule);                     /* never NULL for a value of the enum */
const struct rule_row *rule_at(size_t index);                   /* NULL past the last; ordered by number */

enum { RULE_ARGS = 9 };
/* Appends the template with its {n} replaced; a missing argument becomes "". */
void rule_expand(struct str *out, const char *template, const char *const args[RULE_ARGS]);

/* Sets e to the rule's sentence and remedy, in the user's language; arguments are strings, NULL-terminated.
 * err_rule() has kind ERR_INPUT, err_refuse() ERR_REFUSED. Both return false. */
bool err_rule(struct err *e, enum rule, ...) __attribute__((sentinel));
bool err_refuse(struct err *e, enum rule, ...) __attribute__((sentinel));
