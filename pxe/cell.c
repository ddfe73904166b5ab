#include "pxe/cell.h"
#include "pxe/cell_calls.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* --- an empty file system --- */

/* An empty read-only file system over a folder that is there everywhere becomes the root, and what was below it is let
 * go. Where the root cannot be exchanged (an initramfs) chroot does as well: without capabilities nobody gets out of
 * it. */
static bool make_walls(int flags)
{
        if (unshare(CLONE_NEWNS | flags) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return false;
        if (mount("none", "/proc", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
                    "size=4k,nr_inodes=1,mode=555") < 0 ||
                chdir("/proc") < 0)
                return false;
        if (syscall(SYS_pivot_root, ".", ".") == 0)
                return umount2(".", MNT_DETACH) == 0 && chdir("/") == 0;
        return chroot(".") == 0 && chdir("/") == 0;
}

/* --- rights --- */

struct rights {
        bool wanted;
        uid_t uid;
        gid_t gid;
};

/* Read while there still is a list of users. */
static bool find_user(const char *user, struct rights *r, struct err *e)
{
        if (!user)
                return true;
        errno = 0;
        const struct passwd *p = getpwnam(user);
        if (!p || !p->pw_uid)
                return err_rule(e, XR_SERVER_USER, user, NULL);
        *r = (struct rights){ true, p->pw_uid, p->pw_gid };
        return true;
}

static bool take_rights(const struct rights *r)
{
        if (!r->wanted)
                return true;
        /* No way back must be left: the third of each is the saved one. */
        return setgroups(0, NULL) == 0 && setresgid(r->gid, r->gid, r->gid) == 0 &&
               setresuid(r->uid, r->uid, r->uid) == 0 && setresuid(0, 0, 0) < 0;
}

/* Also from the set that a program started by us could get back; needs a capability itself, so it comes before the
 * user. */
static void drop_bounds(void)
{
        for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
                prctl(PR_CAPBSET_DROP, capability);
}

static bool drop_capabilities(void)
{
        struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct none[2] = { { 0 } };
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        return syscall(SYS_capset, &head, none) == 0;
}

static bool failed(struct err *e, const char *what)
{
        err_rule(e, XR_SERVER_CELL, what, strerror(errno), NULL);
        e->kind = ERR_WORLD;
        return false;
}

/* What the C library would read from files later on, it reads now: the time zone, and the catalogue of our sentences. */
static void read_ahead(void)
{
        tzset();
        (void)_("making a pair of sockets");
}

bool cell_enter(const char *user, bool *walls, struct err *e)
{
        struct rights rights = { .wanted = false };
        bool root = geteuid() == 0;
        read_ahead();
        if (!find_user(user, &rights, e))
                return false;
        *walls = make_walls(root ? 0 : CLONE_NEWUSER);
        if (!*walls && root)
                return failed(e, _("an empty file system"));
        drop_bounds();
        if (!take_rights(&rights))
                return failed(e, _("the rights of another user"));
        if (!drop_capabilities())
                return failed(e, _("giving up capabilities"));
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return failed(e, _("no new privileges"));
        return cell_calls_limit() || failed(e, _("a list of allowed system calls"));
}
