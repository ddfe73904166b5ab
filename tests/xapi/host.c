/* Hosts: power, xapi's coming and going, and what a coordinator knows of its members. */
#include "tests/xapi/serve.h"
#include "tests/xapi/session.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum {
        EXPIRES = 110000, /* ms until a host that is gone stops being live */
        GIVES_UP = 60000, /* ms without its coordinator, then a member's xapi is in emergency mode */
        ENABLED_AFTER = 4000,
        LIVE_AFTER = 3000,
        RESTART = 4000,
        BACK = 5000
};

struct object *host_object(const struct world *w, int host)
{
        const struct host *h = &w->hosts[host];
        return db_find(h->db, "host", h->ref);
}

int host_of_object(const struct world *w, const struct db *d, const char *ref)
{
        for (int i = 0; i < w->n; i++)
                if ((w->hosts[i].db == d || (w->hosts[i].becomes >= 0 && w->hosts[w->hosts[i].becomes].db == d)) &&
                        db_find(d, "host", ref) && !strcmp(text_of(db_find(d, "host", ref), "uuid"), w->hosts[i].uuid))
                        return i;
        return -1;
}

struct object *pool_of(const struct db *d) { return db_next(d, "pool", NULL); }

/* --- its files --- */

static void make_folders(int dir, const char *path)
{
        AUTO_FREE char *copy = strdup(path);
        for (char *slash = copy; slash && (slash = strchr(slash, '/')); *slash++ = '/') {
                *slash = '\0';
                mkdirat(dir, copy, 0755);
        }
}

void host_writes(struct world *w, int host, const char *path, const char *text)
{
        int dir = w->hosts[host].root;
        struct err e = ERR_INIT;
        if (dir < 0)
                return;
        make_folders(dir, path);
        AUTO_FD int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0 || !file_write_all(fd, text, strlen(text)))
                complain(
                        w, "the fake itself: %s: %s cannot be written: %s", w->hosts[host].name, path, strerror(errno));
        (void)e;
}

void host_unlinks(struct world *w, int host, const char *path)
{
        if (w->hosts[host].root >= 0)
                unlinkat(w->hosts[host].root, path, 0);
}

/* A folder for each card, unless the test has made them itself. */
static void show_cards(struct world *w, int host)
{
        struct host *h = &w->hosts[host];
        char path[100], target[100], text[64];
        for (size_t i = 0; i < h->n_nics; i++) {
                snprintf(path, sizeof(path), "sys/class/net/eth%d/address", h->eth[i]);
                if (faccessat(h->root, path, F_OK, 0) == 0)
                        continue;
                snprintf(text, sizeof(text), "%s\n", h->macs[i]);
                host_writes(w, host, path, text);
                snprintf(path, sizeof(path), "sys/class/net/eth%d/device", h->eth[i]);
                snprintf(target, sizeof(target), "../../../devices/pci0000:00/0000:%02zx:00.0", i + 1);
                if (symlinkat(target, h->root, path) < 0)
                        complain(w, "the fake itself: %s cannot be made", path);
        }
}

static void take_uuid(struct world *w, int host)
{
        struct host *h = &w->hosts[host];
        struct err ignored = ERR_INIT;
        AUTO_STR text = STR_MAX(1 << 16);
        if (h->root < 0 || !file_read(h->root, "etc/xensource-inventory", 1 << 16, &text, &ignored))
                return;
        const char *at = strstr(str_text(&text), "INSTALLATION_UUID='");
        if (!at)
                return;
        h->uuid = arena_strndup(w->a, at + 19, strcspn(at + 19, "'"));
        put_text(h->db, host_object(w, host), "uuid", h->uuid);
}

