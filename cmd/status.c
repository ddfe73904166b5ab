#include "cmd/command.h"
#include "cmd/arrivals.h"
#include "cmd/interrupt.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/now.h"
#include "base/text.h"

#include <jansson.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { HOST_COLUMNS = 24, STATE_COLUMNS = 14, STEP_COLUMNS = 26, LARGEST_TABLE = 64 << 20, LARGEST_LINE = 8192 };

struct options {
        const char *school, *database;
        bool json, watch;
};

/* --- lines --- */

/* Lines of the table, and which of them may be left out where there is no room. */
struct table {
        struct str text;
        size_t *ends; /* owned; where each line ends, without its line feed */
        bool *quiet;  /* owned; the line is about somebody who has arrived */
        size_t n, cap;
        bool colour;
};

static void table_clear(struct table *t)
{
        str_clear(&t->text);
        free(t->ends);
        free(t->quiet);
}

static void end_line(struct table *t, bool quiet)
{
        if (t->n == t->cap) {
                t->cap = t->cap ? t->cap * 2 : 256;
                t->ends = reallocarray(t->ends, t->cap, sizeof(*t->ends));
                t->quiet = reallocarray(t->quiet, t->cap, sizeof(*t->quiet));
                if (!t->ends || !t->quiet)
                        file_out_of_memory();
        }
        t->ends[t->n] = t->text.len;
        t->quiet[t->n++] = quiet;
        str_addc(&t->text, '\n');
}

static void paint(struct table *t, const char *colour)
{
        if (t->colour)
                str_add(&t->text, colour);
}

#define PLAIN "\033[0m"
#define BOLD "\033[1m"

static const char *colour_of(const struct arrival *a)
{
        static const char *const colours[STANDINGS] = { [STANDING_UNHEARD] = "\033[90m",
                [STANDING_ARMED] = "",
                [STANDING_INSTALLING] = "\033[36m",
                [STANDING_INSTALLED] = "\033[36m",
                [STANDING_FINISHING] = "\033[36m",
                [STANDING_ARRIVED] = "\033[32m",
                [STANDING_FAILED] = "\033[1;31m" };
        return a->arrived ? "\033[32m" : a->overdue ? "\033[33m" : colours[a->standing];
}

/* One that needs somebody is found by eye also where there is no colour. */
static const char *mark_of(const struct arrival *a)
{
        return a->standing == STANDING_FAILED ? "!" : a->overdue ? "?" : a->arrived ? "*" : " ";
}

static void add_step(struct str *out, const struct arrival *a)
{
        AUTO_STR step = STR_MAX(400);
        if (a->standing == STANDING_INSTALLING && a->percent >= 0)
                str_addf(&step, "%d %%", a->percent);
        else if (a->stage == STAGE_AGENT)
                roll_step(&step, a->step, a->outcome);
        text_pad(out, step.len ? str_text(&step) : "-", STEP_COLUMNS);
}

static void add_problem(struct table *t, const struct arrival *a)
{
        if (a->arrived || (!a->code && (a->standing != STANDING_FAILED || !*a->detail)))
                return;
        str_add(&t->text, "      ");
        roll_problem(&t->text, a->code, a->detail);
        end_line(t, false);
}

static void add_host(struct table *t, const struct arrival *a)
{
        char when[WHEN_TEXT];
        str_addf(&t->text, "  %s ", mark_of(a));
        text_pad(&t->text, a->host->name, HOST_COLUMNS);
        str_addc(&t->text, ' ');
        paint(t, colour_of(a));
        text_pad(&t->text, standing_text(a->standing), STATE_COLUMNS);
        paint(t, PLAIN);
        str_addc(&t->text, ' ');
        add_step(&t->text, a);
        str_addf(&t->text, " %s", roll_when(a->heard, when));
        if (a->overdue)
                str_addf(&t->text, "  %s", _("silent for long"));
        end_line(t, a->arrived);
        add_problem(t, a);
}

static void add_heads(struct table *t)
{
        str_add(&t->text, "    ");
        text_pad(&t->text, _("HOST"), HOST_COLUMNS + 1);
        text_pad(&t->text, _("STATE"), STATE_COLUMNS + 1);
        text_pad(&t->text, _("STEP"), STEP_COLUMNS + 1);
        str_add(&t->text, _("LAST HEARD"));
        end_line(t, false);
}

