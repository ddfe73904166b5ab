#include "pxe/supervisor.h"
#include "pxe/notify.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

struct running {
        struct supervisor *s;
        struct child children[1 + MOST_CHILDREN]; /* the boot network's web server comes first, if there is one */
        pid_t pids[1 + MOST_CHILDREN];            /* 0 = not running */
        size_t n;
        int backend; /* our side; owned */
        int signals; /* owned */
        struct dnsmasq dnsmasq;
        char line[1024]; /* of dnsmasq's log, not yet ended */
        size_t line_length;
        int stops; /* signals so far that asked us to end */
        bool stale;
};

/* --- the other processes --- */

static void tell_ready(void *pipe)
{
        if (write(*(int *)pipe, "", 1) < 0) /* then nobody waits for it any more */
                return;
}

static void close_all(const struct child *c)
{
        for (size_t i = 0; i < c->n_fds; i++)
                close(c->fds[i]);
}

/* What belongs to another must not be held open here: its end would not be seen. */
static void keep_own(const struct running *r, const struct child *own)
{
        for (size_t i = 0; i < r->n; i++)
                if (&r->children[i] != own)
                        close_all(&r->children[i]);
        if (r->backend >= 0)
                close(r->backend);
        close(r->signals);
}

_Noreturn static void be_child(const struct running *r, const struct child *c, int pipe, pid_t parent)
{
        struct err e = ERR_INIT;
        sigset_t none;
        sigemptyset(&none);
        signal(SIGINT, SIG_IGN); /* a person's Ctrl-C is the supervisor's to order */
        signal(SIGTERM, SIG_DFL);
        sigprocmask(SIG_SETMASK, &none, NULL);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
                _exit(0);
        keep_own(r, c);
        if (c->run(c->arg, tell_ready, &pipe, pipe, &e))
                _exit(0);
        say_line(SAY_ERROR, e.text);
        if (*e.remedy)
                say_line(SAY_INFO, e.remedy);
        _exit(1);
}

static bool await_ready(int pipe, const char *name, struct err *e)
{
        char byte;
        ssize_t got;
        do
                got = read(pipe, &byte, 1);
        while (got < 0 && errno == EINTR);
        return got == 1 || err_set(e, ERR_WORLD, _("%s could not be started"), name);
}

static bool start_child(struct running *r, size_t i, struct err *e)
{
        int ready[2];
        pid_t parent = getpid();
        const struct child *c = &r->children[i];
        if (pipe2(ready, O_CLOEXEC) < 0)
                return err_sys(e, _("starting %s"), c->name);
        fflush(NULL);
        r->pids[i] = fork();
        if (r->pids[i] == 0) {
                close(ready[0]);
                be_child(r, c, ready[1], parent);
        }
        close(ready[1]);
        bool fine = r->pids[i] > 0 ? await_ready(ready[0], c->name, e) : err_sys(e, _("starting %s"), c->name);
        close(ready[0]);
        return fine;
}

static bool run_server(void *arg, void (*ready)(void *arg), void *ready_arg, int keep, struct err *e)
{
        struct supervisor *s = arg;
        s->server.keep = keep;
        if (s->forget)
                s->forget(s->forget_arg);
        return server_run(&s->server, ready, ready_arg, e);
}

static bool start_all(struct running *r, struct err *e)
{
        struct supervisor *s = r->s;
        int pair[2] = { -1, -1 };
        if (s->desk) {
                if (!backend_pair(pair, e))
                        return false;
                s->server.backend = pair[1];
                r->backend = pair[0];
                r->children[r->n++] = (struct child){ _("the web server"), run_server, s, &s->server.backend, 1 };
        }
        for (size_t i = 0; i < s->n_children && i < MOST_CHILDREN; i++)
                r->children[r->n++] = s->children[i];
        bool fine = true;
        for (size_t i = 0; fine && i < r->n; i++)
                fine = start_child(r, i, e);
        for (size_t i = 0; i < r->n; i++)
                close_all(&r->children[i]);
        return fine;
}

/* --- dnsmasq's log --- */

static void log_lines(struct running *r, const char *text, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (text[i] != '\n' && r->line_length + 1 < sizeof(r->line)) {
                        r->line[r->line_length++] = text[i];
                        continue;
                }
                r->line[r->line_length] = '\0';
                if (r->line_length)
                        say_line(SAY_INFO, r->line);
                r->line_length = 0;
        }
}

static void read_dnsmasq(struct running *r)
{
        char text[4096];
        ssize_t n = read(r->dnsmasq.output, text, sizeof(text));
        if (n > 0) {
                log_lines(r, text, (size_t)n);
                return;
        }
        close(r->dnsmasq.output); /* its end is told by SIGCHLD */
        r->dnsmasq.output = -1;
}

/* --- the loop --- */

