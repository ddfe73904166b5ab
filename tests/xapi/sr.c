/* SRs and PBDs: made, introduced, attached; and what must never happen to what lies on the storage. */
#include "tests/xapi/storage.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LUN_SHOWN = 4 << 20 };

/* --- LUNs as block devices below a host's root --- */

static void lun_show(struct world *w, int host, const struct target *t)
{
        char path[200];
        int dir = w->hosts[host].root;
        bool data = t->foreign || t->n_sr;
        if (dir < 0 || (t->kind != ON_ISCSI && t->kind != ON_HBA))
                return;
        snprintf(path, sizeof(path), "dev/disk/by-id/scsi-%s", t->scsiid);
        host_writes(w, host, path, data ? "somebody's data" : "");
        AUTO_FD int fd = openat(dir, path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || ftruncate(fd, LUN_SHOWN) < 0)
                complain(w, "the fake itself: %s cannot be made", path);
}

void luns_show(struct world *w, int host)
{
        for (size_t i = 0; i < w->n_targets; i++)
                lun_show(w, host, &w->targets[i]);
}

static void luns_changed(struct world *w, const struct target *t)
{
        for (int i = 0; i < w->n; i++)
                lun_show(w, i, t);
}

/* --- images --- */

void sr_scan(struct world *w, struct db *d, struct object *sr)
{
        struct object *p = db_where(d, "PBD", "SR", sr->ref);
        struct found f = { 0 };
        struct request r = { .method = "SR.scan" };
        struct call c = { .w = w, .db = d, .a = w->a, .r = &r };
        if (!p || strcmp(text_of(sr, "content_type"), "iso") || strcmp(text_of(sr, "type"), "iso"))
                return;
        int host = host_of_object(w, d, text_of(p, "host"));
        if (host < 0 || !storage_look(&c, "iso", get(p, "device_config"), host, &f) || f.code || !f.target)
                return;
        for (const char *at = f.target->iso; *at; at += strcspn(at, " "), at += *at == ' ') {
                const char *name = arena_strndup(w->a, at, strcspn(at, " "));
                struct object *v = NULL;
                EACH(d, "VDI", each)
                if (!strcmp(text_of(each, "SR"), sr->ref) && !strcmp(text_of(each, "location"), name))
                        v = each;
                if (v)
                        continue;
                v = db_add(d, "VDI");
                put_text(d, v, "name_label", name);
                put_text(d, v, "location", name);
                put_text(d, v, "SR", sr->ref);
                put_text(d, v, "type", "user");
                put_bool(d, v, "read_only", true);
                put_bool(d, v, "managed", true);
                put_number(d, v, "virtual_size", 1 << 30);
        }
}

void sr_scan_call(struct call *c)
{
        struct object *sr = arg_object(c, 0);
        bool attached = false;
        if (!sr)
                return;
        EACH(c->db, "PBD", p)
        attached |= !strcmp(text_of(p, "SR"), sr->ref) && true_of(p, "currently_attached");
        if (!attached)
                fail(c, "SR_HAS_NO_PBDS", sr->ref, NULL);
        else
                sr_scan(c->w, c->db, sr);
}

/* --- attaching --- */

static bool has_sr(const struct target *t, const char *uuid)
{
        for (size_t i = 0; i < t->n_sr; i++)
                if (!strcmp(t->sr[i], uuid))
                        return true;
        return false;
}

bool pbd_plug(struct call *c, struct object *pbd)
{
        struct found f = { 0 };
        struct object *sr = db_find(c->db, "SR", text_of(pbd, "SR"));
        int host = host_of_object(c->w, c->db, text_of(pbd, "host"));
        const char *type = text_of(sr, "type");
        bool local = !true_of(sr, "shared");
        if (true_of(pbd, "currently_attached"))
                return true;
        if (host < 0)
                return false;
        if (!local && !storage_look(c, type, get(pbd, "device_config"), host, &f))
                return false;
        if (!local && !f.code && strcmp(type, "iso") && !has_sr(f.target, text_of(sr, "uuid")))
                f = (struct found){ .code = "SR_BACKEND_FAILURE_47", .message = "The SR is not available" };
        if (f.code) {
                storage_fail(c, &f);
                return false;
        }
        put_bool(c->db, pbd, "currently_attached", true);
        sr_scan(c->w, c->db, sr);
        return true;
}

