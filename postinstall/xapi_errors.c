#include "postinstall/xapi_errors.h"
#include "base/cleanup.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <ctype.h>
#include <string.h>

/* One row for each remedy; a code that ends in * stands for all that begin so. The first row that fits is taken. */
static const struct {
        enum rule rule;
        enum err_kind kind;
        const char *codes;
} remedies[] = {
        { XR_XAPI_LOGIN, ERR_INPUT, "SESSION_AUTHENTICATION_FAILED" },
        { XR_XAPI_SESSION, ERR_WORLD, "SESSION_INVALID SESSION_NOT_REGISTERED" },
        { XR_XAPI_NOT_COORDINATOR, ERR_WORLD, "HOST_IS_SLAVE" },
        { XR_XAPI_STARTING, ERR_WORLD, "HOST_STILL_BOOTING HOST_HAS_NO_MANAGEMENT_IP" },
        { XR_XAPI_EMERGENCY, ERR_WORLD,
                "HOST_IN_EMERGENCY_MODE HOST_UNKNOWN_TO_MASTER HOST_MASTER_CANNOT_TALK_BACK HOST_ITS_OWN_SLAVE "
                "CANNOT_CONTACT_HOST" },
        { XR_XAPI_BUSY, ERR_WORLD,
                "OTHER_OPERATION_IN_PROGRESS TOO_BUSY TOO_MANY_PENDING_TASKS APPLY_UPDATES_IN_PROGRESS "
                "SYNC_UPDATES_IN_PROGRESS HA_ENABLE_IN_PROGRESS HA_DISABLE_IN_PROGRESS CLUSTER_CREATE_IN_PROGRESS "
                "CONFIGURE_REPOSITORIES_IN_PROGRESS HOST_EVACUATE_IN_PROGRESS TASK_CANCELLED" },
        { XR_XAPI_OTHER_VERSION, ERR_WORLD,
                "MESSAGE_METHOD_UNKNOWN MESSAGE_PARAMETER_COUNT_MISMATCH MESSAGE_REMOVED MESSAGE_DEPRECATED "
                "NOT_IMPLEMENTED XMLRPC_UNMARSHAL_FAILURE FIELD_TYPE_ERROR EVENT_SUBSCRIPTION_PARSE_FAILURE "
                "EVENT_FROM_TOKEN_PARSE_FAILURE" },
        { XR_XAPI_GONE, ERR_WORLD, "HANDLE_INVALID UUID_INVALID OBJECT_NOLONGER_EXISTS EVENTS_LOST" },
        { XR_XAPI_PERMISSION, ERR_WORLD,
                "PERMISSION_DENIED RBAC_PERMISSION_DENIED SESSION_AUTHORIZATION_FAILED USER_IS_NOT_LOCAL_SUPERUSER" },
        { XR_XAPI_LICENCE, ERR_INPUT,
                "LICENCE_RESTRICTION LICENSE_DOES_NOT_SUPPORT_POOLING LICENSE_DOES_NOT_SUPPORT_XHA LICENSE_EXPIRED "
                "FEATURE_RESTRICTED V6D_FAILURE LICENSE_CHECKOUT_ERROR LICENSE_PROCESSING_ERROR "
                "SR_BACKEND_FAILURE_454" },
        { XR_XAPI_LICENCE_UNEQUAL, ERR_INPUT, "LICENSE_HOST_POOL_MISMATCH" },
        { XR_XAPI_INTERNAL, ERR_WORLD, "INTERNAL_ERROR" },
        { XR_XAPI_NOT_ALLOWED, ERR_WORLD, "OPERATION_NOT_ALLOWED OPERATION_BLOCKED OPERATION_PARTIALLY_FAILED" },
        { XR_XAPI_VALUE, ERR_INPUT, "INVALID_VALUE VALUE_NOT_SUPPORTED HOST_NAME_INVALID" },

        { XR_JOIN_UNREACHED, ERR_WORLD, "JOINING_HOST_CONNECTION_FAILED JOINING_HOST_SERVICE_FAILED" },
        { XR_JOIN_VERSIONS, ERR_WORLD,
                "HOSTS_NOT_COMPATIBLE POOL_JOINING_HOST_MUST_HAVE_SAME_API_VERSION "
                "POOL_JOINING_HOST_MUST_HAVE_SAME_DB_SCHEMA POOL_JOINING_HOST_MUST_HAVE_SAME_PRODUCT_VERSION "
                "HOST_XAPI_VERSION_HIGHER_THAN_COORDINATOR POOL_JOINING_SM_FEATURES_INCOMPATIBLE" },
        { XR_JOIN_UNEQUAL, ERR_WORLD, "HOSTS_NOT_HOMOGENEOUS" },
        { XR_JOIN_OCCUPIED, ERR_REFUSED,
                "JOINING_HOST_CANNOT_BE_MASTER_OF_OTHER_HOSTS JOINING_HOST_CANNOT_CONTAIN_SHARED_SRS "
                "JOINING_HOST_CANNOT_HAVE_RUNNING_VMS JOINING_HOST_CANNOT_HAVE_RUNNING_OR_SUSPENDED_VMS "
                "JOINING_HOST_CANNOT_HAVE_VMS_WITH_CURRENT_OPERATIONS" },
        { XR_JOIN_NETWORKS, ERR_WORLD,
                "POOL_JOINING_HOST_HAS_BONDS POOL_JOINING_HOST_HAS_TUNNELS POOL_JOINING_HOST_HAS_NETWORK_SRIOVS "
                "POOL_JOINING_HOST_HAS_NON_MANAGEMENT_VLANS POOL_JOINING_HOST_MANAGEMENT_VLAN_DOES_NOT_MATCH "
                "POOL_JOINING_HOST_MUST_HAVE_PHYSICAL_MANAGEMENT_NIC POOL_JOINING_HOST_MUST_ONLY_HAVE_PHYSICAL_PIFS "
                "SLAVE_REQUIRES_MANAGEMENT_INTERFACE" },
        { XR_JOIN_TLS, ERR_WORLD, "POOL_JOINING_HOST_TLS_VERIFICATION_MISMATCH TLS_VERIFICATION_NOT_ENABLED_IN_POOL" },
        { XR_JOIN_CERTIFICATES, ERR_WORLD,
                "POOL_JOINING_MASTER_CERTIFICATE_NOT_IN_POOL_BUNDLE POOL_JOINING_POOL_BUNDLE_EMPTY_AFTER_IMPORT "
                "POOL_JOINING_HOST_CA_CERTIFICATES_CONFLICT POOL_JOINING_HOST_TRUSTED_CERTIFICATES_CONFLICT "
                "SSL_VERIFY_ERROR TLS_CONNECTION_FAILED SERVER_CERTIFICATE_EXPIRED SERVER_CERTIFICATE_NOT_VALID_YET" },
        { XR_JOIN_CLUSTERING, ERR_WORLD,
                "CLUSTERING_ENABLED POOL_JOINING_HOST_MUST_HAVE_ONLY_ONE_IP_ON_CLUSTERING_NETWORK "
                "POOL_JOINING_POOL_CANNOT_ENABLE_CLUSTERING_ON_VLAN_NETWORK" },
        { XR_JOIN_DIRECTORY, ERR_WORLD, "POOL_JOINING_EXTERNAL_AUTH_MISMATCH" },
        { XR_JOIN_UPDATES, ERR_WORLD,
                "HOST_PENDING_MANDATORY_GUIDANCES_NOT_EMPTY HOST_PENDING_MANDATORY_GUIDANCE_NOT_EMPTY "
                "NOT_SUPPORTED_DURING_UPGRADE" },

        { XR_STORAGE_INCOMPLETE, ERR_INPUT,
                "SR_BACKEND_FAILURE_96 SR_BACKEND_FAILURE_101 SR_BACKEND_FAILURE_102 SR_BACKEND_FAILURE_107" },
        { XR_STORAGE_NFS, ERR_WORLD, "SR_BACKEND_FAILURE_72 SR_BACKEND_FAILURE_73 SR_BACKEND_FAILURE_108" },
        { XR_STORAGE_ISCSI, ERR_WORLD,
                "SR_BACKEND_FAILURE_67 SR_BACKEND_FAILURE_68 SR_BACKEND_FAILURE_83 SR_BACKEND_FAILURE_141" },
        { XR_STORAGE_LIBRARY, ERR_WORLD, "SR_BACKEND_FAILURE_222 SR_BACKEND_FAILURE_224 SR_BACKEND_FAILURE_227" },
        { XR_STORAGE_NAME, ERR_WORLD, "SR_BACKEND_FAILURE_140" },
        { XR_STORAGE_IN_USE, ERR_REFUSED,
                "SR_BACKEND_FAILURE_16 SR_BACKEND_FAILURE_42 SR_DEVICE_IN_USE SR_UUID_EXISTS SR_NOT_EMPTY" },
        { XR_STORAGE_IQN, ERR_WORLD, "SR_BACKEND_FAILURE_97" },
        { XR_STORAGE_DRIVER, ERR_INPUT,
                "SR_UNKNOWN_DRIVER SR_OPERATION_NOT_SUPPORTED SR_NOT_SHARABLE UNIMPLEMENTED_IN_SM_BACKEND "
                "SR_REQUIRES_UPGRADE" },
        { XR_STORAGE_FULL, ERR_WORLD,
                "SR_FULL OUT_OF_SPACE PROVISION_FAILED_OUT_OF_SPACE SR_SOURCE_SPACE_INSUFFICIENT "
                "SR_SUSPEND_SPACE_INSUFFICIENT VDI_TOO_LARGE" },
        { XR_STORAGE_BACKEND, ERR_WORLD,
                "SR_BACKEND_FAILURE* SR_ATTACH_FAILED SR_NOT_ATTACHED SR_UNHEALTHY SM_PLUGIN_COMMUNICATION_FAILURE "
                "SR_VDI_LOCKING_FAILED DEFAULT_SR_NOT_FOUND" },

        { XR_HA_IS_ON, ERR_WORLD, "HA_IS_ENABLED HA_HOST_IS_ARMED" },
        { XR_HA_STATEFILE, ERR_WORLD,
                "CANNOT_CREATE_STATE_FILE INCOMPATIBLE_STATEFILE_SR HA_HOST_CANNOT_ACCESS_STATEFILE HA_LOST_STATEFILE "
                "HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED SR_HAS_NO_PBDS CANNOT_ENABLE_REDO_LOG REDO_LOG_IS_ENABLED "
                "NO_MORE_REDO_LOGS_ALLOWED" },
        { XR_HA_PLAN, ERR_INPUT, "HA_NO_PLAN HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN HA_TOO_FEW_HOSTS" },
        { XR_HA_HOSTS, ERR_WORLD,
                "HOST_OFFLINE HOST_NOT_LIVE REQUIRED_PIF_IS_UNPLUGGED HA_FAILED_TO_FORM_LIVESET "
                "HA_HOST_CANNOT_SEE_PEERS HA_POOL_IS_ENABLED_BUT_HOST_IS_DISABLED "
                "HA_CONSTRAINT_VIOLATION_NETWORK_NOT_SHARED "
                "HA_HEARTBEAT_DAEMON_STARTUP_FAILED HA_ABORT_NEW_MASTER HA_SHOULD_BE_FENCED HA_NOT_INSTALLED" },

        { XR_HOST_IS_DISABLED, ERR_WORLD,
                "HOST_DISABLED HOST_DISABLED_UNTIL_REBOOT HOST_DISABLED_INDEFINITELY HOST_BROKEN" },
        { XR_HOST_IS_LIVE, ERR_REFUSED, "HOST_IS_LIVE HOST_HAS_RESIDENT_VMS HOST_IN_USE HOST_CANNOT_DESTROY_SELF" },
        { XR_XAPI_NETWORK, ERR_INPUT,
                "PIF_* VLAN_* INVALID_IP_ADDRESS_SPECIFIED INVALID_CIDR_ADDRESS_SPECIFIED INTERFACE_HAS_NO_IP "
                "INCOMPATIBLE_PIF_PROPERTIES CANNOT_ADD_VLAN_TO_BOND_SLAVE CANNOT_PLUG_BOND_SLAVE "
                "CANNOT_CHANGE_PIF_PROPERTIES NETWORK_* BRIDGE_NAME_EXISTS BRIDGE_NOT_AVAILABLE MAC_* "
                "DUPLICATE_PIF_DEVICE_NAME OPENVSWITCH_NOT_ACTIVE HOST_CANNOT_ATTACH_NETWORK "
                "COULD_NOT_FIND_NETWORK_INTERFACE_WITH_SPECIFIED_DEVICE_NAME_AND_MAC_ADDRESS" },
        { XR_XAPI_MACHINE, ERR_INPUT,
                "VM_* VBD_* VDI_* VIF_* HOST_NOT_ENOUGH_FREE_MEMORY HOST_NOT_ENOUGH_PCPUS NO_HOSTS_AVAILABLE "
                "MEMORY_CONSTRAINT_* BOOTLOADER_FAILED UNKNOWN_BOOTLOADER DOMAIN_BUILDER_ERROR "
                "FAILED_TO_START_EMULATOR "
                "PROVISION_ONLY_ALLOWED_ON_TEMPLATE ILLEGAL_VBD_DEVICE DEVICE_ALREADY_EXISTS" },
        { XR_XAPI_EXISTS, ERR_WORLD,
                "MAP_DUPLICATE_KEY PBD_EXISTS SR_HAS_PBD SR_HAS_MULTIPLE_PBDS DB_UNIQUENESS_CONSTRAINT_VIOLATION "
                "DUPLICATE_VM LOCATION_NOT_UNIQUE" },
};

