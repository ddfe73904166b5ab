#include "tests/simulation/sim.h"
#include "base/file.h"
#include "postinstall/agent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum {
        MARGIN = 600000,    /* ms after its window that a host which can act may still take the one-time password */
        FORGOTTEN = 330000, /* ms of its age that an agent may forget when it dies and its wall clock was put back */
        LONGEST_FILE = 4 << 20,
        MOST_CALLS = 60, /* of a member, when nothing goes wrong */
};

static bool below(const struct sim_host *h, const char *name, char path[512])
{
        snprintf(path, 512, "%s/%s", h->root, name);
        return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool read_file(const char *path, struct str *text)
{
        struct err ignored = ERR_INIT;
        return file_read(AT_FDCWD, path, LONGEST_FILE, text, &ignored);
}

/* --- the one-time password --- */

bool judge_password_lives(const struct sim *s, const struct sim_host *h)
{
        char path[512];
        AUTO_STR text = STR_MAX(LONGEST_FILE);
        return (below(h, "etc/shadow", path) || below(h, "etc/passwd", path)) && read_file(path, &text) &&
               strstr(str_text(&text), s->deployment->join_hash);
}

/* Time without power does not count where the clock was put back too: then nobody can know how long it was. */
static int64_t deadline(const struct sim *s, const struct sim_host *h)
{
        /* With a disk that took nothing when it began, its window begins when it could write that down. */
        int64_t at = (h->remembered < 0 ? h->first_start : h->remembered) +
                     (int64_t)s->deployment->plans[0].join_window * 1000;
        if (h->set_back)
                at += h->off_for + (int64_t)h->lives * FORGOTTEN;
        return at > h->able_since ? at : h->able_since;
}

void judge_password(struct sim *s)
{
        const struct sim_host *h = &s->hosts[0];
        if (s->n < 2 || !h->powered || h->first_start < 0 || s->now < h->disk_until || s->now < h->paused_until ||
                s->now <= deadline(s, h) + MARGIN)
                return;
        if (!judge_password_lives(s, h))
                return;
        sim_fail(s, "the one-time password is still valid %lld s after its window closed",
                (long long)(s->now - h->first_start) / 1000 - s->deployment->plans[0].join_window);
        s->over = true;
}

/* --- secrets in files --- */

static void look_in_file(struct sim *s, const struct sim_host *h, const char *path, size_t n_secrets)
{
        AUTO_STR text = STR_MAX(LONGEST_FILE);
        if (!read_file(path, &text))
                return;
        for (size_t i = 0; i < n_secrets; i++) {
                const char *secret = s->deployment->secrets[i];
                if (text.len && memmem(text.ptr, text.len, secret, strlen(secret)))
                        sim_fail(s, "%s keeps %s in %s", h->name, i ? "a secret" : "the one-time password",
                                path + strlen(h->root));
        }
}

static void look_below(struct sim *s, const struct sim_host *h, const char *folder, size_t n_secrets)
{
        DIR *dir = opendir(folder);
        for (struct dirent *d; dir && (d = readdir(dir));) {
                AUTO_FREE char *path = NULL;
                struct stat st;
                if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..") ||
                        asprintf(&path, "%s/%s", folder, d->d_name) < 0 || lstat(path, &st) < 0)
                        continue;
                if (S_ISDIR(st.st_mode) && strcmp(d->d_name, "dev"))
                        look_below(s, h, path, n_secrets);
                else if (S_ISREG(st.st_mode))
                        look_in_file(s, h, path, n_secrets);
        }
        if (dir)
                closedir(dir);
}

/* --- hosts --- */

static bool plan_damaged(const struct sim *s, int host)
{
        for (size_t i = 0; i < s->faults->n; i++)
                if (s->faults->items[i].kind == FAULT_PLAN && s->faults->items[i].host == host &&
                        s->faults->items[i].spent)
                        return true;
        return false;
}

/* What was let pass stands in the result, and nothing else does. */
static void judge_warnings(struct sim *s, const struct sim_host *h)
{
        static const struct {
                enum trouble odd;
                bool first; /* the coordinator says it; otherwise the last member */
                const char *said;
        } oddities[] = {
                { OTHER_CARDS, false, "XR-922 card 2 is eth3 here and eth2 on the coordinator" },
                { OTHER_MANAGEMENT, false, "XR-923 this host's own address is on eth2, the coordinator's is on eth1" },
                { MANY_LUNS, true, "XR-921 storage 'iscsi': the target offers 257 LUNs; only the first 256 were" },
        };
        char path[512];
        AUTO_STR text = STR_MAX(LONGEST_FILE);
        bool there = below(h, "var/lib/xenroll/result", path) && read_file(path, &text);
        for (size_t i = 0; i < COUNT(oddities); i++) {
                bool says =
                        s->deployment->trouble == oddities[i].odd && h == &s->hosts[oddities[i].first ? 0 : s->n - 1];
                bool said = there && strstr(str_text(&text), oddities[i].said);
                if (says != said)
                        sim_fail(s, "%s %s: %s", h->name, says ? "does not warn" : "warns", oddities[i].said);
        }
}

static void judge_converged(struct sim *s, const struct sim_host *h)
{
        char path[512];
        if (!below(h, "var/lib/xenroll/done", path))
                sim_fail(s, "%s converged, but is not marked as done", h->name);
        if (below(h, "etc/xenroll/plan.xml", path))
                sim_fail(s, "%s converged, but its plan is still there", h->name);
        if (s->n > 1 && judge_password_lives(s, h))
                sim_fail(s, "%s converged, but the one-time password opens it", h->name);
        look_below(s, h, h->root, s->deployment->n_secrets);
}

