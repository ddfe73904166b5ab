#include "base/i18n.h"
#include "base/log.h"
#include "base/rule.h"
#include "cmd/command.h"
#include "cmd/interrupt.h"
#include "cmd/live_pool.h"
#include "postinstall/clock.h"

#include <string.h>

enum { USUAL_MINUTES = 60, MOST_MINUTES = 24 * 60, POLL = 5 /* s */ };

struct options {
        const char *host_address, *host_password_file;
        int minutes;
        struct pool_link_options link;
};

struct adding {
        const struct options *o;
        struct live_pool pool; /* its plan: of the host that is to come */
        struct pool_link_options host_options;
        struct pool_links host_links;
        struct xapi *host;
        const char *address; /* the new host's */
        char last[300];      /* what was said last */
        int64_t until;       /* steady ms */
        bool handed;
};

static int minutes_of(const struct options *o) { return o->minutes ? o->minutes : USUAL_MINUTES; }

/* Once for each new state. */
static void say(struct adding *a, const char *text)
{
        if (!strncmp(a->last, text, sizeof(a->last) - 1))
                return;
        snprintf(a->last, sizeof(a->last), "%.299s", text);
        printf("%s: %s\n", a->pool.plan->host, text);
        fflush(stdout);
}

/* False and e set when the time is up, or somebody wants it to end. */
static bool wait_a_moment(struct adding *a, struct err *e)
{
        char minutes[16];
        snprintf(minutes, sizeof(minutes), "%d", minutes_of(a->o));
        if (!interrupt_sleep(POLL))
                return err_set(e, ERR_WORLD, _("interrupted before the host had come"));
        if (clock_steady() < a->until)
                return true;
        err_rule(e, XR_MEMBERS_LATE, a->pool.plan->host, minutes, a->last, NULL);
        e->kind = ERR_WORLD;
        return false;
}

/* --- the new host --- */

/* What may pass by itself: it is still being installed, or its first boot goes on. */
static bool may_pass(const struct err *e) { return e->kind == ERR_NONE || e->kind == ERR_WORLD; }

static bool hand_over(struct adding *a, struct err *e)
{
        if (!a->host)
                a->host = pool_link_open(&a->host_links, a->address, a->pool.plan->release.plain_http, e);
        return a->host && members_hand_over(a->host, a->pool.plan->host, &a->pool.links.password, e);
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
                        return err_ctx(e, "%s (%s)", a->pool.plan->host, a->address);
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
        if (!members_read(&m, a->pool.xapi, a->pool.plan, e))
                return false;
        if (!members_pause_ha(&m, a->pool.xapi, &paused, e))
                return false;
        if (paused)
                say(a, _("the pool's high availability is off until it has joined"));
        return members_open(&m, a->pool.xapi, e);
}

static bool watch(struct adding *a, struct err *e)
{
        for (;;) {
                OWN(members_clear) struct members m = { 0 };
                struct err why = ERR_INIT;
                if (members_read(&m, a->pool.xapi, a->pool.plan, &why)) {
                        const struct rpc_value *host = members_find(&m, a->pool.plan, a->pool.plan->host);
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

/* --- the order of it --- */

/* What has not joined keeps no password: a host that has lost it with its own database, or is away and loses it when it
 * joins. */
static bool put_back(struct adding *a, bool fine, struct err *e)
{
        struct err why = ERR_INIT;
        if (a->handed && !members_take_back(a->host, &why)) {
                log_event("add-host", "not taken back", "why", why.text, NULL);
                if (!fine)
                        printf(_("%s: root's password is still in its xapi until it has joined, or add-host runs again: %s\n"),
                                a->pool.plan->host, why.text);
        }
        return live_pool_settle(&a->pool, fine, e);
}

/* known: the pool's record of it, when an earlier run or its own agent was so far already. */
static bool add(struct adding *a, const struct rpc_value *known, struct err *e)
{
        bool fine = true;
        interrupt_watch();
        a->until = clock_steady() + (int64_t)minutes_of(a->o) * 60000;
        if (!known || !members_is_ready(known))
                fine = (known || reach(a, e)) && let_in(a, e) && watch(a, e);
        fine = put_back(a, fine, e);
        if (fine)
                printf(_("%s: it is in pool %s, and its agent is through.\n"), a->pool.plan->host, a->pool.plan->pool);
        return fine;
}

static const char *address_of(const struct adding *a, struct err *e)
{
        const struct agent_plan *p = a->pool.plan;
        const char *address = a->o->host_address;
        for (size_t i = 0; i < p->n_members && !address; i++)
                if (!strcmp(p->members[i].name, p->host))
                        address = p->members[i].address;
        if (!address)
                err_set(e, ERR_USAGE,
                        _("'%s' has no fixed address in the site file: say where it is, with --host-address"), p->host);
        return address;
}

static void link_host(struct adding *a)
{
        const struct secret *password = &a->pool.links.password;
        a->host_options =
                (struct pool_link_options){ .password_file = a->o->host_password_file, .trust = a->o->link.trust };
        a->host_links.options = &a->host_options;
        if (!a->o->host_password_file)
                a->host_links.password = secret_of(password->ptr, password->len);
}

static bool begin(struct adding *a, struct err *e)
{
        OWN(members_clear) struct members m = { 0 };
        bool live = true;
        a->address = address_of(a, e);
        if (!a->address || !live_pool_connect(&a->pool, &a->o->link, e) ||
                !members_read(&m, a->pool.xapi, a->pool.plan, e))
                return false;
        link_host(a);
        const struct rpc_value *known = members_find(&m, a->pool.plan, a->pool.plan->host);
        if (known && !members_is_live(a->pool.xapi, known, &live, e))
                return false;
        return live ? add(a, known, e) : err_refuse(e, XR_MEMBERS_THERE, a->pool.plan->host, NULL);
}

static void clear(struct adding *a)
{
        xapi_free(a->host);
        pool_links_clear(&a->host_links);
        live_pool_close(&a->pool);
}

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        OWN(clear) struct adding a = { .o = options, .pool = LIVE_POOL_INIT };
        (void)argc;
        if (a.o->minutes < 0 || a.o->minutes > MOST_MINUTES)
                return err_set(e, ERR_USAGE, _("--wait takes 1 to %d minutes"), MOST_MINUTES);
        return live_pool_plan(&a.pool, argv[0], argv[1], e) && begin(&a, e);
}

static const struct option_row rows[] = {
        { "wait", 'w', "MINUTES", OPTION_NUMBER, offsetof(struct options, minutes),
                N_("how long to wait for the host before the pool is closed again (60)") },
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
