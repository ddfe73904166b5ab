#include "base/i18n.h"
#include "base/rule.h"
#include "cmd/built_plan.h"
#include "cmd/command.h"
#include "cmd/interrupt.h"
#include "cmd/pool_link.h"
#include "postinstall/members.h"

#include <string.h>
#include <time.h>

enum { USUAL_MINUTES = 60, MOST_MINUTES = 24 * 60, POLL = 5 /* s */ };

struct options {
        const char *address, *host_address, *host_password_file;
        int minutes;
        struct pool_link_options link;
};

struct adding {
        const struct options *o;
        struct agent_plan *plan; /* of the host that is to come */
        struct pool_link_options host_options;
        struct pool_links links, host_links;
        struct xapi *pool, *host;
        const char *address; /* the new host's */
        char last[300];      /* what was said last */
        int64_t until;
        bool handed;
};

static int64_t now(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec;
}

/* Once for each new state. */
static void say(struct adding *a, const char *text)
{
        if (!strncmp(a->last, text, sizeof(a->last) - 1))
                return;
        snprintf(a->last, sizeof(a->last), "%.299s", text);
        printf("%s: %s\n", a->plan->host, text);
        fflush(stdout);
}

/* False and e set when the time is up, or somebody wants it to end. */
static bool wait_a_moment(struct adding *a, struct err *e)
{
        char minutes[16];
        snprintf(minutes, sizeof(minutes), "%d", a->o->minutes ? a->o->minutes : USUAL_MINUTES);
        if (!interrupt_sleep(POLL))
                return err_set(e, ERR_WORLD, _("interrupted; the pool is put back as it was"));
        if (now() < a->until)
                return true;
        err_rule(e, XR_MEMBERS_LATE, a->plan->host, minutes, a->last, NULL);
        e->kind = ERR_WORLD;
        return false;
}

/* --- the new host --- */

/* What may pass by itself: it is still being installed, or its first boot goes on. */
static bool may_pass(const struct err *e) { return e->kind == ERR_NONE || e->kind == ERR_WORLD; }

static bool hand_over(struct adding *a, struct err *e)
{
        if (!a->host)
                a->host = pool_link_open(&a->host_links, a->address, a->plan->release.plain_http, e);
        return a->host && members_hand_over(a->host, a->plan->host, &a->links.password, e);
}

static bool reach(struct adding *a, struct err *e)
{
        for (;;) {
                struct err why = ERR_INIT;
                if (hand_over(a, &why)) {
                        a->handed = true;
                        say(a, _("reached; it knows how to join"));
                        return true;
                }
                if (!may_pass(&why)) {
                        *e = why;
                        return err_ctx(e, "%s (%s)", a->plan->host, a->address);
                }
                say(a, why.kind ? why.text
                                : _("waiting until its first boot is over and its agent has given it its name"));
                if (!wait_a_moment(a, e))
                        return false;
        }
}

/* --- the pool --- */

static bool let_in(struct adding *a, struct err *e)
{
        OWN(members_clear) struct members m = { 0 };
        bool paused;
        if (!members_read(&m, a->pool, a->plan, e))
                return false;
        if (!members_pause_ha(&m, a->pool, &paused, e))
                return false;
        if (paused)
                say(a, _("the pool's high availability is off until it has joined"));
        return members_open(&m, a->pool, e);
}

static bool watch(struct adding *a, struct err *e)
{
        for (;;) {
                OWN(members_clear) struct members m = { 0 };
                struct err why = ERR_INIT;
                if (members_read(&m, a->pool, a->plan, &why)) {
                        const struct rpc_value *host = members_find(&m, a->plan, a->plan->host);
                        if (host && members_is_ready(host))
                                return true;
                        say(a, !host ? _("its agent looks whether it fits, and joins: this takes some minutes")
                                : rpc_true(host, "enabled") ? _("in the pool; its storage and networks are attached")
                                                            : _("in the pool; it starts again"));
                } else if (!may_pass(&why)) {
                        *e = why;
                        return false;
                }
                if (!wait_a_moment(a, e))
                        return false;
        }
}

/* Whatever happened: nobody else is let in, and what was switched off is on again. */
static bool put_back(struct adding *a, struct err *e)
{
        struct err why = ERR_INIT, ignored = ERR_INIT;
        bool resumed = false;
        if (a->handed && !members_take_back(a->host, &ignored)) {
                /* it has joined, and the secret is gone with its own database; or it is away, and takes it back when it
                 * joins */
        }
        bool fine = members_close(a->pool, a->plan, &why) && members_resume_ha(a->pool, a->plan, &resumed, &why);
        if (resumed)
                printf(_("%s: high availability is on again\n"), a->plan->pool);
        if (fine)
                return true;
        if (e->kind) /* the first cause counts; this is said as well */
                command_report(e);
        *e = (struct err)ERR_INIT;
        err_rule(e, XR_MEMBERS_UNFINISHED, why.text, NULL);
        e->kind = ERR_WORLD;
        return false;
}

