/* dnsmasq.h - DHCP and TFTP by dnsmasq: its configuration, and running it as a child. */
#pragma once
#include "pxe/interface.h"
#include "base/str.h"
#include <sys/types.h>

enum dhcp_mode {
        DHCP_OURS,                      /* dhcp: we give addresses */
        DHCP_PROXY,                     /* proxy: another server gives them, we add what to boot */
        DHCP_NONE,                      /* none: nothing of ours answers; TFTP is served all the same */
};
extern const char *const dhcp_mode_names[];     /* "dhcp", "proxy", "none" */

struct reservation {                    /* one host's management NIC */
        uint8_t mac[6];
        uint32_t address;               /* host byte order; 0 = no fixed one: it gets one from the range */
        const char *name;               /* host name, a plain ASCII word */
};

struct dnsmasq_wish {
        enum dhcp_mode mode;
        struct interface on;            /* its address is ours */
        uint32_t address;               /* where loaders find us; normally on.address */
        uint32_t gateway;               /* option 3; 0 = none */
        const uint32_t *dns;            /* option 6 */
        size_t n_dns;
        uint32_t range_first, range_last;       /* for machines without a reservation; 0 = none get an address */
        bool beside_another;            /* another server gives addresses too, and that is meant: then nobody's address is ever refused */
        const char *folder;             /* absolute, and open to `user`: where dnsmasq.conf, hosts and leases lie; TFTP is folder/tftp */
        const struct reservation *hosts;
        size_t n_hosts;
        const char *bios_loader;        /* file names below the TFTP root: "lpxelinux.0"; NULL: that firmware gets nothing */
        const char *uefi_loader;        /* "xenroll.efi" */
        const char *http_base;          /* "http://192.168.0.5/boot/": for UEFI HTTP boot and iPXE */
        const char *ipxe_script;        /* "http://192.168.0.5/boot/ipxe/" + MAC is what iPXE loads next */
        const char *user;               /* whose rights dnsmasq takes; NULL keeps ours */
        bool old_dnsmasq;               /* it lacks dhcp-pxe-vendor: no UEFI HTTP boot with DHCP_PROXY; dnsmasq_start finds out by itself */
};

/* Appends dnsmasq.conf, each part with a sentence why it stands there; and the reservations for its hosts file (dhcp-hostsfile). */
void dnsmasq_print(const struct dnsmasq_wish *, struct str *conf, struct str *hosts);

/* Appends, for people, in their language: what to enter in the router, in an existing dnsmasq, ISC dhcpd, Kea, Windows DHCP. */
void dhcp_print_instructions(const struct dnsmasq_wish *, struct str *out);

struct dnsmasq {
        pid_t pid;                      /* 0 = not running */
        int output;                     /* its log, for the caller to read lines from; owned */
};

/* Tests the configuration (dnsmasq --test), then starts it in the foreground as a child that dies with the thread that calls; waits
 * until it listens. It is started with its user's rights, never root's when a user is given. ERR_WORLD, plainly: not installed, a port
 * in use and by whom, missing rights. */
MUST_USE bool dnsmasq_start(struct dnsmasq *, const struct dnsmasq_wish *, struct err *e);
/* SIGTERM, then SIGKILL after five seconds; its log is closed. Nothing when it does not run. */
void dnsmasq_stop(struct dnsmasq *);
/* The sentence for a child that ended by itself, with the last line of its log unless that has been read. Always false. */
bool dnsmasq_died(const struct dnsmasq *, int status, struct err *e);
