#include "tests/simulation/selftest/stand_in.h"
#include "base/file.h"
#include "postinstall/agent.h"
#include "postinstall/agent_plan.h"
#include "postinstall/clock.h"
#include "postinstall/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define WARNING "warning\tXR-922 card 2 is eth3 here and eth2 on the coordinator; no network of the plan uses it\n"

const char *stand_in_vice = "";

static bool is(const char *vice) { return !strcmp(stand_in_vice, vice); }

/* --- a plan of few words --- */

const char *const agent_sr_names[AGENT_SR_TYPES];

bool agent_plan_write(const struct agent_plan *p, struct str *out, struct err *e)
{
        str_addf(out, "%s %zu %d %zu\n%s\n%s\n", p->coordinator ? "coordinator" : "member", p->n_members,
                p->join_window, p->n_storage, p->join_password ? p->join_password : "-",
                p->root_hash ? p->root_hash : "-");
        return str_ok(out, "plan", e);
}

struct plan {
        bool coordinator, damaged;
        unsigned members, storage;
        int window;
        char password[64], hash[128];
};

static bool read_plan(int root, struct plan *p)
{
        char role[16];
        struct err e = ERR_INIT;
        AUTO_STR text = STR_MAX(4096);
        if (!file_read(root, "etc/xenroll/plan.xml", 4096, &text, &e))
                return false;
        p->damaged = sscanf(str_text(&text), "%15s %u %d %u\n%63s\n%127s", role, &p->members, &p->window, &p->storage,
                             p->password, p->hash) != 6;
        p->coordinator = !strcmp(role, "coordinator");
        return true;
}

/* --- a journal of one letter a step --- */

struct life {
        int root, dir, journal;
        char done[64];
        struct plan plan;
        struct transport *local;
};

