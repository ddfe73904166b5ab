/* What the installer left in a host's file system, as far as the agent looks. */
#include "tests/simulation/deployment.h"
#include "tests/simulation/scenario.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { LUN_SIZE = 3 << 20 };

static bool make_folders(int root, const char *path, struct err *e)
{
        AUTO_FREE char *copy = strdup(path);
        if (!copy)
                file_out_of_memory();
        for (char *slash = copy; (slash = strchr(slash, '/')); *slash++ = '/') {
                *slash = '\0';
                if (mkdirat(root, copy, 0755) < 0 && errno != EEXIST)
                        return err_sys(e, "creating %s", copy);
        }
        return true;
}

static bool put(int root, const char *path, const char *text, mode_t mode, struct err *e)
{
        if (!make_folders(root, path, e))
                return false;
        AUTO_FD int fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
        return fd >= 0 && file_write_all(fd, text, strlen(text)) ? true : err_sys(e, "creating %s", path);
}

static bool put_card(const struct deployment *d, int root, int host, int nic, struct err *e)
{
        char path[128], target[128], line[32];
        int eth = scenario_eth(d, host, nic);
        snprintf(path, sizeof(path), "sys/class/net/eth%d/address", eth);
        snprintf(line, sizeof(line), "%s\n", scenario_mac(d->arena, host, nic));
        if (!put(root, path, line, 0444, e))
                return false;
        snprintf(path, sizeof(path), "sys/class/net/eth%d/device", eth);
        snprintf(target, sizeof(target), "../../../devices/pci0000:00/0000:00:%02x.0/0000:%02x:00.0", 1 + nic, 1 + nic);
        return symlinkat(target, root, path) == 0 || err_sys(e, "creating %s", path);
}

/* The LUN as this host sees it: whoever wants to make an SR there looks at it first. */
static bool put_lun(int root, const char *path, const char *content, struct err *e)
{
        if (!put(root, path, content, 0600, e))
                return false;
        AUTO_FD int fd = openat(root, path, O_WRONLY | O_CLOEXEC);
        return fd >= 0 && ftruncate(fd, LUN_SIZE) == 0 ? true : err_sys(e, "creating %s", path);
}

static bool put_plan(const struct deployment *d, int root, int host, struct err *e)
{
        AUTO_STR text = STR_MAX(AGENT_PLAN_LONGEST);
        const struct agent_plan *p = &d->plans[host];
        return agent_plan_write(p, &text, e) && put(root, "etc/xenroll/plan.xml", str_text(&text), 0600, e) &&
               (!p->root_hash || put(root, "etc/xenroll/root-hash", p->root_hash, 0600, e)) &&
               (!p->report || put(root, "etc/xenroll/report", p->report, 0600, e));
}

bool deployment_root(const struct deployment *d, int host, const char *path, struct err *e)
{
        AUTO_STR shadow = STR_MAX(4096), inventory = STR_MAX(4096);
        if (mkdir(path, 0755) < 0)
                return err_sys(e, "creating %s", path);
        AUTO_FD int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        /* 6.5 has no shadow. */
        bool old = !strcmp(d->plans[host].release.id, "xenserver-6.5");
        str_addf(&shadow, old ? "root:%s:0:0:root:/root:/bin/bash\nbin:*:1:1:bin:/bin:/sbin/nologin\n"
                              : "root:%s:17000:0:99999:7:::\nbin:*:17000:0:99999:7:::\n",
                host == 0 && d->n > 1 ? d->join_hash : d->admin_hash);
        str_addf(&inventory, "PRODUCT_BRAND='test'\nINSTALLATION_UUID='00000000-0000-4000-8000-%012d'\n", host + 1);
        bool fine = put(root, old ? "etc/passwd" : "etc/shadow", str_text(&shadow), old ? 0644 : 0600, e) &&
                    put(root, "etc/xensource/pool.conf", "master", 0644, e) &&
                    put(root, "etc/xensource-inventory", str_text(&inventory), 0644, e) &&
                    make_folders(root, "var/lib/misc/x", e) && make_folders(root, "var/lib/xcp/x", e) &&
                    make_folders(root, "etc/firstboot.d/state/x", e) &&
                    make_folders(root, "etc/firstboot.d/data/x", e) &&
                    put_lun(root, "dev/disk/by-id/scsi-" SCENARIO_HBA_ID, "", e) &&
                    put_lun(root, "dev/disk/by-id/scsi-" SCENARIO_SCSI_ID,
                            d->trouble == FOREIGN_LUN ? "somebody's data" : "", e) &&
                    put_plan(d, root, host, e);
        for (int i = 0; i < d->nics && fine; i++)
                fine = put_card(d, root, host, i, e);
        return fine;
}