static bool fits(const char *word, size_t n, const char *code)
{
        if (word[n - 1] == '*')
                return !strncmp(word, code, n - 1);
        return strlen(code) == n && !memcmp(word, code, n);
}

static bool in_list(const char *codes, const char *code)
{
        for (const char *word = codes; *word;) {
                size_t n = strcspn(word, " ");
                if (fits(word, n, code))
                        return true;
                word += n + strspn(word + n, " ");
        }
        return false;
}

const char *xapi_known_code(size_t index)
{
        static char word[80];
        for (size_t i = 0; i < COUNT(remedies); i++)
                for (const char *at = remedies[i].codes; *at;) {
                        size_t n = strcspn(at, " ");
                        if (!index--) {
                                snprintf(word, sizeof(word), "%.*s", (int)n, at);
                                return word;
                        }
                        at += n + strspn(at + n, " ");
                }
        return NULL;
}

static const char *secret_at(const char *at, const char *const *secrets)
{
        for (; secrets && *secrets; secrets++)
                if (**secrets && !strncmp(at, *secrets, strlen(*secrets)))
                        return *secrets;
        return NULL;
}

/* References say nothing to a person, and one of them is the session. */
static void add_shown(struct str *out, const char *text, const char *const *secrets)
{
        static const char ref[] = "OpaqueRef:";
        for (const char *at = text; *at;) {
                const char *secret = secret_at(at, secrets);
                if (secret) {
                        str_add(out, "****");
                        at += strlen(secret);
                } else if (!strncmp(at, ref, strlen(ref))) {
                        str_add(out, "OpaqueRef");
                        at += strlen(ref);
                        at += strspn(at, "0123456789abcdefABCDEF-");
                } else {
                        unsigned char c = (unsigned char)*at++;
                        str_addc(out, c < 0x20 ? ' ' : c > 0x7e ? '?' : (char)c);
                }
        }
}

