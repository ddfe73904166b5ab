/* Reads DHCP offers. Everybody on the network can send one, so nothing in it is believed before its length is. */
#include "pxe/probe.h"

#include <string.h>

enum {
        IP_SHORTEST = 20,
        UDP_HEADER = 8,
        BOOTP_HEADER = 240, /* with the magic cookie */
        AT_SNAME = 44,
        SNAME_SIZE = 64,
        AT_FILE = 108,
        FILE_SIZE = 128,
        BOOTREPLY = 2,
        ETHERNET = 1,
        OFFER = 2,
};

static uint32_t get16(const uint8_t *p) { return (uint32_t)p[0] << 8 | p[1]; }
static uint32_t get32(const uint8_t *p) { return get16(p) << 16 | get16(p + 2); }

/* Of the Internet protocols: what is summed up with its own checksum gives 0xffff. */
static uint32_t sum(const uint8_t *p, size_t n, uint32_t start)
{
        uint64_t total = start;
        for (size_t i = 0; i + 1 < n; i += 2)
                total += get16(p + i);
        if (n & 1)
                total += (uint64_t)p[n - 1] << 8;
        while (total >> 16)
                total = (total & 0xffff) + (total >> 16);
        return (uint32_t)total;
}

struct part {
        const uint8_t *at;
        size_t n;
};

/* The DHCP message inside of a whole, undamaged UDP packet from a server's port to a client's; n 0 for any other. */
static struct part udp_payload(const uint8_t *ip, size_t n)
{
        const struct part none = { NULL, 0 };
        size_t header = n < IP_SHORTEST ? 0 : (size_t)(ip[0] & 15) * 4, total = n < IP_SHORTEST ? 0 : get16(ip + 2);
        if (header < IP_SHORTEST || ip[0] >> 4 != 4 || total > n || total < header + UDP_HEADER + BOOTP_HEADER)
                return none;
        bool fragment = get16(ip + 6) & 0x3fff;
        if (fragment || ip[9] != 17 || sum(ip, header, 0) != 0xffff)
                return none;
        const uint8_t *udp = ip + header;
        size_t length = get16(udp + 4);
        if (get16(udp) != 67 || get16(udp + 2) != 68 || length > total - header || length < UDP_HEADER + BOOTP_HEADER)
                return none;
        uint32_t pseudo = sum(ip + 12, 8, 17 + (uint32_t)length);
        if (get16(udp + 6) && sum(udp, length, pseudo) != 0xffff)
                return none;
        return (struct part){ udp + UDP_HEADER, length - UDP_HEADER };
}

/* Printable ASCII up to the first NUL; what is not printable is shown as ?. */
static void copy_text(char *to, size_t size, const uint8_t *from, size_t n)
{
        size_t i = 0;
        for (; i < n && i + 1 < size && from[i]; i++)
                to[i] = from[i] >= 0x20 && from[i] < 0x7f ? (char)from[i] : '?';
        to[i] = '\0';
}

struct reading {
        struct dhcp_offer *o;
        unsigned overload; /* option 52: 1 = the file field holds options too, 2 = the server name's field, 3 = both */
        int type;          /* option 53; 0 = none yet */
};

/* False when the option's length cannot be right. */
static bool take_option(struct reading *r, unsigned code, const uint8_t *value, size_t n)
{
        switch (code) {
        case 3:
                if (n < 4 || n % 4)
                        return false;
                r->o->router = get32(value);
                return true;
        case 52:
                r->overload = n == 1 ? value[0] : 0;
                return n == 1 && value[0] >= 1 && value[0] <= 3;
        case 53:
                r->type = n == 1 ? value[0] : 0;
                return n == 1;
        case 54:
                r->o->server = n == 4 ? get32(value) : 0;
                return n == 4;
        case 60:
                copy_text(r->o->vendor_class, sizeof(r->o->vendor_class), value, n);
                return n > 0;
        case 67:
                copy_text(r->o->boot_file, sizeof(r->o->boot_file), value, n);
                return n > 0;
        default:
                return true;
        }
}

/* An option that does not end within its field spoils the whole packet. A field without an end mark is taken: a server
 * that forgets it still gives addresses. */
static bool read_options(struct reading *r, const uint8_t *p, size_t n)
{
        for (size_t i = 0; i < n && p[i] != 255;) {
                if (p[i] == 0) {
                        i++;
                        continue;
                }
                if (n - i < 2 || n - i - 2 < p[i + 1] || !take_option(r, p[i], p + i + 2, p[i + 1]))
                        return false;
                i += 2 + (size_t)p[i + 1];
        }
        return true;
}

bool dhcp_parse_offer(const uint8_t *packet, size_t n, uint32_t xid, struct dhcp_offer *out)
{
        struct dhcp_offer o = { 0 };
        struct reading r = { .o = &o };
        struct part m = udp_payload(packet, n);
        if (!m.n || m.at[0] != BOOTREPLY || m.at[1] != ETHERNET || m.at[2] != 6 || get32(m.at + 4) != xid)
                return false;
        if (get32(m.at + 236) != 0x63825363 || !read_options(&r, m.at + BOOTP_HEADER, m.n - BOOTP_HEADER))
                return false;
        unsigned overload = r.overload;
        if ((overload & 1) && !read_options(&r, m.at + AT_FILE, FILE_SIZE))
                return false;
        if ((overload & 2) && !read_options(&r, m.at + AT_SNAME, SNAME_SIZE))
                return false;
        /* Servers without option 54 are older than DHCP, and only answer where they are asked. */
        o.server = o.server ? o.server : get32(packet + 12);
        o.address = get32(m.at + 16);
        o.next_server = get32(m.at + 20);
        if (!(overload & 1) && !*o.boot_file)
                copy_text(o.boot_file, sizeof(o.boot_file), m.at + AT_FILE, FILE_SIZE);
        if (r.type != OFFER || !o.server)
                return false;
        *out = o;
        return true;
}
