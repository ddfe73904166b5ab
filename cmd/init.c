#include "cmd/command.h"
#include "answerfiles/release.h"
#include "answerfiles/site_reference.h"
#include "base/file.h"
#include "base/i18n.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

struct options {
        const char *release;
};

static const char rows_sample[] = "学校,资源池,主机名,MAC,序列号,IP,磁盘\n"
                                  "nn36,teach,,00:16:3e:00:00:11,,,\n"
                                  "nn36,teach,,,6CU2130XYZ,,\n";

static bool put(int dir, const char *name, struct bytes text, mode_t mode, struct err *e)
{
        if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                return err_set(e, ERR_REFUSED, _("%s exists; init never overwrites a file"), name);
        return file_publish(dir, name, text, mode, e);
}

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        const char *path = argc ? argv[0] : ".", *wanted = o->release ? o->release : "xcp-ng-8.3";
        const struct release *release = release_find(wanted);
        if (!release)
                return err_set(e, ERR_INPUT, _("'%s' is not a release that xenroll knows; 'xenroll explain releases' lists them"), wanted);
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
                return err_sys(e, _("creating %s"), path);
        AUTO_FD int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
                return err_sys(e, _("opening %s"), path);
        AUTO_STR sample = STR_MAX(65536);
        site_sample(&sample, release->id);
        if (!str_ok(&sample, "site.yaml", e) || !put(dir, "site.yaml", str_bytes(&sample), 0644, e) ||
                !put(dir, "servers.csv", bytes_of(rows_sample, sizeof(rows_sample) - 1), 0644, e))
                return err_ctx(e, "%s", path);
        if (mkdirat(dir, "secrets", 0700) < 0 && errno != EEXIST)
                return err_sys(e, _("creating %s"), "secrets");
        printf(_("Written: %s/site.yaml and %s/servers.csv.\nNext: put root's password hash in place, fill in your machines, and check:\n"), path, path);
        printf("    cd %s\n    openssl passwd -6 > secrets/root.hash && chmod 600 secrets/root.hash\n    xenroll check\n", path);
        return true;
}

static const struct option_row rows[] = {
        { "release", 'r', "RELEASE", OPTION_TEXT, offsetof(struct options, release), N_("what will be installed (xcp-ng-8.3); 'xenroll explain releases' lists them") },
};

const struct command command_init = {
        .name = "init", .arguments = "[DIR]",
        .summary = N_("write a site file and a spreadsheet to start from"),
        .about = N_("Writes site.yaml, with every setting explained, and servers.csv into the folder (the current one unless named). Existing files are never overwritten."),
        .example = "  xenroll init myschool\n",
        .options = rows, .n_options = COUNT(rows), .size = sizeof(struct options), .min_args = 0, .max_args = 1, .run = run,
};
