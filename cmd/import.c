#include "cmd/command.h"
#include "cmd/roll.h"
#include "base/i18n.h"
#include "base/now.h"
#include "base/rule.h"
#include "isobuilder/report_read.h"
#include "rollcall/stick_report.h"

#include <string.h>

enum { MOST_OF_A_FILE = 500 };

struct options {
        const char *database;
};

struct importing {
        struct roll *roll;
        const char *path;
        struct event *events; /* owned; of one file */
        size_t files, kept, known;
        struct err refused; /* the last file that is no report, not yet told */
};

static void importing_clear(struct importing *i) { free(i->events); }

static void warn(const struct err *e)
{
        fflush(stdout);
        if (e->code)
                fprintf(stderr, "%s XR-%03d: %s\n        %s\n", _("warning"), e->code, e->text, e->remedy);
        else
                fprintf(stderr, "%s: %s\n", _("warning"), e->text);
}

static void refuse(struct err *e, const char *what, const struct err *why)
{
        struct err cause = *why;
        err_rule(e, XR_IMPORT_NOT_READABLE, what, cause.text, NULL);
}

/* Once for each host in the file. */
static void warn_of_strangers(const struct importing *im, size_t n)
{
        struct err e = ERR_INIT, ignored = ERR_INIT;
        struct roll_name name;
        for (size_t i = 0; i < n; i++) {
                const struct event *ev = &im->events[i];
                char said[2 * NAME_MOST + 2];
                bool again = false;
                snprintf(said, sizeof(said), "%s/%s", ev->school, ev->host);
                for (size_t k = 0; k < i; k++)
                        again |= !strcmp(ev->school, im->events[k].school) && !strcmp(ev->host, im->events[k].host);
                if (again || !*ev->host || (roll_name(im->roll, said, &name, &ignored) && name.expected))
                        continue;
                err_rule(&e, XR_IMPORT_UNKNOWN_HOST, said, NULL);
                warn(&e);
        }
}

/* Machines that did not find out which host they are: nobody's events, but somebody wants to know. */
static size_t tell_nameless(const struct importing *im, size_t n)
{
        size_t nameless = 0;
        for (size_t i = 0; i < n; i++) {
                const struct event *ev = &im->events[i];
                AUTO_STR line = STR_MAX(8192);
                if (*ev->host && *ev->school)
                        continue;
                nameless++;
                str_add(&line, "  ");
                str_addf(&line, _("a machine that is no host: XR-%03d "), ev->code);
                roll_show(&line, ev->detail);
                puts(str_text(&line));
        }
        return nameless;
}

static bool each(void *arg, const char *name, struct bytes text, struct err *e)
{
        struct importing *im = arg;
        struct err why = ERR_INIT;
        size_t n, fresh = 0;
        if (!stick_report_read(text, im->events, MOST_OF_A_FILE, &n, &why)) {
                if (im->refused.kind)
                        warn(&im->refused);
                refuse(&im->refused, name, &why);
                return true;
        }
        for (size_t i = 0; i < n; i++)
                im->events[i].received = now_wall();
        if (!store_put(im->roll->store, im->events, n, &fresh, e))
                return false;
        im->files++;
        AUTO_STR shown = STR_MAX(1000);
        roll_show(&shown, name);
        printf("%s: ", str_text(&shown));
        size_t nameless = 0;
        for (size_t i = 0; i < n; i++)
                nameless += !*im->events[i].host || !*im->events[i].school;
        printf(_("new: %zu, known already: %zu\n"), fresh, n - nameless - fresh);
        im->kept += fresh;
        im->known += n - nameless - fresh;
        tell_nameless(im, n);
        warn_of_strangers(im, n);
        return true;
}

static bool import(struct importing *im, struct err *e)
{
        struct err why = ERR_INIT;
        size_t before = im->files;
        if (!report_read(im->path, each, im, &why)) {
                if (why.kind == ERR_INPUT)
                        refuse(e, im->path, &why);
                else
                        *e = why;
                return false;
        }
        if (im->files == before && !im->refused.kind)
                return err_rule(e, XR_IMPORT_NOT_READABLE, im->path, _("there is none"), NULL);
        if (im->files == before)
                *e = im->refused;
        else if (im->refused.kind)
                warn(&im->refused);
        im->refused = (struct err)ERR_INIT;
        return e->kind == ERR_NONE;
}

/* Of several, those that can be read are taken all the same. */
static bool import_all(struct importing *im, char **paths, size_t n, struct err *e)
{
        for (size_t i = 0; i < n && e->kind != ERR_WORLD; i++) {
                struct err why = ERR_INIT;
                im->path = paths[i];
                if (import(im, &why))
                        continue;
                if (e->kind)
                        warn(e);
                *e = why;
        }
        return e->kind == ERR_NONE;
}

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        OWN(roll_close) struct roll r = ROLL_INIT;
        OWN(importing_clear)
        struct importing im = { .roll = &r, .events = calloc(MOST_OF_A_FILE, sizeof(struct event)), .refused = ERR_INIT };
        if (!im.events)
                return err_set(e, ERR_WORLD, _("out of memory"));
        if (!roll_open(&r, argv[0], e) || !roll_store(&r, o->database, true, e))
                return false;
        return import_all(&im, argv + 1, (size_t)argc - 1, e);
}

static const struct option_row rows[] = {
        { "database", 'd', "URL", OPTION_TEXT, offsetof(struct options, database),
                N_("where events are kept, when that is not the build's folder: postgresql://…; with a password in it, give "
                   "it as XENROLL_DATABASE in the environment") },
};

const struct command command_import = {
        .name = "import",
        .arguments = "OUT FILE|DEVICE…",
        .summary = N_("take over the reports that installations left on a stick"),
        .about = N_("Where hosts cannot reach a server, what became of their installation stands on the stick. Name "
                    "the stick (/dev/sdX), its "
                    "second partition, a folder to which the files were copied, or a single file. The stick is only "
                    "read. What was imported "
                    "before is not counted twice; what is about hosts that the build does not name is kept, with a "
                    "warning."),
        .example = "  sudo xenroll import out /dev/sdX\n  xenroll import out reports/ xenroll-nn36-nn36-xen1.txt\n",
        .options = rows,
        .n_options = COUNT(rows),
        .size = sizeof(struct options),
        .min_args = 2,
        .max_args = -1,
        .run = run,
};
