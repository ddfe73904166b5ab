#include "postinstall/storage.h"

#include <string.h>

const char *storage_driver(const struct agent_storage *s)
{
        static const char *const drivers[AGENT_SR_TYPES] = { [AGENT_NFS] = "nfs",
                [AGENT_ISCSI] = "lvmoiscsi",
                [AGENT_HBA] = "lvmohba",
                [AGENT_SMB] = "smb",
                [AGENT_ISO_NFS] = "iso",
                [AGENT_ISO_SMB] = "iso" };
        return drivers[s->type];
}

bool storage_keeps_images(const struct agent_storage *s) { return s->type == AGENT_ISO_NFS || s->type == AGENT_ISO_SMB; }
bool storage_is_shared(const struct agent_storage *s) { return s->type != AGENT_LOCAL; }

const struct agent_storage *storage_named(const struct agent_plan *p, const char *name)
{
        for (size_t i = 0; name && i < p->n_storage; i++)
                if (!strcmp(p->storage[i].name, name))
                        return &p->storage[i];
        return NULL;
}

/* --- device_config --- */

static void put(struct device_config *c, const char *key, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void put(struct device_config *c, const char *key, const char *fmt, ...)
{
        va_list ap;
        va_start(ap, fmt);
        c->cut |= vsnprintf(c->values[c->n], CONFIG_VALUE, fmt, ap) >= CONFIG_VALUE;
        va_end(ap);
        c->pairs[2 * c->n] = key;
        c->pairs[2 * c->n + 1] = c->values[c->n];
        c->pairs[2 * ++c->n] = NULL;
}

static void put_given(struct device_config *c, const char *key, const char *value)
{
        if (value && *value)
                put(c, key, "%s", value);
}

static void put_nfs(struct device_config *c, const struct agent_storage *s)
{
        put(c, "server", "%s", s->server);
        put(c, "serverpath", "%s", s->path);
        put_given(c, "nfsversion", s->version);
        put_given(c, "options", s->options);
}

static void put_iscsi(struct device_config *c, const struct agent_storage *s, const char *scsi_id, const char *secret)
{
        AUTO_STR portals = STR_MAX(CONFIG_VALUE - 1);
        for (size_t i = 0; i < s->portals.n; i++)
                str_addf(&portals, "%s%s", i ? "," : "", s->portals.items[i]);
        c->cut |= portals.failed;
        put(c, "target", "%s", str_text(&portals));
        put(c, "targetIQN", "%s", s->iqn);
        if (s->port && s->port != 3260)
                put(c, "port", "%d", s->port);
        put_given(c, "SCSIid", scsi_id);
        put_given(c, "chapuser", s->user);
        put_given(c, "chappassword_secret", secret);
        if (s->multipath && s->portals.n > 1)
                put(c, "multihomed", "true");
}

static void put_iso(struct device_config *c, const struct agent_storage *s, const char *secret)
{
        if (s->type == AGENT_ISO_NFS) {
                put(c, "location", "%s:%s", s->server, s->path);
                put_given(c, "nfsversion", s->version);
                put_given(c, "options", s->options);
                return;
        }
        put(c, "location", "//%s/%s", s->server, s->path);
        put(c, "type", "cifs");
        put_given(c, "vers", s->version);
        put_given(c, "username", s->user);
        put_given(c, "cifspassword_secret", secret);
}

void storage_config(const struct agent_storage *s, const char *scsi_id, const char *secret, struct device_config *c)
{
        c->n = 0;
        c->cut = false;
        c->pairs[0] = NULL;
        switch (s->type) {
        case AGENT_NFS:
                put_nfs(c, s);
                break;
        case AGENT_ISCSI:
                put_iscsi(c, s, scsi_id, secret);
                break;
        case AGENT_HBA:
                put_given(c, "SCSIid", scsi_id);
                break;
        case AGENT_SMB:
                put(c, "server", "\\\\%s\\%s", s->server, s->path);
                put_given(c, "username", s->user);
                put_given(c, "password_secret", secret);
                break;
        case AGENT_ISO_NFS:
        case AGENT_ISO_SMB:
                put_iso(c, s, secret);
                break;
        default:
                break;
        }
}

/* What tells one storage from another; versions, options and passwords do not. */
bool storage_is_same(const struct agent_storage *s, const char *scsi_id, const struct rpc_value *theirs)
{
        static const char *const telling[] = { "server", "serverpath", "location" };
        struct device_config ours;
        if (s->type == AGENT_ISCSI || s->type == AGENT_HBA)
                return *scsi_id && !strcmp(rpc_text(theirs, "SCSIid"), scsi_id);
        storage_config(s, "", "", &ours);
        for (size_t i = 0; i < ours.n; i++)
                for (size_t k = 0; k < COUNT(telling); k++)
                        if (!strcmp(ours.pairs[2 * i], telling[k]) &&
                                strcmp(rpc_text(theirs, telling[k]), ours.values[i]))
                                return false;
        return ours.n > 0;
}
