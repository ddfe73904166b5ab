#include "cmd/command.h"
#include "base/i18n.h"
#include "base/text.h"

#include <getopt.h>
#include <limits.h>
#include <string.h>

enum { MOST_OPTIONS = 32, FIRST_VALUE = 256 };

static const struct option_row global_rows[] = {
        { "help", 'h', NULL, OPTION_FLAG, offsetof(struct global_options, help), N_("show this help") },
        { "language", 0, "LANG", OPTION_TEXT, offsetof(struct global_options, language), N_("language of messages: en or zh_CN") },
        { "verbose", 'v', NULL, OPTION_FLAG, offsetof(struct global_options, verbose), N_("log each step as key=value lines") },
};

static void add_row(struct option *longs, struct str *letters, size_t i, const struct option_row *row)
{
        longs[i] = (struct option){ row->name, row->value ? required_argument : no_argument, NULL, FIRST_VALUE + (int)i };
        if (row->letter)
                str_addf(letters, "%c%s", row->letter, row->value ? ":" : "");
}

static bool add_to_list(const struct option_row *row, struct option_list *list, const char *value, struct err *e)
{
        if (list->n == MOST_LISTED)
                return err_set(e, ERR_USAGE, _("--%s can be given %d times at most"), row->name, MOST_LISTED);
        list->items[list->n++] = value;
        return true;
}

static bool store(const struct option_row *row, void *base, char *value, struct err *e)
{
        void *at = (char *)base + row->offset;
        char *end;
        switch (row->kind) {
        case OPTION_FLAG:
                *(bool *)at = true;
                return true;
        case OPTION_TEXT:
                *(const char **)at = value;
                return true;
        case OPTION_LIST:
                return add_to_list(row, at, value, e);
        case OPTION_NUMBER:
                break;
        }
        long n = strtol(value, &end, 10);
        if (!*value || *end || n < 0 || n > INT_MAX)
                return err_set(e, ERR_USAGE, _("--%s needs a number, not '%s'"), row->name, value);
        *(int *)at = (int)n;
        return true;
}

static bool unknown_option(const struct command *c, const char *word, struct err *e)
{
        const char *names[MOST_OPTIONS];
        size_t n = 0, length = strcspn(word, "=");
        AUTO_STR bare = STR_MAX(256);
        for (size_t i = 0; i < c->n_options; i++)
                names[n++] = c->options[i].name;
        for (size_t i = 0; i < COUNT(global_rows); i++)
                names[n++] = global_rows[i].name;
        if (length > 2 && length < 200)
                str_addn(&bare, word + 2, length - 2);
        const char *near = text_nearest(str_text(&bare), names, n);
        if (near)
                return err_set(e, ERR_USAGE, _("'%s' is not an option of 'xenroll %s'; did you mean --%s?"), word, c->name, near);
        return err_set(e, ERR_USAGE, _("'%s' is not an option of 'xenroll %s', or lacks its value; see 'xenroll %s --help'"), word, c->name, c->name);
}

bool options_parse(const struct command *c, struct global_options *g, void *options, int *argc, char **argv, struct err *e)
{
        struct option longs[MOST_OPTIONS + 1] = { { 0 } };
        AUTO_STR letters = STR_MAX(128);
        str_add(&letters, ":");
        for (size_t i = 0; i < c->n_options; i++)
                add_row(longs, &letters, i, &c->options[i]);
        for (size_t i = 0; i < COUNT(global_rows); i++)
                add_row(longs, &letters, c->n_options + i, &global_rows[i]);
        optind = 0;
        opterr = 0;
        for (int got; (got = getopt_long(*argc, argv, str_text(&letters), longs, NULL)) != -1;) {
                if (got == '?' || got == ':')
                        return unknown_option(c, argv[optind - 1], e);
                for (size_t i = 0; i < c->n_options + COUNT(global_rows); i++) {
                        bool own = i < c->n_options;
                        const struct option_row *row = own ? &c->options[i] : &global_rows[i - c->n_options];
                        if (got != FIRST_VALUE + (int)i && (!row->letter || got != row->letter))
                                continue;
                        if (!store(row, own ? options : (void *)g, optarg, e))
                                return false;
                        break;
                }
        }
        int left = *argc - optind;
        memmove(argv, argv + optind, (size_t)left * sizeof(*argv));
        *argc = left;
        if (g->help || (left >= c->min_args && (c->max_args < 0 || left <= c->max_args)))
                return true;
        return err_set(e, ERR_USAGE, _("'xenroll %s' takes %s; see 'xenroll %s --help'"), c->name, *c->arguments ? c->arguments : _("no arguments"), c->name);
}

static void print_option(FILE *f, const struct option_row *row)
{
        AUTO_STR left = STR_MAX(256), line = STR_MAX(1024);
        str_addf(&left, "  %c%c%s --%s%s%s", row->letter ? '-' : ' ', row->letter ? row->letter : ' ', row->letter ? "," : " ",
                row->name, row->value ? " " : "", row->value ? row->value : "");
        text_pad(&line, str_text(&left), 28);
        fprintf(f, "%s %s\n", str_text(&line), _(row->help));
}

void help_print_command(const struct command *c, FILE *f)
{
        fprintf(f, _("Usage: xenroll %s [options] %s\n\n%s\n\nOptions:\n"), c->name, c->arguments, _(c->summary));
        for (size_t i = 0; i < c->n_options; i++)
                print_option(f, &c->options[i]);
        for (size_t i = 0; i < COUNT(global_rows); i++)
                print_option(f, &global_rows[i]);
        if (c->example)
                fprintf(f, _("\nExamples:\n%s"), c->example);
}

void help_print(FILE *f)
{
        fputs(_("Usage: xenroll COMMAND [options] [arguments]\n\nInstalls XenServer and XCP-ng on many servers with nobody at the keyboard.\n\nCommands:\n"), f);
        const struct command *c;
        for (size_t i = 0; (c = command_at(i)); i++) {
                AUTO_STR line = STR_MAX(512);
                str_add(&line, "  ");
                text_pad(&line, c->name, 10);
                fprintf(f, "%s %s\n", str_text(&line), _(c->summary));
        }
        fputs(_("\n'xenroll COMMAND --help' tells more. Messages in Chinese: --language zh_CN\n"), f);
}
