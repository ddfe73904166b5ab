#include "cmd/command.h"
#include "cmd/stick_list.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/rule.h"
#include "isobuilder/contents.h"
#include "isobuilder/stamped.h"
#include "isobuilder/stick.h"
#include "isobuilder/stick_io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

struct options {
        struct option_list devices;
        bool list, json, erase, fixed_too;
};

/* What one run of the command works on. */
struct job {
        const struct options *options;
        struct overlay image;
        struct device_list list;
        struct progress_rows progress;
        struct stick sticks[MOST_LISTED];
        size_t n;                       /* sticks with a device */
};

static struct job *job_new(const struct options *o)
{
        struct job *j = calloc(1, sizeof(*j));
        if (!j)
                file_out_of_memory();
        j->options = o;
        j->image = (struct overlay)OVERLAY_INIT;
        for (size_t i = 0; i < MOST_LISTED; i++)
                j->sticks[i] = (struct stick)STICK_INIT;
        return j;
}

static void job_free(struct job **job)
{
        struct job *j = *job;
        for (size_t i = 0; i < j->n; i++)
                stick_clear(&j->sticks[i]);
        overlay_clear(&j->image);
        device_list_clear(&j->list);
        free(j);
}

/* From what the person wrote, /dev/disk/by-id/… included, to the disk. */
static const struct device *find_device(const struct job *j, const char *path, struct err *e)
{
        struct stat st;
        bool partition = false;
        if (stat(path, &st) < 0) {
                err_rule(e, XR_STICK_NOT_BLOCK, path, NULL);
                return NULL;
        }
        const struct device *d = S_ISBLK(st.st_mode) ? device_of(device_root(), &j->list, st.st_rdev, &partition) : NULL;
        if (!d)
                err_rule(e, XR_STICK_NOT_BLOCK, path, NULL);
        else if (partition)
                err_refuse(e, XR_STICK_PARTITION, path, d->path, NULL);
        return partition ? NULL : d;
}

static bool name_devices(struct job *j, struct err *e)
{
        for (size_t i = 0; i < j->options->devices.n; i++) {
                const struct device *d = find_device(j, j->options->devices.items[i], e);
                if (!d)
                        return false;
                for (size_t k = 0; k < j->n; k++)
                        if (j->sticks[k].device == d)
                                return err_rule(e, XR_STICK_TWICE, d->path, NULL);
                j->sticks[j->n] = (struct stick)STICK_INIT;
                j->sticks[j->n].device = d;
                j->sticks[j->n].image = &j->image;
                j->sticks[j->n++].progress = &j->progress;
        }
        return true;
}

static bool typed_name(const struct device *d)
{
        char word[80];
        if (!fgets(word, sizeof(word), stdin))
                return false;
        word[strcspn(word, "\r\n")] = '\0';
        return !strcmp(word, d->path) || !strcmp(word, d->name);
}

static bool may_erase(const struct job *j, const struct device *d, const struct contents *c, struct err *e)
{
        AUTO_STR what = STR_MAX(512);
        if (c->blank || c->ours || j->options->erase)
                return true;
        device_describe(d, &what);
        if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
                return err_refuse(e, XR_STICK_HAS_DATA, d->path, str_text(&what), c->text, NULL);
        fprintf(stderr, "%s: %s\n    %s: %s\n", d->path, str_text(&what), _("on it"), c->text);
        fprintf(stderr, _("Everything on it will be lost. To overwrite it, type %s: "), d->path);
        return typed_name(d) ? true : err_refuse(e, XR_STICK_NOT_CONFIRMED, d->path, NULL);
}

/* The look goes through its own descriptor: O_DIRECT wants aligned buffers. */
static bool look(const struct stick *s, struct contents *c, struct err *e)
{
        AUTO_FD int fd = open(s->device->path, O_RDONLY | O_CLOEXEC);
        struct stat st;
        if (fd < 0 || fstat(fd, &st) < 0)
                return err_sys(e, _("reading %s"), s->device->path);
        if (st.st_rdev != makedev(s->device->major, s->device->minor))
                return err_refuse(e, XR_STICK_CHANGED, s->device->path, NULL);
        return contents_read(fd, s->device->size, c, e) || err_ctx(e, "%s", s->device->path);
}

/* What is mounted may have changed while somebody read the question. */
static bool judge_again(const struct job *j, const struct stick *s, struct err *e)
{
        struct device_list now = { 0 };
        bool partition, fine = device_list(device_root(), true, &now, e);
        const struct device *d = fine ? device_of(device_root(), &now, makedev(s->device->major, s->device->minor), &partition) : NULL;
        if (fine && (!d || partition || d->size != s->device->size || strcmp(d->serial, s->device->serial)))
                fine = err_refuse(e, XR_STICK_CHANGED, s->device->path, NULL);
        fine = fine && device_judge(d, stick_least(&j->image), j->options->fixed_too, e);
        device_list_clear(&now);
        return fine;
}

