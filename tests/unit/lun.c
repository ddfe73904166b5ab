/* The look at a LUN that is not attached: what becomes of iscsiadm's records. Its stand-in here answers as the real one
 * did when it was asked by hand: "show" fails where there is no record, "new" resets one that is there, "update" takes
 * an empty value. */
#include "postinstall/lun.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/proc.h"
#include "postinstall/clock.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

int64_t clock_wall(void) { return 0; }
int64_t clock_steady(void) { return 0; }
void clock_sleep(int64_t milliseconds) { (void)milliseconds; }
uint32_t clock_random(uint32_t below) { return below ? 0 : 0; }

/* --- iscsiadm, and the target behind it --- */

#define DEVICE "dev/disk/by-id/scsi-36001"

struct record {
        bool there, own_settings;
        char method[16], user[32], password[32];
};

static struct record record;
static const char *target_password; /* NULL: it lets everybody in */
static bool session;
static int root;

static void update(const char *name, const char *value)
{
        char *field = strstr(name, "authmethod") ? record.method
                      : strstr(name, "username") ? record.user
                                                 : record.password;
        snprintf(field, 16, "%s", value);
}

static bool log_in(void)
{
        if (session || (target_password && (strcmp(record.method, "CHAP") || strcmp(record.password, target_password))))
                return false;
        AUTO_FD int fd = openat(root, DEVICE, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        return session = fd >= 0 && ftruncate(fd, 3 << 20) == 0;
}

static bool play(const struct proc *p)
{
        const char *verb = NULL, *name = "", *value = "";
        for (size_t i = 1; p->argv[i]; i++) {
                if (!strcmp(p->argv[i], "-o"))
                        verb = p->argv[i + 1];
                else if (!strcmp(p->argv[i], "-n"))
                        name = p->argv[i + 1];
                else if (!strcmp(p->argv[i], "-v"))
                        value = p->argv[i + 1];
                else if (!strncmp(p->argv[i], "--log", 5))
                        verb = p->argv[i];
        }
        if (!strcmp(verb, "new")) {
                record = (struct record){ .there = true, .method = "None" };
                return true;
        }
        if (!record.there)
                return false;
        if (!strcmp(verb, "show") && p->out)
                str_addf(p->out, "node.session.auth.authmethod = %s\n", record.method);
        else if (!strcmp(verb, "update"))
                update(name, value);
        else if (!strcmp(verb, "delete"))
                record = (struct record){ 0 };
        else if (!strcmp(verb, "--login"))
                return log_in();
        else if (!strcmp(verb, "--logout"))
                session = unlinkat(root, DEVICE, 0) < 0;
        return true;
}

bool proc_run(const struct proc *p, struct err *e) { return play(p) || err_set(e, ERR_WORLD, "iscsiadm: no"); }

/* --- cases --- */

static const struct {
        const char *why;
        struct record before;
        const char *asked, *user, *password;
        enum lun_content content;
        const char *after; /* "METHOD/USER/PASSWORD", with + when its own settings are still there; "-": no record */
} cases[] = {
        { "no record: made, and gone again", { 0 }, NULL, NULL, NULL, LUN_BLANK, "-" },
        { "no record, with a password", { 0 }, "right", "xen", "right", LUN_BLANK, "-" },
        { "no record, and a wrong password is not kept", { 0 }, "right", "xen", "wrong", LUN_UNREADABLE, "-" },
        { "a record stays, and as it was", { true, true, "None", "", "" }, NULL, NULL, NULL, LUN_BLANK, "None//+" },
        { "a record is given the password, which goes again", { true, true, "None", "", "" }, "right", "xen", "right",
                LUN_BLANK, "None//+" },
        { "out of a record a wrong password goes too", { true, true, "None", "", "" }, "right", "xen", "wrong",
                LUN_UNREADABLE, "None//+" },
        { "a record with an older password", { true, true, "CHAP", "xen", "old" }, "right", "xen", "right", LUN_BLANK,
                "CHAP/xen/right+" },
        { "a record whose password the plan does not know", { true, true, "CHAP", "xen", "right" }, "right", NULL, NULL,
                LUN_BLANK, "CHAP/xen/right+" },
};

static void look(size_t i)
{
        static const char *portals[] = { "192.0.2.4" };
        struct err e = ERR_INIT;
        const struct agent_storage s = { .type = AGENT_ISCSI,
                .portals = { portals, 1 },
                .iqn = "iqn.2017-08.local:a",
                .user = cases[i].user,
                .password = cases[i].password };
        char got[120];
        record = cases[i].before;
        target_password = cases[i].asked;
        session = false;
        enum lun_content content = lun_look(root, true, &s, "36001", &e);
        snprintf(got, sizeof(got), "%s/%s/%s%s", record.method, record.user, record.password,
                record.own_settings ? "+" : "");
        unit_case("a LUN's content", cases[i].why, content == cases[i].content, e.text);
        unit_same("iscsiadm's record", cases[i].why, record.there ? got : "-", cases[i].after);
        unit_case("iscsiadm's session", cases[i].why, !session, "still there");
}

int main(void)
{
        char path[] = "/tmp/xenroll-unit-XXXXXX";
        struct err ignored = ERR_INIT;
        root = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        bool made = mkdirat(root, "dev", 0755) == 0 && mkdirat(root, "dev/disk", 0755) == 0 &&
                    mkdirat(root, "dev/disk/by-id", 0755) == 0;
        for (size_t i = 0; made && i < COUNT(cases); i++)
                look(i);
        close(root);
        return !unit_case(
                "lun", "the folder is removed", made && file_remove_tree(AT_FDCWD, path, &ignored), ignored.text);
}
