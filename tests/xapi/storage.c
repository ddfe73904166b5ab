/* What the storage drivers find where a device_config points: NFS, iSCSI, Fibre Channel, SMB. */
#include "tests/xapi/storage.h"

#include <inttypes.h>
#include <string.h>

static const char *get_config(const struct val *config, const char *key) { return val_member_text(config, key); }

static bool has_address(const struct target *t, const char *address)
{
        for (size_t i = 0; i < t->n_addresses; i++)
                if (!strcmp(t->address[i], address))
                        return true;
        return false;
}

static struct target *any_at(const struct world *w, enum target_kind kind, const char *address)
{
        for (size_t i = 0; i < w->n_targets; i++)
                if (w->targets[i].kind == kind && has_address(&w->targets[i], address))
                        return &w->targets[i];
        return NULL;
}

static struct target *target_at(const struct world *w, enum target_kind kind, const char *address, const char *path)
{
        for (size_t i = 0; i < w->n_targets; i++)
                if (w->targets[i].kind == kind && has_address(&w->targets[i], address) &&
                        !strcmp(w->targets[i].path, path))
                        return &w->targets[i];
        return NULL;
}

static bool is_name(const char *s) { return s[strspn(s, "0123456789.:")] != '\0'; }

static bool resolves(const struct world *w, const char *address)
{
        for (size_t i = 0; i < w->n_targets; i++)
                if (has_address(&w->targets[i], address))
                        return true;
        return !is_name(address);
}

static bool failure(struct found *f, const char *code, const char *message)
{
        f->code = code;
        f->message = message;
        return true;
}

/* --- keys --- */

static const struct {
        const char *type, *keys;
} known_keys[] = {
        { "nfs", " server serverpath nfsversion options " },
        { "lvmoiscsi", " target targetIQN SCSIid port chapuser chappassword chappassword_secret incoming_chapuser "
                       "incoming_chappassword "
                       "incoming_chappassword_secret multihomed allocation " },
        { "lvmohba", " SCSIid " },
        { "hba", " SCSIid " },
        { "smb", " server username password password_secret " },
        { "iso", " location type nfsversion options username cifspassword cifspassword_secret vers legacy_mode " },
};

static bool keys_known(struct call *c, const char *type, const struct val *config)
{
        char padded[64];
        const char *keys = NULL;
        for (size_t i = 0; i < COUNT(known_keys); i++)
                if (!strcmp(known_keys[i].type, type))
                        keys = known_keys[i].keys;
        if (!keys) {
                if (!strcmp(type, "ext") || !strcmp(type, "lvm") || !strcmp(type, "udev"))
                        refuse_unknown(c, "what a local %s does on a device", type);
                else
                        fail(c, "SR_UNKNOWN_DRIVER", type, NULL);
                return false;
        }
        for (size_t i = 0; i < config->n; i++) {
                snprintf(padded, sizeof(padded), " %s ", config->keys[i]);
                if (!strstr(keys, padded)) {
                        refuse_unknown(c, "device_config:%s of %s", config->keys[i], type);
                        return false;
                }
        }
        return true;
}

/* The password in clear, from the config or from the secret that it names. */
static const char *secret_of(struct call *c, const struct val *config, const char *key)
{
        const char *secret = get_config(config, arena_printf(c->a, "%s_secret", key));
        struct object *s = *secret ? db_by_uuid(c->db, "secret", secret) : NULL;
        if (*secret && !s)
                fail(c, "UUID_INVALID", "secret", secret, NULL);
        return s ? text_of(s, "value") : get_config(config, key);
}

/* --- drivers --- */

static const char *exports(struct call *c, const char *server)
{
        struct str xml = STR_MAX(1 << 16);
        str_add(&xml, "<?xml version=\"1.0\" ?>\n<nfs-exports>\n");
        for (size_t i = 0; i < c->w->n_targets; i++) {
                const struct target *t = &c->w->targets[i];
                if (t->kind == ON_NFS && has_address(t, server))
                        str_addf(&xml,
                                "\t<Export>\n\t\t<Target>%s</Target>\n\t\t<Path>%s</Path>\n\t\t<Accesslist>*</"
                                "Accesslist>\n\t</Export>\n",
                                server, t->path);
        }
        str_add(&xml, "</nfs-exports>\n");
        const char *kept = arena_strdup(c->a, str_text(&xml));
        str_clear(&xml);
        return kept;
}

