#include "cmd/command.h"
#include "cmd/roll.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "base/text.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

enum { STAGE_COLUMNS = 10, STEP_COLUMNS = 26, CLOCK_TOLERANCE = 120 /* seconds */ };

struct options {
        const char *database;
        bool json;
};

struct printing {
        json_t *list; /* NULL: for people */
        size_t n;
};

static const char *stage_text(enum stage_kind stage)
{
        static const char *const texts[STAGE_KINDS] = { [STAGE_ARMING] = N_("arming"),
                [STAGE_SELECT] = N_("selection"),
                [STAGE_INSTALL] = N_("installer"),
                [STAGE_AGENT] = N_("agent") };
        return _(texts[stage]);
}

static void print_event(const struct event_row *row)
{
        const struct event *ev = &row->event;
        char when[WHEN_TEXT], clock[WHEN_TEXT];
        AUTO_STR line = STR_MAX(16384), step = STR_MAX(400), problem = STR_MAX(8192);
        roll_step(&step, ev->step, ev->outcome);
        roll_problem(&problem, ev->code, ev->detail);
        str_addf(&line, "%s  ", roll_when(ev->received, when));
        text_pad(&line, stage_text(ev->stage), STAGE_COLUMNS);
        text_pad(&line, str_text(&step), problem.len || ev->percent >= 0 ? STEP_COLUMNS : 0);
        if (ev->percent >= 0)
                str_addf(&line, " %d %%", ev->percent);
        if (problem.len)
                str_addf(&line, " %s", str_text(&problem));
        int64_t off = ev->clock - ev->received / 1000;
        if (ev->clock && (off > CLOCK_TOLERANCE || off < -CLOCK_TOLERANCE)) {
                str_add(&line, "  ");
                str_addf(&line, _("(its own clock said %s)"), roll_when(ev->clock * 1000, clock));
        }
        puts(str_text(&line));
}

static json_t *as_json(const struct event_row *row)
{
        const struct event *ev = &row->event;
        json_t *o = json_pack("{s:I, s:s, s:s, s:I, s:s}", "seq", (json_int_t)row->seq, "stage",
                stage_kind_names[ev->stage], "outcome", ev->outcome, "received", (json_int_t)ev->received, "key",
                ev->key);
        json_object_set_new(o, "attempt", json_integer(row->attempt));
        if (*ev->step)
                json_object_set_new(o, "step", json_string(ev->step));
        if (ev->code)
                json_object_set_new(o, "code", json_integer(ev->code));
        if (*ev->detail)
                json_object_set_new(o, "detail", json_string(ev->detail));
        if (ev->percent >= 0)
                json_object_set_new(o, "percent", json_integer(ev->percent));
        if (ev->clock)
                json_object_set_new(o, "clock", json_integer(ev->clock));
        return o;
}

static bool each(void *arg, const struct event_row *row)
{
        struct printing *p = arg;
        p->n++;
        if (p->list)
                json_array_append_new(p->list, as_json(row));
        else
                print_event(row);
        return true;
}

static void drop_json(json_t **j) { json_decref(*j); }

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        OWN(roll_close) struct roll r = ROLL_INIT;
        OWN(drop_json) json_t *list = o->json ? json_array() : NULL;
        struct roll_name name;
        struct printing p = { .list = list };
        (void)argc;
        if (!roll_open(&r, argv[0], e) || !roll_name(&r, argv[1], &name, e) || !roll_store(&r, o->database, false, e))
                return false;
        const struct event_filter filter = { .school = name.school, .host = name.host };
        if (r.store && !store_events(r.store, &filter, each, &p, e))
                return false;
        if (list && (json_dumpf(list, stdout, JSON_INDENT(2)) < 0 || putchar('\n') == EOF))
                return err_sys(e, _("writing the output"));
        if (!p.n && !name.expected)
                return err_rule(e, XR_ARM_NO_HOST, argv[1], NULL);
        if (!p.n)
                fprintf(stderr, _("Nothing has been heard of %s yet.\n"), argv[1]);
        return true;
}

static const struct option_row rows[] = {
        { "json", 'j', NULL, OPTION_FLAG, offsetof(struct options, json), N_("print it as JSON") },
        { "database", 'd', "URL", OPTION_TEXT, offsetof(struct options, database),
                N_("where events are kept, when that is not the build's folder: postgresql://…; with a password in it, give "
                   "it as XENROLL_DATABASE in the environment") },
};

const struct command command_log = {
        .name = "log",
        .arguments = "OUT HOST",
        .summary = N_("print everything that was heard of a host"),
        .about = N_("Prints all events of a host, the oldest first, with the time at which each reached the server. "
                    "The host's own clock is "
                    "shown where it differs by more than two minutes. HOST is a name, or SCHOOL/NAME."),
        .example = "  xenroll log out nn36-xen2\n  xenroll log out nn36/nn36-xen2 --json\n",
        .options = rows,
        .n_options = COUNT(rows),
        .size = sizeof(struct options),
        .min_args = 2,
        .max_args = 2,
        .run = run,
};