static bool is_worth_showing(const char *param)
{
        return *param && *param != '<' && strncmp(param, "OpaqueRef:", 10) != 0;
}

/* "CODE: one, two": the code is xapi's, and nothing that it sends steers a terminal or fills a screen. */
static void add_said(struct str *out, const struct xapi_failure *f, const char *const *secrets)
{
        enum { LONGEST_CODE = 80, LONGEST_PARAM = 200, LONGEST_SAID = 420 };
        for (const char *c = f->code; *c && out->len < LONGEST_CODE; c++)
                str_addc(out, isalnum((unsigned char)*c) || *c == '_' ? *c : '?');
        const char *between = ": ";
        for (size_t i = 0; i < f->n && out->len < LONGEST_SAID; i++) {
                AUTO_STR shown = STR_MAX(1 << 26);
                if (!is_worth_showing(f->params[i]))
                        continue;
                add_shown(&shown, f->params[i], secrets);
                bool long_one = shown.len > LONGEST_PARAM;
                str_add(out, between);
                str_addn(out, str_text(&shown), long_one ? LONGEST_PARAM : shown.len);
                str_add(out, long_one ? "..." : "");
                between = ", ";
        }
}

bool xapi_explain(struct err *e, const struct xapi_failure *f, const char *const *secrets)
{
        enum rule rule = XR_XAPI_REFUSED;
        enum err_kind kind = ERR_WORLD;
        for (size_t i = 0; i < COUNT(remedies) && rule == XR_XAPI_REFUSED; i++)
                if (in_list(remedies[i].codes, f->code)) {
                        rule = remedies[i].rule;
                        kind = remedies[i].kind;
                }
        AUTO_STR said = STR_MAX(1024);
        add_said(&said, f, secrets);
        err_rule(e, rule, str_text(&said), NULL);
        e->kind = kind;
        return false;
}
