#include "answerfiles/selector.h"
#include "answerfiles/selector_network.h"
#include "base/catalogue.h"
#include "base/embed.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <openssl/evp.h>
#include <string.h>

EMBED(selector_sh, "answerfiles/selector.sh");
EMBED(selector_report_sh, "answerfiles/selector-report.sh");
EMBED(selector_medium_sh, "answerfiles/selector-medium.sh");
EMBED(selector_disks_sh, "answerfiles/selector-disks.sh");
EMBED(selector_contents_sh, "answerfiles/selector-contents.sh");
EMBED(selector_answer_sh, "answerfiles/selector-answer.sh");
EMBED(selector_enrol_sh, "answerfiles/selector-enrol.sh");
EMBED(hook_populated_sh, "answerfiles/hook-populated.sh");
EMBED(hook_complete_sh, "answerfiles/hook-complete.sh");

#define PART(name) { name, name##_end }

struct part {
        const char *from, *to;
};

enum { LARGEST_FILE = 1 << 30 };

void pack_files_clear(struct pack_files *f)
{
        for (size_t i = 0; i < f->n; i++) {
                free(f->items[i].name);
                if (f->items[i].content.ptr)
                        explicit_bzero(f->items[i].content.ptr, f->items[i].content.len);
                str_clear(&f->items[i].content);
        }
        free(f->items);
        *f = (struct pack_files){ 0 };
}

struct str *pack_files_add(struct pack_files *f, const char *name, struct err *e)
{
        struct pack_file *items = realloc(f->items, (f->n + 1) * sizeof(*items));
        char *copy = strdup(name);
        if (items)
                f->items = items;
        if (!items || !copy) {
                free(copy);
                err_set(e, ERR_WORLD, _("out of memory"));
                return NULL;
        }
        size_t at = f->n++;
        for (; at > 0 && strcmp(items[at - 1].name, name) > 0; at--)
                items[at] = items[at - 1];
        items[at] = (struct pack_file){ copy, STR_MAX(LARGEST_FILE) };
        return &items[at].content;
}

static bool add_script(struct pack_files *out, const char *name, const struct part *parts, size_t n, struct err *e)
{
        struct str *to = pack_files_add(out, name, e);
        if (!to)
                return false;
        str_add(to, "#!/bin/bash\n");
        for (size_t i = 0; i < n; i++)
                str_addn(to, parts[i].from, (size_t)(parts[i].to - parts[i].from));
        return str_ok(to, name, e);
}

bool enrol_script_write(const char *report, struct str *out, struct err *e)
{
        const struct part parts[] = { PART(selector_report_sh), PART(selector_disks_sh) };
        str_add(out, "#!/bin/bash\n");
        for (size_t i = 0; i < COUNT(parts); i++)
                str_addn(out, parts[i].from, (size_t)(parts[i].to - parts[i].from));
        str_addf(out, "report_url='%s'\n", report);
        str_addn(out, selector_enrol_sh, (size_t)(selector_enrol_sh_end - selector_enrol_sh));
        return str_ok(out, "xenroll-enrol", e);
}

static bool add_scripts(struct pack_files *out, struct err *e)
{
        const struct part selector[] = { PART(selector_sh), PART(selector_report_sh), PART(selector_medium_sh),
                PART(selector_disks_sh), PART(selector_contents_sh), PART(selector_answer_sh) };
        const struct part populated[] = { PART(selector_report_sh), PART(hook_populated_sh) };
        const struct part complete[] = { PART(selector_report_sh), PART(hook_complete_sh) };
        return add_script(out, SELECTOR_NAME, selector, COUNT(selector), e) &&
               add_script(out, "hook-populated", populated, COUNT(populated), e) &&
               add_script(out, "hook-complete", complete, COUNT(complete), e);
}

