/* DHCP offers from anybody on the network: read without harm, and what is taken can be shown. The first byte says
 * whether checksums and lengths are mended first: without that hardly an input gets past them. */
#include "pxe/probe.h"

#include <stdlib.h>
#include <string.h>

enum { XID = 0x01020304, ROOM = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

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

static void mend(uint8_t *p, size_t n)
{
        size_t header = (size_t)(p[0] & 15) * 4;
        if (n < 28 || header < 20 || n < header + 8)
                return;
        uint8_t *udp = p + header;
        p[0] = (uint8_t)(0x40 | (header / 4));
        put16(p + 2, (uint32_t)n);
        p[9] = 17;
        put16(udp, 67);
        put16(udp + 2, 68);
        put16(udp + 4, (uint32_t)(n - header));
        put16(udp + 6, 0);
        if (n >= header + 8 + 240) {
                memcpy(udp + 8, "\2\1\6", 3);
                memcpy(udp + 12, "\1\2\3\4", 4);
                memcpy(udp + 8 + 236, "\x63\x82\x53\x63", 4);
        }
        put16(p + 10, 0);
        put16(p + 10, ~sum(p, header, 0));
        put16(udp + 6, ~sum(udp, n - header, sum(p + 12, 8, 17 + (uint32_t)(n - header))));
}

static void check_text(const char *text, size_t size)
{
        size_t n = strnlen(text, size);
        if (n == size)
                abort();
        for (size_t i = 0; i < n; i++)
                if (text[i] < 0x20 || text[i] > 0x7e)
                        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        struct dhcp_offer o;
        if (n < 2 || n > ROOM)
                return 0;
        /* Exactly as large as it is, so that reading on is seen. */
        uint8_t *packet = malloc(n - 1);
        if (!packet)
                return 0;
        memcpy(packet, data + 1, n - 1);
        if (data[0] & 1)
                mend(packet, n - 1);
        memset(&o, 0xee, sizeof(o));
        if (dhcp_parse_offer(packet, n - 1, XID, &o)) {
                check_text(o.boot_file, sizeof(o.boot_file));
                check_text(o.vendor_class, sizeof(o.vendor_class));
                if (!o.server)
                        abort();
        }
        free(packet);
        return 0;
}
