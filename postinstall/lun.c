#include "postinstall/lun.h"
#include "base/i18n.h"
#include "base/proc.h"
#include "postinstall/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum {
        LOOK = 1 << 20 /* bytes at either end */,
        DEVICE_POLL = 500,
        DEVICE_PATIENCE = 15000 /* ms */,
        PROGRAM_PATIENCE = 60000,
        LONGEST_RECORD = 64 << 10
};

/* What iscsiadm keeps of a target, before we come. */
enum record { RECORD_NONE, RECORD_PLAIN, RECORD_CHAP };

/* --- attaching --- */

static bool run(const char *const *argv, struct err *e)
{
        const struct proc p = { .argv = argv, .deadline_ms = PROGRAM_PATIENCE };
        return proc_run(&p, e);
}

/* The value stands on iscsiadm's command line, for whoever runs ps in dom0 that moment: it takes values in no other
 * way, on no release, and xapi's own driver hands it the same password alike. Where its records lie, and how they look,
 * differs from release to release: written past it they might not be read. Only root logs in to dom0. */
static bool set_login(const char *iqn, const char *portal, const char *name, const char *value, struct err *e)
{
        const char *const argv[] = { "iscsiadm", "-m", "node", "-T", iqn, "-p", portal, "-o", "update", "-n", name,
                "-v", value, NULL };
        return run(argv, e);
}

static bool set_chap(const struct agent_storage *s, const char *portal, const char *method, const char *user,
        const char *password, struct err *e)
{
        return !s->user || (set_login(s->iqn, portal, "node.session.auth.authmethod", method, e) &&
                                   set_login(s->iqn, portal, "node.session.auth.username", user, e) &&
                                   set_login(s->iqn, portal, "node.session.auth.password", password, e));
}

/* "-o new" puts a record that is there back to what iscsid begins with: another storage on that target may live by it.
 */
static enum record find_record(const struct agent_storage *s, const char *portal)
{
        struct err ignored = ERR_INIT;
        AUTO_STR text = STR_MAX(LONGEST_RECORD);
        const char *const show[] = { "iscsiadm", "-m", "node", "-T", s->iqn, "-p", portal, "-o", "show", NULL };
        const struct proc p = { .argv = show, .deadline_ms = PROGRAM_PATIENCE, .out = &text };
        return !proc_run(&p, &ignored)                                          ? RECORD_NONE
               : strstr(str_text(&text), "node.session.auth.authmethod = CHAP") ? RECORD_CHAP
                                                                                : RECORD_PLAIN;
}

/* xapi makes its own record when it attaches the storage, or puts the password into one that is there: ours goes, and
 * out of one that had none the password does. */
static bool put_back(const struct agent_storage *s, const char *portal, enum record found, struct err *e)
{
        const char *const forget[] = { "iscsiadm", "-m", "node", "-T", s->iqn, "-p", portal, "-o", "delete", NULL };
        return found == RECORD_NONE ? run(forget, e) : found == RECORD_CHAP || set_chap(s, portal, "None", "", "", e);
}

static bool log_in(const struct agent_storage *s, const char *portal, enum record found, struct err *e)
{
        const char *const find[] = { "iscsiadm", "-m", "node", "-o", "new", "-T", s->iqn, "-p", portal, NULL };
        const char *const in[] = { "iscsiadm", "-m", "node", "-T", s->iqn, "-p", portal, "--login", NULL };
        struct err ignored = ERR_INIT;
        if (found == RECORD_NONE && !run(find, e))
                return false;
        if (set_chap(s, portal, "CHAP", s->user, s->password ? s->password : "", e) && run(in, e))
                return true;
        /* A target that lets nobody in keeps no password of ours for the next two minutes either. */
        if (!put_back(s, portal, found, &ignored))
                fprintf(stderr, "xenroll-agent: %s\n", ignored.text);
        return false;
}

static void log_out(const struct agent_storage *s, const char *portal, enum record found)
{
        struct err ignored = ERR_INIT;
        const char *const out[] = { "iscsiadm", "-m", "node", "-T", s->iqn, "-p", portal, "--logout", NULL };
        if (!run(out, &ignored) || !put_back(s, portal, found, &ignored))
                fprintf(stderr, "xenroll-agent: %s\n", ignored.text);
}

/* --- looking --- */

static int open_device(int root, const char *scsi_id)
{
        char path[300];
        snprintf(path, sizeof(path), "dev/disk/by-id/scsi-%s", scsi_id);
        return openat(root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static bool is_zero(const char *p, size_t n) { return !n || (!*p && !memcmp(p, p + 1, n - 1)); }

static enum lun_content look_at(int fd, off_t from, size_t n, struct err *e)
{
        enum lun_content content = LUN_BLANK;
        AUTO_FREE char *buffer = malloc(n);
        size_t have = 0;
        for (ssize_t got; buffer && have < n; have += (size_t)got) {
                got = pread(fd, buffer + have, n - have, from + (off_t)have);
                if (got < 0 && errno == EINTR)
                        got = 0;
                else if (got <= 0)
                        break;
        }
        if (!buffer || have < n) {
                err_sys(e, _("reading a LUN"));
                return LUN_UNREADABLE;
        }
        return is_zero(buffer, n) ? content : LUN_DATA;
}

static enum lun_content look_inside(int fd, struct err *e)
{
        off_t size = lseek(fd, 0, SEEK_END);
        if (size < LOOK) {
                err_set(e, ERR_WORLD, _("a LUN has no size"));
                return LUN_UNREADABLE;
        }
        enum lun_content first = look_at(fd, 0, LOOK, e);
        return first == LUN_BLANK ? look_at(fd, size - LOOK, LOOK, e) : first;
}

enum lun_content lun_look(int root, bool real, const struct agent_storage *s, const char *scsi_id, struct err *e)
{
        char portal[300];
        bool attached = false;
        enum record found = RECORD_NONE;
        AUTO_FD int fd = open_device(root, scsi_id);
        snprintf(portal, sizeof(portal), "%s:%d", s->portals.n ? s->portals.items[0] : "", s->port ? s->port : 3260);
        if (fd < 0 && real && s->type == AGENT_ISCSI) {
                found = find_record(s, portal);
                attached = log_in(s, portal, found, e);
                for (int waited = 0; attached && fd < 0 && waited < DEVICE_PATIENCE; waited += DEVICE_POLL) {
                        clock_sleep(DEVICE_POLL);
                        fd = open_device(root, scsi_id);
                }
        }
        enum lun_content content = LUN_UNREADABLE;
        if (fd >= 0)
                content = look_inside(fd, e);
        else if (!*e->text)
                err_set(e, ERR_WORLD, _("no device of this host is called scsi-%s"), scsi_id);
        if (attached) {
                int last = take_fd(&fd);
                if (last >= 0)
                        close(last);
                log_out(s, portal, found);
        }
        return content;
}
