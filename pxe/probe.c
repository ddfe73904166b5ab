#include "pxe/probe.h"
#include "base/cleanup.h"
#include "base/i18n.h"
#include "base/now.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

enum {
        HEADERS = 28, /* IPv4 and UDP */
        BOOTP = 240,
        QUESTION = HEADERS + 400, /* BOOTP has 300 at least: shorter messages are dropped by old relays */
        TRIES = 3,
};

static void put16(uint8_t *p, uint32_t v)
{
        p[0] = (uint8_t)(v >> 8);
        p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
        put16(p, v >> 16);
        put16(p + 2, v);
}

static uint32_t add_up(const uint8_t *p, size_t n, uint32_t total)
{
        for (size_t i = 0; i + 1 < n; i += 2)
                total += (uint32_t)p[i] << 8 | p[i + 1];
        return total;
}

static uint32_t checksum(uint32_t total)
{
        while (total >> 16)
                total = (total & 0xffff) + (total >> 16);
        return ~total & 0xffff;
}

static uint8_t *put_option(uint8_t *at, uint8_t code, const void *value, uint8_t n)
{
        *at++ = code;
        *at++ = n;
        memcpy(at, value, n);
        return at + n;
}

/* What a BIOS says of itself; proxies answer nobody else. */
static uint8_t *put_pxe_options(uint8_t *at, const uint8_t mac[6])
{
        static const char class[] = "PXEClient:Arch:00000:UNDI:002001";
        uint8_t uuid[17] = { 0 };
        memcpy(uuid + 11, mac, 6);
        at = put_option(at, 60, class, sizeof(class) - 1);
        at = put_option(at, 93, "\0\0", 2);
        at = put_option(at, 94, "\1\2\1", 3);
        return put_option(at, 97, uuid, sizeof(uuid));
}

static void fill_discover(uint8_t *m, const uint8_t mac[6], uint32_t xid, bool as_pxe)
{
        m[0] = 1; /* a question, over Ethernet, with six bytes of MAC */
        m[1] = 1;
        m[2] = 6;
        put32(m + 4, xid);
        put16(m + 10, 0x8000); /* answers by broadcast: nobody here has the address yet */
        memcpy(m + 28, mac, 6);
        put32(m + 236, 0x63825363);
        uint8_t *at = put_option(m + BOOTP, 53, "\1", 1);
        at = put_option(at, 55, "\1\3\6\66\74\102\103", 7);
        if (as_pxe)
                at = put_pxe_options(at, mac);
        *at = 255;
}

static void fill_question(uint8_t q[QUESTION], const uint8_t mac[6], uint32_t xid, bool as_pxe)
{
        uint8_t *udp = q + 20;
        memset(q, 0, QUESTION);
        q[0] = 0x45;
        put16(q + 2, QUESTION);
        q[8] = 64;
        q[9] = 17;
        put32(q + 16, INADDR_BROADCAST);
        put16(q + 10, checksum(add_up(q, 20, 0)));
        put16(udp, 68);
        put16(udp + 2, 67);
        put16(udp + 4, QUESTION - 20);
        fill_discover(q + HEADERS, mac, xid, as_pxe);
        uint32_t sum = checksum(add_up(udp, QUESTION - 20, add_up(q + 12, 8, 17 + QUESTION - 20)));
        put16(udp + 6, sum ? sum : 0xffff); /* 0 would say that there is none */
}

/* --- the socket --- */

/* A busy network must not push the offers out of the queue: only UDP to port 68 that is no later fragment gets in. */
static bool let_offers_in(int fd)
{
        struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 17, 0, 6),
                BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
                BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 4, 0),
                BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
                BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 68, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, 0xffff),
                BPF_STMT(BPF_RET | BPF_K, 0),
        };
        struct sock_fprog program = { COUNT(code), code };
        return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

static bool link_is_up(int fd, const struct interface *i)
{
        struct ifreq r = { 0 };
        snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", i->name);
        return ioctl(fd, SIOCGIFFLAGS, &r) == 0 && (r.ifr_flags & IFF_UP) && (r.ifr_flags & IFF_RUNNING);
}

static int open_socket(const struct interface *i, struct err *e)
{
        const int yes = 1;
        AUTO_FD int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 && (errno == EPERM || errno == EACCES)) {
                err_set(e, ERR_WORLD, _("asking the network for DHCP servers needs root's rights"));
                snprintf(e->remedy, sizeof(e->remedy), "%s", _("Run it with sudo."));
                return -1;
        }
        if (fd >= 0 && !link_is_up(fd, i)) {
                err_set(e, ERR_WORLD, _("the network interface %s is not connected"), i->name);
                snprintf(
                        e->remedy, sizeof(e->remedy), "%s", _("Plug in its cable; the other end must be switched on."));
                return -1;
        }
        struct sockaddr_ll here = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = i->index };
        if (fd < 0 || !let_offers_in(fd) || setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &yes, sizeof(yes)) < 0 ||
                bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0) {
                err_sys(e, _("listening on %s"), i->name);
                return -1;
        }
        return take_fd(&fd);
}

