#include "pxe/report.h"
#include "pxe/agent_reports.h"
#include "pxe/told.h"
#include "base/i18n.h"

#include <string.h>

/* --- for who keeps it --- */

static struct heard heard_of(const struct arm_row *row, const char *peer, struct bytes body)
{
        return (struct heard){ row->school, row->host, peer, body, row->token, row->starts };
}

/* What nobody can understand is not told again for that: it would be no better. */
static void keep(struct desk *d, const struct heard *h, struct reply *r)
{
        struct err e = ERR_INIT;
        enum heard_end end = d->heard ? d->heard(d->heard_arg, h, &e) : HEARD;
        if (end == HEARD)
                return;
        desk_say(d, "%s/%s: %s", h->school, h->host, e.text);
        if (end == HEARD_NO_ROOM)
                r->status = 507;
        else if (e.kind != ERR_INPUT)
                r->status = 503;
}

void report_started(struct desk *d, const struct arm_row *row, const char *peer)
{
        struct reply ignored = REPLY_INIT; /* the machine gets on with it, whoever may have heard */
        struct heard h = heard_of(row, peer, bytes_of(NULL, 0));
        installing_begin(d->installing, peer, row->school, row->host);
        keep(d, &h, &ignored);
}

/* --- the installation --- */

static bool is_end(const struct told *t, enum arm_outcome *end)
{
        *end = !strcmp(t->outcome, "completed") ? ARM_COMPLETED
               : !strcmp(t->outcome, "refused") ? ARM_REFUSED
                                                : ARM_BROKE;
        return *end != ARM_BROKE || !strcmp(t->outcome, "failed");
}

static void say_end(struct desk *d, const struct arm_row *row, const struct told *t, enum arm_outcome end)
{
        if (end != ARM_COMPLETED)
                desk_say(d, "%s/%s: %s: XR-%03d %.200s", row->school, row->host, t->outcome, t->code, t->detail);
        else if (row->state != ARM_INSTALLED)
                desk_say(d, _("%s/%s: installed"), row->school, row->host);
}

/* What it tells on the way decides nothing. */
static bool is_on_the_way(const struct arm_row *row, const struct told *t)
{
        return row->starts && !strcmp(t->stage, "install") && !strcmp(t->outcome, "started");
}

static bool take_end(struct desk *d, const struct arm_row *row, const struct told *t, struct err *e)
{
        enum arm_outcome end;
        bool known = false;
        if (!is_end(t, &end))
                return is_on_the_way(row, t);
        if (!arming_end(d->arming, row->token, end, t->code, t->detail, d->now(), &known, e) || !known)
                return false;
        say_end(d, row, t, end);
        return true;
}

/* --- the agent, while the host is being installed and ever after --- */

/* Its words decide nothing. */
static bool take_agents(struct desk *d, const struct arm_row *row, const struct told *t, struct err *e)
{
        struct agent_report told = { .at = d->now(), .code = t->code };
        if (!row->starts)
                return false;
        snprintf(told.school, sizeof(told.school), "%s", row->school);
        snprintf(told.host, sizeof(told.host), "%s", row->host);
        snprintf(told.step, sizeof(told.step), "%s", t->step);
        snprintf(told.outcome, sizeof(told.outcome), "%s", t->outcome);
        snprintf(told.detail, sizeof(told.detail), "%s", t->detail);
        if (!agent_report_put(d->arming, &told, e))
                return false;
        if (told.code)
                desk_say(d, _("%s/%s: agent: %s %s: XR-%03d %.200s"), told.school, told.host, told.step, told.outcome,
                        told.code, told.detail);
        else
                desk_say(d, _("%s/%s: agent: %s %s"), told.school, told.host, told.step, told.outcome);
        return true;
}

void report_take(struct desk *d, const struct arm_row *row, const struct ask *a, struct reply *r, struct err *e)
{
        struct told t;
        if (!told_read(a->body, &t))
                return;
        if (!(!strcmp(t.stage, "agent") ? take_agents(d, row, &t, e) : take_end(d, row, &t, e)))
                return;
        r->status = 204;
        struct heard h = heard_of(row, a->peer, a->body);
        keep(d, &h, r);
}

/* --- packages --- */

static void tell_percent(void *arg, const char *school, const char *host, int percent)
{
        struct desk *d = arg;
        if (d->percent)
                d->percent(d->heard_arg, school, host, percent);
}

void report_served(struct desk *d, struct bytes lines, struct reply *r)
{
        installing_served(d->installing, lines, tell_percent, d);
        r->status = 204;
}