/* As a host's start does it: what cannot be attached stays as it is, and nobody is told. */
bool pbd_plug_quietly(struct world *w, struct db *d, struct object *pbd)
{
        struct request r = { .method = "PBD.plug" };
        struct call c = { .w = w, .db = d, .a = w->a, .r = &r };
        int host = host_of_object(w, d, text_of(pbd, "host"));
        struct object *sr = db_find(d, "SR", text_of(pbd, "SR"));
        bool matters = host >= 0 && true_of(sr, "shared") && !true_of(sr, "is_tools_sr");
        struct fault *f = !matters ? NULL : fault_take(w, "PBD.plug-at-start", host, host);
        return !f && pbd_plug(&c, pbd);
}

/* xapi keeps a secret for each PBD, copied from the one that it was given. */
static const struct val *own_secrets(struct world *w, struct db *d, const struct val *config)
{
        const struct val *own = config;
        for (size_t i = 0; i < config->n; i++) {
                size_t n = strlen(config->keys[i]);
                struct object *s = n > 7 && !strcmp(config->keys[i] + n - 7, "_secret")
                                           ? db_by_uuid(d, "secret", config->items[i]->text)
                                           : NULL;
                if (!s)
                        continue;
                struct object *copy = db_add(d, "secret");
                put_text(d, copy, "value", text_of(s, "value"));
                own = val_with(w->a, own, config->keys[i], val_text(w->a, text_of(copy, "uuid")));
        }
        return own;
}

struct object *pbd_make(struct world *w, struct db *d, struct object *sr, const char *host, const struct val *config)
{
        struct object *like = NULL;
        EACH(d, "PBD", p)
        {
                if (strcmp(text_of(p, "SR"), sr->ref))
                        continue;
                if (!strcmp(text_of(p, "host"), host))
                        return p;
                like = like ? like : p;
        }
        if (!config && !like)
                return NULL;
        struct object *p = db_add(d, "PBD");
        put_text(d, p, "host", host);
        put_text(d, p, "SR", sr->ref);
        put(d, p, "device_config", own_secrets(w, d, config ? config : get(like, "device_config")));
        return p;
}

void pbd_create(struct call *c)
{
        static const char *const needed[] = { "host", "SR", "device_config", NULL };
        const struct val *r = c->args[0];
        if (!check_record(c, r, c->m->class, needed))
                return;
        EACH(c->db, "PBD", p)
        if (!strcmp(text_of(p, "SR"), val_member_text(r, "SR")) &&
                !strcmp(text_of(p, "host"), val_member_text(r, "host"))) {
                fail(c, "PBD_EXISTS", val_member_text(r, "SR"), val_member_text(r, "host"), p->ref, NULL);
                return;
        }
        struct object *p = add_from_record(c, r, "PBD");
        put(c->db, p, "device_config", own_secrets(c->w, c->db, get(p, "device_config")));
}

void pbd_plug_call(struct call *c)
{
        struct object *p = arg_object(c, 0);
        if (p)
                pbd_plug(c, p);
}

void pbd_unplug(struct call *c)
{
        struct object *p = arg_object(c, 0);
        if (p && true_of(pool_of(c->db), "ha_enabled"))
                fail(c, "HA_IS_ENABLED", NULL);
        else if (p)
                put_bool(c->db, p, "currently_attached", false);
}

static void drop_secrets(struct db *d, const struct val *config)
{
        for (size_t i = 0; i < config->n; i++) {
                size_t n = strlen(config->keys[i]);
                struct object *s = n > 7 && !strcmp(config->keys[i] + n - 7, "_secret")
                                           ? db_by_uuid(d, "secret", config->items[i]->text)
                                           : NULL;
                if (s)
                        db_remove(d, s);
        }
}

void pbd_destroy(struct call *c)
{
        struct object *p = arg_object(c, 0);
        if (!p)
                return;
        if (true_of(p, "currently_attached")) {
                fail(c, "OPERATION_NOT_ALLOWED", "PBD.destroy: the PBD is plugged", NULL);
                return;
        }
        drop_secrets(c->db, get(p, "device_config"));
        db_remove(c->db, p);
}

/* --- making --- */

