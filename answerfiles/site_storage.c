/* Networks, storage and high availability of a pool as tables. */
#include "answerfiles/site_tables.h"
#include "answerfiles/value.h"
#include "base/i18n.h"

#include <string.h>

enum { LONGEST_PATH = 255, LONGEST_OPTIONS = 255 }; /* bytes; the agent refuses what does not fit into its device_config */

#define FIELD(section, member) .offset = offsetof(struct section, member)

static const struct limits nic = { 0, 31 }, vlan = { 1, 4094 }, mtu = { 576, 9216 }, port = { 1, 65535 }, lun = { 0, 16383 },
                           tolerate = { 1, 63 }, timeout = { 30, 300 };
static const struct field card = { "bond", read_limited, .arg = &nic };

static bool add_bond(struct reader *r, struct fy_node *n, struct pos pos, void *arg)
{
        struct network *w = arg;
        if (w->n_bond == COUNT(w->bond))
                return false;
        return read_limited(r, n, pos, &card, &w->bond[w->n_bond]) && ++w->n_bond;
}

static bool read_bond(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        struct network *w = (struct network *)((char *)at - offsetof(struct network, bond));
        if (!fy_node_is_sequence(n) || read_count(n) > COUNT(w->bond))
                return read_problem(r, XR_NEEDS_LIST, pos, r->key);
        return read_each(r, n, pos, add_bond, w);
}

static bool read_mode(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        static const char *const modes[] = { "active-backup", "balance-slb", "lacp", NULL };
        ((struct network *)((char *)at - offsetof(struct network, mode)))->mode_pos = pos;
        return read_string(r, n, pos, f, at) && read_word(r, pos, *(const char **)at, modes) >= 0;
}

static bool read_range(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        struct network *w = (struct network *)((char *)at - offsetof(struct network, first));
        const char *text = read_scalar(r, n, pos);
        return text && value_range(r->diags, pos, text, &w->first, &w->last, &w->prefix);
}

static const struct field network_fields[] = {
        { "name", read_name, FIELD(network, name), .sample = "存储网", .required = true, .help = N_("the network's name") },
        { "description", read_description, FIELD(network, description), .sample = "\"NFS 与 iSCSI 专用\"", .help = N_("what people read beside the name") },
        { "nic", read_limited, FIELD(network, nic), .arg = &nic, .sample = "1", .help = N_("network card, counted from 0 in slot order") },
        { "bond", read_bond, FIELD(network, bond), .sample = "[2, 3]", .help = N_("network cards used as one") },
        { "mode", read_mode, FIELD(network, mode), .sample = "active-backup", .help = N_("active-backup, balance-slb or lacp; balance-slb when left out, which needs nothing of the switch") },
        { "vlan", read_limited, FIELD(network, vlan), .arg = &vlan, .sample = "20", .help = N_("VLAN tag") },
        { "mtu", read_limited, FIELD(network, mtu), .arg = &mtu, .sample = "1500", .help = N_("largest packet in bytes") },
        { "addresses", read_range, FIELD(network, first), .sample = "10.10.0.11-10.10.0.12/24", .help = N_("for storage: one address a host, in order") },
};
const struct section network_section = { N_("network"), network_fields, COUNT(network_fields), NULL };

static bool read_sr_type(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        const char *text = read_scalar(r, n, pos);
        int type = text ? read_word(r, pos, text, sr_type_names) : -1;
        *(int *)at = type;
        return type >= 0;
}

static bool add_portal(struct reader *r, struct fy_node *n, struct pos pos, void *arg)
{
        struct raw_storage *s = arg;
        const char *text = read_scalar(r, n, pos);
        if (text)
                s->portals[s->n_portals++] = (struct located){ text, pos };
        return text;
}

static bool read_portals(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        struct raw_storage *s = (struct raw_storage *)((char *)at - offsetof(struct raw_storage, portals));
        s->portals = ARENA_ARRAY(r->arena, struct located, read_count(n) + 1);
        return read_each(r, n, pos, add_portal, s);
}

static bool read_iqn(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        ((struct storage *)((char *)at - offsetof(struct storage, iqn)))->iqn_pos = pos;
        return read_string(r, n, pos, f, at) && value_iqn(r->diags, pos, *(const char **)at);
}

static bool read_path(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        ((struct storage *)((char *)at - offsetof(struct storage, path)))->path_pos = pos;
        return read_string(r, n, pos, f, at) && value_text(r->diags, pos, *(const char **)at, LONGEST_PATH);
}

static bool read_storage_name(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        ((struct storage *)((char *)at - offsetof(struct storage, name)))->name_pos = pos;
        return read_name(r, n, pos, f, at);
}

/* Which versions there are depends on the type, which may come later. */
static bool read_version(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        ((struct storage *)((char *)at - offsetof(struct storage, nfs_version)))->version_pos = pos;
        return read_string(r, n, pos, f, at);
}

