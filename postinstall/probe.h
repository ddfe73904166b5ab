/* probe.h - what SR.probe says lies on a storage: XML inside its answer, or inside the error that it ends with on purpose. */
#pragma once
#include "base/str.h"

enum { MOST_LUNS = 256, LUN_TEXT = 128 };

struct lun {
        int number;                     /* -1 = not said */
        char serial[LUN_TEXT], scsi_id[LUN_TEXT], size[24];
};

struct lun_list {
        struct lun items[MOST_LUNS];
        size_t n;
        size_t offered;                 /* more than n: the last ones are left out */
};

/* <iscsi-target><LUN>… or <Devlist><BlockDevice>… False when it is neither. */
MUST_USE bool probe_luns(struct bytes xml, struct lun_list *);

/* <SRlist><SR><UUID>…: how many there are, the first one's uuid in uuid. -1 when it is no such list. */
int probe_srs(struct bytes xml, char uuid[37]);