void sr_probe(struct call *c)
{
        struct object *h = arg_object(c, 0);
        struct found f;
        int host = h ? host_of_object(c->w, c->db, h->ref) : -1;
        if (host < 0)
                return;
        if (!strcmp(arg_text(c, 2), "iso") || !strcmp(arg_text(c, 2), "smb")) {
                refuse_unknown(c, "what a probe of %s says", arg_text(c, 2));
                return;
        }
        if (!storage_look(c, arg_text(c, 2), c->args[1], host, &f))
                return;
        if (f.code)
                storage_fail(c, &f);
        else
                c->result = val_text(c->a, storage_srlist(c->a, f.target));
}

/* The driver does not mind what was there. We do. */
static void watch_over(struct call *c, struct target *t, const char *type, bool own_folder)
{
        bool library = !strcmp(type, "iso");
        if (t->made)
                breach(c->w, "SR.create twice on %s %s", *t->address ? t->address[0] : t->scsiid, t->path);
        else if (t->n_sr && !library && strcmp(type, "smb"))
                breach(c->w, "SR.create over the existing SR %s", t->sr[0]);
        if (t->foreign && !own_folder)
                breach(c->w, "SR.create over foreign data on %s %s", t->path, t->scsiid);
        t->made++;
}

static void lay_down(struct call *c, struct target *t, const char *type, const char *uuid)
{
        bool block = t->kind == ON_ISCSI || t->kind == ON_HBA;
        if (!strcmp(type, "iso"))
                return;
        if (block) {
                t->n_sr = 0;
                t->foreign = false;
        }
        if (t->n_sr < MOST_ON_TARGET)
                t->sr[t->n_sr++] = arena_strdup(c->w->a, uuid);
        luns_changed(c->w, t);
}

static void plug_everywhere(struct call *c, struct object *sr, const struct val *config)
{
        struct object *master = db_find(c->db, "host", text_of(pool_of(c->db), "master"));
        pbd_plug_quietly(c->w, c->db, pbd_make(c->w, c->db, sr, master->ref, config));
        EACH(c->db, "host", h)
        if (h != master)
                pbd_plug_quietly(c->w, c->db, pbd_make(c->w, c->db, sr, h->ref, config));
}

static bool create_args_fit(struct call *c)
{
        const char *type = arg_text(c, 5);
        bool iso = !strcmp(type, "iso");
        if (!arg_true(c, 7))
                refuse_unknown(c, "SR.create of %s that is not shared", type);
        else if (strcmp(arg_text(c, 6), iso ? "iso" : "user"))
                refuse_unknown(c, "SR.create of %s with the content type '%s'", type, arg_text(c, 6));
        return !c->n_error;
}

void sr_create(struct call *c)
{
        struct object *h = arg_object(c, 0);
        const char *type = arg_text(c, 5);
        struct found f;
        int host = h ? host_of_object(c->w, c->db, h->ref) : -1;
        if (host < 0 || !storage_look(c, type, c->args[1], host, &f))
                return;
        if (f.code) {
                storage_fail(c, &f);
                return;
        }
        if (!create_args_fit(c))
                return;
        struct object *sr = db_add(c->db, "SR");
        const struct val *sm = c->n > 8 ? c->args[8] : NULL;
        bool subfolder = strcmp(sm ? val_member_text(sm, "nosubdir") : "", "true") != 0;
        put_text(c->db, sr, "name_label", arg_text(c, 3));
        put_text(c->db, sr, "name_description", arg_text(c, 4));
        put_text(c->db, sr, "type", type);
        put_text(c->db, sr, "content_type", arg_text(c, 6));
        put_bool(c->db, sr, "shared", true);
        if (sm)
                put(c->db, sr, "sm_config", sm);
        put_number(c->db, sr, "physical_size", f.target ? f.target->size : 0);
        if (f.target) {
                watch_over(c, f.target, type,
                        !strcmp(type, "iso") || ((f.target->kind == ON_NFS || f.target->kind == ON_SMB) && subfolder));
                lay_down(c, f.target, type, text_of(sr, "uuid"));
        }
        plug_everywhere(c, sr, c->args[1]);
        c->result = val_text(c->a, sr->ref);
}

