/* Who belongs to a live pool, against a xapi of straw: how long it is listened to while HA goes off and on, and that an
 * agent that looks meanwhile always finds a password. */
#include "postinstall/members.h"
#include "base/cleanup.h"
#include "base/secret.h"
#include "postinstall/clock.h"
#include "tests/unit/unit.h"

int64_t clock_wall(void) { return 0; }
int64_t clock_steady(void) { return 0; }
void clock_sleep(int64_t milliseconds) { (void)milliseconds; }
uint32_t clock_random(uint32_t below) { return below ? 0 : 0; }

/* --- xapi --- */

#define FIELD(name, value) "<member><name>" name "</name><value>" value "</value></member>"
#define RECORD(fields) "<struct>" fields "</struct>"
#define DEPLOYMENT FIELD("xenroll-deployment", "d") FIELD("xenroll-name", "teach")
#define HEARTBEAT "6f1b2c9a-0000-4000-8000-000000000001"

struct transport {
        int unused;
};

static struct {
        const char *ha;            /* "off", "half", "on" */
        char mark[40], secret[40]; /* the uuid that the host's mark names, and the secret's that there is; "" = none */
        char value[40];            /* what the secret says */
        bool had, gap;             /* an agent found a password once; and later none */
        const char *fails;         /* a method that is refused */
} world;
static struct str trace = STR_MAX(1 << 16);

struct transport *transport_new(const struct transport_target *t, struct err *e)
{
        (void)t;
        (void)e;
        return calloc(1, sizeof(struct transport));
}
void transport_free(struct transport *t) { free(t); }
const char *transport_fingerprint(const struct transport *t) { return t ? "" : ""; }

/* The nth argument behind the session; texts only. */
static void argument(const char *request, int n, char out[40])
{
        const char *at = request;
        for (int i = 0; at && i <= n + 1; i++)
                at = strstr(at + 1, "<param><value><string>");
        snprintf(out, 40, "%.*s", at ? (int)strcspn(at + 22, "<") : 0, at ? at + 22 : "");
}

static void answer_hosts(struct str *out)
{
        str_add(out, "<struct><member><name>OpaqueRef:h</name><value><struct>" FIELD("name_label", "xen4"));
        str_add(out, "<member><name>other_config</name><value><struct>");
        if (*world.mark)
                str_addf(out, FIELD("xenroll-password", "%s"), world.mark);
        str_add(out, "</struct></value></member></struct></value></member></struct>");
}

static void answer_pools(struct str *out)
{
        const char *on = strcmp(world.ha, "off") ? "1" : "0",
                   *file = strcmp(world.ha, "on") ? "" : "<value>OpaqueRef:v</value>";
        str_add(out, "<struct><member><name>OpaqueRef:p</name><value><struct>" FIELD("master", "OpaqueRef:h"));
        str_addf(out,
                FIELD("ha_enabled", "<boolean>%s</boolean>") FIELD("ha_statefiles", "<array><data>%s</data></array>"),
                on, file);
        str_add(out, FIELD("ha_host_failures_to_tolerate", "1") "<member><name>other_config</name><value>");
        str_add(out, RECORD(DEPLOYMENT FIELD(
                             "xenroll-ha", HEARTBEAT " 1 0")) "</value></member></struct></value></member></struct>");
}

/* What the call changes, and its value. */
static void act(const char *method, const char *request, struct str *out)
{
        char one[40];
        argument(request, 0, one);
        if (!strcmp(method, "host.get_all_records"))
                answer_hosts(out);
        else if (!strcmp(method, "pool.get_all_records"))
                answer_pools(out);
        else if (!strcmp(method, "pool.disable_ha"))
                world.ha = "off";
        else if (!strcmp(method, "pool.enable_ha"))
                world.ha = "on";
        else if (!strcmp(method, "secret.create")) {
                snprintf(world.secret, sizeof(world.secret), "new");
                snprintf(world.value, sizeof(world.value), "%s", "ours");
        } else if (!strcmp(method, "secret.get_uuid"))
                str_add(out, world.secret);
        else if (!strcmp(method, "secret.set_value"))
                argument(request, 1, world.value);
        else if (!strcmp(method, "secret.destroy"))
                *world.secret = '\0';
        else if (!strcmp(method, "host.remove_from_other_config"))
                *world.mark = '\0';
        else if (!strcmp(method, "host.add_to_other_config"))
                argument(request, 2, world.mark);
        if (!out->len)
                str_add(out, "OpaqueRef:x");
}

static bool refuses(const char *method, const char *request)
{
        char uuid[40];
        argument(request, 0, uuid);
        return (world.fails && !strcmp(method, world.fails)) ||
               (!strcmp(method, "secret.get_by_uuid") && (!*world.secret || strcmp(uuid, world.secret)));
}

