/* Values of the model as the words and texts that people read. */
#include "answerfiles/site.h"

const char *const stage_names[STAGES] = {
        [STAGE_INSTALLATION_START] = "installation-start",
        [STAGE_PACKAGES_INSTALLED] = "packages-installed",
        [STAGE_FILESYSTEM_POPULATED] = "filesystem-populated",
        [STAGE_INSTALLATION_COMPLETE] = "installation-complete",
};

/* Ends with NULL, so that it also serves as a list of choices. */
const char *const sr_type_names[] = {
        [SR_NFS] = "nfs",
        [SR_ISCSI] = "iscsi",
        [SR_HBA] = "hba",
        [SR_SMB] = "smb",
        [SR_ISO_NFS] = "iso-nfs",
        [SR_ISO_SMB] = "iso-smb",
        [SR_LOCAL] = "local",
        [SR_TYPES] = NULL,
};

const char *mac_text(const struct mac *m, char buf[MAC_TEXT])
{
        snprintf(buf, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", m->byte[0], m->byte[1], m->byte[2], m->byte[3],
                m->byte[4], m->byte[5]);
        return buf;
}

const char *ip4_text(uint32_t addr, char buf[IP4_TEXT])
{
        snprintf(buf, IP4_TEXT, "%u.%u.%u.%u", addr >> 24, addr >> 16 & 255, addr >> 8 & 255, addr & 255);
        return buf;
}
