#include "postinstall/verify.h"
#include "cmd/agent_plans.h"
#include "cmd/load.h"
#include "cmd/pool_link.h"
#include "base/i18n.h"

#include <jansson.h>
#include <string.h>

struct options {
        const char *iso, *school, *pool;
        bool json, all;
        struct pool_link_options link;
};

struct verifying {
        const struct options *o;
        struct pool_links links;
        json_t *points;          /* of the pool that is looked at; NULL without --json */
        size_t same, different;  /* … its points */
        size_t pools, bad_pools; /* bad: with a difference, or not to be read */
        bool unreadable;
        enum err_kind worst;
};

/* --- what is said --- */

static const struct {
        const char *kind, *text;
} kinds[] = { { "host", N_("host") }, { "pool", N_("pool") }, { "network", N_("network") },
        { "storage", N_("storage") }, { "HA", N_("high availability of pool") }, { "schedule", N_("snapshot schedule") },
        { "vm", N_("virtual machine") } };

static const char *kind_text(const char *kind)
{
        for (size_t i = 0; i < COUNT(kinds); i++)
                if (!strcmp(kinds[i].kind, kind))
                        return _(kinds[i].text);
        return kind;
}

/* What a pool says of itself may hold anything, also what steers a terminal. */
static void print_text(const char *s)
{
        for (; *s; s++)
                putchar((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s);
}

static void print_point(const struct verify_point *p)
{
        static const char marks[] = {
                [VERDICT_SAME] = '=', [VERDICT_DIFFERS] = '!', [VERDICT_MISSING] = '-', [VERDICT_EXTRA] = '+'
        };
        printf("  %c %s ", marks[p->verdict], kind_text(p->kind));
        print_text(p->name);
        switch (p->verdict) {
        case VERDICT_SAME:
                break;
        case VERDICT_MISSING:
                printf(" %s", _("is missing"));
                break;
        case VERDICT_EXTRA:
                printf(" %s", _("is not in the site file"));
                break;
        case VERDICT_DIFFERS:
                break;
        }
        if (*p->what) {
                printf(", %s: ", p->what);
                print_text(p->planned);
        }
        if (p->verdict == VERDICT_DIFFERS) {
                printf("; %s: ", _("found"));
                print_text(p->found);
        }
        putchar('\n');
}

static void add_json(json_t *points, const struct verify_point *p)
{
        static const char *const verdicts[] = { [VERDICT_SAME] = "same",
                [VERDICT_DIFFERS] = "differs",
                [VERDICT_MISSING] = "missing",
                [VERDICT_EXTRA] = "extra" };
        json_array_append_new(
                points, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "verdict", verdicts[p->verdict], "kind", p->kind,
                                "name", p->name, "what", p->what, "planned", p->planned, "found", p->found));
}

static void each_point(void *arg, const struct verify_point *p)
{
        struct verifying *v = arg;
        *(p->verdict == VERDICT_SAME ? &v->same : &v->different) += 1;
        if (v->points)
                add_json(v->points, p);
        else if (v->o->all || p->verdict != VERDICT_SAME)
                print_point(p);
}

/* --- pool by pool --- */

static bool look_at(struct verifying *v, const struct host *coordinator, const struct release *release, struct err *e)
{
        static const struct agent_marks none = { .deployment = "", .build = "" };
        struct agent_plan plan;
        struct arena *arena = arena_new();
        agent_plan_of(&plan, arena, coordinator, release, &none);
        const char *address = pool_link_address(&v->o->link, &plan, e);
        struct xapi *x = address ? pool_link_open(&v->links, address, plan.release.plain_http, e) : NULL;
        if (x && !v->points)
                printf("%s/%s (%s, %s):\n", coordinator->pool->school->id, coordinator->pool->id, coordinator->name,
                        address);
        bool fine = x && verify_pool(&plan, x, each_point, v, e);
        xapi_free(x);
        arena_free(arena);
        return fine;
}

static bool is_chosen(const struct options *o, const struct host *h)
{
        return h->coordinator && (!o->school || !strcmp(o->school, h->pool->school->id)) &&
               (!o->pool || !strcmp(o->pool, h->pool->id));
}

static void add_pool(json_t *list, const struct host *h, json_t *points, const struct err *trouble)
{
        json_t *pool =
                json_pack("{s:s, s:s, s:o}", "school", h->pool->school->id, "pool", h->pool->id, "points", points);
        if (trouble->kind)
                json_object_set_new(
                        pool, "error", json_pack("{s:i, s:s}", "code", (int)trouble->code, "text", trouble->text));
        json_array_append_new(list, pool);
}

