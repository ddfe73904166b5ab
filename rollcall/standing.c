#include "rollcall/standing.h"
#include "base/i18n.h"

#include <string.h>

const char *const standing_names[STANDINGS] = { "unheard", "armed", "installing", "installed", "finishing", "arrived",
        "failed" };

const char *standing_text(enum standing s)
{
        static const char *const texts[STANDINGS] = { N_("not heard of"), N_("armed"), N_("installing"),
                N_("installed"), N_("finishing"), N_("arrived"), N_("failed") };
        return _(texts[s]);
}

/* How far along the way: what is further is never undone by what is not. */
enum level { NOWHERE, ARMED, BEGUN, ENDED_BADLY, ENDED_WELL, AGENT_WORKS, THROUGH };

static bool is(const struct event *ev, const char *outcome) { return !strcmp(ev->outcome, outcome); }

static enum level level_of_event(const struct event *ev)
{
        switch (ev->stage) {
        case STAGE_ARMING:
                return is(ev, "armed") ? ARMED : ENDED_BADLY;
        case STAGE_SELECT:
                return ENDED_BADLY;
        case STAGE_INSTALL:
                return is(ev, "started") ? BEGUN : is(ev, "completed") ? ENDED_WELL : ENDED_BADLY;
        default:
                return is(ev, "converged") ? THROUGH : AGENT_WORKS;
        }
}

static enum level level_of_row(const struct host_row *r)
{
        static const enum level levels[STANDINGS] = { [STANDING_UNHEARD] = NOWHERE,
                [STANDING_ARMED] = ARMED,
                [STANDING_INSTALLING] = BEGUN,
                [STANDING_INSTALLED] = ENDED_WELL,
                [STANDING_FINISHING] = AGENT_WORKS,
                [STANDING_ARRIVED] = THROUGH };
        if (r->standing == STANDING_FAILED)
                return r->stage == STAGE_AGENT ? AGENT_WORKS : ENDED_BADLY;
        return levels[r->standing];
}

static enum standing standing_of(enum level level, const struct event *ev)
{
        static const enum standing standings[] = { [NOWHERE] = STANDING_UNHEARD,
                [ARMED] = STANDING_ARMED,
                [BEGUN] = STANDING_INSTALLING,
                [ENDED_BADLY] = STANDING_FAILED,
                [ENDED_WELL] = STANDING_INSTALLED,
                [AGENT_WORKS] = STANDING_FINISHING,
                [THROUGH] = STANDING_ARRIVED };
        if (level == AGENT_WORKS && (is(ev, "stopped") || is(ev, "failed")))
                return STANDING_FAILED;
        return standings[level];
}

/* What the row says from now on is what this event says. */
static bool settle(struct host_row *r, enum standing standing, const struct event *ev)
{
        if (standing == r->standing && ev->stage == r->stage && ev->code == r->code && is(ev, r->outcome) &&
                !strcmp(ev->step, r->step) && !strcmp(ev->detail, r->detail))
                return false;
        if (standing != r->standing)
                r->since = ev->received;
        r->standing = standing;
        r->stage = ev->stage;
        r->code = ev->code;
        memcpy(r->step, ev->step, sizeof(r->step));
        memcpy(r->outcome, ev->outcome, sizeof(r->outcome));
        memcpy(r->detail, ev->detail, sizeof(r->detail));
        return true;
}

static void begin_attempt(struct host_row *r, const struct event *ev)
{
        r->attempt++;
        r->started = false;
        r->percent = -1;
        r->since = ev->received;
}

static bool take_armed(struct host_row *r, const struct event *ev)
{
        if (r->standing == STANDING_ARMED)
                return settle(r, STANDING_ARMED, ev);
        r->before = r->standing;
        begin_attempt(r, ev);
        return settle(r, STANDING_ARMED, ev);
}

/* Spent with a code: it started as often as it may, and did not come to an end. */
static bool take_disarmed(struct host_row *r, const struct event *ev)
{
        bool failed = is(ev, "spent") && ev->code;
        if (r->standing == STANDING_ARMED && !failed)
                return settle(r, r->before, ev);
        if (failed && (r->standing == STANDING_ARMED || r->standing == STANDING_INSTALLING))
                return settle(r, STANDING_FAILED, ev);
        return false;
}

/* Who was refused and starts now has been let through: without an arming nobody else says so. A start that was before
 * the refusal, and is told after it, changes nothing. */
static bool lets_through(const struct host_row *r, const struct event *ev)
{
        return r->standing == STANDING_FAILED && r->stage == STAGE_SELECT && !r->started && ev->percent < 0 &&
               ev->received > r->since;
}

/* A start that says a percentage is not another one: the installer tells how far it is. */
static bool take_started(struct host_row *r, const struct event *ev)
{
        bool progress = ev->percent >= 0, again = r->started && !progress;
        bool news = !progress || ev->percent > r->percent;
        if (level_of_row(r) > BEGUN && !again && !lets_through(r, ev)) {
                r->started |= !progress;
                return !progress;
        }
        if (again)
                begin_attempt(r, ev);
        r->started |= !progress;
        if (ev->percent > r->percent)
                r->percent = ev->percent;
        return settle(r, STANDING_INSTALLING, ev) || news;
}

/* Of one step the later word counts, whatever reached us first. */
static int order_in_step(const char *outcome)
{
        static const char *const order[] = { "begun", "waiting", "stopped", "failed", "done" };
        for (int i = 0; i < 5; i++)
                if (!strcmp(outcome, order[i]))
                        return i;
        return -1;
}

static bool take_further(struct host_row *r, const struct event *ev)
{
        enum level level = level_of_event(ev), now = level_of_row(r);
        bool agent = level == AGENT_WORKS && now == AGENT_WORKS && r->stage == STAGE_AGENT;
        if (level < now || (level == now && (level == ENDED_WELL || level == THROUGH)))
                return false;
        if (agent && !strcmp(ev->step, r->step) && order_in_step(ev->outcome) < order_in_step(r->outcome))
                return false;
        if (level >= ENDED_WELL)
                r->percent = 100;
        return settle(r, standing_of(level, ev), ev);
}

bool standing_take(struct host_row *r, const struct event *ev)
{
        if (ev->received > r->heard)
                r->heard = ev->received;
        bool first = !r->attempt;
        if (first && !(ev->stage == STAGE_ARMING && is(ev, "armed")))
                begin_attempt(r, ev);
        bool changed;
        if (ev->stage == STAGE_ARMING)
                changed = is(ev, "armed") ? take_armed(r, ev) : take_disarmed(r, ev);
        else if (ev->stage == STAGE_INSTALL && is(ev, "started"))
                changed = take_started(r, ev);
        else
                changed = take_further(r, ev);
        return changed || first;
}

bool standing_has_arrived(enum standing s, bool with_agent)
{
        return s == STANDING_ARRIVED || (!with_agent && s == STANDING_INSTALLED);
}

bool standing_is_installed(const struct host_row *r)
{
        return r->standing == STANDING_INSTALLED || r->standing == STANDING_FINISHING ||
               r->standing == STANDING_ARRIVED || (r->standing == STANDING_FAILED && r->stage == STAGE_AGENT);
}

bool standing_overdue(const struct host_row *r, int64_t now)
{
        int64_t silent = now - r->heard;
        if (r->standing == STANDING_INSTALLING)
                return silent > SILENT_INSTALLATION;
        return r->standing == STANDING_FINISHING && strcmp(r->outcome, "waiting") != 0 && silent > SILENT_AGENT;
}
