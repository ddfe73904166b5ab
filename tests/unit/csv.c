/* Spreadsheets as programs and people really save them. */
#include "answerfiles/csv.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <time.h>

/* Rows as "school|pool|name|mac|serial|address|disk|coordinator", one a line; empty trailing ones are left out. */
static void show_rows(const struct csv_rows *rows, FILE *f)
{
        for (size_t i = 0; i < rows->n; i++) {
                int last = CSV_COLUMNS - 1;
                while (last > 0 && !rows->rows[i].cell[last])
                        last--;
                for (int c = 0; c <= last; c++)
                        fprintf(f, "%s%s", c ? "|" : "", rows->rows[i].cell[c] ? rows->rows[i].cell[c] : "");
                fputc('\n', f);
        }
}

struct row {
        const char *why, *in;
        size_t n;         /* 0 = strlen */
        const char *rows; /* NULL = not judged */
        const char *said; /* part of what is said; NULL = nothing may be said */
};

#define BYTES(s) s, sizeof(s) - 1

static const struct row cases[] = {
        { "English",
                BYTES("school,pool,name,mac,serial,address,disk,coordinator\nnn36,teach,xen1,00:16:3e:00:00:11,S123,"
                      "192.168.0.11,sda,yes\n"),
                "nn36|teach|xen1|00:16:3e:00:00:11|S123|192.168.0.11|sda|yes\n", NULL },
        { "Chinese",
                BYTES("学校,资源池,主机名,MAC地址,序列号,IP地址,磁盘,主控\n三十六中,教学,xen1,00:16:3e:00:00:11,S123,"
                      "192.168.0.11,sda,是\n"),
                "三十六中|教学|xen1|00:16:3e:00:00:11|S123|192.168.0.11|sda|是\n", NULL },
        { "any order, BOM, CRLF", BYTES("\xef\xbb\xbfIP,MAC\r\n192.168.0.11,00:16:3e:00:00:11\r\n"),
                "|||00:16:3e:00:00:11||192.168.0.11\n", NULL },
        { "semicolon", BYTES("MAC;IP\n00:16:3e:00:00:11;192.168.0.11\n"), "|||00:16:3e:00:00:11||192.168.0.11\n",
                NULL },
        { "tab", BYTES("MAC\tIP\n00:16:3e:00:00:11\t192.168.0.11\n"), "|||00:16:3e:00:00:11||192.168.0.11\n", NULL },
        { "lone CR", BYTES("MAC,IP\rA,B\rC,D\r"), "|||A||B\n|||C||D\n", NULL },
        { "no newline at the end", BYTES("MAC,IP\nA,B"), "|||A||B\n", NULL },
        { "GB18030", BYTES("\xd1\xa7\xd0\xa3,MAC\n\xc8\xfd\xca\xae\xc1\xf9\xd6\xd0,A\n"), "三十六中|||A\n", NULL },
        { "UTF-16LE with BOM", BYTES("\xff\xfeM\0A\0C\0,\0I\0P\0\n\0A\0,\0B\0\n\0"), "|||A||B\n", NULL },
        { "UTF-16BE with BOM", BYTES("\xfe\xff\0M\0A\0C\0,\0I\0P\0\n\0A\0,\0B\0\n"), "|||A||B\n", NULL },
        { "quotes", BYTES("name,mac\n\"a \"\"b\"\", c\",\"A\"\n"), "||a \"b\", c|A\n", NULL },
        { "blank before the quote", BYTES("name,mac\n \"a\" , \"A\" \n"), "||a|A\n", NULL },
        { "line break in a header", BYTES("name,\"MAC\n地址\"\na,A\n"), "||a|A\n", NULL },
        { "brackets and signs in a header", BYTES("主机 名*,ＭＡＣ地址（管理口）\na,A\n"), "||a|A\n", NULL },
        { "title above the header", BYTES("南宁市服务器清单,,\n,,\n主机名,MAC,备注\na,A,新\n"), "||a|A\n", NULL },
        { "sep= line", BYTES("sep=;\nname;mac\na;A\n"), "||a|A\n", NULL },
        { "one column", BYTES("MAC\nA\nB\n"), "|||A\n|||B\n", NULL },
        { "empty rows and rows of notes", BYTES("name,mac,备注\n,,\na,A,\n,,合计1台\n \t,\xe3\x80\x80,\xc2\xa0\n"),
                "||a|A\n", NULL },
        { "short rows", BYTES("mac,name,address\nA\n"), "|||A\n", NULL },
        { "blanks of all kinds",
                BYTES("name,mac\n\xe3\x80\x80"
                      "a \xc2\xa0,\tA\xe2\x80\x8b\n"),
                "||a|A\n", NULL },
        { "full-width value", BYTES("mac,address\n００：１６：３ｅ：００：００：１１,１９２。１６８．０．１１\n"),
                "|||00:16:3e:00:00:11||192.168.0.11\n", NULL },
        { "apostrophe", BYTES("mac,serial\n'A,='S1\n"), NULL, "is a formula" },
        { "apostrophe alone", BYTES("mac,serial\n'A,=\"0012\"\n"), "|||A|0012\n", NULL },
        { "words for nothing", BYTES("mac,serial,disk\nA,无,-\n"), "|||A\n", NULL },
        { "coordinator in words", BYTES("mac,coordinator\nA,主控\nB,从\nC,1\n"),
                "|||A||||yes\n|||B||||no\n|||C||||yes\n", NULL },
        { "note columns", BYTES("序号,MAC,备注,联系人\n1,A,x,y\n"), "|||A\n", NULL },
        { "trailing separators", BYTES("mac,name,,,\nA,a,,,\n"), "||a|A\n", NULL },

        { "scientific serial", BYTES("mac,serial\nA,6.12E+10\n"), "|||A\n", "into the number 6.12E+10" },
        { "scientific address", BYTES("mac,ip\nA,1.92168E+11\n"), "|||A\n", "into the number 1.92168E+11" },
        { "scientific MAC", BYTES("mac,ip\n1.63E+09,B\n"), "|||||B\n", "into the number 1.63E+09" },
        { "a serial with an E is none", BYTES("mac,serial\nA,6E12345\n"), "|||A|6E12345\n", NULL },
        { "date", BYTES("mac,serial\nA,12-Mar\n"), "|||A\n", "into the date 12-Mar" },
        { "Chinese date", BYTES("mac,serial\nA,3月12日\n"), "|||A\n", "into the date 3月12日" },
        { "narrow column", BYTES("mac,ip\n####,B\n"), "|||||B\n", "column is too narrow" },
        { "formula error", BYTES("mac,ip\n#N/A,B\n"), "|||||B\n", "saved the error '#N/A'" },
        { "formula", BYTES("mac,ip\n=A1,B\n"), "|||||B\n", "'=A1' is a formula" },
        { "lost precision", BYTES("mac,serial\nA,123456789012345000\n"), "|||A|123456789012345000\n",
                "lost its last digits" },
        { "lost dots", BYTES("mac,ip\nA,192168011\n"), "|||A\n", "lost its dots" },
        { "decimal serial", BYTES("mac,serial\nA,6123456.0\n"), "|||A\n", "as a decimal number" },
        { "two lines in a cell", BYTES("mac,ip\n\"A\nB\",C\n"), "|||||C\n",
                "line break or a control character in the cell under 'mac'" },
        { "typo in a header", BYTES("主机名,MAC地扯\na,A\n"), "||a|A\n", "did you mean 'mac地址'" },
        { "typo in English", BYTES("name,mac,serail\na,A,S\n"), "||a|A|S\n", "did you mean 'serial'" },
        { "foreign column", BYTES("name,mac,favourite colour\na,A,red\n"), "||a|A\n",
                "column 'favourite colour' is not read" },
        { "gateway column", BYTES("name,mac,网关\na,A,x\n"), "||a|A\n", "the gateway is not set row by row" },
        { "column twice", BYTES("mac,name,MAC地址\nA,a,B\n"), "||a|A\n", "'mac' and 'MAC地址' mean the same" },
        { "no identity", BYTES("name,ip\na,B\n"), "", "neither a column 'MAC'" },
        { "no header", BYTES("nn36,xen1,00:16:3e:00:00:11\n"), "", "no line names the columns" },
        { "empty file", "", 0, "", "no line names the columns" },
        { "blank file", BYTES("\n\n \n"), "", "no line names the columns" },
        { "header alone", BYTES("mac,name\n"), "", "there are no rows" },
        { "open quote", BYTES("name,mac\n\"a,A\nb,B\n"), "||b|B\n", "t.csv:2:1: error XR-109" },
        { "open quote, later ones closed", BYTES("name,mac\nx,\"A\nb,B\n\"c\",C\n"), "||b|B\n||c|C\n",
                "t.csv:2:3: error XR-109" },
        { "text behind a quote", BYTES("name,mac\n\"a\"b,A\nc,C\n"), "||c|C\n",
                "behind the closing quotation mark: b,A" },
        { "one cell too many", BYTES("name,mac\na,b,A\nc,C\n"), "||c|C\n",
                "to the right of the last named column: 'A'" },
        { "workbook", BYTES("PK\3\4xxxx"), NULL, "is a workbook" },
        { "old workbook", BYTES("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), NULL, "is a workbook" },
        { "NUL", BYTES("mac,name\nA,\0a\n"), NULL, "t.csv:2:3: error XR-103" },
        { "neither encoding", BYTES("mac,name\nA,\xd1\xa7\nB,\xff\xff\n"), NULL,
                "t.csv:3:3: error XR-102: the byte 0xff (at offset 16)" },
        { "broken UTF-8 behind a BOM", BYTES("\xef\xbb\xbfmac,name\nA,\xe5\xad\n"), NULL,
                "t.csv:2:3: error XR-102: the byte 0xe5" },
        { "odd UTF-16", BYTES("\xff\xfeM\0A"), NULL, "fits neither" },
};

static void judge(const struct row *c, const struct csv_rows *rows, const struct diags *d)
{
        char *said = NULL, *got = NULL;
        size_t n;
        FILE *f = open_memstream(&said, &n);
        diags_print(d, f, false);
        fclose(f);
        f = open_memstream(&got, &n);
        show_rows(rows, f);
        fclose(f);
        if (c->said)
                unit_case("csv says", c->why, strstr(said, c->said), said);
        else
                unit_same("csv is silent", c->why, said, "");
        if (c->rows)
                unit_same("csv rows", c->why, got, c->rows);
        free(said);
        free(got);
}

static void run(const struct row *c)
{
        struct arena *a = arena_new();
        struct diags *d = diags_new();
        struct csv_rows rows;
        /* An exact copy on the heap, so that a sanitizer sees one byte too many. */
        size_t n = c->n ? c->n : strlen(c->in);
        char *raw = malloc(n ? n : 1);
        memcpy(raw, c->in, n);
        csv_read(a, d, "t.csv", bytes_of(raw, n), &rows);
        free(raw);
        judge(c, &rows, d);
        diags_free(d);
        arena_free(a);
}

/* Positions are those of the value, in bytes of the converted text. */
static void test_positions(void)
{
        static const char in[] = "学校,MAC,IP\n 三 , \"A\" ,B\n";
        struct arena *a = arena_new();
        struct diags *d = diags_new();
        struct csv_rows rows;
        char got[64] = "";
        csv_read(a, d, "t.csv", bytes_of(in, sizeof(in) - 1), &rows);
        if (rows.n == 1) {
                const struct pos *p = rows.rows[0].pos;
                snprintf(got, sizeof(got), "%u:%u+%u %u:%u+%u %u:%u+%u", p[0].line, p[0].col, p[0].len, p[3].line,
                        p[3].col, p[3].len, p[5].line, p[5].col, p[5].len);
        }
        unit_same("csv", "positions", got, "2:2+3 2:9+1 2:13+1");
        diags_free(d);
        arena_free(a);
}

static void test_limits(void)
{
        static const struct {
                const char *why;
                size_t cell, rows;
                const char *said;
        } limits[] = { { "long cell", 2000, 1, "longer than 1024 bytes" },
                { "long row", 70000, 1, "longer than 64 KiB" } };
        for (size_t i = 0; i < COUNT(limits); i++) {
                AUTO_STR in = STR_MAX(1 << 20);
                str_add(&in, "name,mac\n");
                for (size_t k = 0; k < limits[i].cell; k++)
                        str_addc(&in, 'x');
                str_add(&in, ",A\nb,B\n");
                run(&(struct row){ limits[i].why, in.ptr, in.len, limits[i].cell > 60000 ? "||b|B\n" : "|||A\n||b|B\n",
                        limits[i].said });
        }
        AUTO_FREE char *large = calloc(1, (64 << 20) + 1);
        if (large)
                run(&(struct row){ "large file", large, (64 << 20) + 1, "", "larger than 64 MiB" });
        AUTO_STR in = STR_MAX(1 << 20);
        str_add(&in, "name,mac\n");
        for (int k = 0; k < 100; k++)
                str_add(&in, "\"a\"b,A\n");
        run(&(struct row){ "many broken quotes", in.ptr, in.len, "", "too many broken quotation marks" });
}

static void test_speed(void)
{
        AUTO_STR in = STR_MAX(64 << 20);
        str_add(&in, "学校,资源池,主机名,MAC,序列号,IP,磁盘,主控\n");
        for (unsigned i = 0; i < 100000; i++)
                str_addf(&in, "school-%u,teach,s%u-xen%u,00:16:3e:%02x:%02x:%02x,6CU%08u,192.168.%u.%u,smallest,%s\n",
                        i / 10, i / 10, i % 10, i >> 16, i >> 8 & 255, i & 255, i, i / 250 % 250, i % 250 + 1,
                        i % 10 ? "" : "是");
        struct arena *a = arena_new();
        struct diags *d = diags_new();
        struct csv_rows rows;
        clock_t start = clock();
        csv_read(a, d, "t.csv", str_bytes(&in), &rows);
        double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
        char detail[64];
        snprintf(detail, sizeof(detail), "%.3f s, %zu rows", seconds, rows.n);
        /* Sanitizers and valgrind are slower; the bench judges the real limit. */
        unit_case("csv", "100,000 rows", rows.n == 100000 && seconds < 30, detail);
        fprintf(stderr, "csv: %s\n", detail);
        diags_free(d);
        arena_free(a);
}

int main(void)
{
        for (size_t i = 0; i < COUNT(cases); i++)
                run(&cases[i]);
        test_positions();
        test_limits();
        test_speed();
        return 0;
}
