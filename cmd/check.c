#include "cmd/command.h"
#include "cmd/load.h"
#include "answerfiles/lint.h"
#include "base/file.h"
#include "base/i18n.h"

#include <fcntl.h>
#include <string.h>

struct options {
        const char *iso, *release;
        bool strict, json, answer_file;
};

enum { LARGEST_ANSWER = 1 << 20 };

static bool lint_one(const struct release *release, const char *file, struct diags *d, struct str *keep, struct err *e)
{
        if (!file_read(AT_FDCWD, file, LARGEST_ANSWER, keep, e))
                return false;
        answer_lint(release, file, str_bytes(keep), d);
        return true;
}

static bool release_for_lint(const struct options *o, const struct release **out, struct err *e)
{
        OWN(loaded_clear) struct loaded base = { 0 };
        if (o->iso) {
                base.base = medium_open(AT_FDCWD, o->iso, e);
                if (!base.base)
                        return false;
                *out = base.base->release;
        } else
                *out = release_find(o->release ? o->release : "xcp-ng-8.3");
        if (*out)
                return true;
        return err_set(e, ERR_INPUT, _("'%s' is not a release that xenroll knows; 'xenroll explain releases' lists them"), o->release ? o->release : o->iso);
}

static bool check_answer_files(const struct options *o, int argc, char **argv, struct err *e)
{
        const struct release *release;
        if (argc < 1)
                return err_set(e, ERR_USAGE, _("--answer-file needs the names of answer files"));
        if (!release_for_lint(o, &release, e))
                return false;
        struct diags *d = diags_new();
        AUTO_FREE struct str *texts = calloc((size_t)argc, sizeof(*texts));
        if (!texts)
                file_out_of_memory();
        bool fine = true;
        for (int i = 0; i < argc; i++) {
                texts[i].max = LARGEST_ANSWER;
                fine = fine && lint_one(release, argv[i], d, &texts[i], e);
        }
        if (fine && o->json)
                fine = diags_print_json(d, stdout, o->strict) || err_sys(e, _("writing the output"));
        else if (fine)
                diags_print(d, stderr, o->strict);
        size_t bad = diags_errors(d) + (o->strict ? diags_warnings(d) : 0), warnings = diags_warnings(d);
        if (fine && !o->json && !bad)
                printf(_("answer files accepted: %d (release: %s, warnings: %zu)\n"), argc, release->product, warnings);
        diags_free(d);
        for (int i = 0; i < argc; i++)
                str_clear(&texts[i]);
        if (fine && bad)
                return err_set(e, ERR_INPUT, ngettext("%zu error", "%zu errors", bad), bad);
        return fine;
}

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        if (o->answer_file)
                return check_answer_files(o, argc, argv, e);
        if (argc > 1)
                return err_set(e, ERR_USAGE, _("'xenroll check' takes one site file; several answer files need --answer-file"));
        OWN(loaded_clear) struct loaded l = { 0 };
        struct load_options lo = { .site = argc ? argv[0] : NULL, .iso = o->iso, .strict = o->strict, .json = o->json };
        if (!load_site(&l, &lo, e))
                return false;
        if (!o->json)
                printf(_("%s: fine (hosts: %zu, schools: %zu, release: %s, warnings: %zu)\n"), argc ? argv[0] : "site.yaml", l.plan->n_hosts,
                        l.plan->n_schools, l.plan->release->product, diags_warnings(l.diags));
        return true;
}

static const struct option_row rows[] = {
        { "iso", 'i', "ISO", OPTION_TEXT, offsetof(struct options, iso), N_("base ISO: its release is what the site is checked for") },
        { "strict", 's', NULL, OPTION_FLAG, offsetof(struct options, strict), N_("treat warnings as errors") },
        { "json", 'j', NULL, OPTION_FLAG, offsetof(struct options, json), N_("print problems as JSON") },
        { "answer-file", 'a', NULL, OPTION_FLAG, offsetof(struct options, answer_file), N_("the arguments are answer files that somebody wrote by hand") },
        { "release", 'r', "RELEASE", OPTION_TEXT, offsetof(struct options, release), N_("with --answer-file: the release they are for (xcp-ng-8.3)") },
};

const struct command command_check = {
        .name = "check", .arguments = "[SITE | --answer-file FILE...]",
        .summary = N_("find every mistake before a machine is powered on"),
        .about = N_("Reads the site file (site.yaml unless named) and everything it refers to, and reports all problems in one run, each with its place, the rule and what to do. Nothing is written, and no network is used."),
        .example = "  xenroll check\n  xenroll check --strict --iso xcp-ng-8.3.0.iso district.yaml\n  xenroll check --answer-file --release xcp-ng-8.2 answerfile.xml\n",
        .options = rows, .n_options = COUNT(rows), .size = sizeof(struct options), .min_args = 0, .max_args = -1, .run = run,
};
