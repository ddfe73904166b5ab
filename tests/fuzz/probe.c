/* Whatever a storage driver says of LUNs and SRs: texts that end, counts that fit. */
#include "postinstall/probe.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        static struct lun_list list;
        char uuid[37];
        struct bytes xml = bytes_of((const char *)data, n);
        if (probe_luns(xml, &list))
                for (size_t i = 0; i < list.n; i++) {
                        const struct lun *l = &list.items[i];
                        if (l->number < -1 || !memchr(l->serial, 0, sizeof(l->serial)) ||
                                !memchr(l->scsi_id, 0, sizeof(l->scsi_id)) || !memchr(l->size, 0, sizeof(l->size)))
                                abort();
                }
        if (probe_srs(xml, uuid) < -1 || !memchr(uuid, 0, sizeof(uuid)))
                abort();
        return 0;
}
