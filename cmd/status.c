#include "cmd/command.h"
#include "cmd/netbuild.h"
#include "base/i18n.h"
#include "base/text.h"
#include "pxe/agent_reports.h"

#include <jansson.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { HOST_COLUMNS = 28, INSTALL_COLUMNS = 14, AGENT_COLUMNS = 24 };

struct options {
        const char *school;
        bool json;
};

struct standing {
        const struct roster_host *host;
        struct arm_row row;
        struct agent_report agent;
        bool has_told, arrived;
};

/* --- what is known of a host --- */

static bool read_one(
        struct netbuild *n, const struct roster_host *h, bool with_agent, struct standing *s, struct err *e)
{
        *s = (struct standing){ .host = h };
        if (!arming_get(n->arming, h->school->id, h->name, &s->row, e) ||
                !agent_report_get(n->arming, h->school->id, h->name, &s->agent, &s->has_told, e))
                return false;
        s->arrived = with_agent ? s->has_told && !strcmp(s->agent.outcome, "converged") : s->row.state == ARM_INSTALLED;
        return true;
}

static int64_t newest(const struct standing *s)
{
        const int64_t times[] = { s->row.armed, s->row.started, s->row.ended, s->has_told ? s->agent.at : 0 };
        int64_t last = 0;
        for (size_t i = 0; i < COUNT(times); i++)
                last = times[i] > last ? times[i] : last;
        return last;
}

/* --- for people --- */

static const char *state_text(enum arm_state state)
{
        static const char *const texts[] = { [ARM_IDLE] = N_("not armed"),
                [ARM_ARMED] = N_("armed"),
                [ARM_STARTED] = N_("installing"),
                [ARM_INSTALLED] = N_("installed"),
                [ARM_FAILED] = N_("failed") };
        return _(texts[state]);
}

static void say_agent(const struct standing *s, struct str *out)
{
        static const char *const outcomes[][2] = { { "begun", N_("begun") }, { "waiting", N_("waiting") },
                { "stopped", N_("stopped") }, { "done", N_("done") } };
        if (!s->has_told)
                return str_add(out, "-");
        if (!strcmp(s->agent.outcome, "converged"))
                return str_add(out, _("as planned"));
        const char *outcome = s->agent.outcome;
        for (size_t i = 0; i < COUNT(outcomes); i++)
                if (!strcmp(outcome, outcomes[i][0]))
                        outcome = _(outcomes[i][1]);
        str_addf(out, "%s: %s", s->agent.step, outcome);
}

static void print_row(const char *host, const char *installation, const char *agent, const char *when)
{
        AUTO_STR line = STR_MAX(4096);
        text_pad(&line, host, HOST_COLUMNS);
        str_add(&line, " ");
        text_pad(&line, installation, INSTALL_COLUMNS);
        str_add(&line, " ");
        text_pad(&line, agent, AGENT_COLUMNS);
        str_addf(&line, " %s", when);
        puts(str_text(&line));
}

/* The machine's words: what would steer the terminal becomes a blank. */
static void print_problem(int code, const char *detail)
{
        if (!code)
                return;
        printf("    XR-%03d ", code);
        for (; *detail; detail++)
                putchar((unsigned char)*detail < 0x20 || *detail == 0x7f ? ' ' : *detail);
        putchar('\n');
}

static void print_one(const struct standing *s)
{
        AUTO_STR host = STR_MAX(200), agent = STR_MAX(200);
        char when[32] = "-";
        time_t last = (time_t)newest(s);
        struct tm t;
        if (last && localtime_r(&last, &t))
                strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &t);
        str_addf(&host, "%s/%s", s->host->school->id, s->host->name);
        say_agent(s, &agent);
        print_row(str_text(&host), state_text(s->row.state), str_text(&agent), when);
        print_problem(s->row.code, s->row.detail);
        if (s->has_told && !s->arrived)
                print_problem(s->agent.code, s->agent.detail);
}

/* --- for programs --- */

static json_t *as_json(const struct standing *s)
{
        json_t *o = json_pack("{s:s, s:s, s:s, s:b, s:I}", "school", s->host->school->id, "host", s->host->name,
                "state", arm_state_names[s->row.state], "arrived", s->arrived, "at", (json_int_t)newest(s));
        if (s->row.code)
                json_object_set_new(
                        o, "problem", json_pack("{s:i, s:s}", "code", s->row.code, "detail", s->row.detail));
        if (s->has_told)
                json_object_set_new(o, "agent",
                        json_pack("{s:s, s:s, s:i, s:s, s:I}", "step", s->agent.step, "outcome", s->agent.outcome,
                                "code", s->agent.code, "detail", s->agent.detail, "at", (json_int_t)s->agent.at));
        return o;
}

static void drop_json(json_t **j) { json_decref(*j); }

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        OWN(netbuild_close) struct netbuild n = NETBUILD_INIT;
        OWN(host_set_clear) struct host_set set = { 0 };
        OWN(drop_json) json_t *list = o->json ? json_array() : NULL;
        const struct host_choice choice = { .school = o->school, .all = !o->school };
        (void)argc;
        if (!netbuild_open(&n, argv[0], e) || !hosts_choose(n.roster, &choice, &set, e) ||
                !netbuild_state(&n, false, e))
                return false;
        bool with_agent = faccessat(n.build, "agent", F_OK, 0) == 0;
        size_t arrived = 0;
        if (!list)
                print_row(_("HOST"), _("INSTALLATION"), _("AGENT"), _("LAST CHANGE"));
        for (size_t i = 0; i < set.n; i++) {
                struct standing s;
                if (!read_one(&n, set.items[i], with_agent, &s, e))
                        return false;
                arrived += s.arrived;
                if (list)
                        json_array_append_new(list, as_json(&s));
                else
                        print_one(&s);
        }
        if (list && (json_dumpf(list, stdout, JSON_INDENT(2)) < 0 || putchar('\n') == EOF))
                return err_sys(e, _("writing the output"));
        if (arrived < set.n)
                return err_set(e, ERR_WORLD, _("%zu of %zu hosts have arrived"), arrived, set.n);
        return true;
}

static const struct option_row rows[] = {
        { "school", 's', "ID", OPTION_TEXT, offsetof(struct options, school), N_("hosts of that school only") },
        { "json", 'j', NULL, OPTION_FLAG, offsetof(struct options, json), N_("print it as JSON") },
};

const struct command command_status = {
        .name = "status",
        .arguments = "OUT",
        .summary = N_("say how far each host of a network boot is"),
        .about = N_("Prints what 'xenroll serve' has heard of each host: its installation, the last step that its "
                    "agent told, and the last "
                    "problem. A host has arrived when its agent found everything as planned; in a build without the "
                    "agent, when it is "
                    "installed. The exit code is 3 until all have arrived. Hosts that were installed from sticks tell "
                    "nothing here."),
        .example = "  xenroll status out\n  xenroll status out --school nn36 --json\n",
        .options = rows,
        .n_options = COUNT(rows),
        .size = sizeof(struct options),
        .min_args = 1,
        .max_args = 1,
        .run = run,
};
