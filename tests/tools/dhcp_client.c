/* dhcp_client - asks as a machine's firmware would, and prints every byte of the answer that matters. Knows nothing of
 * pxe/.
 *
 *     dhcp_client INTERFACE KEY=VALUE…
 *
 *     mac=52:54:00:00:00:11
 *     arch=N            option 93, and the class that goes with it: PXEClient, or HTTPClient with 16; without it: no
 * PXE at all ipxe=yes          options 77 and 175 as iPXE sends them ack=yes           also asks for the first address
 * offered, and prints the answer ask=ADDRESS       init-reboot: a request for this address, with no discover from=A
 * to=B       a request to B's port 4011 from A, as after a proxy's offer; item=N: the boot item chosen from its menu
 *     wait=MS           how long answers are waited for (1000)
 *
 * One line for each answer: "OFFER from=… mac=… to=broadcast yiaddr=… siaddr=… file='…' sname='…' 54=… 60='…' 43=hex…".
 */
#include "base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BOOTP = 240, HEADERS = 28, XID = 0x58454e52 };

struct client {
        const char *interface;
        uint8_t mac[6];
        int index, arch, item, wait;
        bool ipxe, ack;
        uint32_t ask, from, to; /* network byte order */
};

struct message {
        uint8_t bytes[1500];
        size_t n;
};

static void put(struct message *m, int code, const void *value, size_t n)
{
        m->bytes[m->n++] = (uint8_t)code;
        m->bytes[m->n++] = (uint8_t)n;
        memcpy(m->bytes + m->n, value, n);
        m->n += n;
}

static void put_pxe(const struct client *c, struct message *m)
{
        char class[40];
        uint8_t arch[2] = { (uint8_t)(c->arch >> 8), (uint8_t)c->arch }, uuid[17] = { 0 };
        memcpy(uuid + 11, c->mac, 6);
        snprintf(class, sizeof(class), "%s:Arch:%05d:UNDI:003000", c->arch == 16 ? "HTTPClient" : "PXEClient", c->arch);
        put(m, 60, class, strlen(class));
        put(m, 93, arch, 2);
        put(m, 94, "\1\3\0", 3);
        put(m, 97, uuid, sizeof(uuid));
}

static void compose(const struct client *c, int type, uint32_t requested, uint32_t server, struct message *m)
{
        *m = (struct message){ .n = BOOTP };
        memcpy(m->bytes, "\1\1\6\0", 4);
        memcpy(m->bytes + 4, &(uint32_t){ htonl(XID) }, 4);
        if (c->from)
                memcpy(m->bytes + 12, &c->from, 4);
        else
                m->bytes[10] = 0x80;
        memcpy(m->bytes + 28, c->mac, 6);
        memcpy(m->bytes + 236, "\x63\x82\x53\x63", 4);
        put(m, 53, &(uint8_t){ (uint8_t)type }, 1);
        put(m, 57, "\5\300", 2);
        put(m, 55, "\1\3\6\14\17\53\66\74\102\103\200\257", 12);
        if (requested)
                put(m, 50, &requested, 4);
        if (server)
                put(m, 54, &server, 4);
        if (c->arch >= 0)
                put_pxe(c, m);
        if (c->ipxe) {
                put(m, 77, "iPXE", 4);
                put(m, 175, "\261\5\1\20\0\0\0\353\3\1\0\0", 12);
        }
        if (c->item)
                put(m, 43, (uint8_t[]){ 71, 4, (uint8_t)(c->item >> 8), (uint8_t)c->item, 0, 0, 255 }, 7);
        m->bytes[m->n++] = 255;
        m->n = m->n < 300 ? 300 : m->n;
}

static uint32_t sum(const uint8_t *p, size_t n, uint32_t total)
{
        for (size_t i = 0; i < n; i++)
                total += i & 1 ? p[i] : (uint32_t)p[i] << 8;
        while (total >> 16)
                total = (total & 0xffff) + (total >> 16);
        return total;
}

static void put16(uint8_t *p, uint32_t v)
{
        p[0] = (uint8_t)(v >> 8);
        p[1] = (uint8_t)v;
}

