#include "cmd/roll.h"
#include "cmd/netbuild.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/now.h"
#include "base/rule.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

void roll_close(struct roll *r)
{
        arming_close(r->arming);
        store_close(r->store);
        expected_free(r->expected);
        cleanup_fd(&r->build);
        cleanup_fd(&r->out);
        *r = (struct roll)ROLL_INIT;
}

bool roll_open(struct roll *r, const char *path, struct err *e)
{
        OWN(netbuild_close) struct netbuild n = NETBUILD_INIT;
        if (!netbuild_folders(&n, path, e))
                return false;
        r->out = take_fd(&n.out);
        r->build = take_fd(&n.build);
        r->expected = expected_open(r->build, e);
        if (!r->expected)
                return err_ctx(e, "%s", path);
        expected_use_timezone(r->expected);
        return true;
}

bool roll_store(struct roll *r, const char *database, bool create, struct err *e)
{
        const char *given = getenv("XENROLL_DATABASE");
        if (!database && given && *given)
                database = given;
        if (!database && !create && faccessat(r->out, "rollcall.db", F_OK, 0) < 0 && errno == ENOENT)
                return true;
        r->store = store_open(r->out, database, create, e);
        return r->store;
}

bool roll_arming(struct roll *r, struct err *e)
{
        r->arming = arming_open(r->out, false, e);
        return r->arming;
}

/* --- names --- */

bool roll_has_school(const struct roll *r, const char *id, struct err *e)
{
        AUTO_STR known = STR_MAX(400);
        for (size_t i = 0; i < r->expected->n_schools; i++) {
                if (!strcmp(r->expected->schools[i].id, id))
                        return true;
                str_addf(&known, "%s%s", i ? ", " : "", r->expected->schools[i].id);
        }
        return err_rule(e, XR_ROLL_NO_SUCH, id, str_text(&known), NULL);
}

static void set_name(struct roll_name *n, const char *school, const char *pool, const char *host)
{
        snprintf(n->school, sizeof(n->school), "%s", school);
        snprintf(n->pool, sizeof(n->pool), "%s", pool);
        snprintf(n->host, sizeof(n->host), "%s", host);
}

/* school NULL: in whichever; then a name that several schools have is an error. */
static bool find(const struct roll *r, const char *school, const char *host, struct roll_name *n, struct err *e)
{
        *n = (struct roll_name){ .expected = false };
        for (size_t i = 0; i < r->expected->n_schools; i++) {
                const struct expected_school *s = &r->expected->schools[i];
                if (school && strcmp(s->id, school) != 0)
                        continue;
                for (size_t k = 0; k < s->n_pools; k++)
                        for (size_t h = 0; h < s->pools[k].n_hosts; h++) {
                                if (strcmp(s->pools[k].hosts[h].name, host) != 0)
                                        continue;
                                if (n->expected)
                                        return err_rule(e, XR_ARM_AMBIGUOUS, host, n->school, s->id, NULL);
                                set_name(n, s->id, s->pools[k].id, host);
                                n->expected = true;
                        }
        }
        return true;
}

bool roll_name(const struct roll *r, const char *said, struct roll_name *n, struct err *e)
{
        char school[NAME_MOST];
        const char *slash = strchr(said, '/');
        if (!slash)
                return find(r, NULL, said, n, e) && (n->expected || err_rule(e, XR_ARM_NO_HOST, said, NULL));
        snprintf(school, sizeof(school), "%.*s", (int)(slash - said), said);
        if (!find(r, school, slash + 1, n, e))
                return false;
        if (!n->expected)
                set_name(n, school, "", slash + 1);
        return true;
}

bool roll_seed(const struct roll *r, unsigned char seed[32], struct err *e)
{
        AUTO_STR text = STR_MAX(64);
        bool fine = file_read(r->out, "secrets/seed", 64, &text, e);
        if (fine && text.len == 32)
                memcpy(seed, str_text(&text), 32);
        else if (fine)
                fine = err_set(e, ERR_INPUT, _("%s is damaged"), "secrets/seed");
        if (text.ptr)
                explicit_bzero(text.ptr, text.cap);
        return fine;
}

/* --- for people --- */

void roll_show(struct str *out, const char *text)
{
        while (*text) {
                size_t n = text_steers(text);
                str_addc(out, n ? ' ' : *text);
                text += n ? n : 1;
        }
}

const char *roll_when(int64_t at, char out[WHEN_TEXT])
{
        time_t seconds = (time_t)(at / 1000);
        struct tm t;
        snprintf(out, WHEN_TEXT, "-");
        if (at && localtime_r(&seconds, &t))
                strftime(out, WHEN_TEXT, "%Y-%m-%d %H:%M:%S", &t);
        return out;
}

static const char *step_text(const char *step)
{
        static const char *const steps[][2] = {
#define STEP(name, text) { name, text },
#include "rollcall/steps.def"
#undef STEP
        };
        for (size_t i = 0; i < COUNT(steps); i++)
                if (!strcmp(step, steps[i][0]))
                        return _(steps[i][1]);
        return step;
}

void roll_problem(struct str *out, int code, const char *detail)
{
        const struct rule_row *rule = code ? rule_row((enum rule)code) : NULL;
        if (code)
                str_addf(out, "XR-%03d ", code);
        if (*detail)
                roll_show(out, detail);
        else if (rule && (int)rule->rule == code && !strchr(rule->message, '{'))
                str_add(out, _(rule->message));
}

void roll_step(struct str *out, const char *step, const char *outcome)
{
        static const char *const outcomes[][2] = { { "begun", N_("begun") }, { "waiting", N_("waiting") },
                { "stopped", N_("stopped") }, { "done", N_("done") }, { "failed", N_("failed") },
                { "converged", N_("as planned") }, { "refused", N_("refused") }, { "started", N_("started") },
                { "completed", N_("completed") }, { "armed", N_("armed") }, { "disarmed", N_("disarmed") },
                { "spent", N_("spent") } };
        for (size_t i = 0; i < COUNT(outcomes); i++)
                if (!strcmp(outcome, outcomes[i][0]))
                        outcome = _(outcomes[i][1]);
        if (*step && strcmp(step, "-") != 0) {
                roll_show(out, step_text(step));
                str_add(out, _(": "));
        }
        roll_show(out, outcome);
}
