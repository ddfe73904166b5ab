/* Single values: what is taken, what is refused, and with which sentence. */
#include "answerfiles/value.h"
#include "base/arena.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

/* Everything that was said, as printed; the caller frees. */
static char *said(const struct diags *d)
{
        char *text = NULL;
        size_t n;
        FILE *f = open_memstream(&text, &n);
        diags_print(d, f, false);
        fclose(f);
        return text;
}

static void judge(const char *group, const char *in, bool taken, struct diags *d, const char *got, const char *error,
        const char *want)
{
        AUTO_FREE char *text = said(d);
        char why[300];
        snprintf(why, sizeof(why), "'%.250s'", in);
        for (char *s = why; *s; s++)
                *s = (unsigned char)*s < 0x20 ? '?' : *s;
        if (error)
                unit_case(group, why, !taken && strstr(text, error), *text ? text : "nothing was said");
        else if (!taken || *text)
                unit_case(group, why, false, text);
        else
                unit_same(group, why, got, want);
        diags_free(d);
}

/* error NULL: taken, and read as want. */
struct row {
        const char *in, *error, *want;
};

static const struct row macs[] = {
        { "00:16:3e:00:00:11", NULL, "00:16:3e:00:00:11" },
        { "00-16-3E-00-00-11", NULL, "00:16:3e:00:00:11" },
        { "0016.3E00.0011", NULL, "00:16:3e:00:00:11" },
        { "00163e000011", NULL, "00:16:3e:00:00:11" },
        { "fe:dc:ba:98:76:54", NULL, "fe:dc:ba:98:76:54" },
        { "00:16:3e:00:00", "has five pairs, needs six", NULL },
        { "00:16:3e:00:00:11:22", "has seven pairs, needs six", NULL },
        { "00:16-3e:00:00:01", "mixed separators", NULL },
        { "01:00:5e:00:00:01", "multicast", NULL },
        { "ff:ff:ff:ff:ff:ff", "multicast or broadcast", NULL },
        { "00:00:00:00:00:00", "all zero", NULL },
        { "OO:16:3e:00:00:11", "the letter O, which is not a hexadecimal digit; did you mean the digit 0", NULL },
        { "00:l6:3e:00:00:11", "did you mean the digit 1", NULL },
        { "00:16:3g:00:00:11", "'g' in '00:16:3g:00:00:11' is not a hexadecimal digit", NULL },
        { "0:16:3e:00:00:11", "'0' in '0:16:3e:00:00:11' is not a pair", NULL },
        { "00:16:3e:00:00:11:", "is not a pair", NULL },
        { "00：16：3e：00：00：11", "full-width", NULL },
        { "", "is not a pair", NULL },
        { "00163e0000", "is not a pair", NULL },
        { "0016.3e00", "has four pairs", NULL },
};

static const struct row addresses[] = {
        { "192.168.0.11", NULL, "192.168.0.11" },
        { "10.0.0.255", NULL, "10.0.0.255" },
        { "192.168.0", "has three numbers, needs four", NULL },
        { "192.168.0.1.2", "has five numbers", NULL },
        { "192.168.0.256", "'256' in '192.168.0.256' is not a number from 0 to 255", NULL },
        { "192.168.0.1111", "is not a number from 0 to 255", NULL },
        { "192.168.010.1", "'010' in '192.168.010.1' has a leading zero", NULL },
        { "192.168.0.11.", "is not an IPv4 address", NULL },
        { "192.168..11", "is not an IPv4 address", NULL },
        { "192.168.0.1 ", "is not an IPv4 address", NULL },
        { "xen1", "is not an IPv4 address", NULL },
        { "", "is not an IPv4 address", NULL },
        { "192.168.0.１", "full-width", NULL },
        { "192。168。0。1", "full-width", NULL },
        { "0.0.0.0", "no machine of the network", NULL },
        { "127.0.0.1", "no machine of the network", NULL },
        { "169.254.1.1", "no machine of the network", NULL },
        { "224.0.0.1", "no machine of the network", NULL },
        { "255.255.255.255", "no machine of the network", NULL },
};

