/* Storage: what each type needs, what two pools must not share, and what may carry the heartbeat. */
#include "answerfiles/check_parts.h"
#include "answerfiles/value_text.h"
#include "base/i18n.h"

#include <string.h>

enum sr_field {
        F_SERVER = 1,
        F_PATH = 2,
        F_SHARE = 4,
        F_VERSION = 8,
        F_OPTIONS = 16,
        F_PORTAL = 32,
        F_IQN = 64,
        F_LUN = 128,
        F_SERIAL = 256,
        F_SCSI = 512,
        F_CHAP = 1024,
        F_LOGIN = 2048,
        F_MULTIPATH = 4096,
        F_PORT = 8192,
        F_SMB_VERSION = 16384
};

static const struct {
        enum sr_field field;
        const char *key;
} keys[] = { { F_SERVER, "server" }, { F_PATH, "path" }, { F_SHARE, "share" }, { F_VERSION, "version" },
        { F_OPTIONS, "options" }, { F_PORTAL, "portal" }, { F_IQN, "iqn" }, { F_LUN, "lun" },
        { F_SERIAL, "lun-serial" }, { F_SCSI, "scsi-id" }, { F_CHAP, "chap" }, { F_LOGIN, "username" },
        { F_MULTIPATH, "multipath" }, { F_PORT, "port" },
        { F_SMB_VERSION, "version" } };

enum { NFS_NEEDS = F_SERVER | F_PATH, SMB_NEEDS = F_SERVER | F_SHARE, DEFAULT_PORT = 3260 };

/* choice: exactly one of these. */
static const struct {
        unsigned needs, may, choice;
} types[] = {
        [SR_NFS] = { NFS_NEEDS, F_VERSION | F_OPTIONS, 0 },
        [SR_ISO_NFS] = { NFS_NEEDS, F_VERSION | F_OPTIONS, 0 },
        [SR_ISCSI] = { F_PORTAL | F_IQN, F_CHAP | F_MULTIPATH | F_PORT, F_LUN | F_SERIAL | F_SCSI },
        [SR_HBA] = { 0, F_MULTIPATH, F_SERIAL | F_SCSI },
        [SR_SMB] = { SMB_NEEDS, F_LOGIN, 0 },
        [SR_ISO_SMB] = { SMB_NEEDS, F_LOGIN | F_SMB_VERSION, 0 },
        [SR_LOCAL] = { 0, 0, 0 },
};

static bool is_smb(const struct storage *s) { return s->type == SR_SMB || s->type == SR_ISO_SMB; }
bool storage_is_iso(const struct storage *s) { return s->type == SR_ISO_NFS || s->type == SR_ISO_SMB; }

static unsigned given_fields(const struct storage *s)
{
        unsigned given = 0;
        given |= s->server.text ? F_SERVER : 0;
        given |= s->path ? (is_smb(s) ? F_SHARE : F_PATH) : 0;
        given |= s->nfs_version ? F_VERSION : 0;
        given |= s->smb_version ? F_SMB_VERSION : 0;
        given |= s->options ? F_OPTIONS : 0;
        given |= s->n_portals ? F_PORTAL : 0;
        /* One that was written and is wrong has its position, and was reported. */
        given |= s->iqn || s->iqn_pos.line ? F_IQN : 0;
        given |= s->lun >= 0 ? F_LUN : 0;
        given |= s->lun_serial ? F_SERIAL : 0;
        given |= s->scsi_id ? F_SCSI : 0;
        given |= s->chap_user || s->chap_password ? F_CHAP : 0;
        given |= s->username || s->password ? F_LOGIN : 0;
        given |= s->multipath ? F_MULTIPATH : 0;
        given |= s->port && s->port != DEFAULT_PORT ? F_PORT : 0;
        return given;
}

