#include "cmd/command.h"
#include "cmd/netbuild.h"
#include "pxe/enrolled_csv.h"
#include "base/file.h"
#include "base/i18n.h"

#include <fcntl.h>
#include <jansson.h>
#include <string.h>

struct options {
        const char *csv;
        bool json, forget;
};

struct showing {
        const struct roster *roster;
        struct str *csv;
        json_t *json;
        size_t n;
};

/* "NAME" of the host that the machine is in this build, or NULL. */
static const struct roster_host *known_as(const struct roster *r, const struct enrolled *m)
{
        char macs[sizeof(m->macs)], *rest;
        snprintf(macs, sizeof(macs), "%s", m->macs);
        for (char *mac = strtok_r(macs, " ", &rest); mac; mac = strtok_r(NULL, " ", &rest)) {
                const struct roster_host *h = roster_by_mac(r, mac);
                if (h)
                        return h;
        }
        return *m->serial ? roster_by_serial(r, m->serial) : NULL;
}

struct disk {
        char id[200], bus[20], model[100];
        double gb;
};

/* The next line of "BY-ID<TAB>BYTES<TAB>BUS<TAB>MODEL". */
static bool next_disk(const char **at, struct disk *d)
{
        char line[400], *rest = line;
        if (!**at)
                return false;
        size_t n = strcspn(*at, "\n");
        snprintf(line, sizeof(line), "%.*s", (int)n, *at);
        *at += n + ((*at)[n] == '\n');
        const char *id = strsep(&rest, "\t"), *bytes = strsep(&rest, "\t"), *bus = strsep(&rest, "\t"),
                   *model = strsep(&rest, "\t");
        snprintf(d->id, sizeof(d->id), "%s", id ? id : "");
        snprintf(d->bus, sizeof(d->bus), "%s", bus ? bus : "");
        snprintf(d->model, sizeof(d->model), "%s", model ? model : "");
        d->gb = bytes ? strtod(bytes, NULL) / 1e9 : 0;
        return true;
}

static bool show_text(void *arg, const struct enrolled *m)
{
        struct showing *s = arg;
        const struct roster_host *h = known_as(s->roster, m);
        const char *at = m->disks;
        struct disk d;
        printf("%s  %s\n", m->macs, *m->serial ? m->serial : "-");
        printf("    %s; %d x %s; %.1f GiB; %s\n", m->model, m->cpus, m->cpu, (double)m->memory / (1 << 30),
                m->firmware);
        while (next_disk(&at, &d))
                printf("    %s  %.1f GB  %s  %s\n", d.id, d.gb, d.bus, d.model);
        if (h)
                printf(_("    in the site file as %s/%s\n"), h->school->id, h->name);
        s->n++;
        return true;
}

static bool show_json(void *arg, const struct enrolled *m)
{
        struct showing *s = arg;
        const struct roster_host *h = known_as(s->roster, m);
        const char *at = m->disks;
        struct disk d;
        json_t *disks = json_array();
        while (next_disk(&at, &d))
                json_array_append_new(disks,
                        json_pack("{s:s, s:f, s:s, s:s}", "id", d.id, "gb", d.gb, "bus", d.bus, "model", d.model));
        json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:i, s:I, s:s, s:I, s:o}", "macs", m->macs, "serial", m->serial,
                "model", m->model, "cpu", m->cpu, "cpus", m->cpus, "memory", (json_int_t)m->memory, "firmware",
                m->firmware, "seen", (json_int_t)m->seen, "disks", disks);
        if (h)
                json_object_set_new(o, "host", json_sprintf("%s/%s", h->school->id, h->name));
        json_array_append_new(s->json, o);
        return true;
}

/* Machines of the build are in the spreadsheet already. */
static bool add_row(void *arg, const struct enrolled *m)
{
        struct showing *s = arg;
        if (known_as(s->roster, m))
                return true;
        enrolled_csv_add(s->csv, m);
        s->n++;
        return true;
}

static bool write_csv(struct netbuild *n, const char *file, struct err *e)
{
        AUTO_STR csv = STR_MAX(16 << 20);
        struct showing s = { .roster = n->roster, .csv = &csv };
        enrolled_csv_begin(&csv);
        if (!enrolled_each(n->arming, add_row, &s, e) || !str_ok(&csv, file, e))
                return false;
        AUTO_FD int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (fd < 0 || !file_write_all(fd, str_text(&csv), csv.len))
                return err_sys(e, _("writing %s"), file);
        printf(ngettext("%s: %zu machine that is in no site file yet.\n",
                       "%s: %zu machines that are in no site file yet.\n", s.n),
                file, s.n);
        return true;
}

static bool show(struct netbuild *n, const struct options *o, struct err *e)
{
        struct showing s = { .roster = n->roster, .json = json_array() };
        bool fine = enrolled_each(n->arming, o->json ? show_json : show_text, &s, e);
        if (fine && o->json) {
                AUTO_FREE char *text = json_dumps(s.json, JSON_INDENT(2));
                printf("%s\n", text ? text : "[]");
        } else if (fine && !s.n)
                printf(_("No machine has enrolled yet: run 'xenroll serve --enrol' and start the machines from the "
                         "network.\n"));
        json_decref(s.json);
        return fine;
}

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        OWN(netbuild_close) struct netbuild n = NETBUILD_INIT;
        (void)argc;
        if ((o->csv != NULL) + o->json + o->forget > 1)
                return err_set(e, ERR_USAGE, _("--csv, --json and --forget go one at a time"));
        if (!netbuild_open(&n, argv[0], e) || !netbuild_state(&n, false, e))
                return false;
        if (o->forget)
                return enrolled_forget(n.arming, e);
        return o->csv ? write_csv(&n, o->csv, e) : show(&n, o, e);
}

static const struct option_row rows[] = {
        { "csv", 'c', "FILE", OPTION_TEXT, offsetof(struct options, csv),
                N_("write the new machines as rows for the site file's spreadsheet") },
        { "json", 'j', NULL, OPTION_FLAG, offsetof(struct options, json), N_("print it as JSON") },
        { "forget", 0, NULL, OPTION_FLAG, offsetof(struct options, forget), N_("forget all of them") },
};

const struct command command_enrol = {
        .name = "enrol",
        .arguments = "OUT",
        .summary = N_("list machines that were started for enrolment"),
        .about = N_("While 'xenroll serve --enrol' runs, a machine that nobody knows and that starts from the network "
                    "tells its "
                    "network cards, serial number, processors, memory, disks and firmware, and powers off. Nothing on "
                    "its disks is "
                    "touched. This lists them, and writes them as rows of the spreadsheet, to which you add school, "
                    "pool, name, "
                    "address and disk."),
        .example = "  xenroll enrol out\n  xenroll enrol out --csv new-servers.csv\n",
        .options = rows,
        .n_options = COUNT(rows),
        .size = sizeof(struct options),
        .min_args = 1,
        .max_args = 1,
        .run = run,
};
