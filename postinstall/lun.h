/* lun.h - whether a LUN is blank, before anything is made on it. Read only. */
#pragma once
#include "postinstall/agent_plan.h"

enum lun_content {
        LUN_BLANK,                      /* its first and last MiB are zero */
        LUN_DATA,                       /* they are not: it may be somebody's */
        LUN_UNREADABLE,                 /* it cannot be told; e says why */
};

/* root: the host's file system. An iSCSI LUN that is not attached is attached for the look, and let go again. */
enum lun_content lun_look(int root, bool real, const struct agent_storage *, const char *scsi_id, struct err *e);
