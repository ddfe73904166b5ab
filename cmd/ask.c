#include "cmd/ask.h"
#include "base/cleanup.h"
#include "base/i18n.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { LONGEST_LINE = 512 };

static int terminal(void) { return open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY); }

bool ask_possible(void)
{
        AUTO_FD int tty = terminal();
        return tty >= 0;
}

/* Without the line's end; false when it has none or is too long. */
static bool read_line(int tty, char line[LONGEST_LINE])
{
        ssize_t got = read(tty, line, LONGEST_LINE - 1);
        line[got > 0 ? got : 0] = '\0';
        char *end = strchr(line, '\n');
        if (end)
                *end = '\0';
        return end;
}

bool ask_secret(const char *prompt, struct secret *out, struct err *e)
{
        AUTO_FD int tty = terminal();
        struct termios before, quiet;
        char line[LONGEST_LINE];
        if (tty < 0 || tcgetattr(tty, &before) < 0)
                return err_set(e, ERR_USAGE,
                        _("a password is needed, and there is no terminal to ask at; use --password-file FILE"));
        dprintf(tty, "%s ", prompt);
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        quiet.c_lflag |= ICANON | ECHONL;
        tcsetattr(tty, TCSAFLUSH, &quiet);
        bool fine = read_line(tty, line);
        tcsetattr(tty, TCSAFLUSH, &before);
        if (fine)
                *out = secret_of(line, strlen(line));
        explicit_bzero(line, sizeof(line));
        return fine || err_set(e, ERR_USAGE, _("no password was given"));
}

bool ask_yes(const char *prompt)
{
        AUTO_FD int tty = terminal();
        char line[LONGEST_LINE];
        if (tty < 0)
                return false;
        dprintf(tty, "%s ", prompt);
        return read_line(tty, line) && !strcmp(line, "yes");
}
