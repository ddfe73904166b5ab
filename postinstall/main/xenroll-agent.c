/* xenroll-agent - the program that finishes a host after its installation. What it does is postinstall/agent.h. */
#include "base/file.h"
#include "base/i18n.h"
#include "base/secret.h"
#include "postinstall/agent.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

/* Of a process that could not go on and is to be started again; the service knows the number. */
enum { EXIT_AGAIN = 75 };

static int report(const struct err *e, int code)
{
        if (e->code)
                fprintf(stderr, "xenroll-agent: XR-%03d: %s\n", e->code, e->text);
        else if (e->text[0])
                fprintf(stderr, "xenroll-agent: %s\n", e->text);
        if (e->remedy[0])
                fprintf(stderr, "        %s\n", e->remedy);
        return code;
}

static int failed(const struct err *e) { return report(e, e->kind ? (int)e->kind : ERR_WORLD); }

static int run(int root, const char *root_path, struct err *e)
{
        switch (agent_run(root, root_path, e)) {
        case AGENT_CONVERGED:
                return 0;
        case AGENT_AGAIN:
                return report(e, EXIT_AGAIN);
        case AGENT_STOPPED:
                break;
        }
        return failed(e);
}

static int status(int root, const char *root_path, struct err *e)
{
        (void)root_path;
        if (!agent_status(root, e))
                return failed(e);
        if (fflush(stdout) == 0 && !ferror(stdout))
                return 0;
        err_sys(e, _("writing the output"));
        return failed(e);
}

static const struct {
        const char *name, *help;
        int (*act)(int root, const char *root_path, struct err *e); /* NULL: needs no root */
} commands[] = {
        { "run", N_("bring this host to what its plan says; returns when nothing is left to do"), run },
        { "status", N_("print how far it is"), status },
        { "version", N_("print the version"), NULL },
        { "help", N_("print this"), NULL },
};

static void help(FILE *f)
{
        fprintf(f, "xenroll-agent run|status [--root DIR]\nxenroll-agent version|help\n\n");
        for (size_t i = 0; i < COUNT(commands); i++)
                fprintf(f, "  %-8s %s\n", commands[i].name, _(commands[i].help));
        fprintf(f, "\n%s\n",
                _("--root DIR: the folder below which plan, journal and XenServer's socket are; / unless given."));
        fprintf(f, _("Exit codes: 0 done, 1 to 4 stopped, %d to be started again.\n"), EXIT_AGAIN);
}

static bool parse_root(int argc, char **argv, const char **root, struct err *e)
{
        *root = "/";
        for (int i = 2; i < argc; i++) {
                if (!strncmp(argv[i], "--root=", 7))
                        *root = argv[i] + 7;
                else if (!strcmp(argv[i], "--root") && i + 1 < argc)
                        *root = argv[++i];
                else
                        return err_set(
                                e, ERR_USAGE, _("'%s' is not understood; 'xenroll-agent help' says what is"), argv[i]);
        }
        return true;
}

static int act(size_t command, int argc, char **argv)
{
        struct err e = ERR_INIT;
        const char *root_path;
        if (!parse_root(argc, argv, &root_path, &e))
                return failed(&e);
        AUTO_FD int root = open(root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (root < 0) {
                err_sys(&e, _("opening %s"), root_path);
                return failed(&e);
        }
        return commands[command].act(root, root_path, &e);
}

int main(int argc, char **argv)
{
        secret_process_guard();
        umask(077);
        signal(SIGPIPE, SIG_IGN);
        i18n_init(NULL);
        draft_guard_signals();
        const char *name = argc > 1 ? argv[1] : "";
        for (size_t i = 0; i < COUNT(commands); i++)
                if (commands[i].act && !strcmp(name, commands[i].name))
                        return act(i, argc, argv);
        if (!strcmp(name, "version") || !strcmp(name, "--version"))
                return printf("xenroll-agent %s\n", VERSION) < 0 || fflush(stdout) ? ERR_WORLD : 0;
        if (!strcmp(name, "help") || !strcmp(name, "--help")) {
                help(stdout);
                return 0;
        }
        help(stderr);
        return ERR_USAGE;
}