static bool journal_begin(struct life *l)
{
        if (mkdirat(l->root, "var/lib/xenroll", 0700) < 0 && errno != EEXIST)
                return false;
        AUTO_FD int above = openat(l->root, "var/lib", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (!is("syncs-nothing") && fsync(above) < 0)
                return false;
        l->dir = openat(l->root, "var/lib/xenroll", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        l->journal = openat(l->dir, "journal", O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (l->journal < 0 || (!is("syncs-nothing") && fsync(l->dir) < 0))
                return false;
        ssize_t n = pread(l->journal, l->done, sizeof(l->done) - 1, 0);
        l->done[n < 0 ? 0 : n] = '\0';
        return n >= 0;
}

static bool note(struct life *l, char step)
{
        char c[2] = { step, '\0' };
        if (!file_write_all(l->journal, c, 1) || (!is("syncs-nothing") && fsync(l->journal) < 0))
                return false;
        strncat(l->done, c, sizeof(l->done) - strlen(l->done) - 1);
        return true;
}

struct view { /* what the world says of itself */
        unsigned members, storage;
};

static bool ask(struct life *l, const char *method, struct view *v)
{
        int status;
        struct err e = ERR_INIT;
        AUTO_STR body = STR_MAX(4096), reply = STR_MAX(4096);
        str_addf(&body, "<methodCall><methodName>%s</methodName></methodCall>", method);
        bool fine = transport_post(l->local, str_bytes(&body), 60000, &reply, &status, &e) == TRANSPORT_DONE &&
                    status == 200;
        return fine && (!v || sscanf(str_text(&reply), "%u %u", &v->members, &v->storage) == 2);
}

static bool make_storage(struct life *l, unsigned number)
{
        struct view v = { 0 };
        char letter = (char)('a' + number);
        while (!strchr(l->done, letter)) {
                while (!ask(l, "toy.look", &v))
                        clock_sleep(5000);
                /* One that trusts its memory alone would make it twice when that is not safe. */
                if (v.storage <= number || is("syncs-nothing"))
                        ask(l, "SR.create", NULL);
                if (is("does-twice") && number == 2)
                        ask(l, "SR.create", NULL);
                if (!note(l, letter))
                        return false;
        }
        return true;
}

static bool is_member(const struct life *l)
{
        struct err ignored = ERR_INIT;
        AUTO_STR text = STR_MAX(4096);
        return file_read(l->root, "etc/xensource/pool.conf", 4096, &text, &ignored) &&
               !strncmp(str_text(&text), "slave:", 6);
}

/* --- the vices --- */

static void misbehave(struct life *l)
{
        struct err ignored = ERR_INIT;
        if (is("breaks-rules"))
                ask(l, "toy.breach", NULL);
        else if (is("speaks-nonsense"))
                ask(l, "toy.complain", NULL);
        else if (is("leaves-lease"))
                ask(l, "toy.litter", NULL);
        else if (is("forgets-secret"))
                ask(l, "toy.forget-secret", NULL);
        else if (is("makes-double"))
                ask(l, "toy.double", NULL);
        else if (is("unplugs"))
                ask(l, "toy.unplug", NULL);
        else if (is("leaves the library unscanned"))
                ask(l, "toy.leave-unscanned", NULL);
        else if (is("disables"))
                ask(l, "toy.disable", NULL);
        else if (is("crashes"))
                abort();
        else if (is("exits"))
                _exit(4);
        else if (is("turns-round"))
                for (;;)
                        clock_sleep(0);
        else if (is("sleeps-forever"))
                for (;;)
                        clock_sleep(7200000);
        else if (is("thinks-forever"))
                for (volatile unsigned i = 0;; i++)
                        ;
        else if (is("logs-password"))
                fprintf(stderr, "login with %s\n", l->plan.password);
        else if (is("keeps-password") &&
                 !file_publish(l->dir, "notes", bytes_of(l->plan.password, strlen(l->plan.password)), 0600, &ignored))
                abort();
        else if (is("warns of nothing") &&
                 !file_publish(l->dir, "result", bytes_of(WARNING, strlen(WARNING)), 0644, &ignored))
                abort();
        else if (is("wanders")) {
                AUTO_FD int above = openat(l->root, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (!file_publish(above, "elsewhere", bytes_of("x", 1), 0600, &ignored))
                        abort();
        } else if (is("asks-much"))
                for (int i = 0; i < 80; i++)
                        ask(l, "toy.look", NULL);
}

static enum agent_end stop(struct err *e)
{
        *e = (struct err)ERR_INIT;
        if (!is("stops-silently"))
                err_set(e, ERR_WORLD, is("stops-in-verse") ? "one line\nanother" : "the SAN is on fire");
        if (!is("stops-helplessly"))
                snprintf(e->remedy, sizeof(e->remedy), "Pour water on it.");
        return AGENT_STOPPED;
}

static bool remove_file(int root, const char *name)
{
        AUTO_FD int dir = openat(root, "etc/xenroll", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (unlinkat(dir, name, 0) < 0 && faccessat(dir, name, F_OK, 0) == 0)
                return false;
        return fsync(dir) == 0;
}

static bool rotate(struct life *l)
{
        struct err e = ERR_INIT;
        char line[256];
        snprintf(line, sizeof(line), "root:%s:17000:0:99999:7:::\n", l->plan.hash);
        AUTO_FD int etc = openat(l->root, "etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return is("never-rotates") || file_publish(etc, "shadow", bytes_of(line, strlen(line)), 0600, &e);
}

static enum agent_end finish(struct life *l, struct err *e)
{
        bool stops = !strncmp(stand_in_vice, "stops-", 6) || is("gives-up");
        if ((l->plan.coordinator && l->plan.members > 1 && !rotate(l)) ||
                (!is("keeps-plan") && !remove_file(l->root, "plan.xml")))
                return AGENT_AGAIN;
        if (stops)
                return stop(e);
        if (!is("forgets-done") && !file_publish(l->dir, "done", bytes_of("", 0), 0644, e))
                return AGENT_AGAIN;
        return AGENT_CONVERGED;
}

static bool work(struct life *l)
{
        while (!l->plan.coordinator && !is("joins-nobody") && !is_member(l))
                if (!ask(l, "pool.join", NULL))
                        clock_sleep(5000);
        for (unsigned i = 0; l->plan.coordinator && i < l->plan.storage; i++)
                if (!is("does-nothing") && !make_storage(l, i))
                        return false;
        /* Until the window closes at the latest, for members that never come. */
        struct view v = { 0 };
        int64_t began = clock_steady();
        while (l->plan.coordinator && v.members + 1 < l->plan.members && clock_steady() - began < 1800000 &&
                !is("joins-nobody")) {
                clock_sleep(5000 + clock_random(5000));
                ask(l, "toy.look", &v);
        }
        if (is("waits-long"))
                clock_sleep(6 * 3600000);
        return true;
}

enum agent_end agent_run(int root, const char *root_path, struct err *e)
{
        struct life l = { .root = root };
        struct stat st;
        AUTO_STR socket = STR_MAX(1024);
        if (fstatat(root, "var/lib/xenroll/done", &st, 0) == 0)
                return AGENT_CONVERGED;
        str_addf(&socket, "%s/var/lib/xcp/xapi", root_path);
        const struct transport_target target = { .socket = str_text(&socket), .url = "http://localhost/" };
        l.local = transport_new(&target, e);
        if (!l.local || !journal_begin(&l))
                return AGENT_AGAIN;
        if (read_plan(root, &l.plan)) {
                misbehave(&l);
                if (!work(&l))
                        return AGENT_AGAIN;
        }
        return finish(&l, e);
}