static bool version_served(const struct target *t, const char *version)
{
        char padded[40], list[80];
        snprintf(padded, sizeof(padded), " %s ", *version ? version : "3");
        snprintf(list, sizeof(list), " %s ", t->versions);
        return strstr(list, padded) != NULL;
}

static bool look_nfs(struct call *c, const struct val *config, int host, struct found *f)
{
        const char *server = get_config(config, "server"), *path = get_config(config, "serverpath"),
                   *version = get_config(config, "nfsversion");
        if (!*server)
                return failure(f, "SR_BACKEND_FAILURE_102", "The request is missing the server parameter");
        if (!resolves(c->w, server))
                return failure(f, "SR_BACKEND_FAILURE_140", "Incorrect DNS name, unable to resolve.");
        if (!any_at(c->w, ON_NFS, server) || !reaches(c->w, c->w->hosts[host].name, server))
                return failure(f, "SR_BACKEND_FAILURE_108", "Unable to detect an NFS service on this target.");
        if (!*path) {
                f->xml = exports(c, server);
                return failure(f, "SR_BACKEND_FAILURE_101", "The request is missing the serverpath parameter");
        }
        f->target = target_at(c->w, ON_NFS, server, path);
        if (!f->target || !version_served(f->target, version))
                return failure(f, "SR_BACKEND_FAILURE_73", "NFS mount error [opterr=mount failed with return code 32]");
        f->complete = true;
        return true;
}

static const char *iqns(struct call *c, const char *address)
{
        struct str xml = STR_MAX(1 << 16);
        int index = 0;
        str_add(&xml, "<?xml version=\"1.0\" ?>\n<iscsi-target-iqns>\n");
        for (size_t i = 0; i < c->w->n_targets; i++) {
                const struct target *t = &c->w->targets[i];
                bool told = false;
                for (size_t k = 0; k < i; k++)
                        told |= c->w->targets[k].kind == ON_ISCSI && !strcmp(c->w->targets[k].path, t->path);
                if (t->kind == ON_ISCSI && has_address(t, address) && !told)
                        str_addf(&xml,
                                "\t<TGT>\n\t\t<Index>%d</Index>\n\t\t<IPAddress>%s</IPAddress>\n\t\t<TargetIQN>%s</"
                                "TargetIQN>\n\t</TGT>\n",
                                index++, address, t->path);
        }
        str_add(&xml, "</iscsi-target-iqns>\n");
        const char *kept = arena_strdup(c->a, str_text(&xml));
        str_clear(&xml);
        return kept;
}

static const char *luns(struct call *c, const char *iqn)
{
        struct str xml = STR_MAX(1 << 18);
        str_add(&xml, "<?xml version=\"1.0\" ?>\n<iscsi-target>\n");
        for (size_t i = 0; i < c->w->n_targets; i++) {
                const struct target *t = &c->w->targets[i];
                if (t->kind == ON_ISCSI && !strcmp(t->path, iqn))
                        str_addf(&xml,
                                "\t<LUN>\n\t\t<vendor>LIO-ORG</vendor>\n\t\t<serial>%s</serial>\n\t\t<LUNid>%s</"
                                "LUNid>\n\t\t<size>%" PRId64 "</size>\n\t\t<SCSIid>%s</SCSIid>\n\t</LUN>\n",
                                t->serial, t->lun, t->size, t->scsiid);
        }
        str_add(&xml, "</iscsi-target>\n");
        const char *kept = arena_strdup(c->a, str_text(&xml));
        str_clear(&xml);
        return kept;
}

static struct target *with_scsiid(const struct world *w, enum target_kind kind, const char *path, const char *scsiid)
{
        for (size_t i = 0; i < w->n_targets; i++) {
                struct target *t = &w->targets[i];
                if (t->kind == kind && (!path || !strcmp(t->path, path)) && !strcmp(t->scsiid, scsiid))
                        return t;
        }
        return NULL;
}

/* The first portal of the list that answers. */
static const char *portal_of(struct call *c, const char *list, int host)
{
        for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',') {
                const char *one = arena_strndup(c->a, at, strcspn(at, ","));
                if (any_at(c->w, ON_ISCSI, one) && reaches(c->w, c->w->hosts[host].name, one))
                        return one;
        }
        return NULL;
}

