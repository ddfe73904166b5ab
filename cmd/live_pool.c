#include "cmd/live_pool.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "cmd/built_plan.h"

#include <fcntl.h>
#include <unistd.h>

void live_pool_close(struct live_pool *l)
{
        xapi_free(l->xapi);
        pool_links_clear(&l->links);
        agent_plan_free(l->plan);
        cleanup_fd(&l->lock);
}

bool live_pool_plan(struct live_pool *l, const char *path, const char *name, struct err *e)
{
        AUTO_STR lock = STR_MAX(300);
        l->plan = built_plan_read(path, name, e);
        if (!l->plan)
                return false;
        if (l->plan->coordinator)
                return err_refuse(e, XR_MEMBERS_COORDINATOR, l->plan->host, NULL);
        AUTO_FD int out = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (out < 0)
                return err_sys(e, _("opening %s"), path);
        str_addf(&lock, ".pool-%s-%s.lock", l->plan->school, l->plan->pool);
        l->lock = file_lock(out, str_text(&lock), e);
        return l->lock >= 0;
}

bool live_pool_connect(struct live_pool *l, const struct pool_link_options *o, struct err *e)
{
        l->links.options = o;
        const char *address = pool_link_address(o, l->plan, e);
        l->xapi = address ? pool_link_open(&l->links, address, l->plan->release.plain_http, e) : NULL;
        return l->xapi;
}

bool live_pool_settle(struct live_pool *l, bool fine, struct err *e)
{
        struct err why = ERR_INIT;
        bool resumed, settled = members_settle(l->xapi, l->plan, &resumed, &why);
        if (resumed)
                printf(_("%s: high availability is on again\n"), l->plan->pool);
        if (settled)
                return fine;
        if (!fine)
                command_report(e);
        *e = (struct err)ERR_INIT;
        err_rule(e, XR_MEMBERS_UNFINISHED, why.text, NULL);
        e->kind = ERR_WORLD;
        return false;
}