bool world_host_root(struct world *w, int host, int dir, struct err *e)
{
        struct host *h = &w->hosts[host];
        struct stat s;
        char line[80];
        if (fstat(dir, &s) < 0 || !S_ISDIR(s.st_mode))
                return err_set(e, ERR_WORLD, "the root of %s is no folder", h->name);
        h->root = dir;
        take_uuid(w, host);
        snprintf(line, sizeof(line), "slave:%s", h->master < 0 ? "" : w->hosts[h->master].address);
        host_writes(w, host, "etc/xensource/pool.conf", h->master < 0 ? "master" : line);
        show_cards(w, host);
        luns_show(w, host);
        firstboot_files(w, host);
        return true;
}

/* --- its own database --- */

static void describe_software(struct world *w, const struct host *h, struct object *o)
{
        const char *pairs[] = { "product_brand", h->brand, "product_version", h->product, "product_version_text",
                h->product, "build_number", h->build, "platform_name", "XCP", "platform_version", h->platform, "xapi",
                "1.20", "xapi_build", h->build, "git_id", h->build, "linux", "4.19.0+1", "xen", "4.17", "dbv", "0.0.1",
                "hostname", h->hostname, "network_backend", h->backend, NULL };
        const char *cpu[] = { "vendor", h->cpu_vendor, "features", h->cpu_features, "features_hvm", h->cpu_features,
                "cpu_count", "8", "modelname", "a processor", "socket_count", "1", NULL };
        const char *licence[] = { "restrict_pool_size", h->restricted ? "true" : "false", NULL };
        put(h->db, o, "software_version", val_pairs(w->a, pairs));
        put(h->db, o, "cpu_info", val_pairs(w->a, cpu));
        put(h->db, o, "license_params", val_pairs(w->a, licence));
        put_text(h->db, o, "edition", h->edition);
}

static void describe_host(struct world *w, int host, struct object *o)
{
        struct host *h = &w->hosts[host];
        const char *dot = strchr(w->release->api, '.');
        put_text(h->db, o, "uuid", h->uuid);
        put_text(h->db, o, "name_label", h->hostname);
        put_text(h->db, o, "name_description", "Default install");
        put_text(h->db, o, "hostname", h->hostname);
        put_text(h->db, o, "address", h->address);
        put_number(h->db, o, "API_version_major", strtol(w->release->api, NULL, 10));
        put_number(h->db, o, "API_version_minor", dot ? strtol(dot + 1, NULL, 10) : 0);
        put_text(h->db, o, "API_version_vendor", "XenSource");
        describe_software(w, h, o);
        if (*h->guidance)
                put(h->db, o, "pending_guidances", val_texts(w->a, (const char *const[]){ h->guidance }, 1));
}

static void add_patches(struct world *w, struct host *h, struct object *o)
{
        const char *refs[16];
        size_t n = 0;
        bool updates = api_since(w->api, "ely");
        for (const char *at = h->patches; *at && n < 16; at += strcspn(at, ","), at += *at == ',') {
                const char *name = arena_strndup(w->a, at, strcspn(at, ","));
                struct object *p = db_add(h->db, updates ? "pool_update" : "pool_patch");
                put_text(h->db, p, "name_label", name);
                put_text(h->db, p, "uuid",
                        arena_printf(w->a, "00000000-0000-4000-9000-%012x", (unsigned)(*name * 256 + strlen(name))));
                if (updates) {
                        put_bool(h->db, p, "enforce_homogeneity", true);
                        put(h->db, p, "hosts", val_texts(w->a, &o->ref, 1));
                }
                refs[n++] = p->ref;
        }
        put(h->db, o, updates ? "updates" : "patches", val_texts(w->a, refs, n));
}

