/* The first boot: cards, TLS, local storage, initiator name, templates come one after the other, and leave their
 * stamps. */
#include "tests/xapi/inside.h"

#include <string.h>

static void network_init(struct world *w, int host) { scan_cards(w, host); }

static void enable_tls(struct world *w, int host)
{
        struct db *d = w->hosts[host].db;
        if (w->release->toolstack == 0)
                return;
        put_bool(d, pool_of(d), "tls_verification_enabled", true);
        put_bool(d, host_object(w, host), "tls_verification_enabled", true);
        d->tls_once = true;
}

static void storage_init(struct world *w, int host)
{
        local_srs_make(w, host);
        put_bool(w->hosts[host].db, host_object(w, host), "enabled", false);
}

static void storage_ready(struct world *w, int host)
{
        put_bool(w->hosts[host].db, host_object(w, host), "enabled", true);
}

static void iscsi_iqn(struct world *w, int host)
{
        struct host *h = &w->hosts[host];
        const char *iqn = arena_printf(w->a, "iqn.2026-01.test.xen:%s", h->name);
        put_key(h->db, host_object(w, host), "other_config", "iscsi_iqn", iqn);
        put_text(h->db, host_object(w, host), "iscsi_iqn", iqn);
}

static void templates(struct world *w, int host)
{
        vm_templates_make(w, host);
        tools_sr_make(w, host);
}

/* ms since xapi's start, what happens, and the stamps that are there then: of 8.2 and later, of earlier ones. */
static const struct {
        int at;
        void (*act)(struct world *, int);
        const char *one_shot, *numbered;
} steps[] = {
        { 6000, network_init, NULL, "05-prepare-networking" },
        { 9000, enable_tls, "network-init", NULL },
        { 11000, storage_init, NULL, "10-prepare-storage 15-set-default-storage" },
        { 15000, storage_ready, "storage-init", "20-udev-storage 25-multipath" },
        { 16000, NULL, "control-domain-params-init", NULL },
        { 18000, iscsi_iqn, "generate-iscsi-iqn", "40-generate-iscsi-iqn" },
        { 24000, templates, "create-guest-templates", "62-create-guest-templates 80-common-criteria" },
        { 26000, NULL, NULL, "90-flush-pool-db 95-legacy-logrotate 99-remove-firstboot-flag" },
};
enum { STEPS = COUNT(steps) };

#define IN_PROGRESS "etc/firstboot.d/data/firstboot_in_progress"

static void stamp(struct world *w, int host, int step)
{
        char path[120];
        if (w->release->one_shots && steps[step].one_shot) {
                snprintf(path, sizeof(path), "var/lib/misc/ran-%s", steps[step].one_shot);
                host_writes(w, host, path, "");
        }
        for (const char *at = steps[step].numbered; !w->release->one_shots && at && *at;
                at += strcspn(at, " "), at += *at == ' ') {
                bool skip = (!strncmp(at, "05-", 3) && !api_since(w->api, "kolkata")) ||
                            (!strncmp(at, "80-", 3) && !api_since(w->api, "naples"));
                snprintf(path, sizeof(path), "etc/firstboot.d/state/%.*s", (int)strcspn(at, " "), at);
                if (!skip)
                        host_writes(w, host, path, "success\n");
        }
        if (!w->release->one_shots && step == STEPS - 1)
                host_unlinks(w, host, IN_PROGRESS);
}

static void take_step(struct world *w, int host)
{
        struct host *h = &w->hosts[host];
        if (steps[h->step].act && h->master < 0)
                steps[h->step].act(w, host);
        stamp(w, host, h->step);
        h->step++;
}

static void next_step(struct world *w, int host, const char *arg)
{
        take_step(w, host);
        firstboot_go_on(w, host, arg);
}

void firstboot_go_on(struct world *w, int host, const char *arg)
{
        struct host *h = &w->hosts[host];
        (void)arg;
        if (h->step >= STEPS)
                return;
        int before = h->step ? steps[h->step - 1].at : 0;
        after(w, paced(w, (steps[h->step].at - before) * h->firstboot_time / steps[STEPS - 1].at), host, h->life,
                next_step, NULL);
}

void firstboot_finish(struct world *w, int host)
{
        while (w->hosts[host].step < STEPS)
                take_step(w, host);
}

void firstboot_files(struct world *w, int host)
{
        struct host *h = &w->hosts[host];
        if (!w->release->one_shots && h->step < STEPS)
                host_writes(w, host, IN_PROGRESS, "");
        for (int i = 0; i < h->step; i++)
                stamp(w, host, i);
}
