/* pxe - interface, probe, rivals and dnsmasq as `xenroll serve` uses them, one at a time: what the ring `dhcp` drives.
 *
 *     pxe interfaces
 *     pxe choose KEY=VALUE…                   interface= address=
 *     pxe probe KEY=VALUE…                    interface= wait=MS, and as-pxe=no
 *     pxe judge KEY=VALUE…                    the same, and mode= although=yes
 *     pxe port KEY=VALUE…                     interface= port=
 *     pxe conf|hosts|instructions KEY=VALUE…  mode= folder= host=MAC,ADDRESS,NAME hosts=N range=A-B gateway= dns= user=
 * … pxe run KEY=VALUE…                      the same: until SIGTERM, or until dnsmasq dies
 *
 * Exit code as xenroll's; an error is one line on stderr, with its remedy behind " | ". */
#include "pxe/dnsmasq.h"
#include "pxe/port_user.h"
#include "pxe/rivals.h"
#include "base/i18n.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

enum { MOST = 100000 };

struct given {
        const char *interface;
        uint32_t address;
        bool as_pxe, although;
        int wait, port;
        struct dnsmasq_wish wish;
        struct reservation *hosts;
        uint32_t dns[4];
        char names[64][64];
};

static uint32_t address_of(const char *text)
{
        struct in_addr a = { 0 };
        if (inet_pton(AF_INET, text, &a) != 1) {
                fprintf(stderr, "pxe: '%s' is no address\n", text);
                exit(2);
        }
        return ntohl(a.s_addr);
}

static void add_host(struct given *g, const char *value)
{
        struct reservation *r = &g->hosts[g->wish.n_hosts];
        unsigned m[6];
        char address[32] = "", *name = g->names[g->wish.n_hosts % 64];
        if (sscanf(value, "%x:%x:%x:%x:%x:%x,%31[0-9.],%63s", &m[0], &m[1], &m[2], &m[3], &m[4], &m[5], address, name) <
                7)
                exit(2);
        for (int i = 0; i < 6; i++)
                r->mac[i] = (uint8_t)m[i];
        r->address = address_of(address);
        r->name = name;
        g->wish.n_hosts++;
}

/* 02:00:00:xx:xx:xx and 10.128.0.0 upwards. */
static void add_many(struct given *g, long n)
{
        for (long i = 0; i < n && g->wish.n_hosts < MOST; i++) {
                struct reservation *r = &g->hosts[g->wish.n_hosts++];
                static char names[MOST][32];
                char *name = names[i];
                snprintf(name, sizeof(names[i]), "host-%ld", i);
                *r = (struct reservation){ { 2, 0, 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i },
                        0x0a800000u + 256 + (uint32_t)i, name };
        }
}

static bool take_text(struct given *g, const char *key, const char *value)
{
        const struct {
                const char *key;
                const char **to;
        } texts[] = {
                { "interface", &g->interface },
                { "folder", &g->wish.folder },
                { "bios", &g->wish.bios_loader },
                { "uefi", &g->wish.uefi_loader },
                { "http", &g->wish.http_base },
                { "ipxe", &g->wish.ipxe_script },
                { "user", &g->wish.user },
        };
        for (size_t i = 0; i < COUNT(texts); i++)
                if (!strcmp(key, texts[i].key)) {
                        *texts[i].to = *value ? value : NULL;
                        return true;
                }
        return false;
}

