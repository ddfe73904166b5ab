#include "cmd/command.h"
#include "cmd/netbuild.h"
#include "cmd/roll.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/rule.h"
#include "base/text.h"
#include "rollcall/arming_watch.h"

#include <jansson.h>
#include <string.h>
#include <time.h>

struct options {
        const char *school;
        int hours;
        bool all, again, json;
};

enum { USUAL_HOURS = 7 * 24, MOST_HOURS = 365 * 24, MOST_SHOWN = 20 };

static void when_text(int64_t at, char out[20])
{
        struct tm tm;
        time_t t = (time_t)at;
        strftime(out, 20, "%Y-%m-%d %H:%M", localtime_r(&t, &tm));
}

/* --- the list --- */

static const char *state_word(const struct arm_row *row, int64_t now)
{
        static const char *const words[] = { N_("idle"), N_("armed"), N_("started"), N_("installed"), N_("failed") };
        bool over = row->state == ARM_ARMED && now >= row->until;
        return _(words[over ? ARM_IDLE : row->state]);
}

static int64_t since(const struct arm_row *row)
{
        switch (row->state) {
        case ARM_ARMED:
                return row->armed;
        case ARM_STARTED:
                return row->started;
        case ARM_INSTALLED:
        case ARM_FAILED:
                return row->ended;
        default:
                return 0;
        }
}

static void print_row(const struct roster_host *h, const struct arm_row *row, int64_t now)
{
        AUTO_STR line = STR_MAX(4096), name = STR_MAX(200);
        char when[20] = "";
        if (since(row))
                when_text(since(row), when);
        str_addf(&name, "%s/%s", h->school->id, h->name);
        text_pad(&line, str_text(&name), 28);
        text_pad(&line, state_word(row, now), 12);
        text_pad(&line, when, 18);
        str_add(&line, h->mac ? h->mac : h->serial);
        if (row->code)
                str_addf(&line, "  XR-%03d", row->code);
        printf("%s\n", str_text(&line));
        if (row->code && *row->detail)
                printf("    %.*s\n", (int)strcspn(row->detail, "\n"), row->detail);
}

static json_t *json_of(const struct roster_host *h, const struct arm_row *row)
{
        json_t *o = json_pack("{s:s, s:s, s:s, s:i, s:I, s:I, s:I, s:i, s:s}", "school", h->school->id, "host", h->name,
                "state", arm_state_names[row->state], "starts", row->starts, "armed", (json_int_t)row->armed, "started",
                (json_int_t)row->started, "ended", (json_int_t)row->ended, "code", row->code, "detail", row->detail);
        if (h->mac)
                json_object_set_new(o, "mac", json_string(h->mac));
        if (h->serial)
                json_object_set_new(o, "serial", json_string(h->serial));
        return o;
}

static bool list(struct netbuild *n, bool as_json, struct err *e)
{
        json_t *hosts = json_array();
        bool fine = netbuild_state(n, false, e);
        for (size_t i = 0; fine && i < roster_count(n->roster); i++) {
                const struct roster_host *h = roster_at(n->roster, i);
                struct arm_row row;
                fine = arming_get(n->arming, h->school->id, h->name, &row, e);
                if (fine && as_json)
                        json_array_append_new(hosts, json_of(h, &row));
                else if (fine)
                        print_row(h, &row, time(NULL));
        }
        if (fine && as_json) {
                AUTO_FREE char *text = json_dumps(hosts, JSON_INDENT(2));
                printf("%s\n", text ? text : "[]");
        }
        json_decref(hosts);
        return fine;
}

/* --- arming --- */

static void warn(const struct roster_host *h, bool again)
{
        if (again && !h->reinstall)
                fprintf(stderr,
                        _("xenroll: warning: %s: its answers say 'already-installed: refuse': if its disk holds an "
                          "installation it will refuse\n"),
                        h->name);
        if (!h->mac)
                fprintf(stderr,
                        _("xenroll: warning: %s is known by its serial number alone; BIOS machines ask by MAC address: "
                          "write its mac, or start it once with 'serve --enrol'\n"),
                        h->name);
}

/* Of a group, those that are done or under way are passed over; a host that somebody names is refused instead. */
static bool passes(
        struct netbuild *n, struct roll *r, const struct roster_host *h, bool by_name, bool *over, struct err *e)
{
        struct arm_row row;
        char when[20];
        if (!arming_or_standing(n->arming, r->store, h->school->id, h->name, &row, e))
                return false;
        *over = row.state == ARM_INSTALLED || row.state == ARM_STARTED;
        if (!*over || !by_name)
                return true;
        when_text(row.state == ARM_INSTALLED ? row.ended : row.started, when);
        return err_refuse(e, row.state == ARM_INSTALLED ? XR_ARM_INSTALLED : XR_ARM_STARTED, h->name, when, NULL);
}

