/* The order of it all: step after step, each looked at, made so, looked at again; what cannot be made so is said at
 * once and tried again until the join window closes, so that whoever mends the cause need do nothing else. */
#include "postinstall/agent.h"
#include "postinstall/agent_parts.h"
#include "base/file.h"
#include "base/i18n.h"
#include "postinstall/clock.h"

#include <fcntl.h>
#include <string.h>

#define PLAN "/etc/xenroll/plan.xml"
#define REPORT "/etc/xenroll/report"
#define HASH "/etc/xenroll/root-hash"
#define RESULT "/var/lib/xenroll/result"
#define DONE "/var/lib/xenroll/done"
#define SOCKET "/var/lib/xcp/xapi"

enum {
        FIRST_WAIT = 2000,
        LONGEST_WAIT = 30000,
        STOPPED_WAIT = 120000, /* ms */
        MOST_TRIES = 4,        /* of one step before it counts as stopped */
        MOST_ROUNDS = 3,       /* of verification */
        EXTRA = 900,           /* seconds for an agent that is started when its time is up already */
        END_TRIES = 6,
        END_REST = 10000, /* ms */
};

static const struct step *const coordinator_steps[] = { &step_first_boot, &step_clock, &step_identity, &step_multipath,
        &step_pool, &step_networks, &step_storage, &step_defaults, &step_open, &step_members, &step_attach,
        &step_schedules, &step_vms, &step_ha, &step_password, &step_tidy, NULL };
static const struct step *const member_steps[] = { &step_first_boot, &step_clock, &step_identity, &step_multipath,
        &step_preflight, &step_queue, &step_join, &step_joined, &step_release, &step_addresses, &step_attach,
        &step_ready, &step_sealed, NULL };

/* --- what people read --- */

static bool write_result(struct agent *a, const char *outcome, const char *step, const struct err *why, struct err *e)
{
        AUTO_STR text = STR_MAX(8192);
        str_addf(&text, "outcome\t%s\nhost\t%s\nstep\t%s\ntime\t%lld\n", outcome, a->plan->host, step,
                (long long)clock_wall());
        if (why && *why->text)
                str_addf(&text, "code\t%03d\ntext\t%s\nremedy\t%s\n", why->code, why->text, why->remedy);
        if (*a->warning)
                str_addf(&text, "warning\t%s\n", a->warning);
        return str_ok(&text, RESULT, e) && machine_publish(a->root, RESULT, str_bytes(&text), 0644, e);
}

/* --- time --- */

static bool is_over(const struct agent *a)
{
        return memory_age(a) >= a->plan->join_window && (clock_steady() - a->life) / 1000 >= EXTRA;
}

/* The one-time password dies when the window closes, whatever else goes on. */
static bool keep_window(struct agent *a, struct err *e)
{
        if (!a->plan->root_hash || a->memory.rotated || memory_age(a) < a->plan->join_window)
                return true;
        return shadow_set(a->root, a->plan->root_hash, e) && memory_note(a, "rotated", "", e);
}

static void rest(struct agent *a, int64_t most)
{
        int64_t left = ((int64_t)a->plan->join_window - memory_age(a)) * 1000;
        int64_t ms = most - (int64_t)clock_random((uint32_t)(most / 8 + 1));
        /* Not beyond the end of the window: what is to end with it ends on time. */
        if (left > 0 && ms > left)
                ms = left;
        clock_sleep(ms);
        forget_seen(a);
}

/* --- one step --- */

struct trying {
        int tries;        /* times that make() was called */
        int64_t since;    /* steady ms, when the step began */
        int64_t wait;     /* ms, of the next rest */
        char said[300];   /* what was reported last */
        struct err cause; /* why the last make() did not succeed */
};

/* Said once for each new reason. */
static bool say(struct agent *a, const struct step *s, struct trying *t, const char *outcome, const struct err *why,
        struct err *e)
{
        if (!strncmp(t->said, why->text, sizeof(t->said) - 1))
                return true;
        snprintf(t->said, sizeof(t->said), "%.299s", why->text);
        agent_log(a, "%s: %s: XR-%03d %s", s->name, outcome, why->code, why->text);
        agent_tell(a, s->name, outcome, why);
        return write_result(a, outcome, s->name, why, e);
}

static bool is_late(const struct step *s, const struct trying *t)
{
        return s->patience && clock_steady() - t->since > (int64_t)s->patience * 1000;
}

static enum look look_at(struct agent *a, const struct step *s, struct err *why)
{
        const struct rpc_value *host;
        enum look l = s->needs_host && !*a->host ? read_host(a, &host, why) : LOOK_SO;
        return l == LOOK_SO ? s->look(a, why) : l;
}