static const struct row subnets[] = {
        { "192.168.0.0/24", NULL, "192.168.0.0/24" },
        { "192.168.0.0/255.255.255.0", NULL, "192.168.0.0/24" },
        { "10.0.0.0/8", NULL, "10.0.0.0/8" },
        { "10.0.0.4/30", NULL, "10.0.0.4/30" },
        { "192.168.0.0", "lacks the length", NULL },
        { "192.168.0.0/31", "'31' in", NULL },
        { "192.168.0.0/7", "'7' in", NULL },
        { "192.168.0.0/", "'' in", NULL },
        { "192.168.0.0/024", "'024' in", NULL },
        { "192.168.0.0/255.255.0.255", "nor a mask", NULL },
        { "192.168.0.11/24", "The subnet of that address is 192.168.0.0/24", NULL },
        { "192.168.0/24", "has three numbers", NULL },
        { "127.0.0.0/8", "no machine", NULL },
};

static const struct row ranges[] = {
        { "10.10.0.11-10.10.0.12/24", NULL, "10.10.0.11 10.10.0.12 24" },
        { "10.10.0.11 - 10.10.0.12/24", NULL, "10.10.0.11 10.10.0.12 24" },
        { "10.10.0.11/24", NULL, "10.10.0.11 10.10.0.11 24" },
        { "10.10.0.12-10.10.0.11/24", "ends before it begins", NULL },
        { "10.10.0.11-10.10.1.12/24", "does not fit into 10.10.0.0/24", NULL },
        { "10.10.0.0-10.10.0.12/24", "does not fit", NULL },
        { "10.10.0.1-10.10.0.255/24", "does not fit", NULL },
        { "10.10.0.11-/24", "is not a range", NULL },
        { "-10.10.0.11/24", "is not a range", NULL },
        { "10.10.0.11-12/24", "is not a range", NULL },
        { "10.10.0.11", "lacks the length", NULL },
};

static const struct row sizes[] = {
        { "60 GB", NULL, "60000000000" },
        { "60GiB", NULL, "64424509440" },
        { "1.5 TB", NULL, "1500000000000" },
        { "480g", NULL, "480000000000" },
        { "60", "has no unit", NULL },
        { "60 XB", "is not a size", NULL },
        { "sixty", "is not a size", NULL },
        { "0 GB", "is not a size", NULL },
        { "-60 GB", "is not a size", NULL },
        { "60. GB", "is not a size", NULL },
        { "999999999 PB", "is not a size", NULL },
        { "60 GBs", "is not a size", NULL },
        { "", "is not a size", NULL },
};

static const struct row memory[] = {
        { "4 GB", NULL, "4294967296" },
        { "4GiB", NULL, "4294967296" },
        { "1.5g", NULL, "1610612736" },
        { "512 MB", NULL, "536870912" },
        { "4", "has no unit", NULL },
        { "four", "is not a size", NULL },
};

static const struct row durations[] = {
        { "4 h", NULL, "14400 = 4 h" },
        { "30min", NULL, "1800 = 30 min" },
        { "90 s", NULL, "90 = 90 s" },
        { "60 seconds", NULL, "60 = 1 min" },
        { "2 d", NULL, "172800 = 48 h" },
        { "1 day", NULL, "86400 = 24 h" },
        { "90 分钟", NULL, "5400 = 90 min" },
        { "4 小时", NULL, "14400 = 4 h" },
        { "4", "is not a length of time", NULL },
        { "h", "is not a length of time", NULL },
        { "", "is not a length of time", NULL },
        { "4 hm", "is not a length of time", NULL },
        { "4 h min", "is not a length of time", NULL },
        { "4 x", "is not a length of time", NULL },
        { "-4 h", "is not a length of time", NULL },
        { "1.5 h", "is not a length of time", NULL },
        { "4 ", "is not a length of time", NULL },
        { "59 s", "is not between 1 min and 48 h", NULL },
        { "49 h", "is not between 1 min and 48 h", NULL },
        { "99999999999999999999 d", "is not between 1 min and 48 h", NULL },
        { "４ h", "full-width", NULL },
};

static const struct row times[] = {
        { "02:30", NULL, "2 30" },
        { "2:30", NULL, "2 30" },
        { "23:59", NULL, "23 59" },
        { ":15", NULL, "-1 15" },
        { "24:00", "is not a time of day", NULL },
        { "02:60", "is not a time of day", NULL },
        { "02:3", "is not a time of day", NULL },
        { "002:30", "is not a time of day", NULL },
        { "02:30:00", "is not a time of day", NULL },
        { "0230", "is not a time of day", NULL },
        { "", "is not a time of day", NULL },
        { "02：30", "full-width", NULL },
};

