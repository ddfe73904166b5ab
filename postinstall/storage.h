/* storage.h - how a storage of the plan looks to xapi: its kind, its device_config, and what already lies there. */
#pragma once
#include "postinstall/agent_parts.h"

enum { MOST_CONFIG = 12, CONFIG_VALUE = 1024, SCSI_ID_TEXT = 128 };

/* device_config as pairs for RPC_M, pointing into itself: never copied by value. */
struct device_config {
        const char *pairs[2 * MOST_CONFIG + 1];
        char values[MOST_CONFIG][CONFIG_VALUE];
        size_t n;
        bool cut;                       /* something did not fit: not to be used */
};

const char *storage_driver(const struct agent_storage *);       /* "nfs", "lvmoiscsi", "lvmohba", "smb", "iso"; NULL for the local one */
bool storage_keeps_images(const struct agent_storage *);

/* scsi_id: "" leaves it out, so that xapi lists what there is. secret: uuid of xapi's secret with the password; "" = none. */
void storage_config(const struct agent_storage *, const char *scsi_id, const char *secret, struct device_config *);

/* Whether an SR with this device_config is the planned one. scsi_id: "" when it is not known. */
bool storage_is_same(const struct agent_storage *, const char *scsi_id, const struct rpc_value *device_config);