/* One look, and one try when that is called for. */
static enum look once(struct agent *a, const struct step *s, struct trying *t, struct err *why)
{
        *why = (struct err)ERR_INIT;
        enum look l = look_at(a, s, why);
        if (l != LOOK_NOT_SO)
                return l;
        if (t->tries++ >= MOST_TRIES) {
                t->tries = 0;
                if (*t->cause.text)
                        *why = t->cause;
                else
                        err_rule(why, XR_STEP_STUCK, s->name, NULL);
                return LOOK_STOP;
        }
        l = s->make ? s->make(a, why) : LOOK_WAIT;
        forget_seen(a);
        if (l != LOOK_SO && *why->text)
                t->cause = *why;
        return l == LOOK_SO ? LOOK_NOT_SO : l;
}

static enum agent_end run_step(struct agent *a, const struct step *s, struct err *e)
{
        struct trying t = { .since = clock_steady(), .wait = FIRST_WAIT };
        if (s->quiet)
                agent_log(a, "%s: begun", s->name);
        else
                agent_tell(a, s->name, "begun", NULL);
        for (;;) {
                if (!memory_tick(a, e) || !keep_window(a, e))
                        return AGENT_AGAIN;
                struct err why = ERR_INIT;
                a->wait = 0;
                enum look l = once(a, s, &t, &why);
                if (l == LOOK_SO)
                        return memory_done(a, s->name) || memory_note(a, "done", s->name, e) ? AGENT_CONVERGED
                                                                                             : AGENT_AGAIN;
                if (l == LOOK_NOT_SO)
                        continue;
                if (l == LOOK_WAIT && is_late(s, &t)) {
                        l = LOOK_STOP;
                        if (s->late)
                                err_rule(&why, s->late, a->plan->coordinator_address, NULL);
                }
                if (!say(a, s, &t, l == LOOK_STOP ? "stopped" : "waiting", &why, e))
                        return AGENT_AGAIN;
                if (is_over(a)) {
                        *e = why;
                        return AGENT_STOPPED;
                }
                rest(a, l == LOOK_STOP ? STOPPED_WAIT : a->wait ? a->wait : t.wait);
                t.wait = t.wait * 2 < LONGEST_WAIT ? t.wait * 2 : LONGEST_WAIT;
        }
}

static enum agent_end run_steps(struct agent *a, const struct step *const *steps, struct err *e)
{
        enum agent_end end = AGENT_CONVERGED;
        for (size_t i = 0; steps[i] && end == AGENT_CONVERGED; i++)
                if (!memory_done(a, steps[i]->name))
                        end = run_step(a, steps[i], e);
        return end;
}

/* Everything once more: what somebody undid meanwhile is made so again. */
static enum agent_end verify(struct agent *a, const struct step *const *steps, struct err *e)
{
        for (int round = 0; round < MOST_ROUNDS; round++) {
                bool all = true;
                for (size_t i = 0; steps[i]; i++) {
                        struct err why = ERR_INIT;
                        if (steps[i]->again || look_at(a, steps[i], &why) == LOOK_SO)
                                continue;
                        all = false;
                        enum agent_end end = run_step(a, steps[i], e);
                        if (end != AGENT_CONVERGED)
                                return end;
                }
                if (all)
                        return AGENT_CONVERGED;
        }
        err_rule(e, XR_STEP_STUCK, _("the last verification"), NULL);
        return AGENT_STOPPED;
}

/* --- the end --- */

