#include "cmd/netbuild.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

void netbuild_close(struct netbuild *n)
{
        arming_close(n->arming);
        roster_free(n->roster);
        cleanup_fd(&n->build);
        cleanup_fd(&n->out);
        *n = (struct netbuild)NETBUILD_INIT;
}

/* By errno why it cannot be opened, when that is known, and what to name instead. */
static bool refuse(const char *path, struct err *e)
{
        if (errno == EACCES || errno == EPERM)
                err_sys(e, _("opening %s"), path);
        else
                err_set(e, ERR_INPUT, _("%s is not a folder that 'xenroll build' wrote"), path);
        e->kind = ERR_INPUT;
        snprintf(e->remedy, sizeof(e->remedy), "%s",
                _("Name the folder that 'xenroll build' made: 'out', beside the site file, unless --out-dir said another."));
        return false;
}

bool netbuild_folders(struct netbuild *n, const char *path, struct err *e)
{
        n->out = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (n->out < 0)
                return refuse(path, e);
        n->build = openat(n->out, ".current", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return n->build >= 0 || refuse(path, e);
}

bool netbuild_is_current(int out, int build)
{
        struct stat ours, now;
        return fstat(build, &ours) == 0 && fstatat(out, ".current", &now, 0) == 0 && ours.st_ino == now.st_ino &&
               ours.st_dev == now.st_dev;
}

bool netbuild_open(struct netbuild *n, const char *path, struct err *e)
{
        if (!netbuild_folders(n, path, e))
                return false;
        n->roster = roster_open(n->build, e);
        return n->roster ? true : err_ctx(e, "%s", path);
}

bool netbuild_state(struct netbuild *n, bool create, struct err *e)
{
        n->arming = arming_open(n->out, create, e);
        return n->arming;
}

void host_set_clear(struct host_set *s)
{
        free(s->items);
        s->items = NULL;
}

static void add_once(struct host_set *s, const struct roster_host *h)
{
        for (size_t i = 0; i < s->n; i++)
                if (s->items[i] == h)
                        return;
        s->items[s->n++] = h;
}

static bool add_named(const struct roster *r, const struct host_choice *c, struct host_set *s, struct err *e)
{
        s->by_name = true;
        for (int i = 0; i < c->n_names; i++) {
                const struct roster_host *h = roster_named(r, c->names[i], e);
                if (!h)
                        return false;
                add_once(s, h);
        }
        return true;
}

static void list_schools(const struct roster *r, struct str *out)
{
        for (size_t i = 0; i < roster_schools(r) && i < 20; i++)
                str_addf(out, "%s%s", i ? ", " : "", roster_school_at(r, i)->id);
        str_add(out, roster_schools(r) > 20 ? " …" : "");
}

static bool add_group(const struct roster *r, const char *school, struct host_set *s, struct err *e)
{
        for (size_t i = 0; i < roster_count(r); i++)
                if (!school || !strcmp(roster_at(r, i)->school->id, school))
                        s->items[s->n++] = roster_at(r, i);
        if (s->n)
                return true;
        AUTO_STR schools = STR_MAX(400);
        list_schools(r, &schools);
        return err_rule(e, XR_ARM_NO_SCHOOL, school ? school : "", str_text(&schools), NULL);
}

bool hosts_choose(const struct roster *r, const struct host_choice *c, struct host_set *s, struct err *e)
{
        if ((c->n_names > 0) + (c->school != NULL) + c->all != 1)
                return err_set(e, ERR_USAGE, _("name hosts, or say --school ID, or --all"));
        size_t most = roster_count(r) + (size_t)c->n_names + 1;
        s->items = calloc(most, sizeof(struct roster_host *));
        if (!s->items)
                file_out_of_memory();
        return c->n_names ? add_named(r, c, s, e) : add_group(r, c->school, s, e);
}