static const struct row nfs_options[] = {
        { "soft", NULL, "soft" },
        { "soft,timeo=100,retrans=12", NULL, "soft,timeo=100,retrans=12" },
        { "sec=sys,lookupcache=all", NULL, "sec=sys,lookupcache=all" },
        { "verso", NULL, "verso" },
        { "vers=4", "decides itself", NULL },
        { "soft,ro", "decides itself", NULL },
        { "soft,", "two commas", NULL },
        { ",soft", "two commas", NULL },
        { "", "two commas", NULL },
        { "soft, tcp", "a blank", NULL },
        { "soft;reboot", "a blank or a sign", NULL },
        { "-o", "does not begin with a small letter", NULL },
        { "soft，tcp", "full-width", NULL },
};

static const struct row numbers[] = {
        { "1", NULL, "1" },
        { "4094", NULL, "4094" },
        { "0", "0 is not between 1 and 4094", NULL },
        { "4095", "4095 is not between 1 and 4094", NULL },
        { "010", "not a whole number", NULL },
        { "-", "not a whole number", NULL },
        { "1.5", "not a whole number", NULL },
        { "99999999999999999999", "is not between", NULL },
        { "１０", "full-width", NULL },
};

static const struct row bools[] = {
        { "yes", NULL, "yes" },
        { "TRUE", NULL, "yes" },
        { "是", NULL, "yes" },
        { "no", NULL, "no" },
        { "否", NULL, "no" },
        { "maybe", "neither yes nor no", NULL },
};

