#include "tests/simulation/host.h"
#include "postinstall/agent.h"
#include "tests/simulation/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum {
        WALL_BASE = 1795420800,  /* s: when the world began, as tests/xapi has it */
        BOOT_TIME = 60000,       /* ms that a host's steady clock counts before its agent starts */
        SERVICE_RESTART = 30000, /* ms */
        MOST_LIVES = 3000,
};

int host_patience = 60;

void world_told(struct sim *s, const char *fmt, ...)
{
        struct err e = ERR_INIT;
        char line[256];
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(line, sizeof(line), fmt, ap);
        va_end(ap);
        trace_add(&s->trace, "world", "%s", line);
        if (!world_do(s->world, line, s->now, &e))
                sim_fail(s, "the world does not take '%s': %s", line, e.text);
}

static struct wire go(const struct sim *s, const struct sim_host *h)
{
        return (struct wire){ .kind = WIRE_GO,
                .steady = s->now - h->booted + BOOT_TIME,
                .wall = WALL_BASE + s->now / 1000 + h->wall_shift };
}

/* --- what a child says --- */

static void heard_log(struct sim *s, struct sim_host *h, const struct str *text)
{
        size_t n = text->len;
        while (n && str_text(text)[n - 1] == '\n')
                n--;
        trace_add(&s->trace, h->name, "| %.*s", (int)n, str_text(text));
        for (size_t i = 0; i < s->deployment->n_secrets; i++)
                if (memmem(str_text(text), text->len, s->deployment->secrets[i], strlen(s->deployment->secrets[i])))
                        sim_fail(s, "%s logs a secret", h->name);
}

static void heard_end(struct sim *s, struct sim_host *h, const struct wire *m, const struct str *text)
{
        static const char *const ends[] = {
                [AGENT_CONVERGED] = "converged", [AGENT_STOPPED] = "stopped", [AGENT_AGAIN] = "again"
        };
        const char *sentence = str_text(text);
        waitpid(h->pid, NULL, 0);
        close(h->wire);
        h->wire = -1;
        h->pid = 0;
        h->end = (int)m->a;
        h->code = (int)m->b;
        snprintf(h->text, sizeof(h->text), "%s", sentence);
        snprintf(h->remedy, sizeof(h->remedy), "%s", sentence + strlen(sentence) + 1);
        trace_add(&s->trace, h->name, "ends %s: %s", ends[h->end], h->text);
        h->ended_at = s->now;
        h->was_through |= h->end == AGENT_CONVERGED;
        h->state = h->end == AGENT_AGAIN ? HOST_OFF : HOST_ENDED;
        h->due = h->end == AGENT_AGAIN ? s->now + SERVICE_RESTART : INT64_MAX;
        h->again += h->end == AGENT_AGAIN;
}

/* The disk's mood decides which changes fail. */
static int disk_refuses(const struct sim *s, const struct sim_host *h, enum point what, int64_t made)
{
        if (s->now >= h->disk_until)
                return 0;
        bool grows = what == POINT_WRITE || what == POINT_MKDIR || (what == POINT_CREATE && made == 1);
        bool hit = h->disk_code == ENOSPC ? grows
                   : h->disk_code == EIO  ? what == POINT_WRITE || what == POINT_SYNC
                                          : what != POINT_SYNC;
        return hit ? h->disk_code : 0;
}

static void lost_child(struct sim *s, struct sim_host *h)
{
        int status = 0;
        bool silent = errno == EAGAIN;
        if (silent)
                kill(h->pid, SIGKILL);
        waitpid(h->pid, &status, 0);
        close(h->wire);
        h->wire = -1;
        h->pid = 0;
        h->state = HOST_ENDED;
        h->due = INT64_MAX;
        if (silent)
                sim_fail(s, "%s: the agent thinks without end", h->name);
        else if (WIFSIGNALED(status))
                sim_fail(s, "%s: the agent died of signal %d", h->name, WTERMSIG(status));
        else
                sim_fail(s, "%s: the agent's process exited with %d", h->name, WEXITSTATUS(status));
        s->over = true;
}