void host_begin(struct world *w, int host)
{
        struct host *h = &w->hosts[host];
        h->db = h->own = db_new(w, host);
        struct object *pool = db_add(h->db, "pool"), *o = db_add(h->db, "host"), *m = db_add(h->db, "host_metrics");
        h->ref = o->ref;
        h->master = h->becomes = -1;
        h->away_since = -1;
        describe_host(w, host, o);
        add_patches(w, h, o);
        put_text(h->db, o, "metrics", m->ref);
        put_number(h->db, m, "memory_total", h->memory);
        put_number(h->db, m, "memory_free", h->memory - (2ll << 30));
        put_bool(h->db, m, "live", true);
        put_text(h->db, pool, "master", o->ref);
        control_domain_make(w, host);
        if (h->firstboot_done)
                firstboot_finish(w, host);
        if (!h->powered)
                return;
        h->powered = false;
        if (h->firstboot_done) {
                h->powered = true;
                h->state = XAPI_ON;
                h->life = 1;
                put_bool(h->db, o, "enabled", true);
        } else {
                host_power(w, host, true);
        }
}

/* --- xapi --- */

static void becomes_enabled(struct world *w, int host, const char *arg)
{
        struct object *o = host_object(w, host);
        (void)arg;
        if (o)
                put_bool(w->hosts[host].db, o, "enabled", true);
}

static void forget_sessions(struct db *d)
{
        for (struct object *o; (o = db_next(d, "session", NULL));)
                db_remove(d, o);
        for (struct object *o; (o = db_next(d, "task", NULL));)
                db_remove(d, o);
}

void xapi_stops(struct world *w, int host)
{
        struct host *h = &w->hosts[host];
        requests_drop(w, host);
        h->life++;
        h->state = XAPI_OFF;
        if (h->db->owner == host)
                forget_sessions(h->db);
        look_at_members(w);
}

static void replug(struct world *w, int host)
{
        struct db *d = w->hosts[host].db;
        EACH(d, "PBD", p)
        if (!strcmp(text_of(p, "host"), w->hosts[host].ref)) {
                put_bool(d, p, "currently_attached", false);
                pbd_plug_quietly(w, d, p);
        }
}

/* What ran here ran out of power. */
static void halt_machines(struct world *w, int host)
{
        struct db *d = w->hosts[host].db;
        EACH(d, "VM", vm)
        if (!strcmp(text_of(vm, "resident_on"), w->hosts[host].ref) && !true_of(vm, "is_control_domain")) {
                put_text(d, vm, "power_state", "Halted");
                put_text(d, vm, "resident_on", NULL_REF);
        }
}

static void dies(struct world *w, int host, const char *arg)
{
        (void)arg;
        xapi_restarts(w, host, 0);
}

static void emergency(struct world *w, int host)
{
        struct host *h = &w->hosts[host];
        h->state = XAPI_EMERGENCY;
        after(w, 60000 + draw(w, 0, 120000), host, h->life, xapi_starts, NULL);
}

void xapi_starts(struct world *w, int host, const char *arg)
{
        struct host *h = &w->hosts[host];
        (void)arg;
        if (!h->powered)
                return;
        h->life++;
        if (h->becomes >= 0)
                become_member(w, host);
        if (h->master >= 0 && !coordinator_answers(w, host)) {
                emergency(w, host);
                return;
        }
        h->state = XAPI_ON;
        if (h->dies_once) {
                h->dies_once = false;
                after(w, 1500, host, h->life, dies, NULL);
                return;
        }
        bool cold = h->cold;
        h->cold = false;
        if (cold)
                halt_machines(w, host);
        if (h->master >= 0) {
                password_fetched(w, host);
                member_starts(w, host, cold);
        } else if (cold) {
                replug(w, host);
                after(w, paced(w, ENABLED_AFTER), host, h->life, becomes_enabled, NULL);
        }
        firstboot_go_on(w, host, "");
        look_at_members(w);
}

void xapi_restarts(struct world *w, int host, int64_t down)
{
        xapi_stops(w, host);
        after(w, down ? down : RESTART, host, w->hosts[host].life, xapi_starts, NULL);
}

void host_power(struct world *w, int host, bool on)
{
        struct host *h = &w->hosts[host];
        if (h->powered == on)
                return;
        h->powered = on;
        h->cold = true;
        if (!on) {
                xapi_stops(w, host);
                return;
        }
        take_uuid(w, host); /* it may have been installed meanwhile */
        struct object *o = host_object(w, host);
        if (o)
                put_bool(h->db, o, "enabled", false);
        after(w, paced(w, h->boot_time), host, h->life, xapi_starts, NULL);
}