static const struct {
        const char *group;
        bool (*judge)(struct diags *, struct pos, const char *);
        const char *in, *error;
} texts[] = {
        { "id", value_id, "nn36", NULL },
        { "id", value_id, "NN36", "is not an id" },
        { "id", value_id, "-nn", "is not an id" },
        { "id", value_id, "../etc", "is not an id" },
        { "id", value_id, "三十六中", "is not an id" },
        { "id", value_id, "", "is not an id" },
        { "id", value_id, "a2345678901234567890123456789012", NULL },
        { "id", value_id, "a23456789012345678901234567890123", "is not an id" },
        { "hostname", value_hostname, "nn36-xen1", NULL },
        { "hostname", value_hostname, "3com", NULL },
        { "hostname", value_hostname, "NN36-xen1", "Write 'nn36-xen1'" },
        { "hostname", value_hostname, "nn36_xen1", "'_' cannot be part" },
        { "hostname", value_hostname, "主机1", "'主' cannot be part" },
        { "hostname", value_hostname, "xen1.school", "Write 'xen1' as name" },
        { "hostname", value_hostname, ".xen1", "'.' cannot be part" },
        { "hostname", value_hostname, "xen1-", "hyphen" },
        { "hostname", value_hostname, "12345", "digits only" },
        { "hostname", value_hostname, "", "hyphen" },
        { "hostname", value_hostname, "x2345678901234567890123456789012345678901234567890123456789012345",
                "65 characters" },
        { "hostname", value_hostname, "xen\033[2J", "'\\x1b' cannot be part" },
        { "server", value_server, "ntp.aliyun.com", NULL },
        { "server", value_server, "192.168.0.5", NULL },
        { "server", value_server, "nas", NULL },
        { "server", value_server, "2001:db8::5", NULL },
        { "server", value_server, "fe80::1", "no host can be given" },
        { "server", value_server, "192.168.0", "has three numbers" },
        { "server", value_server, "http://nas:80/x", "Write 'nas'" },
        { "server", value_server, "nas:2049", "neither an address nor the name" },
        { "server", value_server, "nas,nas2", "neither an address" },
        { "server", value_server, "localhost", "neither an address" },
        { "server", value_server, "127.0.0.1", "no machine" },
        { "server", value_server, "a..b", "neither an address" },
        { "server", value_server, "存储", "neither an address" },
        { "server", value_server, "", "neither an address" },
        { "address", value_address, "223.5.5.5", NULL },
        { "address", value_address, "2400:3200::1", NULL },
        { "address", value_address, "dns.aliyun.com", "cannot be looked up by name" },
        { "address", value_address, "0.0.0.0", "no machine" },
        { "address", value_address, "１.1.1.1", "full-width" },
        { "iqn", value_iqn, "iqn.2017-08.local.mynet:storage.sys0", NULL },
        { "iqn", value_iqn, "iqn.2001-04.com.example", NULL },
        { "iqn", value_iqn, "eui.02004567A425678D", NULL },
        { "iqn", value_iqn, "naa.52004567BA64678D", NULL },
        { "iqn", value_iqn, "iqn.2017-13.local.mynet:x", "'2017-13'" },
        { "iqn", value_iqn, "iqn.201708.local.mynet:x", "not a year and a month" },
        { "iqn", value_iqn, "iqn.2017-08", "not the name of an iSCSI target" },
        { "iqn", value_iqn, "iqn.2017-08.local.mynet:", "not the name" },
        { "iqn", value_iqn, "iqn.2017-08.local mynet:x", "not the name" },
        { "iqn", value_iqn, "iqn.2017-08.local.mynet:a b", "not the name" },
        { "iqn", value_iqn, "eui.0200", "not the name" },
        { "iqn", value_iqn, "storage.sys0", "not the name" },
        { "iqn", value_iqn, "iqn.2017-08.local.mynet：x", "full-width" },
        { "nfs path", value_nfs_path, "/data/nfs", NULL },
        { "nfs path", value_nfs_path, "/", NULL },
        { "nfs path", value_nfs_path, "/data/nfs/", NULL },
        { "nfs path", value_nfs_path, "data/nfs", "does not begin with '/'" },
        { "nfs path", value_nfs_path, "192.168.0.103:/data/nfs",
                "Write 'server: 192.168.0.103' and 'path: /data/nfs'" },
        { "nfs path", value_nfs_path, "/data/../nfs", "'.' or '..'" },
        { "nfs path", value_nfs_path, "/data/..", "'.' or '..'" },
        { "nfs path", value_nfs_path, "/data/my nfs", "a blank in it" },
        { "nfs path", value_nfs_path, "/数据", "not ASCII" },
        { "nfs path", value_nfs_path, "//data", "two slashes" },
        { "nfs path", value_nfs_path, "/data/$(id)", "special meaning" },
        { "url", value_url, "http://192.168.0.5/xcp-ng/", NULL },
        { "url", value_url, "https://mirror.example:8443/x?y=1", NULL },
        { "url", value_url, "ftp://[2001:db8::5]/x", NULL },
        { "url", value_url, "http://mirror.example", NULL },
        { "url", value_url, "http://mirror.example:99999/", "names no server" },
        { "url", value_url, "http:///x", "names no server" },
        { "url", value_url, "file:///etc/passwd", "begins with http" },
        { "url", value_url, "192.168.0.5/x", "begins with http" },
        { "url", value_url, "http://u:secret@server/x", "holds a user name or password" },
        { "url", value_url, "http://server/教学", "not ASCII" },
        { "url", value_url, "http://server/a b", "blank" },
        { "timezone", value_timezone, "Asia/Shanghai", NULL },
        { "timezone", value_timezone, "Etc/UTC", NULL },
        { "timezone", value_timezone, "Asia/Beijing", "did you mean Asia/Shanghai" },
        { "timezone", value_timezone, "UTC+8", "did you mean Asia/Shanghai" },
        { "timezone", value_timezone, "asia/urumqi", "did you mean Asia/Urumqi" },
        { "timezone", value_timezone, "Urumqi", "did you mean Asia/Urumqi" },
        { "timezone", value_timezone, "Asia/Shangai", "did you mean Asia/Shanghai" },
        { "timezone", value_timezone, "Nowhere/Land", "there is no time zone" },
        { "timezone", value_timezone, "../../../etc/passwd", "there is no time zone" },
        { "timezone", value_timezone, "posix/Asia/Shanghai", "there is no time zone" },
        { "timezone", value_timezone, "zone.tab", "there is no time zone" },
        { "timezone", value_timezone, "Asia", "there is no time zone" },
        { "timezone", value_timezone, "", "there is no time zone" },
        { "hash", value_hash,
                "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/",
                NULL },
        { "hash", value_hash,
                "$6$rounds=5000$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/"
                "jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/",
                NULL },
        { "hash", value_hash, "$5$saltsalt$tDHf43E8Yk2GVYBiPZ4s1ZkJ8m5k3dJ9f9mBOQJwZx1", NULL },
        { "hash", value_hash, "$1$saltsalt$qjXMvbEw8oaL.CzflDugk/", NULL },
        { "hash", value_hash, "$6$rounds=10$saltsalt$x", "asks for 10 rounds" },
        { "hash", value_hash, "$6$rounds=999999999$saltsalt$x", "asks for 999999999 rounds" },
        { "hash", value_hash, "$6$rounds=abc$saltsalt$x", "number of rounds is incomplete" },
        { "hash", value_hash, "$6$saltsalt$short", "characters are missing" },
        { "hash", value_hash, "$6$saltsalt", "its last part is missing" },
        { "hash", value_hash, "$6$$x", "salt is empty" },
        { "hash", value_hash, "$6$saltsaltsaltsalts$x", "salt is too long" },
        { "hash", value_hash, "$6$sa:t$x", "salt has a character" },
        { "hash", value_hash, "$1$saltsalt$qjXMvbEw8oaL.CzflDugk:", "last part has a character" },
        { "hash", value_hash, "$y$j9T$saltsalt$x", "yescrypt ($y$)" },
        { "hash", value_hash, "$2b$10$abcdefghijklmnopqrstuv", "of the form $2b$" },
        { "hash", value_hash, "!!", "locked account" },
        { "hash", value_hash, "*", "locked account" },
        { "hash", value_hash, "", "locked account" },
        { "hash", value_hash, "hunter2", "may be the password itself" },
        { "hash", value_hash, "$ecret$word", "may be the password itself" },
        { "hash", value_hash, "ab1XvJFBxQnHc", "may be the password itself" },
        { "serial", value_serial, "6CU2130XYZ", NULL },
        { "serial", value_serial, "VMware-56 4d 00", NULL },
        { "serial", value_serial, "To Be Filled By O.E.M.", "in place of a serial number" },
        { "serial", value_serial, "Default string", "in place of a serial number" },
        { "serial", value_serial, "0000000000", "in place of a serial number" },
        { "serial", value_serial, "12", "too short" },
        { "serial", value_serial, "序列号1", "'序' cannot be part" },
        { "serial", value_serial, "6CU\n213", "'\\x0a' cannot be part" },
        { "serial", value_serial, "x", "in place of" },
        { "label", value_label, "XCP-ng 8.3.0", NULL },
        { "label", value_label, "", "0 characters" },
        { "label", value_label, " XCP", "' ' cannot be part" },
        { "label", value_label, "教学", "'教' cannot be part" },
        { "label", value_label, "A23456789012345678901234567890123", "33 characters" },
};

