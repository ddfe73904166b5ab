#include "cmd/command.h"
#include "cmd/load.h"
#include "answerfiles/plan_show.h"
#include "base/i18n.h"

struct options {
        const char *iso, *why;
        bool strict, json;
};

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        OWN(loaded_clear) struct loaded l = { 0 };
        struct load_options lo = { .site = argc ? argv[0] : NULL, .iso = o->iso, .strict = o->strict };
        if (!load_site(&l, &lo, e))
                return false;
        if (o->why)
                return plan_print_why(l.plan, l.diags, o->why, stdout, e);
        if (o->json)
                return plan_print_json(l.plan, stdout, e);
        plan_print_table(l.plan, stdout);
        return true;
}

static const struct option_row rows[] = {
        { "iso", 'i', "ISO", OPTION_TEXT, offsetof(struct options, iso), N_("base ISO: its release is what the plan is for") },
        { "json", 'j', NULL, OPTION_FLAG, offsetof(struct options, json), N_("print the whole plan as JSON; secrets are masked") },
        { "why", 'w', "HOST", OPTION_TEXT, offsetof(struct options, why), N_("say for one host where each value comes from: NAME or SCHOOL/NAME") },
        { "strict", 's', NULL, OPTION_FLAG, offsetof(struct options, strict), N_("treat warnings as errors") },
};

const struct command command_plan = {
        .name = "plan", .arguments = "[SITE]",
        .summary = N_("show what each machine will become"),
        .about = N_("Prints the checked plan: one line a machine, or everything as JSON. With --why it says for one host which line of which file each value comes from. The stronger level wins: host, pool, school, blueprint, defaults, release."),
        .example = "  xenroll plan\n  xenroll plan --why nn36-xen1\n  xenroll plan --json district.yaml\n",
        .options = rows, .n_options = COUNT(rows), .size = sizeof(struct options), .min_args = 0, .max_args = 1, .run = run,
};