static void agent_looks(void)
{
        bool finds = *world.mark && !strcmp(world.mark, world.secret);
        world.gap |= world.had && !finds;
        world.had |= finds;
}

enum transport_end transport_post(
        struct transport *t, struct bytes request, int timeout_ms, struct str *answer, int *status, struct err *e)
{
        char method[60];
        const char *text = request.ptr, *at = strstr(text, "<methodName>") + 12;
        AUTO_STR value = STR_MAX(1 << 16);
        (void)t;
        (void)e;
        snprintf(method, sizeof(method), "%.*s", (int)strcspn(at, "<"), at);
        agent_looks();
        bool no = refuses(method, text);
        if (!no)
                act(method, text, &value);
        agent_looks();
        if (!strncmp(method, "pool.", 5) && strstr(method, "able_ha"))
                str_addf(&trace, "%s%s %d", trace.len ? ", " : "", method, timeout_ms / 1000);
        *status = 200;
        str_reset(answer);
        str_add(answer, "<methodResponse><params><param><value><struct>");
        if (no)
                str_add(answer, FIELD("Status", "Failure") FIELD(
                                        "ErrorDescription", "<array><data><value>UUID_INVALID</value></data></array>"));
        else
                str_addf(answer, FIELD("Status", "Success") FIELD("Value", "%s"), str_text(&value));
        str_add(answer, "</struct></value></param></params></methodResponse>");
        return TRANSPORT_DONE;
}

static struct xapi *connect(struct err *e)
{
        static const struct transport_target target = { .socket = "s", .url = "http://localhost/" };
        return xapi_new(&target, NULL, NULL, NULL, e);
}

/* --- high availability, put back --- */

static const struct {
        const char *why, *ha, *want; /* what was called, and for how many seconds it is listened to */
} resumed[] = {
        { "off", "off", "pool.enable_ha 600" },
        { "half on: it is long in going off", "half", "pool.disable_ha 180, pool.enable_ha 600" },
        { "on already", "on", "" },
};

static void test_resume(void)
{
        struct agent_plan plan = { .deployment = "d", .pool = "teach" };
        for (size_t i = 0; i < COUNT(resumed); i++) {
                struct err e = ERR_INIT;
                bool again = false;
                memset(&world, 0, sizeof(world));
                world.ha = resumed[i].ha;
                str_reset(&trace);
                struct xapi *x = connect(&e);
                bool fine = x && members_settle(x, &plan, &again, &e);
                unit_case("high availability", resumed[i].why, fine && again, e.text);
                unit_same("high availability, calls", resumed[i].why, str_text(&trace), resumed[i].want);
                xapi_free(x);
        }
}

/* --- the password for a host that is to come --- */

static const struct {
        const char *why, *mark, *secret, *fails;
        const char *mark_then; /* NULL: it does not succeed */
} handed[] = {
        { "the first time", "", "", NULL, "new" },
        { "an earlier run's is replaced in one go", "old", "old", NULL, "old" },
        { "an earlier run's, which a join took with it", "old", "", NULL, "new" },
        { "an earlier run's, which cannot be replaced", "old", "old", "secret.set_value", NULL },
};

static void test_hand_over(void)
{
        AUTO_SECRET password = secret_of("ours", 4);
        for (size_t i = 0; i < COUNT(handed); i++) {
                struct err e = ERR_INIT;
                memset(&world, 0, sizeof(world));
                world.ha = "off";
                world.fails = handed[i].fails;
                snprintf(world.mark, sizeof(world.mark), "%s", handed[i].mark);
                snprintf(world.secret, sizeof(world.secret), "%s", handed[i].secret);
                snprintf(world.value, sizeof(world.value), "theirs");
                struct xapi *x = connect(&e);
                bool fine = x && members_hand_over(x, "xen4", &password, &e);
                unit_case("hand over", handed[i].why, fine == (handed[i].mark_then != NULL), e.text);
                unit_case("hand over, an agent that looks meanwhile", handed[i].why, !world.gap, "finds no password");
                if (fine)
                        unit_same("hand over, what it finds then", handed[i].why, world.value, "ours");
                unit_same(
                        "hand over, the mark", handed[i].why, world.mark, fine ? handed[i].mark_then : handed[i].mark);
                unit_case("hand over, what the mark names", handed[i].why, !strcmp(world.mark, world.secret),
                        "not there");
                bool back = fine && members_take_back(x, &e);
                unit_case("hand over, taken back", handed[i].why, !fine || (back && !*world.mark && !*world.secret),
                        e.text);
                xapi_free(x);
        }
}

int main(void)
{
        test_resume();
        test_hand_over();
        return 0;
}
