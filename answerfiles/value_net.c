/* Addresses of machines and networks, judged one at a time. */
#include "answerfiles/value_text.h"

#include <arpa/inet.h>
#include <string.h>

/* MAC addresses. */

static char separator_of(const char *text, bool *mixed)
{
        char found = 0;
        for (; *text; text++)
                if (*text == ':' || *text == '-' || *text == '.') {
                        *mixed |= found && found != *text;
                        found = *text;
                }
        return found;
}

static bool mac_digits_are_fine(struct diags *d, struct pos pos, const char *text, char separator)
{
        static const char look_alike[] = "OoQIlL", meant[] = "000111";
        char c[CHARACTER_TEXT];
        for (const char *s = text; *s; s++) {
                if (*s == separator || hex_digit(*s) >= 0)
                        continue;
                const char *at = strchr(look_alike, *s);
                if (at)
                        return REFUSE(d, pos, XR_MAC_LETTER, text, character_text(s, c),
                                ((char[]){ meant[at - look_alike], 0 }));
                return REFUSE(d, pos, XR_MAC_DIGIT, text, character_text(s, c));
        }
        return true;
}

/* Fills out from groups of so many digits; counts the groups. False at the first group of another length. */
static bool mac_groups(struct diags *d, struct pos pos, const char *text, char separator, size_t digits,
        struct mac *out, size_t *groups)
{
        size_t nibble = 0;
        *groups = 0;
        for (const char *s = text;; s++) {
                size_t n = 0;
                for (; *s && *s != separator; s++, n++, nibble++)
                        if (nibble < 12)
                                out->byte[nibble / 2] |= (uint8_t)(hex_digit(*s) << (nibble % 2 ? 0 : 4));
                char group[CHARACTER_TEXT];
                snprintf(group, sizeof(group), "%.*s", (int)(n < sizeof(group) ? n : sizeof(group) - 1), s - n);
                if (n != digits)
                        return REFUSE(d, pos, XR_MAC_PAIR, text, group);
                (*groups)++;
                if (!*s)
                        return true;
        }
}

/* 0016.3e00.0011 has groups of four, 00163e000011 is one group of twelve. */
static size_t group_digits(const char *text, char separator)
{
        if (!separator)
                return strlen(text) == 12 ? 12 : 2;
        const char *first = strchr(text, separator);
        return separator == '.' && first - text == 4 ? 4 : 2;
}

bool value_mac(struct diags *d, struct pos pos, const char *text, struct mac *out)
{
        struct mac mac = { .given = true, .pos = pos };
        bool mixed = false;
        char separator = separator_of(text, &mixed), word[NUMBER_TEXT];
        *out = (struct mac){ .pos = pos };
        if (refuse_full_width(d, pos, text))
                return false;
        if (mixed)
                return REFUSE(d, pos, XR_MAC_MIXED, text);
        if (!mac_digits_are_fine(d, pos, text, separator))
                return false;
        size_t digits = group_digits(text, separator), groups;
        if (!mac_groups(d, pos, text, separator, digits, &mac, &groups))
                return false;
        if (groups * digits != 12)
                return REFUSE(d, pos, XR_MAC_COUNT, text, number_word(groups * digits / 2, word));
        if (!memcmp(mac.byte, "\0\0\0\0\0", 6))
                return REFUSE(d, pos, XR_MAC_ZERO, text);
        if (mac.byte[0] & 1)
                return REFUSE(d, pos, XR_MAC_MULTICAST, text);
        *out = mac;
        return true;
}

/* IPv4. */

bool ip4_parse(const char *text, size_t n, uint32_t *addr)
{
        uint32_t value = 0, parts = 0;
        for (size_t i = 0; i < n && parts < 4; i++, parts++) {
                size_t start = i;
                unsigned number = 0;
                for (; i < n && is_digit(text[i]) && i - start < 4; i++)
                        number = number * 10 + (unsigned)(text[i] - '0');
                bool zero = i - start > 1 && text[start] == '0', last = i == n;
                if (i == start || number > 255 || zero || last != (parts == 3) || (!last && text[i] != '.'))
                        return false;
                value = value << 8 | number;
        }
        *addr = value;
        return parts == 4;
}

