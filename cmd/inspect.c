#include "cmd/command.h"
#include "cmd/inspect_parts.h"
#include "base/i18n.h"

#include <fcntl.h>
#include <sys/stat.h>

struct options {
        bool json, deep;
};

static void close_medium(struct medium **m) { medium_free(*m); }

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        struct stat st;
        (void)argc;
        if (stat(argv[0], &st) == 0 && S_ISDIR(st.st_mode))
                return inspect_build(argv[0], o->json, e);
        OWN(close_medium) struct medium *m = medium_open(AT_FDCWD, argv[0], e);
        if (!m)
                return false;
        if (!o->json)
                return inspect_medium(m, o->deep, e);
        json_t *json = inspect_medium_json(m, o->deep, e);
        bool fine = json && json_dumpf(json, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF;
        json_decref(json);
        return fine || (json ? err_sys(e, _("writing the output")) : false);
}

static const struct option_row rows[] = {
        { "json", 'j', NULL, OPTION_FLAG, offsetof(struct options, json), N_("print it as JSON") },
        { "check", 'c', NULL, OPTION_FLAG, offsetof(struct options, deep),
                N_("read all of an image made by xenroll, and compare it with the digests in it") },
};

const struct command command_inspect = {
        .name = "inspect",
        .arguments = "FILE|DEVICE|DIR",
        .summary = N_("say what an ISO, a stick or a build is, and what it would do"),
        .about = N_("Reads an ISO or a device without mounting it: product, release, firmware, boot menus, "
                    "compression, labels; whether xenroll can make images from it, and what stands against it. Of an "
                    "image made by xenroll it shows the slot, the hosts in it (never their passwords) and what happens "
                    "when a machine starts from it. Of a build's folder it lists the images and hosts. It fails on "
                    "what is none of these."),
        .example = "  xenroll inspect xcp-ng-8.3.0.iso\n  xenroll inspect /dev/sdb\n  xenroll inspect out\n",
        .options = rows,
        .n_options = COUNT(rows),
        .size = sizeof(struct options),
        .min_args = 1,
        .max_args = 1,
        .run = run,
};