void sr_introduce(struct call *c)
{
        const char *uuid = arg_text(c, 0);
        if (strlen(uuid) != 36 || uuid[strspn(uuid, "0123456789abcdefABCDEF-")]) {
                complain(c->w, "SR.introduce: '%s' is no uuid", uuid);
                fail(c, "UUID_INVALID", "SR", uuid, NULL);
                return;
        }
        if (db_by_uuid(c->db, "SR", uuid)) {
                fail(c, "SR_UUID_EXISTS", uuid, NULL);
                return;
        }
        struct object *sr = db_add(c->db, "SR");
        put_text(c->db, sr, "uuid", uuid);
        put_text(c->db, sr, "name_label", arg_text(c, 1));
        put_text(c->db, sr, "name_description", arg_text(c, 2));
        put_text(c->db, sr, "type", arg_text(c, 3));
        put_text(c->db, sr, "content_type", arg_text(c, 4));
        put_bool(c->db, sr, "shared", arg_true(c, 5));
        if (c->n > 6)
                put(c->db, sr, "sm_config", c->args[6]);
        c->result = val_text(c->a, sr->ref);
}

void sr_forget(struct call *c)
{
        struct object *sr = arg_object(c, 0);
        if (!sr)
                return;
        EACH(c->db, "PBD", p)
        if (!strcmp(text_of(p, "SR"), sr->ref) && true_of(p, "currently_attached")) {
                fail(c, "SR_HAS_PBD", sr->ref, NULL);
                return;
        }
        for (struct object *p; (p = db_where(c->db, "PBD", "SR", sr->ref));) {
                drop_secrets(c->db, get(p, "device_config"));
                db_remove(c->db, p);
        }
        for (struct object *v; (v = db_where(c->db, "VDI", "SR", sr->ref));)
                db_remove(c->db, v);
        db_remove(c->db, sr);
}

void sr_set_name(struct call *c)
{
        struct object *sr = arg_object(c, 0);
        if (sr)
                put_text(c->db, sr, c->m->name + 4, arg_text(c, 1));
}

/* --- what a fresh host has --- */

static struct object *local_sr(
        struct world *w, int host, const char *name, const char *type, const char *content, const char *device)
{
        struct db *d = w->hosts[host].db;
        struct object *sr = db_add(d, "SR");
        const char *pairs[] = { strcmp(content, "iso") || strcmp(type, "iso") ? "device" : "location", device, NULL };
        put_text(d, sr, "name_label", name);
        put_text(d, sr, "type", type);
        put_text(d, sr, "content_type", content);
        put_bool(d, pbd_make(w, d, sr, w->hosts[host].ref, val_pairs(w->a, pairs)), "currently_attached", true);
        return sr;
}

void local_srs_make(struct world *w, int host)
{
        struct db *d = w->hosts[host].db;
        struct object *pool = pool_of(d), *sr = local_sr(w, host, "Local storage", "ext", "user", "/dev/sda3");
        put_text(d, sr, "content_type", "user");
        put_number(d, sr, "physical_size", 400ll << 30);
        local_sr(w, host, "DVD drives", "udev", "iso", "/dev/xapi/cd");
        local_sr(w, host, "Removable storage", "udev", "disk", "/dev/xapi/block");
        put_text(d, pool, "default_SR", sr->ref);
        put_text(d, pool, "suspend_image_SR", sr->ref);
        put_text(d, pool, "crash_dump_SR", sr->ref);
        put_text(d, host_object(w, host), "suspend_image_sr", sr->ref);
        put_text(d, host_object(w, host), "crash_dump_sr", sr->ref);
}

void tools_sr_make(struct world *w, int host)
{
        static const char *const pairs[] = { "location", "/opt/xensource/packages/iso", "legacy_mode", "true", NULL };
        struct db *d = w->hosts[host].db;
        struct object *sr = db_add(d, "SR");
        put_text(d, sr, "name_label", "XenServer Tools");
        put_text(d, sr, "type", "iso");
        put_text(d, sr, "content_type", "iso");
        put_bool(d, sr, "shared", true);
        put_bool(d, sr, "is_tools_sr", true);
        put_key(d, sr, "other_config", "xensource_internal", "tools");
        put_bool(d, pbd_make(w, d, sr, w->hosts[host].ref, val_pairs(w->a, pairs)), "currently_attached", true);
}
