/* The line of a spreadsheet that names the columns, as people name them. */
#include "answerfiles/csv_parts.h"
#include "base/i18n.h"
#include "base/text.h"

#include <string.h>

/* In lower case, without blanks and signs: as plain_name leaves them. The first of each column is what messages say. */
static const struct {
        const char *name;
        enum csv_column column;
} names[] = {
        { "school", CSV_SCHOOL },
        { "schoolid", CSV_SCHOOL },
        { "schoolname", CSV_SCHOOL },
        { "site", CSV_SCHOOL },
        { "campus", CSV_SCHOOL },
        { "学校", CSV_SCHOOL },
        { "学校名称", CSV_SCHOOL },
        { "学校名", CSV_SCHOOL },
        { "学校编号", CSV_SCHOOL },
        { "学校代码", CSV_SCHOOL },
        { "学校id", CSV_SCHOOL },
        { "校名", CSV_SCHOOL },
        { "单位", CSV_SCHOOL },
        { "单位名称", CSV_SCHOOL },
        { "校区", CSV_SCHOOL },
        { "pool", CSV_POOL },
        { "poolid", CSV_POOL },
        { "poolname", CSV_POOL },
        { "resourcepool", CSV_POOL },
        { "cluster", CSV_POOL },
        { "资源池", CSV_POOL },
        { "资源池名称", CSV_POOL },
        { "资源池名", CSV_POOL },
        { "资源池id", CSV_POOL },
        { "池", CSV_POOL },
        { "池名", CSV_POOL },
        { "集群", CSV_POOL },
        { "name", CSV_NAME },
        { "host", CSV_NAME },
        { "hostname", CSV_NAME },
        { "server", CSV_NAME },
        { "servername", CSV_NAME },
        { "computername", CSV_NAME },
        { "主机名", CSV_NAME },
        { "主机名称", CSV_NAME },
        { "主机", CSV_NAME },
        { "名称", CSV_NAME },
        { "服务器", CSV_NAME },
        { "服务器名", CSV_NAME },
        { "服务器名称", CSV_NAME },
        { "计算机名", CSV_NAME },
        { "机器名", CSV_NAME },
        { "mac", CSV_MAC },
        { "macaddress", CSV_MAC },
        { "macaddr", CSV_MAC },
        { "macid", CSV_MAC },
        { "hwaddr", CSV_MAC },
        { "hardwareaddress", CSV_MAC },
        { "physicaladdress", CSV_MAC },
        { "mac地址", CSV_MAC },
        { "物理地址", CSV_MAC },
        { "硬件地址", CSV_MAC },
        { "网卡地址", CSV_MAC },
        { "网卡mac", CSV_MAC },
        { "网卡mac地址", CSV_MAC },
        { "管理口mac", CSV_MAC },
        { "管理网卡mac", CSV_MAC },
        { "serial", CSV_SERIAL },
        { "serialno", CSV_SERIAL },
        { "serialnumber", CSV_SERIAL },
        { "sn", CSV_SERIAL },
        { "sno", CSV_SERIAL },
        { "servicetag", CSV_SERIAL },
        { "序列号", CSV_SERIAL },
        { "sn号", CSV_SERIAL },
        { "sn码", CSV_SERIAL },
        { "设备序列号", CSV_SERIAL },
        { "机器序列号", CSV_SERIAL },
        { "产品序列号", CSV_SERIAL },
        { "主机序列号", CSV_SERIAL },
        { "服务器序列号", CSV_SERIAL },
        { "服务标签", CSV_SERIAL },
        { "服务编号", CSV_SERIAL },
        { "address", CSV_ADDRESS },
        { "ip", CSV_ADDRESS },
        { "ipaddress", CSV_ADDRESS },
        { "ipaddr", CSV_ADDRESS },
        { "ipv4", CSV_ADDRESS },
        { "ipv4address", CSV_ADDRESS },
        { "hostip", CSV_ADDRESS },
        { "managementip", CSV_ADDRESS },
        { "ip地址", CSV_ADDRESS },
        { "地址", CSV_ADDRESS },
        { "管理ip", CSV_ADDRESS },
        { "管理ip地址", CSV_ADDRESS },
        { "管理地址", CSV_ADDRESS },
        { "主机ip", CSV_ADDRESS },
        { "主机地址", CSV_ADDRESS },
        { "主机ip地址", CSV_ADDRESS },
        { "ipv4地址", CSV_ADDRESS },
        { "disk", CSV_DISK },
        { "systemdisk", CSV_DISK },
        { "installdisk", CSV_DISK },
        { "bootdisk", CSV_DISK },
        { "targetdisk", CSV_DISK },
        { "磁盘", CSV_DISK },
        { "硬盘", CSV_DISK },
        { "系统盘", CSV_DISK },
        { "系统磁盘", CSV_DISK },
        { "安装盘", CSV_DISK },
        { "安装磁盘", CSV_DISK },
        { "目标磁盘", CSV_DISK },
        { "coordinator", CSV_COORDINATOR },
        { "poolcoordinator", CSV_COORDINATOR },
        { "master", CSV_COORDINATOR },
        { "poolmaster", CSV_COORDINATOR },
        { "ismaster", CSV_COORDINATOR },
        { "iscoordinator", CSV_COORDINATOR },
        { "主控", CSV_COORDINATOR },
        { "协调者", CSV_COORDINATOR },
        { "主控/协调者", CSV_COORDINATOR },
        { "池主控", CSV_COORDINATOR },
        { "池协调者", CSV_COORDINATOR },
        { "协调器", CSV_COORDINATOR },
        { "主控主机", CSV_COORDINATOR },
        { "主服务器", CSV_COORDINATOR },
        { "主节点", CSV_COORDINATOR },
        { "池主", CSV_COORDINATOR },
        { "池主机", CSV_COORDINATOR },
        { "是否主控", CSV_COORDINATOR },
        { "是否协调者", CSV_COORDINATOR },
};

