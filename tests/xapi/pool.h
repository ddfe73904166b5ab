/* pool.h - what a pool and its hosts do when they are asked. */
#pragma once
#include "tests/xapi/inside.h"

enum { POOL_JOIN_TAKES = 2500 };

void forget_host(struct db *, struct object *);
handler pool_join, pool_set_default, pool_enable_tls, pool_management_reconfigure, pool_eject;
handler pool_enable_ha, pool_disable_ha, pool_compute_max, pool_set_tolerate, pool_ha_plan_exists;
handler host_get_servertime, host_set_hostname_live, host_enable, host_disable, host_destroy, host_set_multipathing,
        host_management_reconfigure, host_get_management_interface, host_set_iscsi_iqn;
void join_fuse(struct world *, int host, const char *arg);