static void take(struct given *g, const char *key, const char *value)
{
        struct dnsmasq_wish *w = &g->wish;
        if (take_text(g, key, value))
                return;
        if (!strcmp(key, "mode"))
                for (int i = 0; dhcp_mode_names[i]; i++)
                        w->mode = !strcmp(value, dhcp_mode_names[i]) ? (enum dhcp_mode)i : w->mode;
        else if (!strcmp(key, "address"))
                g->address = address_of(value);
        else if (!strcmp(key, "gateway"))
                w->gateway = address_of(value);
        else if (!strcmp(key, "dns"))
                g->dns[w->n_dns++ % 4] = address_of(value);
        else if (!strcmp(key, "host"))
                add_host(g, value);
        else if (!strcmp(key, "hosts"))
                add_many(g, strtol(value, NULL, 10));
        else if (!strcmp(key, "beside-another"))
                w->beside_another = !strcmp(value, "yes");
        else if (!strcmp(key, "old-dnsmasq"))
                w->old_dnsmasq = !strcmp(value, "yes");
        else if (!strcmp(key, "although"))
                g->although = !strcmp(value, "yes");
        else if (!strcmp(key, "as-pxe"))
                g->as_pxe = strcmp(value, "no") != 0;
        else if (!strcmp(key, "wait"))
                g->wait = (int)strtol(value, NULL, 10);
        else if (!strcmp(key, "port"))
                g->port = (int)strtol(value, NULL, 10);
        else if (!strcmp(key, "first"))
                w->range_first = address_of(value);
        else if (!strcmp(key, "last"))
                w->range_last = address_of(value);
        else {
                fprintf(stderr, "pxe: '%s' is not known\n", key);
                exit(2);
        }
}

static void show(const struct err *e)
{
        fprintf(stderr, "%s%s%s%s\n", e->code ? "XR: " : "", e->text, *e->remedy ? " | " : "", e->remedy);
}

static int fail(const struct err *e)
{
        show(e);
        return (int)e->kind;
}