/* False when the child does not live to make the change. */
static bool heard_point(struct sim *s, int host, const struct wire *m, const struct str *text)
{
        struct sim_host *h = &s->hosts[host];
        const char *path = str_text(text), *to = path + strlen(path) + 1;
        enum point what = (enum point)m->a;
        size_t root = strlen(h->root);
        bool ours = !strncmp(path, h->root, root);
        h->points++;
        struct fault *f = faults_at_point(s->faults, host);
        trace_add(&s->trace, h->name, "%u. %s %s%s", h->points, point_names[what], ours ? path + root : path,
                f ? " (fault)" : "");
        if (!ours)
                sim_fail(s, "%s changes %s, which is not below its root", h->name, path);
        if (f)
                host_strike(s, host, f);
        if (h->state == HOST_OFF)
                return false;
        struct wire answer = go(s, h);
        answer.a = disk_refuses(s, h, what, m->b);
        answer.b = m->b;
        if (!answer.a && what == POINT_SYNC && h->remembered < 0 && strstr(path, "/journal"))
                h->remembered = s->now;
        if (!answer.a)
                disk_change(h->disk, what, path, what == POINT_RENAME ? to : NULL, m->b);
        else
                trace_add(&s->trace, h->name, "  %s", strerrorname_np((int)answer.a));
        if (!wire_send(h->wire, answer, bytes_of("", 0)))
                lost_child(s, h);
        return true;
}

/* Until it waits for something, ends, or is killed. */
static void listen_to(struct sim *s, int host)
{
        struct sim_host *h = &s->hosts[host];
        struct wire m;
        AUTO_STR text = STR_MAX(WIRE_LONGEST);
        h->state = HOST_RUNNING;
        while (h->state == HOST_RUNNING) {
                errno = 0;
                if (!wire_receive(h->wire, &m, &text)) {
                        lost_child(s, h);
                        return;
                }
                switch (m.kind) {
                case WIRE_LOG:
                        heard_log(s, h, &text);
                        break;
                case WIRE_POINT:
                        if (!heard_point(s, host, &m, &text))
                                return;
                        break;
                case WIRE_SLEEP:
                        h->state = HOST_ASLEEP;
                        h->due = s->now + (m.a > 0 ? m.a : 0);
                        break;
                case WIRE_REQUEST:
                        network_ask(s, host, m.a, str_bytes(&text));
                        break;
                case WIRE_END:
                        heard_end(s, h, &m, &text);
                        break;
                default:
                        sim_fail(s, "%s says something that means nothing", h->name);
                        s->over = true;
                        return;
                }
        }
}

/* --- its process --- */

static void be_child(struct sim *s, int host, int wire)
{
        struct wire now = go(s, &s->hosts[host]);
        struct chance life = { s->order.state ^ (uint64_t)host << 48 };
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (int i = 0; i < s->n; i++)
                if (s->hosts[i].wire >= 0)
                        close(s->hosts[i].wire);
        child_run(&(struct child_start){ wire, now.steady, now.wall, life }, s->hosts[host].root);
}

void host_boot(struct sim *s, int host)
{
        struct sim_host *h = &s->hosts[host];
        int pair[2];
        const struct timeval patience = { .tv_sec = host_patience };
        if (!h->powered)
                host_power_up(s, host);
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 ||
                setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0) {
                sim_fail(s, "no sockets: %s", strerror(errno));
                s->over = true;
                return;
        }
        h->lives++;
        chance_next(&s->order); /* each life has chances of its own */
        if (h->first_start < 0)
                h->first_start = s->now;
        if (h->lives > MOST_LIVES) {
                sim_fail(s, "%s: started %u times", h->name, h->lives);
                s->over = true;
        }
        trace_add(&s->trace, h->name, "agent starts, life %u", h->lives);
        fflush(NULL);
        h->pid = fork();
        if (h->pid == 0) {
                close(pair[0]);
                be_child(s, host, pair[1]);
        }
        close(pair[1]);
        h->wire = pair[0];
        listen_to(s, host);
}

void host_go_on(struct sim *s, int host)
{
        struct sim_host *h = &s->hosts[host];
        struct wire answer = go(s, h);
        AUTO_STR text = STR_MAX(WIRE_LONGEST);
        char shown[FINGERPRINT_TEXT] = "";
        if (h->state == HOST_READY) {
                answer.a = h->transport;
                answer.b = h->status;
                if (h->tls && h->transport != TRANSPORT_UNREACHED)
                        network_fingerprint(s, h->asked, shown);
                str_addn(&text, shown, strlen(shown) + 1);
                str_addn(&text, str_text(&h->answer), h->answer.len);
        }
        if (!wire_send(h->wire, answer, str_bytes(&text)))
                lost_child(s, h);
        else
                listen_to(s, host);
}

void host_kill(struct sim *s, int host, int64_t back_in)
{
        struct sim_host *h = &s->hosts[host];
        if (h->pid) {
                kill(h->pid, SIGKILL);
                waitpid(h->pid, NULL, 0);
                close(h->wire);
        }
        if (h->request >= 0)
                world_abandon(s->world, h->request);
        h->pid = 0;
        h->wire = -1;
        h->request = -1;
        h->spoils = NULL;
        h->state = HOST_OFF;
        h->paused_until = 0;
        h->due = s->now + back_in;
}