static bool send_question(int fd, const struct interface *i, const uint8_t q[QUESTION], struct err *e)
{
        struct sockaddr_ll to = {
                .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = i->index, .sll_halen = 6
        };
        memset(to.sll_addr, 0xff, 6);
        if (sendto(fd, q, QUESTION, 0, (struct sockaddr *)&to, sizeof(to)) == QUESTION || errno == ENOBUFS ||
                errno == EAGAIN)
                return true;
        return err_sys(e, _("asking for DHCP servers on %s"), i->name);
}

/* Between virtual machines and containers the checksum is left to a network card that never comes: the kernel says so.
 */
static bool has_checksum(struct msghdr *m)
{
        for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
                struct tpacket_auxdata aux;
                if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA ||
                        c->cmsg_len < CMSG_LEN(sizeof(aux)))
                        continue;
                memcpy(&aux, CMSG_DATA(c), sizeof(aux));
                return !(aux.tp_status & TP_STATUS_CSUMNOTREADY);
        }
        return true;
}

/* --- the answers --- */

/* The same server is heard once for each question. One machine may be both, a server and a proxy. */
static void note(struct dhcp_offers *all, const struct dhcp_offer *o)
{
        for (size_t i = 0; i < all->n; i++)
                if (all->items[i].server == o->server && !all->items[i].address == !o->address &&
                        !memcmp(all->items[i].server_mac, o->server_mac, sizeof(o->server_mac)))
                        return;
        if (all->n < MOST_OFFERS)
                all->items[all->n++] = *o;
}

/* False when nothing more waits. */
static bool receive(int fd, uint32_t xid, struct dhcp_offers *all)
{
        uint8_t packet[4096];
        struct sockaddr_ll from = { 0 };
        union {
                struct cmsghdr align;
                char room[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
        } control;
        struct iovec into = { packet, sizeof(packet) };
        struct msghdr m = { &from, sizeof(from), &into, 1, &control, sizeof(control), 0 };
        struct dhcp_offer o;
        ssize_t n = recvmsg(fd, &m, 0);
        if (n < 0)
                return errno == EINTR;
        size_t udp = n ? (size_t)(packet[0] & 15) * 4 : 0;
        if (!has_checksum(&m) && udp + 8 <= (size_t)n)
                memset(packet + udp + 6, 0, 2);
        if (!(m.msg_flags & MSG_TRUNC) && dhcp_parse_offer(packet, (size_t)n, xid, &o)) {
                memcpy(o.server_mac, from.sll_addr, sizeof(o.server_mac));
                note(all, &o);
        }
        return true;
}

static bool listen_until(int fd, int64_t until, uint32_t xid, struct dhcp_offers *all, struct err *e)
{
        for (int64_t left; (left = until - now_steady()) > 0;) {
                struct pollfd p = { fd, POLLIN, 0 };
                if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
                        return err_sys(e, _("waiting for DHCP servers"));
                /* A flood must not keep us beyond the time. */
                for (int i = 0; i < 64 && receive(fd, xid, all); i++) {
                }
                int broken = 0;
                socklen_t n = sizeof(broken);
                if ((p.revents & POLLERR) && getsockopt(fd, SOL_SOCKET, SO_ERROR, &broken, &n) == 0 && broken) {
                        errno = broken;
                        return err_sys(e, _("waiting for DHCP servers"));
                }
        }
        return true;
}

bool dhcp_probe(const struct interface *i, bool as_pxe, int wait_ms, struct dhcp_offers *out, struct err *e)
{
        uint8_t question[QUESTION];
        uint32_t xid = 0;
        *out = (struct dhcp_offers){ .n = 0 };
        AUTO_FD int fd = open_socket(i, e);
        if (fd < 0)
                return false;
        if (getrandom(&xid, sizeof(xid), 0) != sizeof(xid))
                return err_sys(e, _("drawing random numbers"));
        fill_question(question, i->mac, xid, as_pxe);
        int64_t start = now_steady();
        /* A switch that has just seen the cable may drop the first. */
        for (int t = 1; t <= TRIES; t++)
                if (!send_question(fd, i, question, e) ||
                        !listen_until(fd, start + (int64_t)wait_ms * t / TRIES, xid, out, e))
                        return false;
        return true;
}