static bool send_broadcast(int fd, const struct client *c, const struct message *m)
{
        uint8_t packet[1600] = { 0x45 };
        size_t udp = m->n + 8;
        put16(packet + 2, (uint32_t)udp + 20);
        packet[8] = 64;
        packet[9] = 17;
        memset(packet + 16, 0xff, 4);
        put16(packet + 10, ~sum(packet, 20, 0));
        put16(packet + 20, 68);
        put16(packet + 22, 67);
        put16(packet + 24, (uint32_t)udp);
        memcpy(packet + HEADERS, m->bytes, m->n);
        put16(packet + 26, ~sum(packet + 20, udp, sum(packet + 12, 8, 17 + (uint32_t)udp)));
        struct sockaddr_ll to = {
                .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = c->index, .sll_halen = 6
        };
        memset(to.sll_addr, 0xff, 6);
        return sendto(fd, packet, udp + 20, 0, (struct sockaddr *)&to, sizeof(to)) == (ssize_t)udp + 20;
}

/* --- what comes back --- */

static void print_text(const char *name, const uint8_t *p, size_t n)
{
        printf(" %s='", name);
        for (size_t i = 0; i < n && p[i]; i++)
                putchar(p[i] >= 0x20 && p[i] < 0x7f ? p[i] : '?');
        putchar('\'');
}

static void print_option(int code, const uint8_t *p, size_t n)
{
        static const uint8_t addresses[] = { 1, 3, 6, 28, 54 }, texts[] = { 12, 15, 60, 66, 67 };
        char name[8], text[16];
        snprintf(name, sizeof(name), "%d", code);
        if (memchr(texts, code, sizeof(texts))) {
                print_text(name, p, n);
                return;
        }
        printf(" %d=", code);
        if (memchr(addresses, code, sizeof(addresses)))
                for (size_t i = 0; i + 3 < n; i += 4)
                        printf("%s%s", i ? "," : "", inet_ntop(AF_INET, p + i, text, sizeof(text)));
        else
                for (size_t i = 0; i < n; i++)
                        printf("%02x", p[i]);
}

static const uint8_t *find_option(const uint8_t *m, size_t n, int code)
{
        for (size_t i = BOOTP; i + 1 < n && m[i] != 255;) {
                if (m[i] == code)
                        return m + i + 2;
                i += m[i] ? 2 + (size_t)m[i + 1] : 1;
        }
        return NULL;
}

static void print_message(const uint8_t *m, size_t n, const char *from)
{
        static const char *const types[] = { "BOOTP", "DISCOVER", "OFFER", "REQUEST", "DECLINE", "ACK", "NAK" };
        char yiaddr[16], siaddr[16];
        const uint8_t *type = find_option(m, n, 53);
        printf("%s %s yiaddr=%s siaddr=%s", type && *type < COUNT(types) ? types[*type] : "?", from,
                inet_ntop(AF_INET, m + 16, yiaddr, 16), inet_ntop(AF_INET, m + 20, siaddr, 16));
        print_text("file", m + 108, 128);
        print_text("sname", m + 44, 64);
        for (size_t i = BOOTP; i + 1 < n && m[i] != 255;) {
                if (m[i] && m[i] != 53 && i + 2 + m[i + 1] <= n)
                        print_option(m[i], m + i + 2, m[i + 1]);
                i += m[i] ? 2 + (size_t)m[i + 1] : 1;
        }
        printf(" end\n");
}

static long now_ms(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec * 1000L + t.tv_nsec / 1000000;
}

/* The next answer to us, at most m; 0 when the time is over. */
static size_t receive(int fd, const struct client *c, long until, bool raw, uint8_t *m, size_t size)
{
        for (long left; (left = until - now_ms()) > 0;) {
                uint8_t packet[2000];
                struct pollfd p = { fd, POLLIN, 0 };
                struct sockaddr_ll ll = { 0 };
                struct sockaddr_in in = { 0 };
                socklen_t length = raw ? sizeof(ll) : sizeof(in);
                if (poll(&p, 1, (int)left) <= 0)
                        continue;
                ssize_t got = recvfrom(
                        fd, packet, sizeof(packet), 0, raw ? (struct sockaddr *)&ll : (struct sockaddr *)&in, &length);
                size_t skip = raw ? HEADERS : 0;
                if (got < (ssize_t)skip + BOOTP || (raw && (packet[9] != 17 || packet[22] || packet[23] != 68)))
                        continue;
                size_t n = (size_t)got - skip;
                if (packet[skip] != 2 || memcmp(packet + skip + 28, c->mac, 6) || n > size)
                        continue;
                char text[16], from[80];
                if (raw)
                        snprintf(from, sizeof(from), "from=%s mac=%02x:%02x:%02x:%02x:%02x:%02x to=%s",
                                inet_ntop(AF_INET, packet + 12, text, 16), ll.sll_addr[0], ll.sll_addr[1],
                                ll.sll_addr[2], ll.sll_addr[3], ll.sll_addr[4], ll.sll_addr[5],
                                ll.sll_pkttype == PACKET_BROADCAST ? "broadcast" : "us");
                else
                        snprintf(from, sizeof(from), "from=%s:%d", inet_ntop(AF_INET, &in.sin_addr, text, 16),
                                ntohs(in.sin_port));
                print_message(packet + skip, n, from);
                memcpy(m, packet + skip, n);
                return n;
        }
        return 0;
}