void host_lose_power(struct sim *s, int host, int64_t back_in, int64_t cut)
{
        struct sim_host *h = &s->hosts[host];
        host_kill(s, host, back_in);
        disk_cut(h->disk, &s->order, cut);
        if (!h->powered)
                return;
        h->powered = false;
        h->off_since = s->now;
        world_told(s, "power-off %s", h->name);
}

/* Its agent may have been through, and cut off while it still told somebody so. */
static bool is_marked_done(const struct sim_host *h)
{
        AUTO_FREE char *path = NULL;
        return asprintf(&path, "%s/var/lib/xenroll/done", h->root) >= 0 && access(path, F_OK) == 0;
}

void host_power_up(struct sim *s, int host)
{
        struct sim_host *h = &s->hosts[host];
        h->powered = true;
        h->booted = s->now;
        h->was_through |= is_marked_done(h);
        h->booted_since |= h->was_through;
        /* A disk that was full before is full after. */
        if (h->able_since < s->now)
                h->able_since = s->now;
        h->off_for += s->now - h->off_since;
        world_told(s, "power-on %s", h->name);
}

/* --- faults --- */

static int64_t unsynced_journal(const struct sim_host *h)
{
        AUTO_FREE char *path = NULL;
        return asprintf(&path, "%s/var/lib/xenroll/journal", h->root) < 0 ? 0 : disk_unsynced(h->disk, path);
}

static void cut_journal(struct sim *s, const struct sim_host *h, struct fault *f)
{
        AUTO_FREE char *path = NULL;
        struct stat st;
        if (asprintf(&path, "%s/var/lib/xenroll/journal", h->root) < 0 || stat(path, &st) < 0)
                return;
        f->could = st.st_size;
        trace_add(&s->trace, h->name, "journal cut after %lld of %lld bytes", (long long)f->cut, (long long)st.st_size);
        if (f->cut < st.st_size && truncate(path, f->cut) < 0)
                sim_fail(s, "%s: cannot cut the journal", h->name);
}

void host_damage_plan(struct sim *s, int host, const struct fault *f)
{
        struct sim_host *h = &s->hosts[host];
        AUTO_FREE char *path = NULL;
        struct stat st;
        char c;
        if (asprintf(&path, "%s/etc/xenroll/plan.xml", h->root) < 0)
                return;
        AUTO_FD int fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0 || st.st_size == 0)
                return;
        off_t at = f->value % st.st_size;
        trace_add(&s->trace, h->name, "plan: %s at byte %lld", f->code ? "cut" : "a bit flips", (long long)at);
        bool fine = f->code ? ftruncate(fd, at) == 0 : pread(fd, &c, 1, at) == 1;
        c ^= (char)(1 << (f->value / st.st_size % 8));
        if (!fine || (!f->code && pwrite(fd, &c, 1, at) != 1))
                sim_fail(s, "%s: cannot damage the plan", h->name);
}

static void set_clock(struct sim *s, struct sim_host *h, int64_t ms)
{
        h->wall_shift += ms / 1000;
        h->set_back |= ms < 0;
        trace_add(&s->trace, h->name, "clock set by %lld s", (long long)(ms / 1000));
}

void host_strike(struct sim *s, int host, struct fault *f)
{
        struct sim_host *h = &s->hosts[host];
        trace_add(&s->trace, h->name, "fault: %s", fault_names[f->kind]);
        switch (f->kind) {
        case FAULT_KILL:
                if (h->pid)
                        host_kill(s, host, f->value);
                if (f->cut >= 0)
                        cut_journal(s, h, f);
                break;
        case FAULT_POWER:
                f->could = unsynced_journal(h);
                host_lose_power(s, host, f->value, f->cut);
                break;
        case FAULT_DISK:
                h->disk_code = f->code;
                h->disk_until = s->now + f->value;
                if (h->able_since < h->disk_until)
                        h->able_since = h->disk_until;
                break;
        case FAULT_PAUSE:
                h->paused_until = s->now + f->value;
                if (h->able_since < h->paused_until)
                        h->able_since = h->paused_until;
                break;
        case FAULT_CLOCK:
                set_clock(s, h, f->value);
                break;
        case FAULT_PLAN:
                host_damage_plan(s, host, f);
                break;
        case FAULT_CERTIFICATE:
                h->certificate++;
                break;
        case FAULT_WORLD:
                world_told(s, "%s", f->text);
                break;
        default:
                break;
        }
}
