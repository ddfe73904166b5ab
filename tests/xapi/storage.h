/* storage.h - what lies around the hosts, and SRs, PBDs on it. */
#pragma once
#include "tests/xapi/inside.h"

enum { MOST_KEYS = 16 };

/* A driver looks at a device_config as the real one does: what it leads to, or the code and message of its failure. */
struct found {
        struct target *target;
        const char *code, *message; /* code NULL: all is well */
        const char *xml;            /* behind them, for 96, 101 and 107 */
        bool complete;              /* it says which SR, not only where to look */
};

/* NULL and refused when there is no such driver or the facts know nothing of a key. */
bool storage_look(struct call *, const char *type, const struct val *config, int host, struct found *);
void storage_fail(struct call *, const struct found *);
const char *storage_srlist(struct arena *, const struct target *);

handler sr_probe, sr_create, sr_introduce, sr_forget, sr_scan_call, sr_set_name, sr_destroy, sr_assert_statefile,
        pbd_create, pbd_destroy, pbd_plug_call, pbd_unplug, sr_get_supported_types;
