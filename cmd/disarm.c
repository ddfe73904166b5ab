#include "cmd/command.h"
#include "cmd/netbuild.h"
#include "base/i18n.h"

struct options {
        const char *school;
        bool all;
};

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        OWN(netbuild_close) struct netbuild n = NETBUILD_INIT;
        OWN(host_set_clear) struct host_set set = { 0 };
        struct host_choice choice = { .school = o->school, .all = o->all, .names = argv + 1, .n_names = argc - 1 };
        size_t changed = 0;
        if (!netbuild_open(&n, argv[0], e) || !hosts_choose(n.roster, &choice, &set, e) ||
                !netbuild_state(&n, false, e))
                return false;
        for (size_t i = 0; i < set.n; i++) {
                bool was = false;
                if (!arming_disarm(n.arming, set.items[i]->school->id, set.items[i]->name, &was, e))
                        return false;
                changed += was;
        }
        printf(ngettext("%zu host is disarmed.\n", "%zu hosts are disarmed.\n", changed), changed);
        return true;
}

static const struct option_row rows[] = {
        { "school", 's', "ID", OPTION_TEXT, offsetof(struct options, school), N_("all hosts of that school") },
        { "all", 'a', NULL, OPTION_FLAG, offsetof(struct options, all), N_("all hosts of the build") },
};

const struct command command_disarm = {
        .name = "disarm",
        .arguments = "OUT [HOST|SCHOOL/HOST]...",
        .summary = N_("take an arming back"),
        .about = N_("From now on the machine starts its own disk. An installer that is already running is not stopped "
                    "by this: what "
                    "it still fetches from 'serve' it no longer gets, and whether it comes to an end depends on how "
                    "far it is."),
        .example = "  xenroll disarm out nn36-xen2\n  xenroll disarm out --all\n",
        .options = rows,
        .n_options = COUNT(rows),
        .size = sizeof(struct options),
        .min_args = 1,
        .max_args = -1,
        .run = run,
};
