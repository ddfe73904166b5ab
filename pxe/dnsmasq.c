#include "pxe/dnsmasq.h"
#include "pxe/port_user.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/now.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

enum {
        START_MS = 10000, /* 10,000 hosts are read in well under one second */
        STOP_MS = 5000,
        HOSTS_MAX = 64 << 20,
};

/* Binding low ports, broadcasting to machines without an address, and changing the table of neighbours for their sake.
 */
static const int needed[] = { CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW };

/* --- what must be so before anything is started --- */

static bool read_rights(struct __user_cap_data_struct data[2])
{
        struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
        return syscall(SYS_capget, &header, data) == 0;
}

static bool check_rights(struct err *e)
{
        struct __user_cap_data_struct have[2] = { { 0 } };
        bool fine = read_rights(have);
        for (size_t i = 0; i < COUNT(needed); i++)
                fine = fine && (have[0].effective & 1u << needed[i]);
        if (fine)
                return true;
        err_set(e, ERR_WORLD, _("answering DHCP and TFTP needs root's rights"));
        snprintf(e->remedy, sizeof(e->remedy), "%s", _("Run it with sudo."));
        return false;
}

/* False and e set when somebody has a port. on NULL: whatever the interface. When the kernel does not say, dnsmasq
 * tries, and then says. */
static bool check_ports(const struct dnsmasq_wish *w, const struct interface *on, struct err *e)
{
        static const int ports[] = { 69, 67, 4011 };
        static const size_t n[] = { [DHCP_OURS] = 2, [DHCP_PROXY] = 3, [DHCP_NONE] = 1 };
        struct port_user user;
        struct err cannot = ERR_INIT;
        if (!port_user_find(on, ports, n[w->mode], &user, &cannot))
                return true;
        const char *what = user.port == 69 ? "TFTP" : "DHCP";
        if (!user.pid)
                err_set(e, ERR_WORLD, _("UDP port %d (%s) is in use"), user.port, what);
        else
                err_set(e, ERR_WORLD, _("UDP port %d (%s) is in use: by %s, process %d"), user.port, what, user.program,
                        user.pid);
        snprintf(e->remedy, sizeof(e->remedy), "%s",
                _("Stop that service first, or keep it and use 'xenroll serve --dhcp none' where DHCP is its task."));
        return false;
}

/* The configuration has no way to quote every sign. */
static bool check_folder(const struct dnsmasq_wish *w, struct err *e)
{
        if (*w->folder == '/' && !w->folder[strcspn(w->folder, ",\"\\#\n\t ")])
                return true;
        return err_set(e, ERR_WORLD,
                _("dnsmasq cannot use the folder '%s': its path must be absolute, without blanks, commas, quotes and "
                  "#"),
                w->folder);
}

static bool find_user(const struct dnsmasq_wish *w, struct passwd **user, struct err *e)
{
        *user = NULL;
        if (!w->user || geteuid() != 0)
                return true;
        *user = getpwnam(w->user);
        return *user ? true : err_set(e, ERR_WORLD, _("there is no user '%s' on this machine"), w->user);
}

/* --- its files --- */

static bool publish(int dir, const char *name, const struct str *text, struct err *e)
{
        return str_ok(text, name, e) && file_publish(dir, name, str_bytes(text), 0644, e);
}

/* Addresses lent before a restart are kept, and dnsmasq may write there without being root. */
static bool make_leases(int dir, const struct passwd *user, struct err *e)
{
        AUTO_FD int fd = openat(dir, "leases", O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
        if (fd < 0 || (user && fchown(fd, user->pw_uid, user->pw_gid) < 0))
                return err_sys(e, _("creating %s"), "leases");
        return true;
}

static bool write_files(const struct dnsmasq_wish *w, const struct passwd *user, struct err *e)
{
        AUTO_STR conf = STR_MAX(1 << 20), hosts = STR_MAX(HOSTS_MAX);
        AUTO_FD int dir = open(w->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
                return err_sys(e, _("opening %s"), w->folder);
        dnsmasq_print(w, &conf, &hosts);
        if (w->mode == DHCP_OURS && !publish(dir, "hosts", &hosts, e))
                return false;
        if (w->mode != DHCP_NONE && !make_leases(dir, user, e))
                return false;
        return publish(dir, "dnsmasq.conf", &conf, e);
}

static bool test_configuration(const char *conf, struct err *e)
{
        const char *argv[] = { "dnsmasq", "--test", conf, NULL };
        struct proc p = { .argv = argv, .deadline_ms = START_MS };
        return proc_run(&p, e);
}

/* Those before 2.87 stop at the option. */
static bool knows_pxe_vendor(void)
{
        static const char *const argv[] = { "dnsmasq", "--test", "--conf-file=/dev/null", "--dhcp-pxe-vendor=PXEClient",
                NULL };
        struct proc p = { .argv = argv, .deadline_ms = START_MS };
        struct err ignored = ERR_INIT;
        return proc_run(&p, &ignored);
}

/* --- the child --- */

/* Only what is needed is kept, and the kernel hands it on through exec. */
static bool keep_rights(void)
{
        struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
        struct __user_cap_data_struct want[2] = { { 0 } };
        for (size_t i = 0; i < COUNT(needed); i++)
                want[0].effective |= 1u << needed[i];
        want[0].permitted = want[0].inheritable = want[0].effective;
        if (syscall(SYS_capset, &header, want) < 0)
                return false;
        for (size_t i = 0; i < COUNT(needed); i++)
                if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, needed[i], 0, 0) < 0)
                        return false;
        return true;
}

