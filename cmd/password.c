#include "cmd/ask.h"
#include "cmd/command.h"
#include "cmd/netbuild.h"
#include "base/file.h"
#include "base/i18n.h"
#include "rollcall/web_password.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { LONGEST_LINE = PASSWORD_MOST + 8 };

struct options {
        bool none;
};

/* One line of standard input. */
static bool read_password(struct secret *out, struct err *e)
{
        char line[LONGEST_LINE];
        bool fine = fgets(line, sizeof(line), stdin);
        if (fine)
                *out = secret_of(line, strcspn(line, "\r\n"));
        explicit_bzero(line, sizeof(line));
        return fine || err_set(e, ERR_INPUT, _("no password was given"));
}

static bool ask_twice(struct secret *out, struct err *e)
{
        AUTO_SECRET again = { NULL, 0 };
        if (!ask_secret(_("New password:"), out, e) || !ask_secret(_("Once more:"), &again, e))
                return false;
        return !strcmp(out->ptr, again.ptr) || err_set(e, ERR_INPUT, _("the two are not the same"));
}

/* The folder may be somebody's for whom root sets the password: it has to be readable by who serves. */
static bool keep(int out, const char *hash, struct err *e)
{
        struct stat st;
        if (mkdirat(out, "secrets", 0700) < 0 && errno != EEXIST)
                return err_sys(e, _("creating %s"), "secrets");
        AUTO_FD int secrets = openat(out, "secrets", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (secrets < 0 || fstat(out, &st) < 0)
                return err_sys(e, _("opening %s"), "secrets");
        if (!file_publish(secrets, "web.hash", bytes_of(hash, strlen(hash)), 0600, e))
                return false;
        if (geteuid() == 0 && (fchown(secrets, st.st_uid, st.st_gid) < 0 ||
                                      fchownat(secrets, "web.hash", st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0))
                return err_sys(e, _("writing %s"), "secrets/web.hash");
        return true;
}

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        (void)options;
        (void)argc;
        AUTO_SECRET password = { NULL, 0 };
        OWN(netbuild_close) struct netbuild n = NETBUILD_INIT;
        if (!netbuild_folders(&n, argv[0], e))
                return false;
        if (!(isatty(STDIN_FILENO) ? ask_twice(&password, e) : read_password(&password, e)))
                return false;
        AUTO_FREE char *hash = web_password_hash(password.ptr, e);
        if (!hash || !keep(n.out, hash, e))
                return false;
        fprintf(stderr, "%s", _("The password is set; whoever was logged in has to log in again.\n"));
        return true;
}

const struct command command_password = {
        .name = "password",
        .arguments = "OUT",
        .summary = N_("set the password of the roll call's page"),
        .about = N_("Whoever knows it may log in to the page that 'xenroll serve' shows and arm hosts there. Asks "
                    "twice at the terminal, "
                    "or reads one line from standard input when that is none. Only a hash is kept, in "
                    "OUT/secrets/web.hash (0600). "
                    "A new password ends every session."),
        .example = "  xenroll password out\n",
        .options = NULL,
        .n_options = 0,
        .size = sizeof(struct options),
        .min_args = 1,
        .max_args = 1,
        .run = run,
};