static void test_texts(void)
{
        for (size_t i = 0; i < COUNT(texts); i++) {
                struct diags *d = diags_new();
                bool taken = texts[i].judge(d, (struct pos){ 0 }, texts[i].in);
                judge(texts[i].group, texts[i].in, taken, d, "", texts[i].error, "");
        }
}

/* Reads one value and writes it back as text. */
typedef bool show_fn(struct diags *, const char *in, char *out, size_t n);

static bool show_mac(struct diags *d, const char *in, char *out, size_t n)
{
        struct mac m;
        char buf[MAC_TEXT];
        (void)n;
        return value_mac(d, (struct pos){ 0 }, in, &m) && snprintf(out, n, "%s", mac_text(&m, buf)) > 0;
}

static bool show_ip4(struct diags *d, const char *in, char *out, size_t n)
{
        uint32_t addr;
        char buf[IP4_TEXT];
        return value_ip4(d, (struct pos){ 0 }, in, &addr) && snprintf(out, n, "%s", ip4_text(addr, buf)) > 0;
}

static bool show_subnet(struct diags *d, const char *in, char *out, size_t n)
{
        struct subnet s = { 0 };
        char buf[IP4_TEXT];
        return value_subnet(d, (struct pos){ 0 }, in, &s) &&
               snprintf(out, n, "%s/%d", ip4_text(s.addr, buf), s.prefix) > 0;
}