static const char *shown(uint32_t a)
{
        static char text[4][16];
        static int at;
        at = (at + 1) % 4;
        snprintf(text[at], 16, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
        return text[at];
}

static void show_interface(const struct interface *i)
{
        printf("%s %02x:%02x:%02x:%02x:%02x:%02x %s/%s%s%s\n", i->name, i->mac[0], i->mac[1], i->mac[2], i->mac[3],
                i->mac[4], i->mac[5], shown(i->address), shown(i->mask), i->up ? " up" : "",
                i->wireless ? " wireless" : "");
}

static bool choose(struct given *g, struct interface *out, struct err *e)
{
        OWN(interface_list_clear) struct interface_list l = { 0 };
        return interface_list(&l, e) && interface_choose(&l, g->interface, g->address, out, e);
}

static int list(void)
{
        OWN(interface_list_clear) struct interface_list l = { 0 };
        struct err e = ERR_INIT;
        if (!interface_list(&l, &e))
                return fail(&e);
        for (size_t i = 0; i < l.n; i++)
                show_interface(&l.items[i]);
        return 0;
}

static void show_offer(const struct dhcp_offer *o)
{
        printf("%s %s address=%s router=%s next=%s file=%s class=%s mac=%02x:%02x:%02x:%02x:%02x:%02x\n",
                o->address ? "server" : "proxy", shown(o->server), shown(o->address), shown(o->router),
                shown(o->next_server), o->boot_file, o->vendor_class, o->server_mac[0], o->server_mac[1],
                o->server_mac[2], o->server_mac[3], o->server_mac[4], o->server_mac[5]);
}

static int probe(struct given *g, bool judge)
{
        struct interface on;
        struct dhcp_offers offers;
        struct err e = ERR_INIT, warning = ERR_INIT;
        if (!choose(g, &on, &e) || !dhcp_probe(&on, g->as_pxe, g->wait, &offers, &e))
                return fail(&e);
        for (size_t i = 0; i < offers.n; i++)
                show_offer(&offers.items[i]);
        if (!judge)
                return 0;
        if (!dhcp_rivals(&offers, g->wish.mode, g->although, &e))
                return fail(&e);
        if (dhcp_warning(&offers, g->wish.mode, on.address, &warning))
                show(&warning);
        return 0;
}

static int port(struct given *g)
{
        struct interface on;
        struct port_user user;
        struct err e = ERR_INIT;
        if (!choose(g, &on, &e))
                return fail(&e);
        if (port_user_find(&on, &g->port, 1, &user, &e))
                printf("%d %s\n", user.port, user.program);
        else if (e.kind)
                return fail(&e);
        else
                printf("free\n");
        return 0;
}

/* Without an interface= of this machine, a made-up one: for texts. */
static bool complete(struct given *g, struct err *e)
{
        struct dnsmasq_wish *w = &g->wish;
        w->hosts = g->hosts;
        w->dns = g->dns;
        w->on = (struct interface){ .name = "enp3s0", .address = 0xc0a80005, .mask = 0xffffff00 };
        if (g->interface && !choose(g, &w->on, e))
                return false;
        w->address = w->on.address;
        return true;
}

static int print(struct given *g, const char *what)
{
        AUTO_STR conf = STR_MAX(64 << 20), hosts = STR_MAX(64 << 20);
        struct err e = ERR_INIT;
        struct timespec a, b;
        if (!complete(g, &e))
                return fail(&e);
        clock_gettime(CLOCK_MONOTONIC, &a);
        if (!strcmp(what, "instructions"))
                dhcp_print_instructions(&g->wish, &conf);
        else
                dnsmasq_print(&g->wish, &conf, &hosts);
        clock_gettime(CLOCK_MONOTONIC, &b);
        if (getenv("PXE_TIME"))
                fprintf(stderr, "%.1f ms\n",
                        (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6);
        fputs(str_text(strcmp(what, "hosts") ? &conf : &hosts), stdout);
        return 0;
}

static volatile sig_atomic_t asked;

static void on_signal(int number) { asked = number; }

static int watch(struct dnsmasq *d)
{
        struct err e = ERR_INIT;
        int status;
        while (!asked) {
                char text[4096];
                struct pollfd p = { d->output, POLLIN, 0 };
                if (waitpid(d->pid, &status, WNOHANG) == d->pid) {
                        d->pid = 0;
                        dnsmasq_died(d, status, &e);
                        dnsmasq_stop(d);
                        return fail(&e);
                }
                if (poll(&p, 1, 50) > 0 && !(p.revents & POLLHUP)) {
                        ssize_t n = read(d->output, text, sizeof(text));
                        if (n > 0 && fwrite(text, 1, (size_t)n, stderr) == 0)
                                return 3;
                }
        }
        dnsmasq_stop(d);
        puts("stopped");
        return 0;
}

static int run(struct given *g)
{
        struct err e = ERR_INIT;
        struct dnsmasq d;
        struct timespec a, b;
        struct sigaction s = { .sa_handler = on_signal };
        sigaction(SIGTERM, &s, NULL);
        clock_gettime(CLOCK_MONOTONIC, &a);
        if (!complete(g, &e) || !dnsmasq_start(&d, &g->wish, &e))
                return fail(&e);
        clock_gettime(CLOCK_MONOTONIC, &b);
        printf("listens pid=%d ms=%.0f\n", (int)d.pid,
                (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6);
        fflush(stdout);
        return watch(&d);
}

int main(int argc, char **argv)
{
        static struct reservation hosts[MOST];
        struct given g = { .as_pxe = true, .wait = 1000, .hosts = hosts };
        g.wish = (struct dnsmasq_wish){ .folder = "/run/xenroll",
                .bios_loader = "lpxelinux.0",
                .uefi_loader = "xenroll.efi",
                .http_base = "http://192.168.0.5/boot/",
                .ipxe_script = "http://192.168.0.5/boot/ipxe/" };
        i18n_init(getenv("PXE_LANGUAGE"));
        log_enable(getenv("PXE_LOG") != NULL);
        for (int i = 2; i < argc; i++) {
                char *value = strchr(argv[i], '=');
                if (!value)
                        return 2;
                *value++ = '\0';
                take(&g, argv[i], value);
        }
        const char *what = argc > 1 ? argv[1] : "";
        if (!strcmp(what, "interfaces"))
                return list();
        if (!strcmp(what, "choose")) {
                struct interface on;
                struct err e = ERR_INIT;
                if (!choose(&g, &on, &e))
                        return fail(&e);
                show_interface(&on);
                return 0;
        }
        if (!strcmp(what, "probe") || !strcmp(what, "judge"))
                return probe(&g, *what == 'j');
        if (!strcmp(what, "port"))
                return port(&g);
        if (!strcmp(what, "run"))
                return run(&g);
        return print(&g, what);
}