/* A pool that cannot be read does not keep the others from being looked at. */
static void verify_one(struct verifying *v, const struct host *h, const struct release *release, json_t *list)
{
        struct err trouble = ERR_INIT;
        v->same = v->different = 0;
        v->points = list ? json_array() : NULL;
        bool fine = look_at(v, h, release, &trouble);
        v->pools++;
        v->bad_pools += !fine || v->different;
        if (!fine)
                v->worst = trouble.kind > v->worst ? trouble.kind : v->worst;
        if (list)
                add_pool(list, h, v->points, &trouble);
        else if (fine)
                printf(_("  as in the site file: %zu, different: %zu\n"), v->same, v->different);
        if (!fine) {
                fprintf(stderr, "%s/%s:\n", h->pool->school->id, h->pool->id);
                command_report(&trouble);
        }
        v->points = NULL;
}

static bool conclude(const struct verifying *v, const struct options *o, json_t *list, struct err *e)
{
        if (!v->pools)
                return err_set(e, ERR_USAGE, _("the site file has no pool '%s' of school '%s'"),
                        o->pool ? o->pool : "*", o->school ? o->school : "*");
        if (list && (json_dumpf(list, stdout, JSON_INDENT(2)) < 0 || putchar('\n') == EOF))
                return err_sys(e, _("writing the output"));
        if (!v->bad_pools)
                return true;
        return err_set(e, v->worst ? v->worst : ERR_WORLD,
                ngettext("%zu of %zu pool is not as the site file says",
                        "%zu of %zu pools are not as the site file says", v->pools),
                v->bad_pools, v->pools);
}

static void drop_json(json_t **j) { json_decref(*j); }

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        OWN(loaded_clear) struct loaded l = { 0 };
        OWN(drop_json) json_t *list = o->json ? json_array() : NULL;
        struct load_options lo = { .site = argc ? argv[0] : NULL, .iso = o->iso, .quiet = true };
        struct verifying v = { .o = o, .links = { .options = &o->link } };
        if (!load_site(&l, &lo, e))
                return false;
        for (size_t i = 0; i < l.plan->n_hosts; i++)
                v.pools += is_chosen(o, l.plan->hosts[i]);
        if (o->link.address && v.pools > 1)
                return err_set(e, ERR_USAGE, _("--address is for one pool; name it with --school and --pool"));
        v.pools = 0;
        for (size_t i = 0; i < l.plan->n_hosts; i++)
                if (is_chosen(o, l.plan->hosts[i]))
                        verify_one(&v, l.plan->hosts[i], l.plan->release, list);
        pool_links_clear(&v.links);
        return conclude(&v, o, list, e);
}

static const struct option_row rows[] = {
        { "iso", 'i', "ISO", OPTION_TEXT, offsetof(struct options, iso),
                N_("base ISO: its release is what the site is checked for") },
        { "school", 's', "ID", OPTION_TEXT, offsetof(struct options, school), N_("pools of that school only") },
        { "pool", 'P', "ID", OPTION_TEXT, offsetof(struct options, pool), N_("pools of that name only") },
        { "all", 'A', NULL, OPTION_FLAG, offsetof(struct options, all), N_("print what agrees too") },
        { "json", 'j', NULL, OPTION_FLAG, offsetof(struct options, json), N_("print it as JSON") },
        POOL_LINK_ROWS(options, link),
};

const struct command command_verify = {
        .name = "verify",
        .arguments = "[SITE]",
        .summary = N_("compare live pools with the site file"),
        .about = N_(
                "Asks each pool's coordinator, over HTTPS (HTTP for XenServer 6.5), and prints point by point what "
                "differs from the site "
                "file. Nothing is changed. The hosts' certificates are signed by nobody: one that is seen for the "
                "first time has to be "
                "accepted, at the terminal or by --trust, and is remembered for this user; no other is sent the "
                "password. The exit code is 0 only when every pool is as the site file says, and 3 when one differs."),
        .example = "  xenroll verify\n  xenroll verify --school nn36 --all site.yaml\n  xenroll verify --password-file "
                   "~/root.txt --json district.yaml\n",
        .options = rows,
        .n_options = COUNT(rows),
        .size = sizeof(struct options),
        .min_args = 0,
        .max_args = 1,
        .run = run,
};