/* From here on nobody else can mount it. */
static bool make_ready(const struct job *j, struct stick *s, struct err *e)
{
        struct contents c;
        return device_judge(s->device, stick_least(&j->image), j->options->fixed_too, e) && stick_open(s, e) && look(s, &c, e) &&
               may_erase(j, s->device, &c, e) && judge_again(j, s, e) && stick_prepare(s, e);
}

static void say_warnings(const struct stick *s)
{
        if (s->warning.len)
                fprintf(stderr, _("xenroll: warning: %s\n"), str_text(&s->warning));
        if (!s->direct)
                fprintf(stderr, _("xenroll: warning: %s cannot be read past the kernel's memory; what is read back may come from there\n"), s->device->path);
}

static void say_result(const struct stick *s)
{
        char sha256[65];
        stick_hash_text(s->sha256, sha256);
        printf(_("%s: written, read back and compared; the image's SHA-256 is %s\n"), s->device->path, sha256);
        log_event("stick", "written", "device", s->device->path, "sha256", sha256, NULL);
}

/* With one device its error is the command's; of several each is said, and the worst is the exit code. */
static bool sum_up(struct job *j, struct err *e)
{
        for (size_t i = 0; i < j->n; i++) {
                struct stick *s = &j->sticks[i];
                if (s->error.kind == ERR_NONE)
                        say_result(s);
                else if (j->n == 1)
                        *e = s->error;
                else {
                        command_report(&s->error);
                        e->kind = s->error.kind > e->kind ? s->error.kind : e->kind;
                }
        }
        return e->kind == ERR_NONE;
}

static bool write_sticks(struct job *j, struct err *e)
{
        struct stick *ready[MOST_LISTED];
        size_t n = 0;
        for (size_t i = 0; i < j->n; i++)
                if (make_ready(j, &j->sticks[i], &j->sticks[i].error))
                        ready[n++] = &j->sticks[i];
        for (size_t i = 0; i < n; i++)
                say_warnings(ready[i]);
        progress_rows_start(&j->progress, n);
        stick_write_all(ready, n);
        progress_rows_end(&j->progress);
        return sum_up(j, e);
}

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        if (!argc && !o->devices.n)
                return stick_list(o->json, e);
        if (o->list || o->json)
                return err_set(e, ERR_USAGE, _("--list and --json go with no image and no --device"));
        if (!argc)
                return err_set(e, ERR_USAGE, _("'xenroll stick' needs what to write: the folder of 'xenroll build', or an ISO file"));
        if (!o->devices.n)
                return err_set(e, ERR_USAGE, _("'xenroll stick' needs --device; without arguments it lists the sticks that are plugged in"));
        OWN(job_free) struct job *j = job_new(o);
        return stamped_open(argv[0], argc > 1 ? argv[1] : NULL, &j->image, e) && stick_bootable(&j->image, argv[0], e) &&
               device_list(device_root(), true, &j->list, e) && name_devices(j, e) && write_sticks(j, e);
}

static const struct option_row rows[] = {
        { "device", 'd', "DEVICE", OPTION_LIST, offsetof(struct options, devices), N_("the stick to write, /dev/sdX; may be given several times") },
        { "list", 'l', NULL, OPTION_FLAG, offsetof(struct options, list), N_("list the sticks and cards that are plugged in") },
        { "json", 'j', NULL, OPTION_FLAG, offsetof(struct options, json), N_("print it as JSON") },
        { "erase", 0, NULL, OPTION_FLAG, offsetof(struct options, erase), N_("overwrite the device even if it holds data") },
        { "overwrite-non-removable-device", 0, NULL, OPTION_FLAG, offsetof(struct options, fixed_too), N_("take a disk that is built in") },
};

const struct command command_stick = {
        .name = "stick", .arguments = "[OUT|ISO [HOST|SCHOOL|SCHOOL/HOST]]",
        .summary = N_("write an image to USB sticks and read it back"),
        .about = N_("Without arguments, lists the USB sticks and cards that are plugged in. Otherwise writes the image to every device named, all at once, reads it back and compares it; the first sector is written last, so that a stick that was interrupted or is broken never boots. Behind the image the stick gets a partition for reports. Disks that are mounted, in use, built in or part of the running system are refused; data on a stick is overwritten only after a question or with --erase."),
        .example = "  xenroll stick\n  xenroll stick out --device /dev/sdb\n  xenroll stick out school-3 --device /dev/sdb --device /dev/sdc\n",
        .options = rows, .n_options = COUNT(rows), .size = sizeof(struct options), .min_args = 0, .max_args = 2, .run = run,
};