static bool look_iscsi(struct call *c, const struct val *config, int host, struct found *f)
{
        const char *list = get_config(config, "target"), *iqn = get_config(config, "targetIQN"),
                   *scsiid = get_config(config, "SCSIid");
        const char *port = get_config(config, "port"), *user = get_config(config, "chapuser"),
                   *password = secret_of(c, config, "chappassword");
        struct object *h = db_find(c->db, "host", c->w->hosts[host].ref);
        if (c->n_error)
                return false;
        if (!*list) {
                refuse_unknown(c, "lvmoiscsi without a target");
                return false;
        }
        if (!h || !*key_of(h, "other_config", "iscsi_iqn"))
                return failure(f, "SR_BACKEND_FAILURE_97", "ISCSI initiator name is empty");
        const char *portal = portal_of(c, list, host);
        if (!portal && !strchr(list, ',') && !resolves(c->w, list))
                return failure(f, "SR_BACKEND_FAILURE_140", "Incorrect DNS name, unable to resolve.");
        if (!portal || (*port && strcmp(port, "3260")))
                return failure(f, "SR_BACKEND_FAILURE_141", "Unable to connect to iSCSI service on target");
        if (!*iqn) {
                f->xml = iqns(c, portal);
                return failure(
                        f, "SR_BACKEND_FAILURE_96", "The request is missing or has an incorrect target IQN parameter");
        }
        const struct target *t = target_at(c->w, ON_ISCSI, portal, iqn);
        if (!t || (t->user && (strcmp(t->user, user) || strcmp(t->password, password))))
                return failure(f, "SR_BACKEND_FAILURE_68", "ISCSI login failed, verify CHAP credentials");
        f->target = *scsiid ? with_scsiid(c->w, ON_ISCSI, iqn, scsiid) : NULL;
        if (!f->target) {
                f->xml = luns(c, iqn);
                return failure(f, "SR_BACKEND_FAILURE_107", "The SCSIid parameter is missing or incorrect");
        }
        f->complete = true;
        return true;
}

static const char *devices(struct call *c)
{
        struct str xml = STR_MAX(1 << 18);
        str_add(&xml, "<?xml version=\"1.0\" ?>\n<Devlist>\n");
        for (size_t i = 0; i < c->w->n_targets; i++) {
                const struct target *t = &c->w->targets[i];
                if (t->kind == ON_HBA)
                        str_addf(&xml,
                                "\t<BlockDevice>\n\t\t<path>/dev/disk/by-id/scsi-%s</path>\n\t\t<numpaths>2</"
                                "numpaths>\n\t\t<SCSIid>%s</SCSIid>\n"
                                "\t\t<vendor>HUAWEI</vendor>\n\t\t<serial>%s</serial>\n\t\t<size>%" PRId64
                                "</size>\n\t\t<adapter>%s</adapter>\n"
                                "\t\t<channel>0</channel>\n\t\t<id>0</id>\n\t\t<lun>%s</lun>\n\t\t<hba>lpfc</hba>\n\t</"
                                "BlockDevice>\n",
                                t->scsiid, t->scsiid, t->serial, t->size, t->adapter, t->lun);
        }
        str_add(&xml, "</Devlist>\n");
        const char *kept = arena_strdup(c->a, str_text(&xml));
        str_clear(&xml);
        return kept;
}

static bool look_hba(struct call *c, const struct val *config, int host, struct found *f)
{
        const char *scsiid = get_config(config, "SCSIid");
        (void)host;
        f->target = *scsiid ? with_scsiid(c->w, ON_HBA, NULL, scsiid) : NULL;
        if (!f->target) {
                f->xml = devices(c);
                return failure(f, "SR_BACKEND_FAILURE_107", "The SCSIid parameter is missing or incorrect");
        }
        f->complete = true;
        return true;
}

static bool share_fits(struct call *c, const struct target *t, const char *user, const char *password)
{
        const char *back = strrchr(user, '\\');
        user = back ? back + 1 : user;
        (void)c;
        return !t->user || (!strcmp(t->user, user) && !strcmp(t->password, password));
}