/* What a power cut left half written may hold secrets. */
static bool sweep(int root, struct err *e)
{
        static const char *const folders[] = { "etc", "etc/xenroll", "var/lib/xenroll" };
        for (size_t i = 0; i < COUNT(folders); i++) {
                AUTO_FD int dir = openat(root, folders[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (dir >= 0 && !draft_sweep(dir, e))
                        return false;
        }
        return true;
}

/* Success: the plan with its secrets goes, and the service does not start again. */
static bool remove_rest(int root, struct err *e)
{
        return sweep(root, e) && machine_remove(root, PLAN, e) && machine_remove(root, REPORT, e) && machine_remove(root, HASH, e) &&
               machine_publish(root, DONE, bytes_of("", 0), 0644, e);
}

static bool finish(struct agent *a, struct err *e)
{
        return write_result(a, "converged", "-", NULL, e) && remove_rest(a->root, e);
}

/* The plan stays for another try, without the password that is dead now. */
static bool give_up(struct agent *a, const struct err *why, struct err *e)
{
        AUTO_STR text = STR_MAX(AGENT_PLAN_LONGEST);
        if (a->plan->root_hash && !a->memory.rotated &&
                (!shadow_set(a->root, a->plan->root_hash, e) || !memory_note(a, "rotated", "", e)))
                return false;
        bool had = a->plan->join_password != NULL;
        a->plan->join_password = NULL;
        bool fine = !had ||
                    (agent_plan_write(a->plan, &text, e) && machine_publish(a->root, PLAN, str_bytes(&text), 0600, e));
        if (text.ptr)
                explicit_bzero(text.ptr, text.cap);
        return fine && write_result(a, "stopped", "-", why, e);
}

/* Until it is heard, or a minute long: a host that has arrived says nothing later. */
static void tell_the_end(struct agent *a, const char *outcome, const struct err *why)
{
        for (int tries = END_TRIES;; clock_sleep(END_REST)) {
                a->deaf_until = 0;
                agent_tell(a, "agent", outcome, why);
                if (!a->deaf_until || !--tries)
                        return;
        }
}

static enum agent_end end_well(struct agent *a, enum agent_end end, struct err *e)
{
        struct err trouble = ERR_INIT;
        bool fine = end == AGENT_CONVERGED ? finish(a, &trouble) : end != AGENT_STOPPED || give_up(a, e, &trouble);
        if (!fine) {
                *e = trouble;
                return AGENT_AGAIN;
        }
        if (end != AGENT_AGAIN)
                tell_the_end(a, end == AGENT_CONVERGED ? "converged" : "stopped", end == AGENT_STOPPED ? e : NULL);
        return end;
}

static bool open_local(struct agent *a, struct err *e)
{
        AUTO_STR path = STR_MAX(4096);
        str_addf(&path, "%s%s", strcmp(a->root_path, "/") ? a->root_path : "", SOCKET);
        const struct transport_target target = { .socket = str_text(&path), .url = "http://localhost/" };
        a->local = xapi_new(&target, NULL, agent_log_call, a, e);
        return a->local != NULL;
}

static void read_report_url(struct agent *a)
{
        struct err ignored = ERR_INIT;
        AUTO_STR text = STR_MAX(sizeof(a->report) - 1);
        if (machine_read(a->root, REPORT, sizeof(a->report) - 1, &text, &ignored))
                snprintf(a->report, sizeof(a->report), "%.*s", (int)strcspn(str_text(&text), "\r\n"), str_text(&text));
        else if (a->plan->report) {
                snprintf(a->report, sizeof(a->report), "%s", a->plan->report);
                a->report_pin = a->plan->report_pin;
        }
}

static bool read_plan(struct agent *a, struct err *e)
{
        AUTO_STR text = STR_MAX(AGENT_PLAN_LONGEST);
        bool fine = machine_read(a->root, PLAN, AGENT_PLAN_LONGEST, &text, e) &&
                    (a->plan = agent_plan_read(str_bytes(&text), e)) != NULL;
        if (text.ptr)
                explicit_bzero(text.ptr, text.cap);
        return fine;
}

/* The end was cut off after the plan had gone. */
static bool was_finishing(int root)
{
        struct err ignored = ERR_INIT;
        AUTO_STR text = STR_MAX(8192);
        return machine_read(root, RESULT, 8192, &text, &ignored) &&
               !strncmp(str_text(&text), "outcome\tconverged\n", 18);
}

/* A plan that is damaged must not leave the one-time password alive: the hook put the hash that is to follow it into a
 * file of its own. False when that could not be done now. */
static bool rescue_password(int root, struct err *e)
{
        AUTO_STR hash = STR_MAX(256);
        if (!machine_exists(root, HASH))
                return true;
        if (!machine_read(root, HASH, 256, &hash, e))
                return false;
        if (*str_text(&hash) != '$')
                return true;
        hash.ptr[strcspn(hash.ptr, "\r\n")] = '\0';
        return strchr(hash.ptr, ':') || shadow_is(root, hash.ptr) || shadow_set(root, hash.ptr, e);
}

/* Without a plan that can be read nothing is left to do but this, and once: later the administrator may choose another. */
static enum agent_end end_without_plan(int root, struct err *e)
{
        struct err trouble = ERR_INIT;
        if (rescue_password(root, &trouble) && machine_remove(root, HASH, &trouble))
                return AGENT_STOPPED;
        *e = trouble;
        return AGENT_AGAIN;
}

static void clear(struct agent *a)
{
        xapi_free(a->local);
        xapi_free(a->remote);
        rpc_answer_clear(&a->hosts);
        rpc_answer_clear(&a->pools);
        journal_close(a->journal);
        secret_clear(&a->handed);
        agent_plan_free(a->plan);
}

enum agent_end agent_run(int root, const char *root_path, struct err *e)
{
        OWN(clear) struct agent a = { .root = root, .root_path = root_path };
        if (machine_exists(root, DONE))
                return AGENT_CONVERGED;
        if (!sweep(root, e))
                return AGENT_AGAIN;
        if (!machine_exists(root, PLAN)) {
                if (was_finishing(root))
                        return remove_rest(root, e) ? AGENT_CONVERGED : AGENT_AGAIN;
                err_rule(e, XR_AGENT_NO_PLAN, NULL);
                return end_without_plan(root, e);
        }
        if (!read_plan(&a, e)) {
                return e->kind == ERR_WORLD ? AGENT_AGAIN : end_without_plan(root, e);
        }
        read_report_url(&a);
        if (!memory_open(&a, e) || !machine_nics(&a, e) || !open_local(&a, e))
                return AGENT_AGAIN;
        const struct step *const *steps = a.plan->coordinator ? coordinator_steps : member_steps;
        enum agent_end end = run_steps(&a, steps, e);
        if (end == AGENT_CONVERGED)
                end = verify(&a, steps, e);
        return end_well(&a, end, e);
}