static void judge_stopped(struct sim *s, int host)
{
        const struct sim_host *h = &s->hosts[host];
        if (!*h->text)
                sim_fail(s, "%s stopped without saying why", h->name);
        else if (!*h->remedy)
                sim_fail(s, "%s stopped without a remedy: %s", h->name, h->text);
        if (strchr(h->text, '\n') || strchr(h->remedy, '\n'))
                sim_fail(s, "%s stopped with more than one line", h->name);
        if (s->n > 1 && !plan_damaged(s, host))
                look_below(s, h, h->root, 1);
        if (!s->faults->lasting && (!s->deployment->trouble || s->deployment->trouble >= TROUBLES))
                sim_fail(s, "%s gave up, though all that went wrong passed: %s", h->name, h->text);
}

static void judge_host(struct sim *s, int host)
{
        const struct sim_host *h = &s->hosts[host];
        if (h->state != HOST_ENDED) {
                if (!s->failures.len && h->due != INT64_MAX)
                        sim_fail(s, "%s has not ended", h->name);
        } else if (h->end == AGENT_CONVERGED) {
                judge_converged(s, h);
        } else {
                judge_stopped(s, host);
        }
}

static void judge_membership(struct sim *s, const struct sim_host *h)
{
        char path[512];
        AUTO_STR conf = STR_MAX(LONGEST_FILE);
        bool there = below(h, "etc/xensource/pool.conf", path) && read_file(path, &conf);
        bool member = there && !strncmp(str_text(&conf), "slave:", 6);
        if (member != (h != s->hosts))
                sim_fail(s, "%s converged, but is %s", h->name, member ? "somebody's member" : "no member of the pool");
}

/* --- the pool --- */

static unsigned mutations(const struct sim *s, const char *methods)
{
        unsigned n = 0;
        char one[64];
        for (const char *at = methods; *at;) {
                size_t len = strcspn(at, "+");
                snprintf(one, sizeof(one), "%.*s", (int)len, at);
                n += world_mutations(s->world, one);
                at += len + (at[len] == '+');
        }
        return n;
}

/* More of one thing than was planned is always wrong; less of it only when all say that they are done. */
static void judge_counts(struct sim *s, bool all_converged)
{
        for (size_t i = 0; i < s->deployment->n_expected; i++) {
                const struct expected *x = &s->deployment->expected[i];
                unsigned n = mutations(s, x->method);
                if (n > x->n || (all_converged && n < x->n))
                        sim_fail(s, "%s changed something %u times, not %u", x->method, n, x->n);
        }
}

static void judge_leftovers(struct sim *s)
{
        static const char *const never[] = { "xenroll-lease-", "xenroll-queue-", "xenroll-left-", "xenroll-open",
                "secret, left over" };
        AUTO_STR state = STR_MAX(16 << 20);
        world_show(s->world, &state);
        for (size_t i = 0; i < COUNT(never); i++)
                if (strstr(str_text(&state), never[i]))
                        sim_fail(s, "the pool still has %s", never[i]);
}

static void judge_world(struct sim *s)
{
        if (*world_complaints(s->world))
                sim_fail(s, "complaint: %s", world_complaints(s->world));
        if (*world_breaches(s->world))
                sim_fail(s, "breach: %s", world_breaches(s->world));
}

static void judge_budget(struct sim *s, const struct sim_options *o, struct sim_result *r)
{
        for (int i = 1; i < s->n; i++) {
                unsigned calls = world_calls(s->world, -1, i);
                r->most_calls = calls > r->most_calls ? calls : r->most_calls;
        }
        if (o->no_budget)
                return;
        if (r->most_calls > MOST_CALLS)
                sim_fail(s, "a member made %u calls, more than %d", r->most_calls, MOST_CALLS);
        if (s->n == 64 && r->time * 10 > r->joins * 12)
                sim_fail(s, "%lld s for %d hosts, whose joins take %lld s", (long long)r->time / 1000, s->n,
                        (long long)r->joins / 1000);
}

void judge_end(struct sim *s, const struct sim_options *o, struct sim_result *r)
{
        bool damaged = false;
        for (int i = 0; i < s->n; i++) {
                judge_host(s, i);
                bool converged = s->hosts[i].state == HOST_ENDED && s->hosts[i].end == AGENT_CONVERGED;
                if (converged && o->faultless)
                        judge_warnings(s, &s->hosts[i]);
                r->converged += converged;
                damaged |= plan_damaged(s, i);
                if (converged && !damaged)
                        judge_membership(s, &s->hosts[i]);
                if (o->faultless && !converged)
                        sim_fail(s, "%s did not converge: %s", s->hosts[i].name, s->hosts[i].text);
                if (i < 64)
                        r->points[i] = s->hosts[i].points;
        }
        r->joins = world_join_time(s->world);
        judge_world(s);
        judge_counts(s, r->converged == s->n && !damaged);
        if (r->converged == s->n && !damaged)
                judge_state(s);
        if (r->converged == s->n && !damaged && s->deployment->trouble && s->deployment->trouble < TROUBLES)
                sim_fail(s, "all converged, though that was impossible");
        if (s->hosts[0].state == HOST_ENDED && s->hosts[0].end == AGENT_CONVERGED)
                judge_leftovers(s);
        /* Once the coordinator's agent has ended, nobody is left who could take the password back. */
        if (s->n > 1 && s->hosts[0].state == HOST_ENDED && judge_password_lives(s, s->hosts))
                sim_fail(s, "the coordinator's agent has ended, and the one-time password is still valid");
        if (o->faultless)
                judge_budget(s, o, r);
}