static bool look_smb(struct call *c, const struct val *config, int host, struct found *f)
{
        const char *where = get_config(config, "server"), *password = secret_of(c, config, "password");
        if (c->n_error)
                return false;
        if (c->w->hosts[c->db->owner].restricted)
                return failure(f, "SR_BACKEND_FAILURE_454", "This host is not licensed for SMB storage");
        const char *end = strncmp(where, "\\\\", 2) ? NULL : strchr(where + 2, '\\');
        if (!end) {
                refuse_unknown(c, "smb with the server '%s'", where);
                return false;
        }
        const char *server = arena_strndup(c->a, where + 2, (size_t)(end - where - 2));
        f->target = target_at(c->w, ON_SMB, server, end + 1);
        if (!f->target || !reaches(c->w, c->w->hosts[host].name, server) ||
                !share_fits(c, f->target, get_config(config, "username"), password))
                return failure(
                        f, "SR_BACKEND_FAILURE_111", "SMB mount error [opterr=mount failed with return code 32]");
        f->complete = true;
        return true;
}

static bool look_iso_smb(struct call *c, const struct val *config, int host, struct found *f)
{
        const char *where = get_config(config, "location"), *password = secret_of(c, config, "cifspassword"),
                   *vers = get_config(config, "vers");
        const char *end = strncmp(where, "//", 2) ? NULL : strchr(where + 2, '/');
        if (c->n_error)
                return false;
        if (*vers && strcmp(vers, "1.0") && strcmp(vers, "3.0"))
                return failure(f, "SR_BACKEND_FAILURE_227", "Given SMB version is not allowed.");
        const char *server = end ? arena_strndup(c->a, where + 2, (size_t)(end - where - 2)) : "";
        f->target = end ? target_at(c->w, ON_SMB, server, end + 1) : NULL;
        if (!f->target || !reaches(c->w, c->w->hosts[host].name, server) ||
                !share_fits(c, f->target, get_config(config, "username"), password))
                return failure(
                        f, "SR_BACKEND_FAILURE_222", "Could not mount the directory specified in Device Configuration");
        f->complete = true;
        return true;
}

static bool look_iso(struct call *c, const struct val *config, int host, struct found *f)
{
        const char *where = get_config(config, "location"), *colon = strchr(where, ':');
        if (!strcmp(get_config(config, "legacy_mode"), "true"))
                return f->complete = true;
        if (!*where) {
                refuse_unknown(c, "iso without a location");
                return false;
        }
        if (!strcmp(get_config(config, "type"), "cifs"))
                return look_iso_smb(c, config, host, f);
        const char *server = colon ? arena_strndup(c->a, where, (size_t)(colon - where)) : "";
        f->target = colon ? target_at(c->w, ON_NFS, server, colon + 1) : NULL;
        if (!f->target || !reaches(c->w, c->w->hosts[host].name, server) ||
                !version_served(f->target, get_config(config, "nfsversion")))
                return failure(
                        f, "SR_BACKEND_FAILURE_222", "Could not mount the directory specified in Device Configuration");
        f->complete = true;
        return true;
}

bool storage_look(struct call *c, const char *type, const struct val *config, int host, struct found *f)
{
        *f = (struct found){ 0 };
        if (!keys_known(c, type, config))
                return false;
        if (!strcmp(type, "nfs"))
                return look_nfs(c, config, host, f);
        if (!strcmp(type, "lvmoiscsi"))
                return look_iscsi(c, config, host, f);
        if (!strcmp(type, "smb"))
                return look_smb(c, config, host, f);
        return !strcmp(type, "iso") ? look_iso(c, config, host, f) : look_hba(c, config, host, f);
}

void storage_fail(struct call *c, const struct found *f)
{
        fail(c, f->code, "", f->message, f->xml ? f->xml : "", NULL);
}

const char *storage_srlist(struct arena *a, const struct target *t)
{
        struct str xml = STR_MAX(1 << 16);
        str_add(&xml, "<?xml version=\"1.0\" ?>\n<SRlist>\n");
        for (size_t i = 0; i < t->n_sr; i++)
                str_addf(&xml, "\t<SR>\n\t\t<UUID>%s</UUID>\n\t</SR>\n", t->sr[i]);
        str_add(&xml, "</SRlist>\n");
        const char *kept = arena_strdup(a, str_text(&xml));
        str_clear(&xml);
        return kept;
}
