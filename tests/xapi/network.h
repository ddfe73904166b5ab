/* network.h - networks, cards, bonds, VLANs. */
#pragma once
#include "tests/xapi/inside.h"

handler network_create, network_destroy, pif_scan, pif_plug, pif_unplug, pif_reconfigure_ip, pif_set_disallow_unplug,
        bond_create, vlan_create, pool_create_vlan_from_pif;