/* dnsmasq could give up root's rights by itself, but the kernel then forgets that it is to die with us. */
static bool become(const struct passwd *user)
{
        if (!user)
                return true;
        return setgroups(0, NULL) == 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 &&
               setresgid(user->pw_gid, user->pw_gid, user->pw_gid) == 0 &&
               setresuid(user->pw_uid, user->pw_uid, user->pw_uid) == 0 && keep_rights();
}

struct launch {
        const char *program;
        const char *const *argv;
        const struct passwd *user;
        int log; /* the child's end */
        pid_t parent;
};

static _Noreturn void be_child(const struct launch *l)
{
        static const char *const env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL };
        sigset_t none;
        setpgid(0, 0);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGPIPE, SIG_DFL);
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (null < 0 || dup2(null, 0) < 0 || dup2(l->log, 1) < 0 || dup2(l->log, 2) < 0 || !become(l->user))
                _exit(127);
        syscall(SYS_close_range, 3u, ~0u, 0u);
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != l->parent)
                _exit(127);
        execve(l->program, (char *const *)(uintptr_t)l->argv, (char *const *)(uintptr_t)env);
        _exit(127);
}

static const char *find_program(void)
{
        static const char *const places[] = { "/usr/local/sbin/dnsmasq", "/usr/sbin/dnsmasq", "/sbin/dnsmasq",
                "/usr/local/bin/dnsmasq", "/usr/bin/dnsmasq" };
        for (size_t i = 0; i < COUNT(places); i++)
                if (access(places[i], X_OK) == 0)
                        return places[i];
        return NULL;
}

static bool launch(struct dnsmasq *d, const char *conf, const struct passwd *user, struct err *e)
{
        /* Without a user and a group of its own, dnsmasq would become "nobody" in "dip", and then not die with us. */
        bool as_root = geteuid() == 0 && !user;
        const char *argv[] = { "dnsmasq", "--keep-in-foreground", conf, as_root ? "--user=root" : NULL, "--group=root",
                NULL };
        int log[2];
        struct launch l = { .program = find_program(), .argv = argv, .user = user, .parent = getpid() };
        if (!l.program)
                return err_set(e, ERR_WORLD, _("the program %s is not installed"), "dnsmasq");
        if (pipe2(log, O_CLOEXEC) < 0)
                return err_sys(e, _("making a pipe"));
        l.log = log[1];
        d->pid = fork();
        if (d->pid == 0)
                be_child(&l);
        close(log[1]);
        d->output = log[0];
        if (d->pid > 0) {
                setpgid(d->pid, d->pid);
                fcntl(d->output, F_SETFL, O_NONBLOCK);
                return true;
        }
        err_sys(e, _("starting %s"), "dnsmasq");
        d->pid = 0;
        dnsmasq_stop(d);
        return false;
}

/* --- its log, up to where it listens --- */

/* One line without its end; byte by byte, so that what follows is left for the caller. False at the end, or when the
 * time is over. */
static bool read_line(int fd, int64_t until, char *line, size_t size)
{
        size_t n = 0;
        for (;;) {
                char c;
                ssize_t got = read(fd, &c, 1);
                struct pollfd p = { fd, POLLIN, 0 };
                int64_t left = until - now_steady();
                if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
                        break;
                if (got == 1 && c == '\n') {
                        line[n] = '\0';
                        return true;
                }
                if (got == 1 && n + 1 < size)
                        line[n++] = c >= 0x20 && c < 0x7f ? c : '?';
                if (got < 0 && (left <= 0 || (poll(&p, 1, (int)left) < 0 && errno != EINTR)))
                        break;
        }
        line[n] = '\0';
        return n > 0;
}

/* What dnsmasq only remarks upon and goes on, although machines would then get nothing. */
static bool is_complaint(const char *line)
{
        static const char *const words[] = { "cannot ", "failed to ", "bad ", "duplicate dhcp-host", "inaccessible",
                "error at line" };
        for (size_t i = 0; i < COUNT(words); i++)
                if (strstr(line, words[i]))
                        return true;
        return false;
}

