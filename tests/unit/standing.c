/* Where a host stands, as sequences of events. */
#include "tests/unit/unit.h"
#include "base/cleanup.h"
#include "rollcall/standing.h"

/* One letter an event, a second each:
 *   A armed  D disarmed  X spent, with XR-760  x spent  S started  o started before all others, whenever it is told  p
 * started, 40 percent  R refused  F failed  C completed b w s d  join: begun, waiting, stopped, done   B W storage:
 * begun, waiting   f no agent, XR-867   E the agent gave up   Z converged */
static const struct {
        char letter;
        enum stage_kind stage;
        const char *outcome, *step;
        int code, percent;
} letters[] = {
        { 'A', STAGE_ARMING, "armed", "", 0, -1 },
        { 'D', STAGE_ARMING, "disarmed", "", 0, -1 },
        { 'X', STAGE_ARMING, "spent", "", 760, -1 },
        { 'x', STAGE_ARMING, "spent", "", 0, -1 },
        { 'S', STAGE_INSTALL, "started", "", 0, -1 },
        { 'o', STAGE_INSTALL, "started", "", 0, -1 },
        { 'p', STAGE_INSTALL, "started", "", 0, 40 },
        { 'R', STAGE_SELECT, "refused", "", 501, -1 },
        { 'F', STAGE_INSTALL, "failed", "", 0, -1 },
        { 'C', STAGE_INSTALL, "completed", "", 0, -1 },
        { 'b', STAGE_AGENT, "begun", "join", 0, -1 },
        { 'w', STAGE_AGENT, "waiting", "join", 881, -1 },
        { 's', STAGE_AGENT, "stopped", "join", 882, -1 },
        { 'd', STAGE_AGENT, "done", "join", 0, -1 },
        { 'B', STAGE_AGENT, "begun", "storage", 0, -1 },
        { 'W', STAGE_AGENT, "waiting", "storage", 883, -1 },
        { 'f', STAGE_AGENT, "failed", "", 867, -1 },
        { 'E', STAGE_AGENT, "stopped", "agent", 884, -1 },
        { 'Z', STAGE_AGENT, "converged", "agent", 0, -1 },
};

static const struct {
        const char *why, *events;
        enum standing standing;
        int attempt, code;
} cases[] = {
        { "nothing", "", STANDING_UNHEARD, 0, 0 },
        { "the whole way", "ASCbBZ", STANDING_ARRIVED, 1, 0 },
        { "armed", "A", STANDING_ARMED, 1, 0 },
        { "armed twice before it starts", "AA", STANDING_ARMED, 1, 0 },
        { "from a stick", "C", STANDING_INSTALLED, 1, 0 },
        { "from a stick, refused at first", "RC", STANDING_INSTALLED, 1, 0 },
        { "from a stick, refused at first, and now it installs", "RS", STANDING_INSTALLING, 1, 0 },
        { "the start that was before the refusal is told after it", "ARo", STANDING_FAILED, 1, 501 },
        { "refused again", "RSR", STANDING_FAILED, 1, 501 },
        { "and started again", "RSRS", STANDING_INSTALLING, 2, 0 },
        { "refused, started, failed", "RSF", STANDING_FAILED, 1, 0 },
        { "the start arrives after the failure", "FS", STANDING_FAILED, 1, 0 },
        { "an agent alone", "b", STANDING_FINISHING, 1, 0 },
        { "refused", "ASR", STANDING_FAILED, 1, 501 },
        { "refused once more, then started again", "ASRS", STANDING_INSTALLING, 2, 0 },
        { "the installation failed", "ASF", STANDING_FAILED, 1, 0 },
        { "a power cut: a second start is another attempt", "ASS", STANDING_INSTALLING, 2, 0 },
        { "and it comes to its end", "ASSC", STANDING_INSTALLED, 2, 0 },
        { "the start arrives late", "ACS", STANDING_INSTALLED, 1, 0 },
        { "the refusal arrives late", "ASCR", STANDING_INSTALLED, 1, 0 },
        { "the completion arrives late", "ASbC", STANDING_FINISHING, 1, 0 },
        { "everything arrives late", "ZbCS", STANDING_ARRIVED, 1, 0 },
        { "percentages are no start", "ASpp", STANDING_INSTALLING, 1, 0 },
        { "a percentage after the end", "ASCp", STANDING_INSTALLED, 1, 0 },
        { "a percentage before the start", "ApS", STANDING_INSTALLING, 1, 0 },
        { "armed again after it arrived", "ASCZA", STANDING_ARMED, 2, 0 },
        { "and disarmed: it is where it was", "ASCZAD", STANDING_ARRIVED, 2, 0 },
        { "disarmed before anything", "AD", STANDING_UNHEARD, 1, 0 },
        { "armed, disarmed, armed", "ADA", STANDING_ARMED, 2, 0 },
        { "disarmed while it installs", "ASD", STANDING_INSTALLING, 1, 0 },
        { "disarmed without having been armed", "D", STANDING_UNHEARD, 1, 0 },
        { "its time ran out before it started", "Ax", STANDING_UNHEARD, 1, 0 },
        { "started as often as it may", "ASSX", STANDING_FAILED, 2, 760 },
        { "and completed all the same", "ASSXC", STANDING_INSTALLED, 2, 0 },
        { "spent by its completion", "ASCx", STANDING_INSTALLED, 1, 0 },
        { "spent, told before the completion", "ASxC", STANDING_INSTALLED, 1, 0 },
        { "it waits", "ASCbw", STANDING_FINISHING, 1, 881 },
        { "it waits: begun arrives late", "ASCwb", STANDING_FINISHING, 1, 881 },
        { "a step stopped", "ASCbs", STANDING_FAILED, 1, 882 },
        { "mended by the next step", "ASCbsB", STANDING_FINISHING, 1, 0 },
        { "mended by being done", "ASCbsd", STANDING_FINISHING, 1, 0 },
        { "done arrives before stopped", "ASCbds", STANDING_FINISHING, 1, 0 },
        { "not mended by what the same step said earlier", "ASCsbw", STANDING_FAILED, 1, 882 },
        { "another step waits", "ASCbsBW", STANDING_FINISHING, 1, 883 },
        { "the agent gave up", "ASCbE", STANDING_FAILED, 1, 884 },
        { "and was started again", "ASCbEbZ", STANDING_ARRIVED, 1, 0 },
        { "an agent that was not put there", "ASfC", STANDING_FAILED, 1, 867 },
        { "an old stop after it arrived", "ASCZs", STANDING_ARRIVED, 1, 0 },
        { "installed anew", "ASCZAS", STANDING_INSTALLING, 2, 0 },
        { "installed anew, and failed", "ASCZASF", STANDING_FAILED, 2, 0 },
};