/* --- the order of it --- */

static bool add(struct adding *a, const struct rpc_value *known, struct err *e)
{
        interrupt_watch();
        a->until = now() + (int64_t)(a->o->minutes ? a->o->minutes : USUAL_MINUTES) * 60;
        bool fine = (known || reach(a, e)) && let_in(a, e) && watch(a, e);
        fine = put_back(a, e) && fine;
        if (fine)
                printf(_("%s: it is in pool %s, and its agent is through.\n"), a->plan->host, a->plan->pool);
        return fine;
}

static bool connect_pool(struct adding *a, struct err *e)
{
        const char *coordinator = built_plan_coordinator(a->plan, a->o->address, e);
        a->address = coordinator ? built_plan_address(a->plan, a->o->host_address, e) : NULL;
        if (!a->address)
                return false;
        a->pool = pool_link_open(&a->links, coordinator, a->plan->release.plain_http, e);
        if (!a->pool)
                return false;
        a->host_options = (struct pool_link_options){ a->o->host_password_file, a->o->link.trust };
        a->host_links.options = &a->host_options;
        if (!a->o->host_password_file)
                a->host_links.password = secret_of(a->links.password.ptr, a->links.password.len);
        return true;
}

static bool begin(struct adding *a, struct err *e)
{
        OWN(members_clear) struct members m = { 0 };
        if (a->plan->coordinator)
                return err_refuse(e, XR_MEMBERS_COORDINATOR, a->plan->host, NULL);
        if (!connect_pool(a, e) || !members_read(&m, a->pool, a->plan, e))
                return false;
        const struct rpc_value *known = members_find(&m, a->plan, a->plan->host);
        if (known && !members_is_ready(known) && !rpc_true(known, "enabled"))
                return err_refuse(e, XR_MEMBERS_THERE, a->plan->host, NULL);
        return add(a, known, e);
}

static void clear(struct adding *a)
{
        xapi_free(a->host);
        xapi_free(a->pool);
        pool_links_clear(&a->links);
        pool_links_clear(&a->host_links);
        agent_plan_free(a->plan);
}

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        OWN(clear) struct adding a = { .o = options };
        (void)argc;
        a.links.options = &a.o->link;
        if (a.o->minutes < 0 || a.o->minutes > MOST_MINUTES)
                return err_set(e, ERR_USAGE, _("--wait takes 1 to %d minutes"), MOST_MINUTES);
        a.plan = built_plan_read(argv[0], argv[1], e);
        return a.plan && begin(&a, e);
}

static const struct option_row rows[] = {
        { "wait", 'w', "MINUTES", OPTION_NUMBER, offsetof(struct options, minutes),
                N_("how long to wait for the host before the pool is closed again (60)") },
        { "address", 'a', "ADDRESS", OPTION_TEXT, offsetof(struct options, address),
                N_("where the pool's coordinator is, when the site file does not say it") },
        { "host-address", 0, "ADDRESS", OPTION_TEXT, offsetof(struct options, host_address),
                N_("where the new host is, when the site file does not say it") },
        { "host-password-file", 0, "FILE", OPTION_TEXT, offsetof(struct options, host_password_file),
                N_("root's password on the new host, when it is another than the pool's") },
        POOL_LINK_ROWS(options, link),
};

const struct command command_add_host = {
        .name = "add-host",
        .arguments = "OUT HOST|SCHOOL/HOST",
        .summary = N_("let a host that was installed later into its pool"),
        .about = N_("The one-time password with which hosts join their pool is dead once the pool is complete. So a "
                    "host that comes "
                    "later is let in from here: write it into the site file, build, install it, and run this. It asks "
                    "for root's "
                    "password on the pool's coordinator, and hands it to the new host over HTTPS; the host's agent "
                    "joins with it "
                    "and it is gone from there with the join. Meanwhile the pool's high availability is off; it is on "
                    "again at the "
                    "end, also when the host does not come or the command is interrupted. The command may be run "
                    "before the "
                    "installation is over, and again after it was cut off."),
        .example = "  xenroll add-host out nn36-xen4\n  xenroll add-host --wait 120 --password-file ~/root.txt out "
                   "nn36/xen4\n",
        .options = rows,
        .n_options = COUNT(rows),
        .size = sizeof(struct options),
        .min_args = 2,
        .max_args = 2,
        .run = run,
};