static bool reap(struct dnsmasq *d, int *status)
{
        pid_t got;
        while ((got = waitpid(d->pid, status, WNOHANG)) < 0 && errno == EINTR) {
        }
        return got == d->pid || (got < 0 && errno == ECHILD);
}

static bool reap_until(struct dnsmasq *d, int64_t until, int *status)
{
        const struct timespec pause = { 0, 5000000 };
        while (!reap(d, status)) {
                if (now_steady() >= until)
                        return false;
                nanosleep(&pause, NULL);
        }
        d->pid = 0;
        return true;
}

static bool say_ended(int status, const char *last, struct err *e)
{
        if (WIFSIGNALED(status))
                return err_set(e, ERR_WORLD, _("dnsmasq was ended by signal %d"), WTERMSIG(status));
        if (*last)
                return err_set(
                        e, ERR_WORLD, _("dnsmasq ended by itself with exit code %d: %s"), WEXITSTATUS(status), last);
        return err_set(e, ERR_WORLD, _("dnsmasq ended by itself with exit code %d"), WEXITSTATUS(status));
}

/* "dnsmasq: started, version 2.90 DNS disabled" comes when all sockets are bound; the hosts are read after it. */
static bool await_ready(struct dnsmasq *d, const struct dnsmasq_wish *w, struct err *e)
{
        char line[400], last[400] = "", hosts[300];
        int64_t until = now_steady() + START_MS;
        int status = 0;
        bool started = false;
        snprintf(hosts, sizeof(hosts), "read %s/hosts", w->folder);
        while (read_line(d->output, until, line, sizeof(line))) {
                log_event("dnsmasq", "says", "line", line, NULL);
                if (is_complaint(line) && started)
                        return err_set(e, ERR_WORLD, _("dnsmasq complains: %s"), line);
                /* The line after the reason. */
                if (!strstr(line, "FAILED to start up"))
                        snprintf(last, sizeof(last), "%s", line);
                started = started || strstr(line, "started, version");
                if (started && (w->mode != DHCP_OURS || strstr(line, hosts)))
                        return true;
        }
        bool ended = reap_until(d, now_steady() < until ? now_steady() + 1000 : 0, &status);
        /* dnsmasq takes its port everywhere before it keeps to one interface: a server elsewhere that shares nothing is
         * in its way too. */
        if (ended && strstr(last, "Address already in use") && !check_ports(w, NULL, e))
                return false;
        if (ended)
                return say_ended(status, last, e);
        return err_set(e, ERR_WORLD, _("dnsmasq did not start to listen within %d seconds"), START_MS / 1000);
}

bool dnsmasq_start(struct dnsmasq *d, const struct dnsmasq_wish *wish, struct err *e)
{
        AUTO_STR conf = STR_MAX(4096);
        struct dnsmasq_wish copy = *wish, *w = &copy;
        struct passwd *user;
        *d = (struct dnsmasq){ .output = -1 };
        str_addf(&conf, "--conf-file=%s/dnsmasq.conf", w->folder);
        if (!check_folder(w, e) || !str_ok(&conf, "dnsmasq.conf", e))
                return false;
        if (!find_program())
                return err_set(e, ERR_WORLD, _("the program %s is not installed"), "dnsmasq");
        w->old_dnsmasq = w->mode == DHCP_PROXY && !knows_pxe_vendor();
        if (!check_rights(e) || !find_user(w, &user, e) || !check_ports(w, &w->on, e) || !write_files(w, user, e))
                return false;
        if (!test_configuration(str_text(&conf), e) || !launch(d, str_text(&conf), user, e))
                return err_ctx(e, _("starting dnsmasq"));
        if (await_ready(d, w, e))
                return true;
        dnsmasq_stop(d);
        return err_ctx(e, _("starting dnsmasq"));
}

void dnsmasq_stop(struct dnsmasq *d)
{
        int status;
        if (d->pid > 0) {
                kill(d->pid, SIGTERM);
                if (!reap_until(d, now_steady() + STOP_MS, &status)) {
                        kill(-d->pid, SIGKILL);
                        reap_until(d, INT64_MAX, &status);
                }
                d->pid = 0;
        }
        if (d->output > 0)
                close(d->output);
        d->output = -1;
}

bool dnsmasq_died(const struct dnsmasq *d, int status, struct err *e)
{
        char line[400] = "", last[400] = "";
        while (d->output >= 0 && read_line(d->output, 0, line, sizeof(line)))
                snprintf(last, sizeof(last), "%s", line);
        return say_ended(status, last, e);
}
