/* Root's password in etc/shadow. Set by hand rather than by a program of the host: nothing shows in a list of processes,
 * and the new file appears whole or not at all. Where there is no shadow, as in 6.5, it stands at the same place in
 * etc/passwd. */
#include "postinstall/agent_parts.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONGEST_SHADOW = 1 << 20, LOCK_TRIES = 50 };

static void wipe(struct str *s)
{
        if (s->ptr)
                explicit_bzero(s->ptr, s->cap);
        str_clear(s);
}

/* The lock that every program of the host takes which changes passwords. */
static int lock(int root)
{
        int fd = openat(root, "etc/.pwd.lock", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        for (int i = 0; fd >= 0 && fcntl(fd, F_SETLK, &whole) < 0; i++) {
                if (i == LOCK_TRIES) { /* somebody forgot it; the password matters more */
                        break;
                }
                usleep(100000);
        }
        return fd;
}

static const char *file_of(int root)
{
        return machine_exists(root, "/etc/shadow") ? "/etc/shadow" : "/etc/passwd";
}

/* Where root's hash begins and ends; false when there is no such line. */
static bool find(const char *text, size_t *from, size_t *to)
{
        for (const char *line = text; *line;) {
                if (!strncmp(line, "root:", 5)) {
                        *from = (size_t)(line + 5 - text);
                        *to = *from + strcspn(line + 5, ":\n");
                        return true;
                }
                line += strcspn(line, "\n");
                line += *line == '\n';
        }
        return false;
}

bool shadow_is(int root, const char *hash)
{
        struct err ignored = ERR_INIT;
        size_t from, to;
        OWN(wipe) struct str text = STR_MAX(LONGEST_SHADOW);
        return machine_read(root, file_of(root), LONGEST_SHADOW, &text, &ignored) &&
               find(str_text(&text), &from, &to) && strlen(hash) == to - from &&
               !memcmp(text.ptr + from, hash, to - from);
}

bool shadow_set(int root, const char *hash, struct err *e)
{
        const char *file = file_of(root);
        size_t from, to;
        struct stat s;
        OWN(wipe) struct str old = STR_MAX(LONGEST_SHADOW);
        OWN(wipe) struct str new = STR_MAX(LONGEST_SHADOW);
        AUTO_FD int held = lock(root);
        if (held < 0 || fstatat(root, file + 1, &s, 0) < 0)
                return err_sys(e, _("changing %s"), file);
        if (!machine_read(root, file, LONGEST_SHADOW, &old, e))
                return false;
        if (!find(str_text(&old), &from, &to)) {
                errno = ENOENT;
                return err_sys(e, _("changing root's password in %s"), file);
        }
        str_addn(&new, old.ptr, from);
        str_add(&new, hash);
        str_addn(&new, old.ptr + to, old.len - to);
        return str_ok(&new, file, e) && machine_publish(root, file, str_bytes(&new), s.st_mode & 07777, e);
}
