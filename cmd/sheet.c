#include "cmd/command.h"
#include "cmd/load.h"
#include "cmd/print_pdf.h"
#include "answerfiles/value.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "rollcall/sheet.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { LARGEST_SHEET = 16 << 20 };

struct options {
        const char *dir, *school, *url;
        bool pdf;
};

/* --- what is printed --- */

static void date_of(const struct plan *p, char date[16])
{
        time_t now = time(NULL);
        struct tm t;
        if (p->n_hosts && p->hosts[0]->set->timezone)
                setenv("TZ", p->hosts[0]->set->timezone, 1);
        tzset();
        strftime(date, 16, "%Y-%m-%d", localtime_r(&now, &t));
}

/* --status-url, or the roll call of the school's first host. url: without the slash at the end. */
static bool url_of(const struct options *o, const struct school *s, char *url, size_t size, struct err *e)
{
        const char *said = o->url;
        bool plain;
        for (size_t i = 0; !said && i < s->n_pools; i++)
                if (s->pools[i]->n_hosts)
                        said = s->pools[i]->hosts[0]->set->roll_call;
        *url = '\0';
        if (!said)
                return true;
        if (!value_hook(said, &plain) || strpbrk(said, "?#") || strlen(said) >= size)
                return err_rule(e, XR_SHEET_URL, said, NULL);
        size_t n = strlen(said);
        while (n && said[n - 1] == '/')
                n--;
        snprintf(url, size, "%.*s", (int)n, said);
        return true;
}

static const struct school *find_school(const struct plan *p, const char *id, struct err *e)
{
        AUTO_STR known = STR_MAX(400);
        for (size_t i = 0; i < p->n_schools; i++) {
                if (!strcmp(p->schools[i]->id, id))
                        return p->schools[i];
                str_addf(&known, "%s%s", i ? ", " : "", p->schools[i]->id);
        }
        err_rule(e, XR_ROLL_NO_SUCH, id, str_text(&known), NULL);
        return NULL;
}

/* --- writing --- */

struct printing {
        const struct options *o;
        const struct plan *plan;
        const char *date, *folder;
        int dir;
        bool pdf; /* until the first that cannot be made */
};

/* A page without its PDF is worth having all the same. */
static void make_pdf(struct printing *p, const char *html, const char *name)
{
        struct err e = ERR_INIT, told = ERR_INIT;
        if (!p->pdf || print_pdf(p->dir, html, name, &e))
                return;
        p->pdf = false;
        err_rule(&told, XR_SHEET_NO_BROWSER, e.text, NULL);
        fflush(stdout);
        fprintf(stderr, "%s XR-%03d: %s\n        %s\n", _("warning"), told.code, told.text, told.remedy);
}

static bool print_school(struct printing *p, const struct school *s, struct err *e)
{
        char url[600], html[80], pdf[80];
        AUTO_STR page = STR_MAX(LARGEST_SHEET);
        if (!url_of(p->o, s, url, sizeof(url), e))
                return false;
        const struct sheet sheet = { .plan = p->plan, .school = s, .status_url = url, .date = p->date };
        snprintf(html, sizeof(html), "%.60s.html", s->id);
        snprintf(pdf, sizeof(pdf), "%.60s.pdf", s->id);
        if (!sheet_write(&sheet, &page, e) || !file_publish(p->dir, html, str_bytes(&page), 0644, e))
                return err_ctx(e, _("the sheet of %s"), s->id);
        make_pdf(p, html, pdf);
        printf("%s/%s\n", p->folder, p->pdf ? pdf : html);
        return true;
}

static int open_folder(const char *path, struct err *e)
{
        if (mkdir(path, 0755) < 0 && errno != EEXIST) {
                err_sys(e, _("creating %s"), path);
                return -1;
        }
        int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
                err_sys(e, _("opening %s"), path);
        return dir;
}

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        char date[16];
        OWN(loaded_clear) struct loaded l = { 0 };
        const struct load_options lo = { .site = argc ? argv[0] : NULL };
        if (!load_site(&l, &lo, e))
                return false;
        const struct school *one = o->school ? find_school(l.plan, o->school, e) : NULL;
        if (o->school && !one)
                return false;
        date_of(l.plan, date);
        AUTO_FD int dir = open_folder(o->dir ? o->dir : "sheets", e);
        struct printing p = {
                .o = o, .plan = l.plan, .date = date, .folder = o->dir ? o->dir : "sheets", .dir = dir, .pdf = o->pdf
        };
        bool fine = dir >= 0;
        for (size_t i = 0; fine && i < l.plan->n_schools; i++)
                if (!one || one == l.plan->schools[i])
                        fine = print_school(&p, l.plan->schools[i], e);
        return fine;
}

static const struct option_row rows[] = {
        { "out-dir", 'o', "DIR", OPTION_TEXT, offsetof(struct options, dir), N_("folder for the sheets (sheets)") },
        { "school", 's', "ID", OPTION_TEXT, offsetof(struct options, school), N_("the sheet of that school only") },
        { "status-url", 'u', "URL", OPTION_TEXT, offsetof(struct options, url),
                N_("address of the status page that QR codes lead to (the site file's roll-call)") },
        { "pdf", 'p', NULL, OPTION_FLAG, offsetof(struct options, pdf),
                N_("also as PDF, which takes an installed chromium or chrome") },
};

const struct command command_sheet = {
        .name = "sheet",
        .arguments = "[SITE]",
        .summary = N_("print the hand-over sheet of each school"),
        .about = N_("Writes one HTML page for each school, laid out for A4: its servers in the order of the rack with "
                    "addresses, MAC "
                    "addresses and serial numbers, firmware settings to tick, the steps of the installation, pools, "
                    "networks and "
                    "storage, how to connect, what to do when a server refuses, and a place to sign. With the address "
                    "of a status page "
                    "each server gets a QR code that leads there. No passwords are printed. The language is that of "
                    "--language."),
        .example = "  xenroll sheet\n  xenroll --language zh_CN sheet district.yaml --out-dir print --pdf\n  xenroll "
                   "sheet --school nn36 --status-url https://10.1.0.5\n",
        .options = rows,
        .n_options = COUNT(rows),
        .size = sizeof(struct options),
        .min_args = 0,
        .max_args = 1,
        .run = run,
};
