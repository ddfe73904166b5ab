#include "cmd/command.h"
#include "cmd/roll.h"
#include "base/file.h"
#include "base/i18n.h"
#include "rollcall/export.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct options {
        const char *output, *database;
        bool json, csv;
};

static bool fill(struct roll *r, const struct options *o, FILE *f, struct err *e)
{
        return o->json ? export_json(r->store, f, e) : export_csv(r->store, f, e);
}

/* A pipe or a device takes it as it comes: a rename would put a file into its place. */
static bool to_device(struct roll *r, const struct options *o, struct err *e)
{
        AUTO_FILE FILE *f = fopen(o->output, "we");
        return f ? fill(r, o, f, e) : err_sys(e, _("opening %s"), o->output);
}

/* Whole or not at all. */
static bool to_file(struct roll *r, const struct options *o, struct err *e)
{
        const char *path = o->output, *slash = strrchr(path, '/');
        AUTO_FREE char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
        if (!folder)
                file_out_of_memory();
        AUTO_FD int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        OWN(draft_drop) struct draft draft = { .slot = -1 };
        AUTO_FD int fd = -1;
        if (dir < 0)
                return err_sys(e, _("opening %s"), folder);
        if (!draft_file(&draft, dir, slash ? slash + 1 : path, 0600, &fd, e))
                return false;
        AUTO_FILE FILE *f = fdopen(dup(fd), "w");
        if (!f)
                return err_sys(e, _("writing %s"), path);
        if (!fill(r, o, f, e))
                return false;
        if (fsync(fd) < 0)
                return err_sys(e, _("writing %s"), path);
        return draft_commit(&draft, e);
}

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        OWN(roll_close) struct roll r = ROLL_INIT;
        (void)argc;
        if (o->json == o->csv)
                return err_set(e, ERR_USAGE, _("say --json or --csv"));
        if (!roll_open(&r, argv[0], e) || !roll_store(&r, o->database, false, e))
                return false;
        if (!r.store)
                return err_set(e, ERR_INPUT, _("nothing has been heard of this build's hosts yet"));
        struct stat s;
        if (!o->output)
                return fill(&r, o, stdout, e);
        return stat(o->output, &s) == 0 && !S_ISREG(s.st_mode) ? to_device(&r, o, e) : to_file(&r, o, e);
}

static const struct option_row rows[] = {
        { "json", 'j', NULL, OPTION_FLAG, offsetof(struct options, json), N_("as JSON: hosts, each with its events") },
        { "csv", 'c', NULL, OPTION_FLAG, offsetof(struct options, csv),
                N_("as CSV for a spreadsheet: a line an event") },
        { "output", 'o', "FILE", OPTION_TEXT, offsetof(struct options, output),
                N_("write it there, whole or not at all, instead of to the screen") },
        { "database", 'd', "URL", OPTION_TEXT, offsetof(struct options, database),
                N_("where events are kept, when that is not the build's folder: postgresql://…; with a password in it, give "
                   "it as XENROLL_DATABASE in the environment") },
};

const struct command command_export = {
        .name = "export",
        .arguments = "OUT",
        .summary = N_("write everything that was heard, for other programs"),
        .about = N_("Writes all hosts and all their events. Times are UTC; a host's own clock stands beside them."),
        .example = "  xenroll export out --csv -o events.csv\n  xenroll export out --json | jq '.[] | select(.standing "
                   "== \"failed\")'\n",
        .options = rows,
        .n_options = COUNT(rows),
        .size = sizeof(struct options),
        .min_args = 1,
        .max_args = 1,
        .run = run,
};