/* What the report on the stick says besides the rules' sentences; the scripts know the names. */
static const struct {
        const char *name, *text;
} words[] = {
        { "refused", N_("NOTHING HAS BEEN INSTALLED") },
        { "completed", N_("INSTALLED") },
        { "failed", N_("THE INSTALLATION FAILED") },
        { "what", N_("What happened") },
        { "remedy", N_("What to do") },
        { "when", N_("When") },
        { "clock", N_("the machine's clock, in UTC; it may be wrong") },
        { "school", N_("School") },
        { "host", N_("Host") },
        { "macs", N_("Network cards of this machine") },
        { "serial", N_("Serial number of this machine") },
        { "disk", N_("Disk used") },
        { "code", N_("Code") },
        { "unknown", N_("unknown") },
        { "log", N_("The last lines of the installer's log") },
        { "done", N_("the host has been installed") },
        { "next", N_("Remove the stick or disc; the machine restarts from its own disk.") },
        { "broken", N_("the installer gave up; its own words stand below") },
        { "photograph", N_("Keep this file and a photograph of the screen for whoever looks after the servers.") },
};

/* A tab or a line's end in a translation would shift what follows. */
static void add_cell(struct str *out, const char *text)
{
        str_addc(out, '\t');
        for (text = *text ? text : "-"; *text; text++)
                str_addc(out, *text == '\t' || *text == '\n' ? ' ' : *text);
}

static bool add_messages(struct pack_files *out, struct err *e)
{
        struct str *to = pack_files_add(out, "xenroll-messages", e);
        if (!to)
                return false;
        struct catalogue *chinese = catalogue_open("zh_CN");
        const struct rule_row *row;
        for (size_t i = 0; (row = rule_at(i)); i++) {
                if (row->rule < 500 || row->rule > 599)
                        continue;
                str_addf(to, "message\t%d", (int)row->rule);
                add_cell(to, row->message);
                add_cell(to, row->remedy);
                add_cell(to, catalogue_text(chinese, row->message));
                add_cell(to, catalogue_text(chinese, row->remedy));
                str_addc(to, '\n');
        }
        for (size_t i = 0; i < COUNT(words); i++) {
                str_addf(to, "word\t%s", words[i].name);
                add_cell(to, words[i].text);
                add_cell(to, catalogue_text(chinese, words[i].text));
                str_addc(to, '\n');
        }
        catalogue_free(chinese);
        return str_ok(to, "xenroll-messages", e);
}

static bool add_sum(struct str *out, const struct pack_file *file, struct err *e)
{
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned n = 0;
        if (!EVP_Digest(str_text(&file->content), file->content.len, digest, &n, EVP_sha256(), NULL))
                return err_set(e, ERR_WORLD, _("SHA-256 is not available"));
        for (unsigned i = 0; i < n; i++)
                str_addf(out, "%02x", digest[i]);
        str_addf(out, "  %s\n", file->name);
        return true;
}

static bool add_sums(struct pack_files *out, struct err *e)
{
        AUTO_STR sums = STR_MAX(LARGEST_FILE);
        for (size_t i = 0; i < out->n; i++)
                if (!add_sum(&sums, &out->items[i], e))
                        return false;
        struct str *to = pack_files_add(out, "xenroll-sums", e);
        if (!to)
                return false;
        str_addn(to, str_text(&sums), sums.len);
        return str_ok(to, "xenroll-sums", e);
}

static bool add_agent(struct pack_files *out, struct bytes agent, struct err *e)
{
        struct str *to = agent.len ? pack_files_add(out, AGENT_NAME, e) : NULL;
        if (to)
                str_addn(to, agent.ptr, agent.len);
        return !agent.len || (to && str_ok(to, AGENT_NAME, e));
}

bool selector_files(struct pack_files *out, struct bytes agent, struct err *e)
{
        return (add_scripts(out, e) && add_messages(out, e) && add_agent(out, agent, e) && add_sums(out, e)) ||
               err_ctx(e, _("packing the selector for the medium"));
}
