#include "cmd/command.h"
#include "answerfiles/release.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <string.h>

struct options {
        bool unused;
};

static void explain_rule(const struct rule_row *row)
{
        printf("XR-%03d  %s  %s\n", (int)row->rule, row->severity == SEVERITY_ERROR ? _("error") : _("warning"), _(row->message));
        if (*row->remedy)
                printf("        %s\n", _(row->remedy));
        if (*row->about)
                printf("        %s\n", _(row->about));
}

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        (void)options;
        const struct rule_row *row;
        const struct release *r;
        if (argc && !strcmp(argv[0], "releases")) {
                for (size_t i = 0; (r = release_at(i)); i++)
                        printf("%-24s %s\n", r->id, r->product);
                return true;
        }
        int number = 0;
        char end;
        if (argc && sscanf(argv[0], "XR-%d%c", &number, &end) != 1 && sscanf(argv[0], "xr-%d%c", &number, &end) != 1 &&
                sscanf(argv[0], "%d%c", &number, &end) != 1)
                return err_set(e, ERR_USAGE, _("'%s' is not a code such as XR-201"), argv[0]);
        bool found = false;
        for (size_t i = 0; (row = rule_at(i)); i++)
                if (!argc || (int)row->rule == number) {
                        explain_rule(row);
                        found = true;
                }
        return found ? true : err_set(e, ERR_INPUT, _("there is no rule XR-%03d"), number);
}

const struct command command_explain = {
        .name = "explain", .arguments = "[XR-nnn | releases]",
        .summary = N_("explain a code, or list all rules or releases"),
        .about = N_("Every message that judges something carries a code XR-nnn, also those on the screen of a machine that refuses to install. This command says what the code means and what to do."),
        .example = "  xenroll explain XR-201\n  xenroll explain releases\n",
        .options = NULL, .n_options = 0, .size = sizeof(struct options), .min_args = 0, .max_args = 1, .run = run,
};