static const char *list_keys(struct check *c, unsigned fields)
{
        AUTO_STR text = STR_MAX(256);
        for (size_t i = 0; i < COUNT(keys); i++)
                if (fields & keys[i].field)
                        str_addf(&text, "%s%s", text.len ? ", " : "", keys[i].key);
        return arena_strdup(c->arena, str_text(&text));
}

static void check_fields(struct check *c, const struct storage *s)
{
        unsigned given = given_fields(s), needs = types[s->type].needs, choice = types[s->type].choice;
        const char *type = sr_type_names[s->type];
        struct pos pos = check_pos(s->name_pos, s->pos);
        unsigned lacks = needs & ~given, foreign = given & ~(needs | types[s->type].may | choice);
        if (lacks)
                check_say(c, pos, XR_STORAGE_NEEDS, s->name, type, list_keys(c, lacks & -lacks), list_keys(c, lacks));
        if (foreign)
                check_say(c, pos, XR_STORAGE_FORBIDS, s->name, type, list_keys(c, foreign));
        int ways = __builtin_popcount(given & choice);
        if (choice && ways != 1)
                check_say(c, pos, XR_LUN_CHOICE, s->name, type, ways ? _("in more than one way") : _("in no way"),
                        list_keys(c, choice));
}

static bool share_is_fine(const char *share)
{
        for (const char *s = share; *s; s++)
                if ((unsigned char)*s < 0x20 || strchr("/\\:*?\"<>|", *s))
                        return false;
        return *share && *share != ' ' && share[strlen(share) - 1] != ' ';
}

