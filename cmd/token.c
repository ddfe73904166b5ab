#include "cmd/command.h"
#include "cmd/roll.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "rollcall/answers.h"

#include <string.h>

struct options {
        const char *school;
};

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        OWN(roll_close) struct roll r = ROLL_INIT;
        struct roll_name name;
        unsigned char seed[32];
        char token[TOKEN_TEXT];
        if ((argc == 2) == (o->school != NULL))
                return err_set(e, ERR_USAGE, _("name a host, or a school with --school ID"));
        if (!roll_open(&r, argv[0], e) ||
                (o->school ? !roll_has_school(&r, o->school, e) : !roll_name(&r, argv[1], &name, e)) ||
                !roll_seed(&r, seed, e))
                return false;
        if (!o->school && !name.expected)
                return err_rule(e, XR_ARM_NO_HOST, argv[1], NULL);
        answers_token(seed, o->school ? o->school : name.school, o->school ? NULL : name.host, token);
        explicit_bzero(seed, sizeof(seed));
        bool fine = puts(token) != EOF && fflush(stdout) == 0;
        explicit_bzero(token, sizeof(token));
        if (!fine)
                return err_sys(e, _("writing the output"));
        if (o->school)
                fprintf(stderr,
                        _("This is a secret: whoever has it reports in the name of all hosts of school %s. It belongs "
                          "into secrets/upstream.token of that school's server.\n"),
                        o->school);
        else
                fprintf(stderr, _("This is a secret: whoever has it reports in the name of %s.\n"), name.host);
        return true;
}

static const struct option_row rows[] = {
        { "school", 's', "ID", OPTION_TEXT, offsetof(struct options, school), N_("of that school's server") },
};

const struct command command_token = {
        .name = "token",
        .arguments = "OUT [HOST]",
        .summary = N_("print the token under which a school's server, or a host, reports"),
        .about = N_("A district's server takes events of a school from nobody but who has the school's token. The "
                    "district's administrator "
                    "prints it here and hands it to the school, whose site file names it under 'upstream'. Tokens "
                    "follow from "
                    "OUT/secrets/seed: they stay the same as long as that file does."),
        .example = "  xenroll token out --school nn36 > nn36.token\n  xenroll token out nn36-xen1\n",
        .options = rows,
        .n_options = COUNT(rows),
        .size = sizeof(struct options),
        .min_args = 1,
        .max_args = 2,
        .run = run,
};
