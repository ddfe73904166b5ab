#include "cmd/command.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"

#include <string.h>

static const struct command *const commands[] = {
#define COMMAND(name) &command_##name,
#include "cmd/commands.def"
#undef COMMAND
};

const struct command *command_at(size_t index) { return index < COUNT(commands) ? commands[index] : NULL; }

const struct command *command_find(const char *name)
{
        for (size_t i = 0; i < COUNT(commands); i++)
                if (!strcmp(commands[i]->name, name))
                        return commands[i];
        return NULL;
}

int command_report(const struct err *e)
{
        if (e->kind == ERR_NONE)
                return 0;
        if (!e->text[0])
                return (int)e->kind;
        if (e->code)
                fprintf(stderr, "xenroll: XR-%03d: %s\n", e->code, e->text);
        else
                fprintf(stderr, "xenroll: %s\n", e->text);
        if (e->remedy[0])
                fprintf(stderr, "        %s\n", e->remedy);
        return (int)e->kind;
}

static bool unknown_command(const char *name, struct err *e)
{
        const char *names[COUNT(commands)];
        for (size_t i = 0; i < COUNT(commands); i++)
                names[i] = commands[i]->name;
        const char *near = text_nearest(name, names, COUNT(names));
        if (near)
                return err_set(e, ERR_USAGE, _("there is no command '%s'; did you mean '%s'?"), name, near);
        return err_set(e, ERR_USAGE, _("there is no command '%s'; 'xenroll --help' lists them"), name);
}

/* The language has to be known before the first message, wherever the option stands. */
static const char *language_of(int argc, char **argv)
{
        for (int i = 1; i < argc; i++) {
                if (!strcmp(argv[i], "--"))
                        break;
                if (!strncmp(argv[i], "--language=", 11))
                        return argv[i] + 11;
                if (!strcmp(argv[i], "--language") && i + 1 < argc)
                        return argv[i + 1];
        }
        return NULL;
}

static bool run_command(int argc, char **argv, struct err *e)
{
        const struct command *c = command_find(argv[0]);
        if (!c)
                return unknown_command(argv[0], e);
        AUTO_FREE void *options = calloc(1, c->size ? c->size : 1);
        if (!options)
                file_out_of_memory();
        struct global_options g = { 0 };
        if (!options_parse(c, &g, options, &argc, argv, e))
                return false;
        if (g.help) {
                help_print_command(c, stdout);
                return true;
        }
        log_enable(g.verbose);
        return c->run(options, argc, argv, e);
}

/* What a full disk or a closed pipe did to standard output shows only now. */
static bool flush_output(struct err *e)
{
        if (fflush(stdout) == 0 && !ferror(stdout))
                return true;
        return err_sys(e, _("writing the output"));
}

int main(int argc, char **argv)
{
        secret_process_guard();
        const char *language = language_of(argc, argv);
        bool known = i18n_init(language);
        draft_guard_signals();
        struct err e = ERR_INIT;
        if (!known) {
                err_set(&e, ERR_USAGE, _("--language takes en or zh_CN, not '%s'"), language);
                return command_report(&e);
        }
        int first = 1;
        while (first < argc && !strncmp(argv[first], "--language", 10))
                first += argv[first][10] ? 1 : 2;
        if (first >= argc) {
                help_print(stderr);
                return ERR_USAGE;
        }
        if (!strcmp(argv[first], "--help") || !strcmp(argv[first], "-h") || !strcmp(argv[first], "help"))
                help_print(stdout);
        else if (!strcmp(argv[first], "--version"))
                printf("xenroll %s\n", VERSION);
        else if (!strcmp(argv[first], "--scdoc") && first + 1 < argc) {
                if (!help_print_scdoc(argv[first + 1], stdout))
                        err_set(&e, ERR_USAGE, _("there is no page '%s'"), argv[first + 1]);
        } else if (!run_command(argc - first, argv + first, &e))
                return command_report(&e);
        if (e.kind == ERR_NONE)
                flush_output(&e);
        return command_report(&e);
}