bool ip4_is_special(uint32_t addr)
{
        unsigned first = addr >> 24;
        return first == 0 || first == 127 || first >= 224 || addr >> 16 == (169u << 8 | 254);
}

/* Says why a text is no IPv4 address. */
static bool ip4_refuse(struct diags *d, struct pos pos, const char *text)
{
        size_t n = strlen(text), parts = 1;
        char word[NUMBER_TEXT], part[CHARACTER_TEXT];
        if (refuse_full_width(d, pos, text))
                return false;
        if (!n || n > 40 || strspn(text, "0123456789.") != n)
                return REFUSE(d, pos, XR_IP4_SYNTAX, text);
        for (const char *s = text; *s; s++)
                parts += *s == '.';
        if (text[n - 1] == '.' || *text == '.' || strstr(text, ".."))
                return REFUSE(d, pos, XR_IP4_SYNTAX, text);
        if (parts == 1)
                return REFUSE(d, pos, XR_IP4_SYNTAX, text);
        if (parts != 4)
                return REFUSE(d, pos, XR_IP4_PARTS, text, number_word(parts, word));
        for (const char *s = text;; s++) {
                size_t digits = strspn(s, "0123456789");
                snprintf(part, sizeof(part), "%.*s", (int)(digits < 15 ? digits : 15), s);
                if (digits > 3 || atoi(part) > 255)
                        return REFUSE(d, pos, XR_IP4_NUMBER, text, part);
                if (digits > 1 && *s == '0')
                        return REFUSE(d, pos, XR_IP4_LEADING_ZERO, text, part);
                s += digits;
                if (!*s)
                        return REFUSE(d, pos, XR_IP4_SYNTAX, text);
        }
}

bool value_ip4(struct diags *d, struct pos pos, const char *text, uint32_t *addr)
{
        uint32_t value;
        if (!ip4_parse(text, strlen(text), &value))
                return ip4_refuse(d, pos, text);
        if (ip4_is_special(value))
                return REFUSE(d, pos, XR_ADDRESS_SPECIAL, text);
        *addr = value;
        return true;
}

bool value_offset(const char *text, uint32_t *n)
{
        size_t digits = *text == '+' ? strspn(text + 1, "0123456789") : 0;
        if (!digits || digits > 9 || text[1 + digits] || (digits > 1 && text[1] == '0'))
                return false;
        *n = (uint32_t)strtoul(text + 1, NULL, 10);
        return true;
}

static uint32_t mask_of(int prefix) { return prefix ? ~0u << (32 - prefix) : 0; }

/* "24" or "255.255.255.0"; 0 when it is neither, or not sensible. */
static int prefix_of(const char *text)
{
        uint32_t mask;
        size_t n = strlen(text);
        int prefix = 0;
        if (ip4_parse(text, n, &mask)) {
                while (prefix < 32 && mask & 1u << (31 - prefix))
                        prefix++;
                prefix = mask == mask_of(prefix) ? prefix : 0;
        } else if (n && n <= 2 && strspn(text, "0123456789") == n && *text != '0')
                prefix = atoi(text);
        return prefix >= 8 && prefix <= 30 ? prefix : 0;
}

/* The part before the slash goes to address, which has room for an address and a range. */
static bool split_prefix(struct diags *d, struct pos pos, const char *text, char address[64], int *prefix)
{
        const char *slash = strchr(text, '/');
        if (refuse_full_width(d, pos, text))
                return false;
        if (!slash)
                return REFUSE(d, pos, XR_SUBNET_NO_PREFIX, text);
        snprintf(address, 64, "%.*s", (int)(slash - text < 63 ? slash - text : 63), text);
        *prefix = prefix_of(slash + 1);
        return *prefix || REFUSE(d, pos, XR_SUBNET_PREFIX, text, slash + 1);
}

