#include "base/proc.h"
#include "base/file.h"
#include "base/i18n.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define SEARCH_PATH "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"

static const char *const closed_env[] = { "PATH=" SEARCH_PATH, "LC_ALL=C.UTF-8", NULL };

static bool find_program(const char *name, char *path, size_t size)
{
        if (strchr(name, '/'))
                return (size_t)snprintf(path, size, "%s", name) < size && access(path, X_OK) == 0;
        for (const char *dir = SEARCH_PATH; dir;) {
                const char *end = strchrnul(dir, ':');
                if ((size_t)snprintf(path, size, "%.*s/%s", (int)(end - dir), dir, name) < size && access(path, X_OK) == 0)
                        return true;
                dir = *end ? end + 1 : NULL;
        }
        return false;
}

bool proc_have(const char *program)
{
        char path[512];
        return find_program(program, path, sizeof(path));
}

static long now_ms(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec * 1000L + t.tv_nsec / 1000000;
}

/* A kernel before 5.11 does not know the call; ours are closed by O_CLOEXEC, so this is for those of libraries. */
static void close_on_exec_from(unsigned first)
{
        enum { CLOEXEC = 1 << 2, MOST = 1024 };
        if (syscall(SYS_close_range, first, ~0u, CLOEXEC) == 0)
                return;
        for (unsigned fd = first; fd < MOST; fd++)
                fcntl((int)fd, F_SETFD, FD_CLOEXEC);
}

/* The three ends a child gets; only async-signal-safe calls between fork and exec. */
static _Noreturn void child_exec(const struct proc *p, const char *path, int in, int out, int err)
{
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);       /* an interrupted build must not leave a writer behind */
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGPIPE, SIG_DFL);
        if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
                _exit(127);
        if (p->dir && fchdir(p->dir) < 0)
                _exit(127);
        close_on_exec_from(3);
        for (size_t i = 0; i < COUNT(p->pass_fds); i++)
                if (p->pass_fds[i] > 2)
                        fcntl(p->pass_fds[i], F_SETFD, 0);
        execve(path, (char *const *)(uintptr_t)p->argv, (char *const *)(uintptr_t)(p->env ? p->env : closed_env));
        _exit(127);
}

struct ends {
        int in[2], out[2], err[2];
};

static void ends_close(struct ends *n)
{
        int *all[] = { &n->in[0], &n->in[1], &n->out[0], &n->out[1], &n->err[0], &n->err[1] };
        for (size_t i = 0; i < COUNT(all); i++)
                cleanup_fd(all[i]);
}

static bool ends_open(struct ends *n, struct err *e)
{
        *n = (struct ends){ { -1, -1 }, { -1, -1 }, { -1, -1 } };
        if (pipe2(n->in, O_CLOEXEC) < 0 || pipe2(n->out, O_CLOEXEC) < 0 || pipe2(n->err, O_CLOEXEC) < 0) {
                err_sys(e, _("making a pipe"));
                ends_close(n);
                return false;
        }
        fcntl(n->in[1], F_SETFL, O_NONBLOCK);
        return true;
}

static void shut(int *fd)
{
        cleanup_fd(fd);
        *fd = -1;
}

/* Hands each complete new line to the caller's tick. */
static void tick_lines(const struct proc *p, const struct str *err, size_t *told)
{
        for (const char *at; p->tick && (at = memchr(str_text(err) + *told, '\n', err->len - *told));) {
                AUTO_STR line = STR_MAX(4096);
                str_addn(&line, str_text(err) + *told, (size_t)(at - str_text(err)) - *told);
                *told = (size_t)(at - str_text(err)) + 1;
                p->tick(str_text(&line), p->tick_arg);
        }
}

/* Moves bytes both ways until the child has closed its ends. False when the deadline passed. */
static bool exchange(const struct proc *p, struct ends *n, struct str *err, long deadline)
{
        size_t sent = 0, told = 0;
        if (!p->input.len)
                shut(&n->in[1]);
        while (n->out[0] >= 0 || n->err[0] >= 0) {
                struct pollfd fds[] = {
                        { .fd = n->in[1], .events = POLLOUT }, { .fd = n->out[0], .events = POLLIN }, { .fd = n->err[0], .events = POLLIN },
                };
                long left = deadline - now_ms();
                if (left <= 0)
                        return false;
                if (poll(fds, COUNT(fds), (int)(left > 1000 ? 1000 : left)) < 0 && errno != EINTR)
                        return false;
                if (fds[0].revents) {
                        ssize_t w = write(n->in[1], p->input.ptr + sent, p->input.len - sent);
                        sent += w > 0 ? (size_t)w : 0;
                        if ((w < 0 && errno != EAGAIN && errno != EINTR) || sent == p->input.len)
                                shut(&n->in[1]);
                }
                char buffer[16384];
                for (int i = 1; i <= 2; i++) {
                        int *fd = i == 1 ? &n->out[0] : &n->err[0];
                        struct str *to = i == 1 ? p->out : err;
                        if (!fds[i].revents)
                                continue;
                        ssize_t r = read(*fd, buffer, sizeof(buffer));
                        if (r > 0 && to)
                                str_addn(to, buffer, (size_t)r);
                        else if (r == 0 || (r < 0 && errno != EINTR))
                                shut(fd);
                }
                tick_lines(p, err, &told);
        }
        return true;
}

/* The last line with text in it, for the error. */
static void last_line(const struct str *err, char *line, size_t size)
{
        const char *text = str_text(err), *end = text + err->len;
        while (end > text && (end[-1] == '\n' || end[-1] == ' '))
                end--;
        const char *start = end;
        while (start > text && start[-1] != '\n')
                start--;
        snprintf(line, size, "%.*s", (int)(end - start > 300 ? 300 : end - start), start);
}

static bool judge(const struct proc *p, int status, bool in_time, const struct str *err, struct err *e)
{
        if (!in_time)
                return err_set(e, ERR_WORLD, _("%s did not finish in %d seconds"), p->argv[0], p->deadline_ms / 1000);
        if (WIFSIGNALED(status))
                return err_set(e, ERR_WORLD, _("%s was ended by signal %d"), p->argv[0], WTERMSIG(status));
        if (WEXITSTATUS(status) == 0)
                return true;
        char line[301];
        last_line(err, line, sizeof(line));
        return err_set(e, ERR_WORLD, _("%s failed with exit code %d: %s"), p->argv[0], WEXITSTATUS(status), line);
}

bool proc_run(const struct proc *spec, struct err *e)
{
        struct proc p = *spec;
        char path[512];
        if (!p.deadline_ms)
                p.deadline_ms = 60000;
        if (!find_program(p.argv[0], path, sizeof(path)))
                return err_set(e, ERR_WORLD, _("the program %s is not installed"), p.argv[0]);
        OWN(ends_close) struct ends n;
        if (!ends_open(&n, e))
                return false;
        AUTO_STR own = STR_MAX(1 << 20);
        struct str *err = p.err ? p.err : &own;
        pid_t pid = fork();
        if (pid < 0)
                return err_sys(e, _("starting %s"), p.argv[0]);
        if (pid == 0)
                child_exec(&p, path, n.in[0], n.out[1], n.err[1]);
        setpgid(pid, pid);
        shut(&n.in[0]);
        shut(&n.out[1]);
        shut(&n.err[1]);
        bool in_time = exchange(&p, &n, err, now_ms() + p.deadline_ms);
        if (!in_time)
                kill(-pid, SIGKILL);
        int status = 0;
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        return judge(&p, status, in_time, err, e);
}