static bool show_range(struct diags *d, const char *in, char *out, size_t n)
{
        uint32_t first, last;
        int prefix;
        char a[IP4_TEXT], b[IP4_TEXT];
        return value_range(d, (struct pos){ 0 }, in, &first, &last, &prefix) &&
               snprintf(out, n, "%s %s %d", ip4_text(first, a), ip4_text(last, b), prefix) > 0;
}

static bool show_size(struct diags *d, const char *in, char *out, size_t n)
{
        uint64_t bytes;
        return value_size(d, (struct pos){ 0 }, in, &bytes) && snprintf(out, n, "%llu", (unsigned long long)bytes) > 0;
}

static bool show_memory(struct diags *d, const char *in, char *out, size_t n)
{
        uint64_t bytes;
        return value_memory(d, (struct pos){ 0 }, in, &bytes) && snprintf(out, n, "%llu", (unsigned long long)bytes) > 0;
}

static bool show_duration(struct diags *d, const char *in, char *out, size_t n)
{
        char text[DURATION_TEXT];
        long seconds;
        return value_duration(d, (struct pos){ 0 }, in, 60, 48 * 3600, &seconds) &&
               snprintf(out, n, "%ld = %s", seconds, duration_text(seconds, text)) > 0;
}

static bool show_time(struct diags *d, const char *in, char *out, size_t n)
{
        int hour, minute;
        return value_time(d, (struct pos){ 0 }, in, &hour, &minute) && snprintf(out, n, "%d %d", hour, minute) > 0;
}

static bool show_options(struct diags *d, const char *in, char *out, size_t n)
{
        return value_nfs_options(d, (struct pos){ 0 }, in) && snprintf(out, n, "%s", in) > 0;
}

static bool show_int(struct diags *d, const char *in, char *out, size_t n)
{
        long value;
        return value_int(d, (struct pos){ 0 }, in, 1, 4094, &value) && snprintf(out, n, "%ld", value) > 0;
}

static bool show_bool(struct diags *d, const char *in, char *out, size_t n)
{
        bool value;
        return value_bool(d, (struct pos){ 0 }, in, &value) && snprintf(out, n, "%s", value ? "yes" : "no") > 0;
}

static void test_rows(const char *group, const struct row *rows, size_t n, show_fn *show)
{
        for (size_t i = 0; i < n; i++) {
                struct diags *d = diags_new();
                char got[128] = "";
                bool taken = show(d, rows[i].in, got, sizeof(got));
                judge(group, rows[i].in, taken, d, got, rows[i].error, rows[i].want);
        }
}

/* No message about a secret may hold any of it. */
static void test_secrets_stay_secret(void)
{
        static const char *const secrets[] = { "hunter2", "$ecret$word", "$6$hunter2$x", "$6$sa:hunter2$x", "!!hunter2",
                "$y$hunter2" };
        for (size_t i = 0; i < COUNT(secrets); i++) {
                struct diags *d = diags_new();
                value_hash(d, (struct pos){ 0 }, secrets[i]);
                AUTO_FREE char *text = said(d);
                unit_case("secret", secrets[i], !strstr(text, "hunter2") && !strstr(text, "ecret") && *text, text);
                diags_free(d);
        }
}

int main(void)
{
        test_rows("mac", macs, COUNT(macs), show_mac);
        test_rows("ip4", addresses, COUNT(addresses), show_ip4);
        test_rows("subnet", subnets, COUNT(subnets), show_subnet);
        test_rows("range", ranges, COUNT(ranges), show_range);
        test_rows("size", sizes, COUNT(sizes), show_size);
        test_rows("memory", memory, COUNT(memory), show_memory);
        test_rows("duration", durations, COUNT(durations), show_duration);
        test_rows("time", times, COUNT(times), show_time);
        test_rows("nfs options", nfs_options, COUNT(nfs_options), show_options);
        test_rows("int", numbers, COUNT(numbers), show_int);
        test_rows("bool", bools, COUNT(bools), show_bool);
        test_texts();
        test_secrets_stay_secret();
        uint32_t n = 0;
        unit_case("offset", "+11", value_offset("+11", &n) && n == 11, "");
        unit_case("offset", "11", !value_offset("11", &n), "taken");
        unit_case("offset", "+", !value_offset("+", &n), "taken");
        unit_case("offset", "+1x", !value_offset("+1x", &n), "taken");
        return 0;
}