bool value_subnet(struct diags *d, struct pos pos, const char *text, struct subnet *out)
{
        char address[64], base[IP4_TEXT], right[IP4_TEXT + 4];
        int prefix;
        uint32_t addr;
        *out = (struct subnet){ .dhcp = out->dhcp, .pos = pos };
        if (!split_prefix(d, pos, text, address, &prefix) || !value_ip4(d, pos, address, &addr))
                return false;
        uint32_t mask = mask_of(prefix);
        snprintf(right, sizeof(right), "%s/%d", ip4_text(addr & mask, base), prefix);
        if (addr & ~mask)
                return REFUSE(d, pos, XR_SUBNET_HOST_BITS, text, right);
        out->addr = addr;
        out->mask = mask;
        out->prefix = prefix;
        out->given = true;
        return true;
}

bool value_range(struct diags *d, struct pos pos, const char *text, uint32_t *first, uint32_t *last, int *prefix)
{
        char address[64], base[IP4_TEXT], subnet[IP4_TEXT + 4];
        int bits;
        uint32_t from, to;
        if (!split_prefix(d, pos, text, address, &bits))
                return false;
        char *hyphen = strchr(address, '-');
        if (hyphen) {
                *hyphen++ = '\0';
                address[strcspn(address, " ")] = '\0';
                hyphen += strspn(hyphen, " ");
        }
        if (!*address || (hyphen && !strchr(hyphen, '.')))
                return REFUSE(d, pos, XR_RANGE_SYNTAX, text);
        if (!value_ip4(d, pos, address, &from) || !value_ip4(d, pos, hyphen ? hyphen : address, &to))
                return false;
        uint32_t mask = mask_of(bits);
        snprintf(subnet, sizeof(subnet), "%s/%d", ip4_text(from & mask, base), bits);
        if (to < from)
                return REFUSE(d, pos, XR_RANGE_ORDER, text);
        if ((from & mask) != (to & mask) || !(from & ~mask) || (to | mask) == ~0u)
                return REFUSE(d, pos, XR_RANGE_OUTSIDE, text, subnet);
        *first = from;
        *last = to;
        *prefix = bits;
        return true;
}

/* IPv6. */

static bool ip6_is_special(const struct in6_addr *a)
{
        return IN6_IS_ADDR_UNSPECIFIED(a) || IN6_IS_ADDR_LOOPBACK(a) || IN6_IS_ADDR_MULTICAST(a) ||
               IN6_IS_ADDR_LINKLOCAL(a) || IN6_IS_ADDR_V4MAPPED(a);
}

static bool judge_ip6(struct diags *d, struct pos pos, const char *whole, const char *address, enum rule syntax)
{
        struct in6_addr a;
        if (inet_pton(AF_INET6, address, &a) != 1)
                return REFUSE(d, pos, syntax, whole);
        return !ip6_is_special(&a) || REFUSE(d, pos, XR_IP6_SPECIAL, address);
}

bool value_ip6_prefix(struct diags *d, struct pos pos, const char *text)
{
        const char *slash = strchr(text, '/');
        char address[64];
        if (refuse_full_width(d, pos, text))
                return false;
        if (!slash || slash - text > 63)
                return REFUSE(d, pos, XR_IP6_SYNTAX, text);
        snprintf(address, sizeof(address), "%.*s", (int)(slash - text), text);
        size_t n = strspn(slash + 1, "0123456789");
        int prefix = n && n <= 3 && !slash[1 + n] && slash[1] != '0' ? atoi(slash + 1) : 0;
        if (prefix < 3 || prefix > 127)
                return REFUSE(d, pos, XR_IP6_PREFIX, text, slash + 1);
        return judge_ip6(d, pos, text, address, XR_IP6_SYNTAX);
}

/* Names and addresses of servers. */

