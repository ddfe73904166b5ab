#include "cmd/built_plan.h"
#include "cmd/netbuild.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The folder agent/ of the build that OUT/.current names; -1 and e set. */
static int agent_folder(const char *path, struct err *e)
{
        OWN(netbuild_close) struct netbuild n = NETBUILD_INIT;
        if (!netbuild_folders(&n, path, e))
                return -1;
        int dir = openat(n.build, "agent", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0) {
                err_set(e, ERR_INPUT, _("%s was built without the agent, and without it no host joins a pool"), path);
                snprintf(e->remedy, sizeof(e->remedy), "%s", _("Make it with 'make agent', or name it with --agent FILE, and build again."));
        }
        return dir;
}

/* Schools that have a host of this name: how many, and the path of its plan in the last one. */
static size_t find(int agents, const char *name, struct str *path)
{
        size_t n = 0;
        int copy = openat(agents, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *schools = copy < 0 ? NULL : fdopendir(copy);
        for (struct dirent *d; schools && (d = readdir(schools));) {
                AUTO_STR one = STR_MAX(600);
                str_addf(&one, "%s/%s.xml", d->d_name, name);
                if (d->d_name[0] == '.' || faccessat(agents, str_text(&one), F_OK, 0) < 0)
                        continue;
                n++;
                str_reset(path);
                str_add(path, str_text(&one));
        }
        if (schools)
                closedir(schools);
        return n;
}

struct agent_plan *built_plan_read(const char *out, const char *name, struct err *e)
{
        AUTO_STR path = STR_MAX(600), text = STR_MAX(AGENT_PLAN_LONGEST);
        AUTO_FD int agents = agent_folder(out, e);
        if (agents < 0)
                return NULL;
        const char *slash = strchr(name, '/');
        bool odd = *name == '.' || *name == '/' || (slash && (slash[1] == '.' || strchr(slash + 1, '/')));
        if (slash && !odd)
                str_addf(&path, "%s.xml", name);
        size_t n = odd ? 0 : slash ? faccessat(agents, str_text(&path), F_OK, 0) == 0 : find(agents, name, &path);
        if (n > 1) {
                err_set(e, ERR_USAGE, _("several schools have a host '%s': name it as SCHOOL/HOST"), name);
                return NULL;
        }
        if (!n) {
                err_rule(e, XR_MEMBERS_NO_PLAN, name, NULL);
                return NULL;
        }
        struct agent_plan *plan = file_read(agents, str_text(&path), AGENT_PLAN_LONGEST, &text, e)
                                          ? agent_plan_read(str_bytes(&text), e)
                                          : NULL;
        if (text.ptr)
                explicit_bzero(text.ptr, text.cap);
        return plan;
}