/* --- members, as their coordinator sees them --- */

bool coordinator_answers(const struct world *w, int host)
{
        const struct host *h = &w->hosts[host];
        const struct host *k = h->master < 0 ? NULL : &w->hosts[h->master];
        return k && k->powered && k->state == XAPI_ON && reaches(w, h->name, k->name);
}

static struct object *metrics_of(struct world *w, int host)
{
        struct object *o = host_object(w, host);
        return o ? db_find(w->hosts[host].db, "host_metrics", text_of(o, "metrics")) : NULL;
}

static void expires(struct world *w, int host, const char *since)
{
        struct host *h = &w->hosts[host];
        struct object *m = metrics_of(w, host);
        if (m && h->away_since == strtoll(since, NULL, 10))
                put_bool(h->db, m, "live", false);
}

static void gives_up(struct world *w, int host, const char *since)
{
        struct host *h = &w->hosts[host];
        if (h->away_since == strtoll(since, NULL, 10) && h->state == XAPI_ON && !coordinator_answers(w, host)) {
                requests_drop(w, host);
                h->life++;
                emergency(w, host);
        }
}

static void is_back(struct world *w, int host, const char *arg)
{
        struct host *h = &w->hosts[host];
        struct object *m = metrics_of(w, host);
        (void)arg;
        if (m && h->away_since < 0)
                put_bool(h->db, m, "live", true);
}

void look_at_members(struct world *w)
{
        for (int i = 0; i < w->n; i++) {
                struct host *h = &w->hosts[i];
                bool there = h->master >= 0 && h->powered && h->state == XAPI_ON && coordinator_answers(w, i);
                if (h->master < 0 || there == (h->away_since < 0))
                        continue;
                h->away_since = there ? -1 : w->now;
                const char *since = arena_printf(w->a, "%lld", (long long)h->away_since);
                if (there) {
                        if (!h->joining)
                                after(w, BACK, i, h->life, is_back, NULL);
                } else {
                        after(w, paced(w, EXPIRES), i, 0, expires, since);
                        after(w, GIVES_UP, i, 0, gives_up, since);
                }
        }
}

static void member_live(struct world *w, int host, const char *cold)
{
        struct host *h = &w->hosts[host];
        struct object *m = metrics_of(w, host);
        if (!m || !coordinator_answers(w, host))
                return;
        put_bool(h->db, m, "live", true);
        replicate_networks(w, host);
        EACH(h->db, "SR", sr)
        if (true_of(sr, "shared"))
                pbd_make(w, h->db, sr, h->ref, NULL);
        if (*cold)
                replug(w, host);
}

static void member_enabled(struct world *w, int host, const char *arg)
{
        struct host *h = &w->hosts[host];
        struct object *o = host_object(w, host);
        (void)arg;
        if (!o || !coordinator_answers(w, host))
                return;
        put_bool(h->db, o, "enabled", true);
        if (!h->joining)
                return;
        h->joining = false;
        h->db->joins_now--;
        w->join_time += w->now - h->join_asked;
}

/* A member reports to its coordinator; one that has just joined takes its time. */
void member_starts(struct world *w, int host, bool cold)
{
        struct host *h = &w->hosts[host];
        int64_t live = h->joining ? h->join_live - w->now : paced(w, LIVE_AFTER);
        int64_t enabled = h->joining ? h->join_enabled - w->now : paced(w, LIVE_AFTER + ENABLED_AFTER);
        live = live > 500 ? live : 500;
        enabled = enabled > live + 500 ? enabled : live + 500;
        h->away_since = -1;
        after(w, live, host, h->life, member_live, cold || h->joining ? "cold" : "");
        after(w, enabled, host, h->life, member_enabled, NULL);
}