bool dns_name_is_valid(const char *text, size_t n)
{
        if (!n || n > 253)
                return false;
        bool digits_only = true;
        size_t start = 0;
        for (size_t i = 0; i <= n; i++) {
                if (i < n && text[i] != '.') {
                        if (!is_digit(text[i]) && !is_lower(to_lower(text[i])) && text[i] != '-')
                                return false;
                        digits_only &= is_digit(text[i]);
                        continue;
                }
                if (i == start || i - start > 63 || text[start] == '-' || text[i - 1] == '-')
                        return false;
                if (i < n)
                        digits_only = true;
                start = i + 1;
        }
        return !digits_only;
}

/* "http://server:80/x" names "server". */
static const char *server_in_url(const char *text, char buf[256])
{
        const char *server = strstr(text, "://") + 3;
        snprintf(buf, 256, "%.*s", (int)(strcspn(server, "/:@?#") & 255), server);
        return buf;
}

bool value_server(struct diags *d, struct pos pos, const char *text)
{
        char server[256];
        size_t n = strlen(text);
        if (refuse_full_width(d, pos, text))
                return false;
        if (strstr(text, "://"))
                return REFUSE(d, pos, XR_SERVER_URL, text, server_in_url(text, server));
        uint32_t addr;
        if (n && strspn(text, "0123456789.") == n)
                return value_ip4(d, pos, text, &addr);
        if (strchr(text, ':'))
                return judge_ip6(d, pos, text, text, XR_SERVER_SYNTAX);
        if (!dns_name_is_valid(text, n) || !strcmp(text, "localhost"))
                return REFUSE(d, pos, XR_SERVER_SYNTAX, text);
        return true;
}

bool value_address(struct diags *d, struct pos pos, const char *text)
{
        uint32_t addr;
        if (strchr(text, ':'))
                return judge_ip6(d, pos, text, text, XR_ADDRESS_NEEDED);
        if (!refuse_full_width(d, pos, text) && strspn(text, "0123456789.") == strlen(text))
                return value_ip4(d, pos, text, &addr);
        return !find_full_width(text) && REFUSE(d, pos, XR_ADDRESS_NEEDED, text);
}

size_t url_host(const char *text)
{
        uint32_t addr;
        struct in6_addr a;
        char address[64];
        size_t n = strcspn(text, "/?#"), host = strcspn(text, ":/?#");
        if (*text == '[') {
                host = strcspn(text, "]");
                if (host > 60 || text[host] != ']')
                        return 0;
                snprintf(address, sizeof(address), "%.*s", (int)host - 1, text + 1);
                if (inet_pton(AF_INET6, address, &a) != 1)
                        return 0;
                host++;
        } else if (!ip4_parse(text, host, &addr) && !dns_name_is_valid(text, host))
                return 0;
        if (host == n)
                return host;
        size_t port = strspn(text + host + 1, "0123456789");
        return text[host] == ':' && port && port <= 5 && host + 1 + port == n && atoi(text + host + 1) < 65536 ? host
                                                                                                               : 0;
}

bool value_url(struct diags *d, struct pos pos, const char *text)
{
        static const char *const schemes[] = { "http://", "https://", "ftp://" };
        const char *rest = NULL;
        /* Before anything else, since all other messages show the text. */
        const char *after = strstr(text, "://");
        after = after ? after + 3 : text;
        if (memchr(after, '@', strcspn(after, "/?#"))) {
                diag_secret(d, XR_URL_PASSWORD, pos, NULL);
                return false;
        }
        for (size_t i = 0; i < COUNT(schemes); i++)
                if (!strncmp(text, schemes[i], strlen(schemes[i])))
                        rest = text + strlen(schemes[i]);
        if (!rest)
                return REFUSE(d, pos, XR_URL_SCHEME, text);
        for (const char *s = text; *s; s++)
                if (*s <= 0x20 || *s > 0x7e || strchr("\"<>\\^`{|}", *s))
                        return REFUSE(d, pos, XR_URL_CHARACTER, text);
        return url_host(rest) || REFUSE(d, pos, XR_URL_HOST, text);
}
