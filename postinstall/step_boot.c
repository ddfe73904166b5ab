/* The first boot, and the clock: what must be in order before anything is changed. */
#include "postinstall/agent_parts.h"
#include "base/i18n.h"
#include "postinstall/clock.h"
#include "postinstall/sntp.h"

#include <string.h>
#include <time.h>

enum {
        POLL = 5000,             /* ms */
        CLOCK_POLL = 20000,      /* ms */
        CLOCK_PATIENCE = 600000, /* ms in which NTP may set it right */
        SKEW_REFUSED = 300,      /* seconds: certificates and xapi's own warnings begin to matter */
};

/* --- the first boot has really finished --- */

/* xapi answers long before the first boot's scripts are through, and they set up networks, TLS and storage. */
static enum look look_at_files(struct agent *a, struct err *e)
{
        const struct agent_release *r = &a->plan->release;
        for (size_t i = 0; i < r->await.n; i++)
                if (!machine_exists(a->root, r->await.items[i])) {
                        err_rule(e, XR_STEP_FIRST_BOOT, r->await.items[i], NULL);
                        return LOOK_WAIT;
                }
        for (size_t i = 0; i < r->await_gone.n; i++)
                if (machine_exists(a->root, r->await_gone.items[i])) {
                        err_rule(e, XR_STEP_FIRST_BOOT, r->await_gone.items[i], NULL);
                        return LOOK_WAIT;
                }
        return LOOK_SO;
}

static enum look look_first_boot(struct agent *a, struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer pifs = { 0 };
        const struct rpc_value *host;
        a->wait = POLL;
        enum look l = look_at_files(a, e);
        if (l == LOOK_SO)
                l = read_host(a, &host, e);
        if (l != LOOK_SO)
                return l == LOOK_STOP ? LOOK_WAIT : l;
        if (!rpc_true(host, "enabled")) {
                err_rule(e, XR_STEP_HOST_DISABLED, NULL);
                return LOOK_WAIT;
        }
        /* Cards may have got other names since this process began. */
        if (!machine_nics(a, e))
                return LOOK_WAIT;
        l = all_records(a, a->local, "PIF", &pifs, e);
        if (l == LOOK_SO && !management_of(&pifs.value, a->host)) {
                err_rule(e, XR_STEP_NO_MANAGEMENT, NULL);
                return LOOK_WAIT;
        }
        return l;
}

/* A host that has joined is enabled late, by its coordinator: asked again at the end it says nothing about the first
 * boot. */
const struct step step_first_boot = { .name = "first-boot", .look = look_first_boot, .patience = 3600, .again = true };

/* --- the clock --- */

/* "20261123T12:50:44Z" */
static bool read_time(const char *text, int64_t *seconds)
{
        struct tm t = { 0 };
        if (sscanf(text, "%4d%2d%2dT%2d:%2d:%2d", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour, &t.tm_min,
                    &t.tm_sec) != 6)
                return false;
        t.tm_year -= 1900;
        t.tm_mon--;
        *seconds = timegm(&t);
        return true;
}

static int64_t distance(int64_t x, int64_t y) { return x > y ? x - y : y - x; }

/* Without internet nobody answers, and that is the usual case: then there is nothing to compare with. */
static void measure_ntp(struct agent *a, int64_t *off, const char **whose)
{
        int64_t theirs;
        for (size_t i = 0; i < a->plan->ntp.n; i++)
                if (sntp_ask(a->plan->ntp.items[i], &theirs)) {
                        *whose = a->plan->ntp.items[i];
                        *off = distance(clock_wall(), theirs);
                        return;
                }
}

/* A clock that is wrong is given time to be set right; what then remains is told, and what cannot work is waited for.
 */
static enum look judge(struct agent *a, int64_t off, const char *whose, bool refuse, struct err *e)
{
        char seconds[24];
        if (off <= a->plan->clock_tolerance) {
                a->clock_since = 0;
                return LOOK_SO;
        }
        if (!a->clock_since)
                a->clock_since = clock_steady();
        a->wait = CLOCK_POLL;
        snprintf(seconds, sizeof(seconds), "%lld", (long long)off);
        err_rule(e, XR_STEP_CLOCK, seconds, whose, NULL);
        if (clock_steady() - a->clock_since < CLOCK_PATIENCE || refuse)
                return LOOK_WAIT;
        agent_warn(a, XR_STEP_CLOCK, seconds, whose, NULL);
        return LOOK_SO;
}

/* A member compares with its coordinator: that is what certificates and HA go by. */
enum look clock_compare(struct agent *a, const char *master, struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer time = { 0 };
        int64_t theirs;
        enum look l = after_call(a, xapi_call(a->remote, &time, e, "host.get_servertime", XAPI_ARGS(RPC_S(master))), e);
        if (l != LOOK_SO || !read_time(time.value.text, &theirs))
                return l;
        int64_t off = distance(clock_wall(), theirs);
        return judge(a, off, a->plan->coordinator_address, off > SKEW_REFUSED, e);
}

static enum look look_clock(struct agent *a, struct err *e)
{
        const char *whose = "";
        int64_t off = 0;
        if (a->plan->coordinator)
                measure_ntp(a, &off, &whose);
        return judge(a, off, whose, false, e);
}

const struct step step_clock = { .name = "clock", .look = look_clock, .patience = 900, .again = true };