static void answer(void *arg, const struct ask *a, struct reply *reply)
{
        struct running *r = arg;
        struct supervisor *s = r->s;
        if (s->still && !r->stale && !s->still(s->still_arg)) {
                struct err e = ERR_INIT;
                r->stale = true;
                s->desk->paused = true;
                err_rule(&e, XR_SERVE_OTHER_BUILD, "out", NULL);
                say_line(SAY_WARNING, e.text);
        }
        desk_answer(s->desk, a, reply);
}

/* Ordered: no machine gets an address any more, then those that load come to their end. */
static void ask_to_stop(struct running *r)
{
        if (r->stops++ == 0) {
                notify_manager("STOPPING=1");
                say_line(SAY_NOTICE, _("stopping: downloads under way may end; once more, and they are cut off"));
                if (r->s->desk)
                        r->s->desk->paused = true;
                dnsmasq_stop(&r->dnsmasq);
        }
        for (size_t i = 0; i < r->n; i++)
                if (r->pids[i] > 0)
                        kill(r->pids[i], SIGTERM);
}

static bool any_left(const struct running *r)
{
        for (size_t i = 0; i < r->n; i++)
                if (r->pids[i] > 0)
                        return true;
        return false;
}

/* The index, or n when it is none of these. */
static size_t child_of(const struct running *r, pid_t pid)
{
        size_t i = 0;
        while (i < r->n && r->pids[i] != pid)
                i++;
        return i;
}

/* *over: the supervisor has nothing left to do. */
static bool child_ended(struct running *r, bool *over, struct err *e)
{
        int status;
        pid_t pid;
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
                size_t i = child_of(r, pid);
                if (i < r->n) {
                        r->pids[i] = 0;
                        *over = !any_left(r);
                        if (!r->stops)
                                return err_set(e, ERR_WORLD, _("%s ended by itself"), r->children[i].name);
                } else if (r->dnsmasq.pid > 0 && pid == r->dnsmasq.pid) {
                        r->dnsmasq.pid = 0;
                        if (!r->stops)
                                return dnsmasq_died(&r->dnsmasq, status, e);
                }
        }
        return true;
}

static bool take_signal(struct running *r, bool *over, struct err *e)
{
        struct signalfd_siginfo info;
        if (read(r->signals, &info, sizeof(info)) != sizeof(info))
                return true;
        if (info.ssi_signo == SIGCHLD)
                return child_ended(r, over, e);
        if (info.ssi_signo != SIGHUP)
                ask_to_stop(r);
        return true;
}

static bool loop(struct running *r, struct err *e)
{
        bool over = false, gone = false;
        while (!over) {
                struct pollfd fds[] = { { r->signals, POLLIN, 0 }, { gone ? -1 : r->backend, POLLIN, 0 },
                        { r->dnsmasq.output, POLLIN, 0 } };
                if (poll(fds, COUNT(fds), -1) < 0 && errno != EINTR)
                        return err_sys(e, _("waiting for requests"));
                if (fds[2].revents)
                        read_dnsmasq(r);
                if (fds[1].revents && !backend_answer(r->backend, answer, r, &gone, e) && !gone)
                        return err_ctx(e, _("the web server"));
                if (fds[0].revents && !take_signal(r, &over, e))
                        return false;
        }
        return true;
}

/* --- all of it --- */

static bool block_signals(struct running *r, sigset_t *before, struct err *e)
{
        sigset_t set;
        draft_leave_signals();
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGHUP);
        sigaddset(&set, SIGCHLD);
        sigprocmask(SIG_BLOCK, &set, before);
        r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        return r->signals >= 0 ? true : err_sys(e, _("waiting for requests"));
}

static void stop_all(struct running *r, const sigset_t *before)
{
        dnsmasq_stop(&r->dnsmasq);
        for (size_t i = 0; i < r->n; i++) {
                if (r->pids[i] <= 0)
                        continue;
                kill(r->pids[i], SIGKILL);
                while (waitpid(r->pids[i], NULL, 0) < 0 && errno == EINTR)
                        ;
        }
        cleanup_fd(&r->backend);
        cleanup_fd(&r->signals);
        cleanup_fd(&r->dnsmasq.output);
        sigprocmask(SIG_SETMASK, before, NULL);
}

bool supervise(struct supervisor *s, struct err *e)
{
        struct running r = { .s = s, .backend = -1, .signals = -1, .dnsmasq.output = -1 };
        sigset_t before;
        bool fine = block_signals(&r, &before, e) && start_all(&r, e) && s->open(s->open_arg, e) &&
                    (!s->dnsmasq || dnsmasq_start(&r.dnsmasq, s->dnsmasq, e));
        if (fine) {
                notify_manager("READY=1");
                say_line(SAY_NOTICE, s->ready);
                fine = loop(&r, e);
        }
        stop_all(&r, &before);
        return fine;
}