static void add_school(struct table *t, const struct expected_school *s)
{
        paint(t, BOLD);
        roll_show(&t->text, s->name);
        if (strcmp(s->name, s->id) != 0)
                str_addf(&t->text, " (%s)", s->id);
        paint(t, PLAIN);
        end_line(t, false);
}

static void add_counts(struct table *t, const struct arrivals *a)
{
        char now[WHEN_TEXT];
        str_addf(&t->text, _("%zu of %zu have arrived, %zu failed, %zu under way, %zu not begun (%s)"), a->arrived,
                a->n, a->failed, a->moving, a->waiting, roll_when(now_wall(), now));
        end_line(t, false);
}

static void make_table(struct table *t, const struct arrivals *a)
{
        const struct expected_school *school = NULL;
        const struct expected_pool *pool = NULL;
        add_heads(t);
        for (size_t i = 0; i < a->n; i++) {
                const struct arrival *x = &a->items[i];
                if (x->school != school)
                        add_school(t, x->school);
                if (x->pool != pool) {
                        str_add(&t->text, " ");
                        roll_show(&t->text, x->pool->name);
                        end_line(t, false);
                }
                school = x->school;
                pool = x->pool;
                add_host(t, x);
        }
        add_counts(t, a);
}

/* --- for programs --- */

static const char *state_name(const struct arrival *a)
{
        static const enum arm_state states[STANDINGS] = { [STANDING_UNHEARD] = ARM_IDLE,
                [STANDING_ARMED] = ARM_ARMED,
                [STANDING_INSTALLING] = ARM_STARTED,
                [STANDING_INSTALLED] = ARM_INSTALLED,
                [STANDING_FINISHING] = ARM_INSTALLED,
                [STANDING_ARRIVED] = ARM_INSTALLED,
                [STANDING_FAILED] = ARM_FAILED };
        return arm_state_names[a->is_armed ? a->state : states[a->standing]];
}

static json_t *as_json(const struct arrival *a)
{
        json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:i, s:I, s:I}", "school", a->school->id, "pool",
                a->pool->id, "host", a->host->name, "state", state_name(a), "standing", standing_names[a->standing],
                "arrived", a->arrived, "overdue", a->overdue, "attempt", a->attempt, "at",
                (json_int_t)(a->heard / 1000), "since", (json_int_t)(a->since / 1000));
        if (a->percent >= 0)
                json_object_set_new(o, "percent", json_integer(a->percent));
        if (a->code && a->stage != STAGE_AGENT)
                json_object_set_new(o, "problem", json_pack("{s:i, s:s}", "code", a->code, "detail", a->detail));
        if (a->stage == STAGE_AGENT && a->heard)
                json_object_set_new(o, "agent",
                        json_pack("{s:s, s:s, s:i, s:s, s:I}", "step", a->step, "outcome", a->outcome, "code", a->code,
                                "detail", a->detail, "at", (json_int_t)(a->heard / 1000)));
        return o;
}

static void drop_json(json_t **j) { json_decref(*j); }

