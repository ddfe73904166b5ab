/* The manual pages, as scdoc source, from the same tables as --help. */
#include "cmd/command.h"
#include "answerfiles/site_reference.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <string.h>

static void heading(struct str *out, const char *text) { str_addf(out, "# %s\n\n", text); }

static void paragraph(struct str *out, const char *text)
{
        scdoc_escape(out, text);
        str_add(out, "\n\n");
}

static void name(struct str *out, const char *page, int section)
{
        str_addf(out, "%s(%d)\n\n", page, section);
        heading(out, _("NAME"));
        str_addf(out, "%s - ", page);
}

static void exit_codes(struct str *out)
{
        heading(out, _("EXIT STATUS"));
        static const char *const meanings[] = { N_("done"), N_("the input is wrong"), N_("the command line is wrong"),
                N_("the world is wrong: disk, network, a missing program"), N_("refused, because data could be lost") };
        for (size_t i = 0; i < COUNT(meanings); i++) {
                str_addf(out, "*%zu*\n\t", i);
                paragraph(out, _(meanings[i]));
        }
}

static void page_of_command(struct str *out, const struct command *c)
{
        char page[64];
        snprintf(page, sizeof(page), "xenroll-%s", c->name);
        name(out, page, 1);
        paragraph(out, _(c->summary));
        heading(out, _("SYNOPSIS"));
        str_addf(out, "*xenroll %s* %s ", c->name, _("[options]"));
        paragraph(out, c->arguments);
        heading(out, _("DESCRIPTION"));
        paragraph(out, _(c->about));
        heading(out, _("OPTIONS"));
        for (size_t i = 0; i < c->n_options; i++) {
                const struct option_row *row = &c->options[i];
                str_add(out, "*");
                if (row->letter)
                        str_addf(out, "-%c*, *", row->letter);
                str_addf(out, "--%s*", row->name);
                if (row->value)
                        str_addf(out, " _%s_", row->value);
                str_add(out, "\n\t");
                paragraph(out, _(row->help));
        }
        str_addf(out, "*--language* _LANG_\n\t%s\n\n*-v*, *--verbose*\n\t%s\n\n", _("language of messages: en or zh\\_CN"),
                _("log each step as key=value lines"));
        if (c->example) {
                heading(out, _("EXAMPLES"));
                str_addf(out, "```\n%s```\n\n", c->example);
        }
        exit_codes(out);
        heading(out, _("SEE ALSO"));
        str_add(out, "*xenroll*(1), *xenroll-site*(5), *xenroll-rules*(7)\n");
}

static void page_of_program(struct str *out)
{
        name(out, "xenroll", 1);
        paragraph(out, _("install XenServer and XCP-ng on many servers with nobody at the keyboard"));
        heading(out, _("SYNOPSIS"));
        str_addf(out, "*xenroll* _COMMAND_ %s\n\n", _("[options] [arguments]"));
        heading(out, _("COMMANDS"));
        const struct command *c;
        for (size_t i = 0; (c = command_at(i)); i++) {
                str_addf(out, "*%s*\n\t", c->name);
                scdoc_escape(out, _(c->summary));
                str_addf(out, "; *xenroll-%s*(1)\n\n", c->name);
        }
        exit_codes(out);
}

static void page_of_rules(struct str *out)
{
        name(out, "xenroll-rules", 7);
        paragraph(out, _("what the codes XR-nnn mean"));
        heading(out, _("RULES"));
        const struct rule_row *row;
        for (size_t i = 0; (row = rule_at(i)); i++) {
                str_addf(out, "*XR-%03d* (%s)\n\t", (int)row->rule, row->severity == SEVERITY_ERROR ? _("error") : _("warning"));
                scdoc_escape(out, _(row->message));
                if (*row->remedy) {
                        str_add(out, "\n\n\t");
                        scdoc_escape(out, _(row->remedy));
                }
                if (*row->about) {
                        str_add(out, "\n\n\t");
                        scdoc_escape(out, _(row->about));
                }
                str_add(out, "\n\n");
        }
}

bool help_print_scdoc(const char *page, FILE *f)
{
        AUTO_STR out = STR_MAX(1 << 20);
        const struct command *c = !strncmp(page, "xenroll-", 8) ? command_find(page + 8) : NULL;
        if (c)
                page_of_command(&out, c);
        else if (!strcmp(page, "xenroll"))
                page_of_program(&out);
        else if (!strcmp(page, "xenroll-site"))
                site_scdoc(&out);
        else if (!strcmp(page, "xenroll-rules"))
                page_of_rules(&out);
        else
                return false;
        fputs(str_text(&out), f);
        return true;
}