static struct event event_of(char letter, int64_t received)
{
        struct event ev = { .received = letter == 'o' ? 1 : received };
        for (size_t i = 0; i < COUNT(letters); i++)
                if (letters[i].letter == letter) {
                        ev.stage = letters[i].stage;
                        ev.code = letters[i].code;
                        ev.percent = letters[i].percent;
                        snprintf(ev.outcome, sizeof(ev.outcome), "%s", letters[i].outcome);
                        snprintf(ev.step, sizeof(ev.step), "%s", letters[i].step);
                }
        return ev;
}

static struct host_row play(const char *events)
{
        struct host_row r = { .percent = -1 };
        for (size_t i = 0; events[i]; i++) {
                struct event ev = event_of(events[i], (int64_t)(i + 1) * 1000);
                struct host_row before = r;
                bool changed = standing_take(&r, &ev);
                before.heard = r.heard;
                if (!changed && memcmp(&before, &r, sizeof(r)) != 0)
                        unit_case("standing", events, false, "a change was not told");
        }
        return r;
}

/* In every order of what is between two attempts the host ends where it ends in the first. */
static const struct {
        const char *before, *any_order;
        enum standing standing;
} orders[] = {
        { "A", "SCbZ", STANDING_ARRIVED },
        { "A", "SRCw", STANDING_FINISHING },
        { "A", "SFC", STANDING_INSTALLED },
        { "A", "opRF", STANDING_FAILED },
        { "A", "SCsZ", STANDING_ARRIVED },
        { "A", "SCbws", STANDING_FAILED },
        { "A", "SCbwsd", STANDING_FINISHING },
        { "A", "SCf", STANDING_FAILED },
        { "ASCZA", "SpCbw", STANDING_FINISHING },
        { "ASR", "FCB", STANDING_FINISHING },
        { "", "RCbZ", STANDING_ARRIVED },
};

static int permute(char *word, size_t from, size_t at, enum standing want, char *wrong, size_t size)
{
        int seen = !word[at];
        if (!word[at] && play(word).standing != want)
                snprintf(wrong, size, "%s: %s", word, standing_names[play(word).standing]);
        for (size_t i = at; word[i]; i++) {
                char c = word[at];
                word[at] = word[i];
                word[i] = c;
                seen += permute(word, from, at + 1, want, wrong, size);
                c = word[at];
                word[at] = word[i];
                word[i] = c;
        }
        return seen;
}

static void check_orders(void)
{
        for (size_t i = 0; i < COUNT(orders); i++) {
                char word[32], wrong[80] = "", why[80];
                snprintf(word, sizeof(word), "%s%s", orders[i].before, orders[i].any_order);
                size_t from = strlen(orders[i].before);
                int n = permute(word, from, from, orders[i].standing, wrong, sizeof(wrong));
                snprintf(why, sizeof(why), "%s, then %s in %d orders", orders[i].before, orders[i].any_order, n);
                unit_case("standing", why, !*wrong && n > 1, wrong);
        }
}

static const struct {
        const char *why, *events;
        int64_t minutes;
        bool overdue;
} silences[] = {
        { "an installation of half an hour", "AS", 30, false },
        { "a longer one", "AS", 31, true },
        { "an agent that is silent", "ASCb", 46, true },
        { "not so soon", "ASCb", 44, false },
        { "an agent that waits may be silent", "ASCw", 600, false },
        { "whoever has arrived", "ASCZ", 6000, false },
        { "whoever has not begun", "A", 6000, false },
};

int main(void)
{
        for (size_t i = 0; i < COUNT(cases); i++) {
                struct host_row r = play(cases[i].events);
                char got[80], want[80];
                snprintf(got, sizeof(got), "%s, attempt %d, code %d", standing_names[r.standing], r.attempt, r.code);
                snprintf(want, sizeof(want), "%s, attempt %d, code %d", standing_names[cases[i].standing],
                        cases[i].attempt, cases[i].code);
                unit_same("standing", cases[i].why, got, want);
        }
        check_orders();
        for (size_t i = 0; i < COUNT(silences); i++) {
                struct host_row r = play(silences[i].events);
                unit_case("standing", silences[i].why,
                        standing_overdue(&r, r.heard + silences[i].minutes * 60000) == silences[i].overdue,
                        "otherwise");
        }
        struct host_row r = play("ASp");
        unit_case("standing", "the percentage is kept", r.percent == 40 && r.since == 2000 && r.heard == 3000,
                "it is not");
        r = play("ASpS");
        unit_case("standing", "the next attempt begins at none", r.percent == -1 && r.since == 4000, "it does not");
        r = play("ASC");
        unit_case("standing", "installed is all of it", r.percent == 100, "it is not");
        return 0;
}