static bool read_options(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        return read_string(r, n, pos, f, at) && value_text(r->diags, pos, *(const char **)at, LONGEST_OPTIONS) &&
               value_nfs_options(r->diags, pos, *(const char **)at);
}

static bool read_lun_serial(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        return read_string(r, n, pos, f, at) && value_lun_name(r->diags, pos, _("the serial number"), *(const char **)at);
}

static bool read_scsi_id(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        return read_string(r, n, pos, f, at) && value_lun_name(r->diags, pos, _("the SCSI id"), *(const char **)at);
}

#define STORAGE(member) FIELD(raw_storage, s.member)

static const struct field storage_fields[] = {
        { "name", read_storage_name, STORAGE(name), .sample = "NAS", .required = true, .help = N_("the storage's name") },
        { "description", read_description, STORAGE(description), .sample = "\"一楼机房的 NAS\"", .help = N_("what people read beside the name") },
        { "type", read_sr_type, FIELD(raw_storage, type), .sample = "nfs", .required = true, .help = N_("nfs, iscsi, hba, smb; iso-nfs and iso-smb for libraries of images; local for what the installer made on each host") },
        { "server", read_located, FIELD(raw_storage, server), .sample = "+103", .help = N_("nfs, smb, iso-*: the server") },
        { "path", read_path, STORAGE(path), .sample = "/data/nfs", .help = N_("nfs, iso-nfs: the exported folder") },
        { "share", read_path, STORAGE(path), .sample = "vm", .help = N_("smb, iso-smb: the share's name") },
        { "version", read_version, STORAGE(nfs_version), .sample = "\"4.1\"",
          .help = N_("nfs, iso-nfs: protocol version, 3, 4, 4.0 or 4.1 as far as the release knows it; iso-smb: 1.0 or 3.0") },
        { "options", read_options, STORAGE(options), .sample = "\"soft,timeo=100\"", .help = N_("nfs, iso-nfs: mount options") },
        { "portal", read_portals, FIELD(raw_storage, portals), .sample = "192.168.0.104", .help = N_("iscsi: address, or list of addresses") },
        { "port", read_limited, STORAGE(port), .arg = &port, .sample = "3260", .help = N_("iscsi: port") },
        { "iqn", read_iqn, STORAGE(iqn), .sample = "iqn.2017-08.local.mynet:storage.sys0", .help = N_("iscsi: the target's name") },
        { "lun", read_limited, STORAGE(lun), .arg = &lun, .sample = "0", .help = N_("iscsi: LUN by number") },
        { "lun-serial", read_lun_serial, STORAGE(lun_serial), .sample = "60003ff44dc75adc", .help = N_("iscsi, hba: LUN by serial number") },
        { "scsi-id", read_scsi_id, STORAGE(scsi_id), .sample = "36001405f3b2c1a", .help = N_("iscsi, hba: LUN by SCSI id") },
        { "chap", read_chap, FIELD(raw_storage, s), .secret = true, .sample = "{user: xen, password-file: secrets/chap.txt}", .help = N_("iscsi: login") },
        { "multipath", read_bool, STORAGE(multipath), .sample = "false", .help = N_("iscsi, hba: use several paths") },
        { "username", read_string, STORAGE(username), .sample = "xen", .help = N_("smb, iso-smb: user") },
        { "password-file", read_password_file, STORAGE(password), .sample = "secrets/smb.txt", .help = N_("smb, iso-smb: file whose first line is the password") },
        { "password", read_string, STORAGE(password), .secret = true, .sample = "\"…\"", .help = N_("smb, iso-smb: the password; a file is better") },
        { "default", read_bool, STORAGE(is_default), .sample = "true", .help = N_("new virtual machines go here; without it, the first shared storage that is no library") },
        { "suspend", read_bool, STORAGE(suspend), .sample = "true", .help = N_("suspended virtual machines are written here") },
        { "crash-dump", read_bool, STORAGE(crash_dump), .sample = "true", .help = N_("dumps of crashed virtual machines are written here") },
};
const struct section storage_section = { N_("storage"), storage_fields, COUNT(storage_fields), NULL };

static const struct field ha_fields[] = {
        { "heartbeat", read_string, FIELD(ha, heartbeat), .sample = "NAS", .required = true, .help = N_("name of the storage that carries the heartbeat: nfs, iscsi or hba") },
        { "tolerate", read_limited, FIELD(ha, tolerate), .arg = &tolerate, .sample = "1", .help = N_("how many hosts may fail; 1 when left out") },
        { "timeout", read_duration, FIELD(ha, timeout), .arg = &timeout, .sample = "60 s",
          .help = N_("how long a host may be silent before it counts as dead; the release's own when left out") },
};
const struct section ha_section = { N_("ha"), ha_fields, COUNT(ha_fields), NULL };