static bool print_json(const struct arrivals *a, struct err *e)
{
        OWN(drop_json) json_t *list = json_array();
        for (size_t i = 0; i < a->n; i++)
                json_array_append_new(list, as_json(&a->items[i]));
        return (json_dumpf(list, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF) ||
               err_sys(e, _("writing the output"));
}

/* --- once, or again and again --- */

static bool print_table(const struct arrivals *a, bool colour, struct err *e)
{
        OWN(table_clear) struct table t = { .text = STR_MAX(LARGEST_TABLE), .colour = colour };
        make_table(&t, a);
        return (fwrite(str_text(&t.text), 1, t.text.len, stdout) == t.text.len && fflush(stdout) == 0) ||
               err_sys(e, _("writing the output"));
}

/* Lines that fit: those who have arrived go first, then what stands furthest down but for the counts. */
static void draw(const struct table *t, size_t room)
{
        bool drop = t->n > room;
        size_t shown = 0, left = 0, from = 0;
        printf("\033[H");
        for (size_t i = 0; i < t->n; from = t->ends[i++] + 1) {
                bool last = i + 1 == t->n;
                if (!last && drop && (t->quiet[i] || shown + 2 >= room)) {
                        left++;
                        continue;
                }
                if (last && left) {
                        printf(_("… and %zu lines more"), left);
                        printf("\033[K\n");
                }
                printf("%.*s\033[K%s", (int)(t->ends[i] - from), str_text(&t->text) + from, last ? "" : "\n");
                shown++;
        }
        printf("\033[J");
        fflush(stdout);
}

static size_t rows_of_terminal(void)
{
        struct winsize w;
        return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row > 4 ? w.ws_row : 24;
}

/* Lines are cut by the terminal, not wrapped: a wrapped one would shift all that follow. */
static bool watch(struct arrivals *a, struct roll *r, const struct options *o, bool colour, struct err *e)
{
        bool fine = true;
        interrupt_watch();
        printf("\033[?7l\033[2J");
        do {
                OWN(table_clear) struct table t = { .text = STR_MAX(LARGEST_TABLE), .colour = colour };
                fine = arrivals_read(a, r, o->school, e);
                if (fine) {
                        make_table(&t, a);
                        draw(&t, rows_of_terminal());
                }
        } while (fine && a->arrived < a->n && interrupt_sleep(1));
        printf("\033[?7h\n");
        return fine;
}

static bool is_coloured(void)
{
        const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");
        return isatty(STDOUT_FILENO) && !(no && *no) && terminal && strcmp(terminal, "dumb") != 0;
}

static bool show(struct arrivals *a, struct roll *r, const struct options *o, struct err *e)
{
        if (o->watch)
                return watch(a, r, o, is_coloured(), e);
        if (!arrivals_read(a, r, o->school, e))
                return false;
        return o->json ? print_json(a, e) : print_table(a, is_coloured(), e);
}

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        OWN(roll_close) struct roll r = ROLL_INIT;
        OWN(arrivals_clear) struct arrivals a = { 0 };
        (void)argc;
        if (o->watch && (o->json || !isatty(STDOUT_FILENO)))
                return err_set(e, ERR_USAGE, _("--watch draws on a terminal, without --json"));
        if (!roll_open(&r, argv[0], e) || (o->school && !roll_has_school(&r, o->school, e)) ||
                !roll_store(&r, o->database, false, e) || !roll_arming(&r, e) || !show(&a, &r, o, e))
                return false;
        return a.arrived == a.n || err_set(e, ERR_WORLD, _("%zu of %zu hosts have arrived"), a.arrived, a.n);
}

static const struct option_row rows[] = {
        { "school", 's', "ID", OPTION_TEXT, offsetof(struct options, school), N_("hosts of that school only") },
        { "watch", 'w', NULL, OPTION_FLAG, offsetof(struct options, watch),
                N_("draw it anew every second, until all have arrived") },
        { "json", 'j', NULL, OPTION_FLAG, offsetof(struct options, json), N_("print it as JSON") },
        { "database", 'd', "URL", OPTION_TEXT, offsetof(struct options, database),
                N_("where events are kept, when that is not the build's folder: postgresql://…; with a password in it, give "
                   "it as XENROLL_DATABASE in the environment") },
};

const struct command command_status = {
        .name = "status",
        .arguments = "OUT",
        .summary = N_("say who has arrived, and what keeps the others"),
        .about = N_(
                "Prints where each host of the build stands: not heard of, armed, installing, installed, finishing, "
                "arrived, failed; "
                "what it told last, and why it failed. '!' marks those that failed, '?' those that have been silent "
                "for long, '*' "
                "those that have arrived: whose agent found everything as planned, or, in a build without the agent, "
                "that are "
                "installed. Times are in the time zone of the site file. The exit code is 3 until all have arrived."),
        .example = "  xenroll status out\n  xenroll status out --school nn36 --json\n  xenroll status out --watch\n",
        .options = rows,
        .n_options = COUNT(rows),
        .size = sizeof(struct options),
        .min_args = 1,
        .max_args = 1,
        .run = run,
};