static const char *const notes[] = { "id", "no", "num", "number", "index", "note", "notes", "remark", "remarks",
        "comment", "comments", "description", "location", "room", "rack", "model", "brand", "vendor", "contact",
        "phone", "asset", "assettag", "编号", "序号", "备注", "说明", "描述", "位置", "存放位置", "机柜", "机房",
        "房间", "型号", "品牌", "厂商", "厂家", "联系人", "负责人", "电话", "联系电话", "资产编号", "日期",
        "购买日期" };

/* What a sheet may well say, but only the site file sets. */
static const struct {
        const char *name, *what;
} elsewhere[] = {
        { "gateway", N_("the gateway") },
        { "网关", N_("the gateway") },
        { "默认网关", N_("the gateway") },
        { "gw", N_("the gateway") },
        { "mask", N_("the subnet") },
        { "netmask", N_("the subnet") },
        { "subnet", N_("the subnet") },
        { "subnetmask", N_("the subnet") },
        { "子网掩码", N_("the subnet") },
        { "掩码", N_("the subnet") },
        { "子网", N_("the subnet") },
        { "网段", N_("the subnet") },
        { "dns", N_("the name server") },
        { "dns服务器", N_("the name server") },
        { "ntp", N_("the time server") },
        { "vlan", N_("the VLAN") },
        { "vlanid", N_("the VLAN") },
        { "password", N_("the password") },
        { "rootpassword", N_("the password") },
        { "密码", N_("the password") },
        { "口令", N_("the password") },
        { "release", N_("the release") },
        { "版本", N_("the release") },
};

