#include "cmd/command.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/progress.h"
#include "isobuilder/slot.h"
#include "isobuilder/stamped.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>

struct options {
        const char *output;
};

static void show(uint64_t done, void *progress) { progress_to(progress, done); }

static bool send(const struct overlay *o, int fd, struct err *e)
{
        struct progress progress;
        progress_start(&progress, _("image"), o->size);
        bool fine = overlay_send(o, fd, 0, o->size, show, &progress, e);
        progress_end(&progress);
        return fine;
}

/* Blocks are shared where the file system can do it. */
static bool fill(const struct overlay *o, int fd, struct err *e)
{
        if (ioctl(fd, FICLONE, o->fd) < 0)
                return send(o, fd, e);
        return pwrite(fd, str_text(&o->bytes), o->bytes.len, (off_t)o->at) == (ssize_t)o->bytes.len
                       ? true
                       : err_sys(e, _("writing the image"));
}

/* What is said to be its SHA-256 follows from the base's map; here the base is read. */
static bool is_intact(const struct overlay *o, int fd, const char *path, struct err *e)
{
        struct slot_map map;
        bool found;
        return slot_read(fd, o->size, path, &map, &found, e) && (!found || slot_check(fd, path, &map, e));
}

static bool save(const struct overlay *o, const char *path, struct err *e)
{
        const char *slash = strrchr(path, '/');
        AUTO_FREE char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
        if (!folder)
                file_out_of_memory();
        AUTO_FD int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        OWN(draft_drop) struct draft draft = { .slot = -1 };
        AUTO_FD int fd = -1;
        if (dir < 0)
                return err_sys(e, _("opening %s"), folder);
        /* It holds password hashes. */
        if (!draft_file(&draft, dir, slash ? slash + 1 : path, 0600, &fd, e) || !fill(o, fd, e) ||
                !is_intact(o, fd, path, e))
                return false;
        if (fsync(fd) < 0)
                return err_sys(e, _("writing %s"), path);
        return draft_commit(&draft, e);
}

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        OWN(overlay_clear) struct overlay image = OVERLAY_INIT;
        char hex[65];
        if (!o->output && isatty(STDOUT_FILENO))
                return err_set(e, ERR_USAGE,
                        _("an image is no text for a terminal; name a file with -o, or send the output to one"));
        if (!stamped_open(argv[0], argc > 1 ? argv[1] : NULL, &image, e))
                return false;
        if (!o->output)
                return send(&image, STDOUT_FILENO, e);
        if (!save(&image, o->output, e))
                return err_ctx(e, "%s", o->output);
        digest_hex(image.sha256, hex);
        if (image.sha256_known)
                printf("%s  %s\n", hex, o->output);
        return true;
}

static const struct option_row rows[] = {
        { "output", 'o', "FILE", OPTION_TEXT, offsetof(struct options, output),
                N_("write it there, whole or not at all (else to the standard output)") },
};

const struct command command_image = {
        .name = "image",
        .arguments = "OUT [HOST]",
        .summary = N_("write an image of a build as a file"),
        .about = N_("Puts together what 'xenroll build' keeps as a base and a few bytes for each image, and writes it "
                    "to a file or to the standard output. HOST is a host, SCHOOL/HOST, or a school, as the build was "
                    "made; without it the image for all hosts. With -o the file's SHA-256 is printed, which also "
                    "stands in build.json."),
        .example = "  xenroll image out -o all.iso\n  xenroll image out nn36/nn36-xen1 > nn36-xen1.iso\n",
        .options = rows,
        .n_options = COUNT(rows),
        .size = sizeof(struct options),
        .min_args = 1,
        .max_args = 2,
        .run = run,
};
