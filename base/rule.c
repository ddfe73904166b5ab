#include "base/rule.h"
#include "base/i18n.h"
#include "base/text.h"

#include <string.h>

#define WARNING SEVERITY_WARNING
#define ERROR SEVERITY_ERROR
#define RULE(number, symbol, severity, message, remedy, about) { XR_##symbol, #symbol, severity, message, remedy, about },
static const struct rule_row rows[] = {
#include "base/rules/all.def"
};
#undef RULE

const struct rule_row *rule_at(size_t index) { return index < COUNT(rows) ? &rows[index] : NULL; }

const struct rule_row *rule_row(enum rule rule)
{
        for (size_t i = 0; i < COUNT(rows); i++)
                if (rows[i].rule == rule)
                        return &rows[i];
        return &rows[0];
}

/* Arguments come from files of others: what they hold must neither break the line nor steer the terminal. */
static void add_shown(struct str *out, const char *arg)
{
        while (*arg) {
                size_t n = text_steers(arg);
                if (!n)
                        str_addc(out, *arg++);
                for (; n; n--)
                        str_addf(out, "\\x%02x", (unsigned)(unsigned char)*arg++);
        }
}

void rule_expand(struct str *out, const char *template, const char *const args[RULE_ARGS])
{
        for (const char *at = template; *at; at++) {
                if (at[0] == '{' && at[1] >= '1' && at[1] <= '9' && at[2] == '}') {
                        const char *arg = args[at[1] - '1'];
                        add_shown(out, arg ? arg : "");
                        at += 2;
                } else
                        str_addc(out, *at);
        }
}

static bool err_rulev(struct err *e, enum err_kind kind, enum rule rule, va_list ap)
{
        const struct rule_row *row = rule_row(rule);
        const char *args[RULE_ARGS] = { NULL };
        for (size_t i = 0; i < RULE_ARGS && (args[i] = va_arg(ap, const char *)); i++) {
        }
        AUTO_STR message = STR_MAX(sizeof(e->text) - 1), remedy = STR_MAX(sizeof(e->remedy) - 1);
        rule_expand(&message, _(row->message), args);
        if (*row->remedy)
                rule_expand(&remedy, _(row->remedy), args);
        err_set(e, kind, "%s", str_text(&message));
        e->code = (int)rule;
        snprintf(e->remedy, sizeof(e->remedy), "%s", str_text(&remedy));
        return false;
}

bool err_rule(struct err *e, enum rule rule, ...)
{
        va_list ap;
        va_start(ap, rule);
        err_rulev(e, ERR_INPUT, rule, ap);
        va_end(ap);
        return false;
}

bool err_refuse(struct err *e, enum rule rule, ...)
{
        va_list ap;
        va_start(ap, rule);
        err_rulev(e, ERR_REFUSED, rule, ap);
        va_end(ap);
        return false;
}