/* "MAC 地址（管理口）*" is "mac地址": in lower case, without blanks, signs, and what stands in brackets. */
static void plain_name(const struct csv_cell *cell, char *out, size_t size, struct pos *pos)
{
        static const char *const dropped[] = { " ", "\t", "\r", "\n", "_", "-", "*", ".", ":", "#", "\xc2\xa0",
                "\xe3\x80\x80", "：", "＊", "、" };
        char text[256];
        csv_cell_text(cell, text, sizeof(text), pos);
        size_t n = 0;
        for (const char *s = text; *s && n + 1 < size;) {
                if (n && (*s == '(' || !strncmp(s, "（", 3) || *s == '['))
                        break;
                size_t i = 0;
                while (i < COUNT(dropped) && strncmp(s, dropped[i], strlen(dropped[i])))
                        i++;
                if (i < COUNT(dropped)) {
                        s += strlen(dropped[i]);
                        continue;
                }
                const unsigned char *u = (const unsigned char *)s;
                char c = *s++;
                if (u[0] == 0xef && u[1] == 0xbc && u[2] >= 0xa1 && u[2] <= 0xba)
                        c = (char)(u[2] - 0x60);
                else if (u[0] == 0xef && u[1] == 0xbd && u[2] >= 0x81 && u[2] <= 0x9a)
                        c = (char)(u[2] - 0x20);
                s += u[0] == 0xef && c != (char)0xef ? 2 : 0;
                out[n++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
        }
        out[n] = '\0';
}

static int known_column(const char *plain)
{
        for (size_t i = 0; i < COUNT(names); i++)
                if (!strcmp(names[i].name, plain))
                        return (int)names[i].column;
        return -1;
}

static bool is_note(const char *plain)
{
        for (size_t i = 0; i < COUNT(notes); i++)
                if (!strcmp(notes[i], plain))
                        return true;
        return !*plain;
}

static bool is_set_elsewhere(struct csv_scan *s, const char *plain, const char *written, struct pos pos)
{
        for (size_t i = 0; i < COUNT(elsewhere); i++)
                if (!strcmp(elsewhere[i].name, plain)) {
                        diag(s->diags, XR_CSV_HEADER_ELSEWHERE, pos, written, _(elsewhere[i].what), NULL);
                        return true;
                }
        return false;
}

/* The column that a misspelt name probably means; reported in any case. */
static int nearest_column(struct csv_scan *s, const char *plain, const char *written, struct pos pos)
{
        const char *candidates[COUNT(names)];
        for (size_t i = 0; i < COUNT(names); i++)
                candidates[i] = names[i].name;
        const char *near = text_nearest(plain, candidates, COUNT(candidates));
        /* Two letters or one Chinese character are too little to go by. */
        if (!near || strlen(plain) < 4 || strlen(near) < 3) {
                diag(s->diags, XR_CSV_HEADER_UNKNOWN, pos, written, NULL);
                return -1;
        }
        diag(s->diags, XR_CSV_HEADER_NEAR, pos, written, near, NULL);
        return known_column(near);
}

static void name_column(struct csv_scan *s, struct arena *a, struct csv_header *h, size_t i)
{
        char plain[256], written[256];
        struct pos pos;
        h->column[i] = -1;
        plain_name(&s->cells[i], plain, sizeof(plain), &pos);
        csv_cell_text(&s->cells[i], written, sizeof(written), &pos);
        if (is_note(plain))
                return;
        int column = known_column(plain);
        if (column < 0 && !is_set_elsewhere(s, plain, written, pos))
                column = nearest_column(s, plain, written, pos);
        if (column < 0)
                return;
        if (h->name[column]) {
                diag(s->diags, XR_CSV_HEADER_TWICE, pos, h->name[column], written, NULL);
                return;
        }
        h->name[column] = arena_strdup(a, written);
        h->column[i] = column;
}

static size_t known_cells(const struct csv_scan *s)
{
        char plain[256];
        struct pos pos;
        size_t known = 0;
        for (size_t i = 0; i < s->n; i++) {
                plain_name(&s->cells[i], plain, sizeof(plain), &pos);
                known += known_column(plain) >= 0;
        }
        return known;
}

/* Tries the line where s stands with each separator; s then has read it with the best one. */
static size_t try_separators(struct csv_scan *s, struct csv_scan *work)
{
        static const char separators[] = ",;\t";
        size_t best = 0;
        char best_separator = ',';
        for (const char *c = separators; *c; c++) {
                *work = *s;
                work->separator = *c;
                size_t known = csv_scan_row(work) == CSV_ROW ? known_cells(work) : 0;
                if (known > best) {
                        best = known;
                        best_separator = *c;
                }
        }
        s->separator = best_separator;
        csv_scan_row(s);
        return best;
}

/* Titles, empty lines and Excel's "sep=;" may stand above. Two known names make a header; one does when no line has
 * two. */
static bool find_header(struct csv_scan *s)
{
        enum { TRIES = 10 };
        AUTO_FREE struct csv_scan *places = calloc(3, sizeof(*places));
        struct csv_scan *look = &places[0], *work = &places[1], *single = &places[2];
        if (!places)
                return false;
        *look = *s;
        look->diags = NULL;
        for (int i = 0; i < TRIES; i++) {
                size_t known = try_separators(look, work);
                if (known >= 2 || (known == 1 && !single->text.ptr))
                        *single = *look;
                if (known >= 2)
                        break;
                if (look->at >= look->text.len)
                        break;
        }
        if (single->text.ptr)
                *s = *single;
        return single->text.ptr;
}

bool csv_read_header(struct csv_scan *s, struct arena *a, struct csv_header *h)
{
        struct diags *d = s->diags;
        uint16_t file = s->file;
        memset(h, 0, sizeof(*h));
        bool found = find_header(s);
        s->diags = d;
        if (!found) {
                diag(d, XR_CSV_NO_HEADER, (struct pos){ .file = file, .line = 1, .col = 1 }, NULL);
                return false;
        }
        for (size_t i = 0; i < s->n; i++) {
                name_column(s, a, h, i);
                if (!csv_cell_is_empty(&s->cells[i]))
                        h->n = i + 1;
        }
        if (h->name[CSV_MAC] || h->name[CSV_SERIAL])
                return true;
        diag(d, XR_CSV_HEADER_MISSING, s->row, NULL);
        return false;
}