static int ask_4011(const struct client *c)
{
        AUTO_FD int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(68), .sin_addr.s_addr = c->from };
        struct sockaddr_in there = { .sin_family = AF_INET, .sin_port = htons(4011), .sin_addr.s_addr = c->to };
        struct message m;
        uint8_t answer[1500];
        compose(c, 3, 0, 0, &m);
        if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0 ||
                sendto(fd, m.bytes, m.n, 0, (struct sockaddr *)&there, sizeof(there)) != (ssize_t)m.n) {
                perror("dhcp_client: port 4011");
                return 3;
        }
        return receive(fd, c, now_ms() + c->wait, false, answer, sizeof(answer)) ? 0 : 1;
}

/* 0 = somebody answered. */
static int ask_all(const struct client *c)
{
        AUTO_FD int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IP));
        struct sockaddr_ll here = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = c->index };
        struct message m;
        uint8_t answer[1500], offer[1500];
        size_t n, answers = 0;
        uint32_t none = 0;
        compose(c, c->ask ? 3 : 1, c->ask, 0, &m);
        if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0 || !send_broadcast(fd, c, &m)) {
                perror("dhcp_client");
                return 3;
        }
        memset(offer, 0, sizeof(offer));
        for (long until = now_ms() + c->wait; (n = receive(fd, c, until, true, answer, sizeof(answer)));) {
                if (!answers++ || !memcmp(offer + 16, &none, 4))
                        memcpy(offer, answer, n);
        }
        const uint8_t *server = find_option(offer, sizeof(offer), 54);
        if (!c->ack || !server || !memcmp(offer + 16, &none, 4))
                return answers ? 0 : 1;
        uint32_t address, who;
        memcpy(&address, offer + 16, 4);
        memcpy(&who, server, 4);
        compose(c, 3, address, who, &m);
        return send_broadcast(fd, c, &m) && receive(fd, c, now_ms() + c->wait, true, answer, sizeof(answer)) ? 0 : 1;
}

static uint32_t address_of(const char *text)
{
        struct in_addr a = { 0 };
        if (inet_pton(AF_INET, text, &a) != 1)
                exit(2);
        return a.s_addr;
}

static bool take(struct client *c, const char *key, const char *value)
{
        unsigned b[6];
        if (!strcmp(key, "mac")) {
                if (sscanf(value, "%x:%x:%x:%x:%x:%x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]) != 6)
                        return false;
                for (int i = 0; i < 6; i++)
                        c->mac[i] = (uint8_t)b[i];
        } else if (!strcmp(key, "arch"))
                c->arch = (int)strtol(value, NULL, 10);
        else if (!strcmp(key, "item"))
                c->item = (int)strtol(value, NULL, 10);
        else if (!strcmp(key, "wait"))
                c->wait = (int)strtol(value, NULL, 10);
        else if (!strcmp(key, "ipxe"))
                c->ipxe = !strcmp(value, "yes");
        else if (!strcmp(key, "ack"))
                c->ack = !strcmp(value, "yes");
        else if (!strcmp(key, "ask"))
                c->ask = address_of(value);
        else if (!strcmp(key, "from"))
                c->from = address_of(value);
        else if (!strcmp(key, "to"))
                c->to = address_of(value);
        else
                return false;
        return true;
}

int main(int argc, char **argv)
{
        struct client c = { .arch = -1, .wait = 1000, .mac = { 0x52, 0x54, 0, 0, 0, 0x11 } };
        c.interface = argc > 1 ? argv[1] : "";
        c.index = (int)if_nametoindex(c.interface);
        for (int i = 2; i < argc; i++) {
                char *value = strchr(argv[i], '=');
                if (value)
                        *value++ = '\0';
                if (!value || !take(&c, argv[i], value)) {
                        fprintf(stderr, "dhcp_client: '%s'?\n", argv[i]);
                        return 2;
                }
        }
        if (!c.index) {
                fprintf(stderr, "dhcp_client: no interface '%s'\n", c.interface);
                return 2;
        }
        return c.to ? ask_4011(&c) : ask_all(&c);
}