static bool is_word_of(const char *list, const char *word)
{
        size_t n = strlen(word);
        for (const char *at = list; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
                if (strcspn(at, "|") == n && !strncmp(at, word, n))
                        return true;
        return false;
}

static const char *with_commas(struct check *c, const char *list)
{
        AUTO_STR text = STR_MAX(256);
        for (const char *s = list; *s; s++)
                str_add(&text, *s == '|' ? ", " : (char[]){ *s, 0 });
        return arena_strdup(c->arena, str_text(&text));
}

#define NFS_VERSIONS "3|4|4.0|4.1"
#define SMB_VERSIONS "1.0|3.0"

/* A version that no release has is a typing mistake; one that this release lacks is another matter. */
static void check_version(struct check *c, const struct storage *s)
{
        const char *all = s->type == SR_ISO_SMB ? SMB_VERSIONS : NFS_VERSIONS;
        const char *version = s->type == SR_ISO_SMB ? s->smb_version : s->nfs_version;
        if (!version || !(types[s->type].may & (F_VERSION | F_SMB_VERSION)))
                return;
        if (!is_word_of(all, version))
                check_say(c, s->version_pos, XR_WORD_UNKNOWN, version, "version", with_commas(c, all));
        else if (s->nfs_version && !is_word_of(c->release->nfs_versions, version))
                check_say(c, s->version_pos, XR_NFS_VERSION_RELEASE, c->release->product, version, with_commas(c, c->release->nfs_versions));
}

static void check_roles(struct check *c, const struct storage *s, struct pos pos)
{
        if (s->is_default && storage_is_iso(s))
                check_say(c, pos, XR_DEFAULT_ISO, s->name);
        if (s->suspend && storage_is_iso(s))
                check_say(c, pos, XR_ROLE_ISO, s->name, "suspend");
        if (s->crash_dump && storage_is_iso(s))
                check_say(c, pos, XR_ROLE_ISO, s->name, "crash-dump");
}

static void check_values(struct check *c, const struct storage *s)
{
        struct pos pos = check_pos(s->name_pos, s->pos), path = check_pos(s->path_pos, pos);
        check_version(c, s);
        check_roles(c, s, pos);
        if (s->path && !is_smb(s) && types[s->type].needs & F_PATH)
                value_nfs_path(c->diags, path, s->path);
        if (s->path && is_smb(s) && !share_is_fine(s->path))
                check_say(c, path, XR_SMB_SHARE, s->path);
        if (!s->chap_user != !s->chap_password)
                check_say(c, pos, XR_CHAP_HALF, s->name);
        if (!s->username != !s->password)
                check_say(c, pos, XR_SMB_LOGIN_HALF, s->name);
        if (s->type == SR_SMB && !c->release->smb_storage)
                check_say(c, pos, XR_SMB_RELEASE, c->release->product);
        else if (s->type == SR_SMB && c->release->family != FAMILY_XCPNG)
                check_say(c, pos, XR_SMB_LICENCE, c->release->product);
        for (size_t i = 1; i < s->n_portals; i++)
                for (size_t k = 0; k < i; k++)
                        if (s->portals[i].text && s->portals[k].text && !strcmp(s->portals[i].text, s->portals[k].text))
                                check_say(c, check_pos(s->portals[i].pos, pos), XR_SERVER_TWICE, s->portals[i].text);
}

static struct pos place(const struct storage *s) { return check_pos(s->name_pos, s->pos); }

/* The first of its pool that is so, for messages about the second. */
struct firsts {
        const struct storage *standard, *suspend, *crash_dump, *local;
};

static void role_once(struct check *c, const struct pool *p, const struct storage **first, const struct storage *s, const char *role)
{
        if (*first)
                check_say(c, place(s), XR_ROLE_TWICE, p->id, role, s->name, (*first)->name, check_where(c, place(*first)));
        else
                *first = s;
        if (s->type == SR_LOCAL && p->n_hosts > 1)
                check_say(c, place(s), XR_LOCAL_ROLE, s->name, role, p->id, check_number(c, p->n_hosts));
}

static void check_default(struct check *c, const struct pool *p, const struct storage **first, const struct storage *s)
{
        if (*first)
                check_say(c, place(s), XR_DEFAULT_TWICE, p->id, s->name, (*first)->name, check_where(c, place(*first)));
        else
                *first = s;
        if (s->type == SR_LOCAL && p->n_hosts > 1)
                check_say(c, place(s), XR_LOCAL_ROLE, s->name, "default", p->id, check_number(c, p->n_hosts));
}

static void check_local(struct check *c, const struct pool *p, const struct storage **first, const struct storage *s)
{
        if (*first)
                check_say(c, place(s), XR_LOCAL_TWICE, p->id, s->name, (*first)->name, check_where(c, place(*first)));
        else
                *first = s;
        for (size_t i = 0; i < p->n_hosts; i++)
                if (p->hosts[i]->set->local_storage == LOCAL_NONE) {
                        check_say(c, place(s), XR_LOCAL_NONE, s->name, p->hosts[i]->name);
                        break;
                }
}

static void check_with_others(struct check *c, const struct pool *p)
{
        OWN(seen_clear) struct seen names = { 0 };
        struct firsts firsts = { 0 };
        for (size_t i = 0; i < p->n_storage; i++) {
                const struct storage *s = &p->storage[i];
                const struct seen_entry *twin = s->name ? seen_before(&names, (struct seen_key){ 0, 0, s->name }, place(s), s) : NULL;
                if (twin)
                        check_say(c, place(s), XR_STORAGE_NAME_TWICE, p->id, s->name, check_where(c, twin->pos));
                if (s->is_default)
                        check_default(c, p, &firsts.standard, s);
                if (s->suspend && !storage_is_iso(s))
                        role_once(c, p, &firsts.suspend, s, "suspend");
                if (s->crash_dump && !storage_is_iso(s))
                        role_once(c, p, &firsts.crash_dump, s, "crash-dump");
                if (s->type == SR_LOCAL)
                        check_local(c, p, &firsts.local, s);
        }
}

const struct storage *check_storage_named(const struct pool *p, const char *name)
{
        for (size_t i = 0; i < p->n_storage; i++)
                if (p->storage[i].name && !strcmp(p->storage[i].name, name))
                        return &p->storage[i];
        return NULL;
}

const char *check_storage_names(struct check *c, const struct pool *p)
{
        AUTO_STR names = STR_MAX(4096);
        for (size_t i = 0; i < p->n_storage; i++)
                str_addf(&names, "%s%s", i ? ", " : "", p->storage[i].name ? p->storage[i].name : "?");
        return names.len ? arena_strdup(c->arena, str_text(&names)) : _("none");
}

void check_storages(struct check *c, const struct pool *p)
{
        for (size_t i = 0; i < p->n_storage; i++) {
                const struct storage *s = &p->storage[i];
                /* What a blueprint says is the same in every school. */
                if (!check_first(c, "storage", check_pos(s->name_pos, s->pos)))
                        continue;
                check_fields(c, s);
                check_values(c, s);
        }
        check_with_others(c, p);
}

/* What must have one owner. */

struct owner {
        const struct storage *storage;
        const struct pool *pool;
};

static void once(
        struct check *c, struct seen *seen, uint64_t scope, const char *key, const struct owner *o, enum rule rule)
{
        struct pos pos = check_pos(o->storage->name_pos, o->storage->pos);
        const struct seen_entry *first = seen_before(seen, (struct seen_key){ scope, 0, key }, pos, o->storage);
        if (first && first->who != o->storage)
                check_say(c, pos, rule, o->storage->name, o->pool->id, ((const struct storage *)first->who)->name,
                        check_where(c, first->pos));
}

/* Schools are separate networks: the same address means the same machine only inside of one. A full name, and the
 * identity of the LUN itself, mean the same everywhere. */
static uint64_t scope_of(const struct endpoint *server, size_t school)
{
        return !server->ip.given && strchr(server->text, '.') ? 0 : school + 1;
}

static void lun_once(struct check *c, struct seen *seen, size_t school, const struct owner *o)
{
        const struct storage *s = o->storage;
        if (s->scsi_id)
                once(c, seen, 0, arena_printf(c->arena, "scsi %s", check_lower(c, s->scsi_id)), o, XR_LUN_TWICE);
        if (s->lun_serial)
                once(c, seen, 0, arena_printf(c->arena, "serial %s", check_lower(c, s->lun_serial)), o, XR_LUN_TWICE);
        if (s->type != SR_ISCSI || !s->iqn || s->lun < 0)
                return;
        /* A target with several portals is one target. */
        uint64_t scope = s->n_portals && s->portals[0].text ? scope_of(&s->portals[0], school) : school + 1;
        once(c, seen, scope, arena_printf(c->arena, "%s %d", check_lower(c, s->iqn), s->lun), o, XR_LUN_TWICE);
}

static void export_once(struct check *c, struct seen *seen, size_t school, const struct owner *o)
{
        const struct storage *s = o->storage;
        if ((s->type != SR_NFS && s->type != SR_SMB) || !s->server.text || !s->path)
                return;
        size_t n = strlen(s->path);
        while (n > 1 && s->path[n - 1] == '/')
                n--;
        const char *path = arena_strndup(c->arena, s->path, n);
        once(c, seen, scope_of(&s->server, school),
                arena_printf(c->arena, "%s %s:%s", s->type == SR_NFS ? "nfs" : "smb", check_lower(c, s->server.text),
                        is_smb(s) ? check_lower(c, path) : path),
                o, XR_EXPORT_TWICE);
}

void check_luns(struct check *c)
{
        OWN(seen_clear) struct seen seen = { 0 };
        for (size_t i = 0; i < c->plan->n_schools; i++)
                for (size_t k = 0; k < c->plan->schools[i]->n_pools; k++) {
                        const struct pool *p = c->plan->schools[i]->pools[k];
                        for (size_t n = 0; n < p->n_storage; n++) {
                                const struct owner o = { &p->storage[n], p };
                                lun_once(c, &seen, i, &o);
                                export_once(c, &seen, i, &o);
                        }
                }
}
