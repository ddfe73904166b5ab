/* Who does what: messages that mean more than to read or set a field, and how long they take. */
#include "tests/xapi/network.h"
#include "tests/xapi/pool.h"
#include "tests/xapi/serve.h"
#include "tests/xapi/session.h"
#include "tests/xapi/storage.h"
#include "tests/xapi/vm.h"

#include <string.h>

static const struct handling all[] = {
        { "session.login_with_password", session_login, 30 },
        { "session.logout", session_logout, 0 },
        { "event.from", event_from, 5 },
        { "task.create", task_create, 0 },
        { "task.destroy", task_destroy, 0 },
        { "secret.create", secret_create, 0 },
        { "secret.destroy", secret_destroy, 0 },

        { "pool.join", pool_join, POOL_JOIN_TAKES },
        { "pool.join_force", pool_join, POOL_JOIN_TAKES },
        { "pool.eject", pool_eject, 0 },
        { "pool.enable_tls_verification", pool_enable_tls, 1000 },
        { "pool.management_reconfigure", pool_management_reconfigure, 3000 },
        { "pool.enable_ha", pool_enable_ha, 6000 },
        { "pool.disable_ha", pool_disable_ha, 43000 },
        { "pool.ha_compute_max_host_failures_to_tolerate", pool_compute_max, 0 },
        { "pool.ha_failover_plan_exists", pool_ha_plan_exists, 0 },
        { "pool.set_ha_host_failures_to_tolerate", pool_set_tolerate, 0 },
        { "pool.create_VLAN_from_PIF", pool_create_vlan_from_pif, 1000 },

        { "host.get_servertime", host_get_servertime, 0 },
        { "host.set_hostname_live", host_set_hostname_live, 500 },
        { "host.enable", host_enable, 500 },
        { "host.disable", host_disable, 500 },
        { "host.destroy", host_destroy, 500 },
        { "host.set_multipathing", host_set_multipathing, 0 },
        { "host.set_iscsi_iqn", host_set_iscsi_iqn, 0 },
        { "host.management_reconfigure", host_management_reconfigure, 3000 },
        { "host.get_management_interface", host_get_management_interface, 0 },

        { "network.create", network_create, 0 },
        { "network.destroy", network_destroy, 0 },
        { "PIF.scan", pif_scan, 500 },
        { "PIF.plug", pif_plug, 1000 },
        { "PIF.unplug", pif_unplug, 500 },
        { "PIF.reconfigure_ip", pif_reconfigure_ip, 1500 },
        { "PIF.set_disallow_unplug", pif_set_disallow_unplug, 0 },
        { "Bond.create", bond_create, 2000 },
        { "VLAN.create", vlan_create, 1000 },

        { "SR.probe", sr_probe, 800 },
        { "SR.create", sr_create, 3000 },
        { "SR.introduce", sr_introduce, 100 },
        { "SR.forget", sr_forget, 500 },
        { "SR.scan", sr_scan_call, 500 },
        { "SR.set_name_label", sr_set_name, 0 },
        { "SR.set_name_description", sr_set_name, 0 },
        { "PBD.create", pbd_create, 50 },
        { "PBD.destroy", pbd_destroy, 50 },
        { "PBD.plug", pbd_plug_call, 1500 },
        { "PBD.unplug", pbd_unplug, 1000 },

        { "VM.clone", vm_clone, 500 },
        { "VM.provision", vm_provision, 1500 },
        { "VM.start", vm_start, 3000 },
        { "VM.destroy", vm_destroy, 500 },
        { "VM.power_state_reset", vm_power_state_reset, 100 },
        { "VM.set_memory_limits", vm_set_memory_limits, 0 },
        { "VM.set_VCPUs_max", vm_set_vcpus_max, 0 },
        { "VM.set_VCPUs_at_startup", vm_set_vcpus_at_startup, 0 },
        { "VM.set_ha_restart_priority", vm_set_ha_restart_priority, 0 },
        { "VM.set_snapshot_schedule", vm_set_schedule, 0 },
        { "VM.set_is_a_template", vm_set_is_a_template, 0 },
        { "VM.set_order", call_plain_setter, 0 },
        { "VM.set_start_delay", call_plain_setter, 0 },
        { "VM.set_shutdown_delay", call_plain_setter, 0 },
        { "VM.set_other_config", call_plain_setter, 0 },
        { "VM.add_to_other_config", call_plain_setter, 0 },
        { "VM.remove_from_other_config", call_plain_setter, 0 },
        { "VM.set_platform", call_plain_setter, 0 },
        { "VM.add_to_platform", call_plain_setter, 0 },
        { "VM.remove_from_platform", call_plain_setter, 0 },
        { "VIF.create", vif_create, 100 },
        { "VBD.create", vbd_create, 100 },
        { "VDI.create", vdi_create, 1000 },
        { "VMSS.create", vmss_create, 0 },
        { "VMSS.destroy", vmss_destroy, 0 },
        { "VMSS.set_schedule", call_plain_setter, 0 },
        { "VMSS.set_frequency", call_plain_setter, 0 },
        { "VMSS.set_retained_snapshots", call_plain_setter, 0 },
        { "VMSS.set_type", call_plain_setter, 0 },
        { "host.add_tags", call_plain_setter, 0 },
        { "host.remove_tags", call_plain_setter, 0 },
};

const struct handling *handling_of(const char *method)
{
        for (size_t i = 0; i < COUNT(all); i++)
                if (!strcmp(all[i].method, method))
                        return &all[i];
        return NULL;
}
