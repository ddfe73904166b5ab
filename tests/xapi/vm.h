/* vm.h - virtual machines, their disks and cards, snapshot schedules. */
#pragma once
#include "tests/xapi/inside.h"

handler vm_clone, vm_provision, vm_set_memory_limits, vm_set_vcpus_max, vm_set_vcpus_at_startup,
        vm_set_ha_restart_priority, vm_set_schedule, vm_start, vm_destroy, vm_power_state_reset, vm_set_is_a_template, vif_create, vbd_create,
        vdi_create, vmss_create, vmss_destroy;