static bool arm_all(struct netbuild *n, struct roll *r, const struct host_set *set, const struct options *o,
        int64_t until, size_t *passed, struct err *e)
{
        if (!arming_begin(n->arming, e))
                return false;
        for (size_t i = 0; i < set->n; i++) {
                const struct roster_host *h = set->items[i];
                bool over = false;
                if (!o->again && !passes(n, r, h, set->by_name, &over, e))
                        return false;
                *passed += over;
                if (!over && !arming_arm(n->arming, h->school->id, h->name, time(NULL), until, o->again, e))
                        return false;
        }
        return arming_commit(n->arming, e);
}

static void say_done(const struct host_set *set, const struct options *o, int64_t until, size_t passed)
{
        char when[20];
        when_text(until, when);
        for (size_t i = 0; i < set->n && set->n <= MOST_SHOWN; i++)
                warn(set->items[i], o->again);
        printf(ngettext("%zu host is armed until %s.\n", "%zu hosts are armed until %s.\n", set->n - passed),
                set->n - passed, when);
        if (passed)
                printf(ngettext("%zu host is installed or being installed and was passed over (--again).\n",
                               "%zu hosts are installed or being installed and were passed over (--again).\n", passed),
                        passed);
        log_event("arm", "done", NULL);
}

/* Where nobody can be asked who is installed, the disks are: they refuse unless the site file lets them be wiped. */
static void open_store(struct roll *r)
{
        struct err e = ERR_INIT;
        if (!roll_store(r, NULL, false, &e))
                fprintf(stderr, "%s: %s\n", _("warning"), e.text);
}

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        OWN(netbuild_close) struct netbuild n = NETBUILD_INIT;
        OWN(roll_close) struct roll r = ROLL_INIT;
        OWN(host_set_clear) struct host_set set = { 0 };
        struct host_choice choice = { .school = o->school, .all = o->all, .names = argv + 1, .n_names = argc - 1 };
        int hours = o->hours ? o->hours : USUAL_HOURS;
        size_t passed = 0;
        /* The times are those that 'xenroll status' and the page show. */
        if (!netbuild_open(&n, argv[0], e) || !roll_open(&r, argv[0], e))
                return false;
        if (argc == 1 && !o->school && !o->all)
                return list(&n, o->json, e);
        if (hours < 1 || hours > MOST_HOURS)
                return err_set(e, ERR_USAGE, _("--for takes 1 to %d hours"), MOST_HOURS);
        if (!hosts_choose(n.roster, &choice, &set, e) || !netbuild_state(&n, true, e))
                return false;
        if (!o->again)
                open_store(&r);
        int64_t until = time(NULL) + (int64_t)hours * 3600;
        if (!arm_all(&n, &r, &set, o, until, &passed, e)) {
                arming_rollback(n.arming);
                return false;
        }
        say_done(&set, o, until, passed);
        return true;
}

static const struct option_row rows[] = {
        { "school", 's', "ID", OPTION_TEXT, offsetof(struct options, school), N_("all hosts of that school") },
        { "all", 'a', NULL, OPTION_FLAG, offsetof(struct options, all), N_("all hosts of the build") },
        { "again", 0, NULL, OPTION_FLAG, offsetof(struct options, again),
                N_("also hosts that are installed, or whose installation has begun") },
        { "for", 0, "HOURS", OPTION_NUMBER, offsetof(struct options, hours),
                N_("how long the arming holds (168: a week)") },
        { "json", 'j', NULL, OPTION_FLAG, offsetof(struct options, json), N_("print the list as JSON") },
};

const struct command command_arm = {
        .name = "arm",
        .arguments = "OUT [HOST|SCHOOL/HOST]...",
        .summary = N_("let hosts install over the network, once"),
        .about = N_(
                "A machine installs over the network only while it is armed; otherwise 'serve' has it start its own "
                "disk. The "
                "arming is spent when the installation completes, when it was started twice without completing, or "
                "when "
                "its time is over. All hosts named are armed, or none. Without hosts, lists every host and its state."),
        .example = "  xenroll arm out nn36-xen1 nn36-xen2\n  xenroll arm out --school nn36\n  xenroll arm out\n",
        .options = rows,
        .n_options = COUNT(rows),
        .size = sizeof(struct options),
        .min_args = 1,
        .max_args = -1,
        .run = run,
};
