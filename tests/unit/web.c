/* The web server's pure parts: paths, ranges and conditions, dates, the questions between its two processes, the index
 * of an image. */
#include "pxe/conditions.h"
#include "pxe/iso_files.h"
#include "pxe/nginx.h"
#include "pxe/routes.h"
#include "base/cleanup.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* --- paths --- */

#define SIXTEEN "0123456789abcdef"
#define QUARTER SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN
#define LONG_NAME QUARTER QUARTER QUARTER QUARTER

static const struct {
        const char *target, *path; /* NULL: none */
} paths[] = {
        { "/", "/" },
        { "/repo/install.img", "/repo/install.img" },
        { "/repo//Packages///x.rpm", "/repo/Packages/x.rpm" },
        { "//repo/x", "/repo/x" },
        { "/repo/libstdc%2b%2B.rpm", "/repo/libstdc++.rpm" },
        { "/repo/a%20b", "/repo/a b" },
        { "/repo/%e4%bd%a0", "/repo/\xe4\xbd\xa0" },
        { "/repo/...", "/repo/..." },
        { "/repo/..x/.treeinfo", "/repo/..x/.treeinfo" },
        { "/repo/x..", "/repo/x.." },
        { "/repo/%252e%252e/x", "/repo/%2e%2e/x" },
        { "", NULL },
        { "repo/x", NULL },
        { "*", NULL },
        { "http://a/repo/x", NULL },
        { "/repo/../etc/passwd", NULL },
        { "/repo/./x", NULL },
        { "/..", NULL },
        { "/.", NULL },
        { "/repo/..", NULL },
        { "/repo/%2e%2e/etc/passwd", NULL },
        { "/repo/%2E./etc/passwd", NULL },
        { "/repo%2f..%2fetc%2fpasswd", NULL },
        { "/repo/..%2f..%2fetc/passwd", NULL },
        { "/repo/..//x", NULL },
        { "/repo/%00", NULL },
        { "/repo/install.img%00.txt", NULL },
        { "/repo/%0d%0aX: y", NULL },
        { "/repo/\x01", NULL },
        { "/repo/%7f", NULL },
        { "/repo/%", NULL },
        { "/repo/%4", NULL },
        { "/repo/%zz", NULL },
        { "/repo/%u0041", NULL },
        { "/" LONG_NAME, NULL },
};

static void test_paths(void)
{
        char out[LONGEST_ASK_PATH + 1];
        for (size_t i = 0; i < COUNT(paths); i++) {
                bool is = path_decode(paths[i].target, out);
                unit_same("path", *paths[i].target ? paths[i].target : "empty", is ? out : NULL, paths[i].path);
        }
        char longest[LONGEST_ASK_PATH + 2];
        memset(longest, 'a', sizeof(longest));
        longest[0] = '/';
        longest[LONGEST_ASK_PATH] = '\0';
        unit_case("path", "the longest", path_decode(longest, out) && strlen(out) == LONGEST_ASK_PATH, "refused");
}

static const struct {
        const char *path, *route, *shown;
} routes[] = {
        { "/repo/install.img", "repo install.img", "/repo/install.img" },
        { "/repo/", "none", "/repo/" },
        { "/repo", "none", "/repo" },
        { "/boot/lpxelinux.0", "loader lpxelinux.0", "/boot/lpxelinux.0" },
        { "/boot/pxelinux.cfg/default", "loader pxelinux.cfg/default get", "/boot/pxelinux.cfg/default" },
        { "/boot/grub/00:16", "loader grub/00:16 get", "/boot/grub/00:16" },
        { "/boot/ipxe/x", "loader ipxe/x get", "/boot/ipxe/x" },
        { "/boot/grub/", "loader grub/", "/boot/grub/" },
        { "/h/secret/answer", "backend get post", "/h/****/answer" },
        { "/h/secret", "backend get post", "/h/****" },
        { "/h/", "none", "/h/" },
        { "/H/secret/answer", "none", "/H/secret/answer" },
        { "/enrol/secret/report", "backend get post", "/enrol/****/report" },
        { "/boot/grub-serial/S1", "loader grub-serial/S1 get", "/boot/grub-serial/S1" },
        { "/h/\xe4\xbd\xa0", "none", "/h/****" },
        { "/boot/grub/\xe4", "loader grub/\xe4", "/boot/grub/\xe4" },
        { "/etc/passwd", "none", "/etc/passwd" },
};

static void test_routes(void)
{
        static const char *const names[] = { "none", "loader", "repo", "backend" };
        for (size_t i = 0; i < COUNT(routes); i++) {
                const char *name;
                AUTO_STR got = STR_MAX(1000), shown = STR_MAX(1000);
                str_add(&got, names[route_of(routes[i].path, &name)]);
                if (name)
                        str_addf(&got, " %s", name);
                if (route_is_backend(routes[i].path, false))
                        str_add(&got, " get");
                if (route_is_backend(routes[i].path, true))
                        str_add(&got, " post");
                unit_same("route", routes[i].path, str_text(&got), routes[i].route);
                path_show(routes[i].path, &shown);
                unit_same("path in a log", routes[i].path, str_text(&shown), routes[i].shown);
        }
}

/* --- ranges and conditions of a file of 1,000 bytes --- */

#define DATE "Mon, 07 Oct 2024 11:20:00 GMT"
static const struct {
        const char *why;
        struct conditions fields;
        const char *portion;
} portions[] = {
        { "nothing asked", { .range = NULL }, "200 0+1000" },
        { "first bytes", { .range = "bytes=0-9" }, "206 0+10" },
        { "one byte", { .range = "bytes=999-999" }, "206 999+1" },
        { "to the end", { .range = "bytes=100-" }, "206 100+900" },
        { "from 0, as GRUB does", { .range = "bytes=0-" }, "206 0+1000" },
        { "past the end", { .range = "bytes=990-2000" }, "206 990+10" },
        { "last bytes", { .range = "bytes=-10" }, "206 990+10" },
        { "more last bytes than there are", { .range = "bytes=-5000" }, "206 0+1000" },
        { "no last bytes", { .range = "bytes=-0" }, "416 0+0" },
        { "begins at the end", { .range = "bytes=1000-" }, "416 0+0" },
        { "begins far behind", { .range = "bytes=18446744073709551616-" }, "416 0+0" },
        { "so large that it wraps", { .range = "bytes=99999999999999999999999999999999-" }, "416 0+0" },
        { "an end so large that it wraps", { .range = "bytes=5-99999999999999999999999999999999" }, "206 5+995" },
        { "the largest", { .range = "bytes=0-18446744073709551615" }, "206 0+1000" },
        { "last bytes that wrap", { .range = "bytes=-18446744073709551615" }, "206 0+1000" },
        { "blanks", { .range = "Bytes = 1 - 2 " }, "206 1+2" },
        { "backwards", { .range = "bytes=9-1" }, "200 0+1000" },
        { "two ranges", { .range = "bytes=0-1,5-6" }, "200 0+1000" },
        { "another unit", { .range = "lines=0-1" }, "200 0+1000" },
        { "no numbers", { .range = "bytes=-" }, "200 0+1000" },
        { "no unit", { .range = "0-1" }, "200 0+1000" },
        { "a sign", { .range = "bytes=+1-2" }, "200 0+1000" },
        { "two minus", { .range = "bytes=--2" }, "200 0+1000" },
        { "empty", { .range = "" }, "200 0+1000" },
        { "cut short", { .range = "bytes" }, "200 0+1000" },
        { "letters behind", { .range = "bytes=0-1x" }, "200 0+1000" },
        { "hexadecimal", { .range = "bytes=0x1-2" }, "200 0+1000" },
        { "the same file", { .range = "bytes=5-", .if_range = "\"e\"" }, "206 5+995" },
        { "another file", { .range = "bytes=5-", .if_range = "\"f\"" }, "200 0+1000" },
        { "a weak name is not enough", { .range = "bytes=5-", .if_range = "W/\"e\"" }, "200 0+1000" },
        { "of that date", { .range = "bytes=5-", .if_range = DATE }, "206 5+995" },
        { "of another date", { .range = "bytes=5-", .if_range = "Mon, 07 Oct 2024 11:20:01 GMT" }, "200 0+1000" },
        { "of no date", { .range = "bytes=5-", .if_range = "yesterday" }, "200 0+1000" },
        { "known", { .if_none_match = "\"e\"" }, "304 0+0" },
        { "known weakly", { .if_none_match = "W/\"e\"" }, "304 0+0" },
        { "known among others", { .if_none_match = "\"a\", W/\"b,\" ,\"e\"" }, "304 0+0" },
        { "any", { .if_none_match = "*" }, "304 0+0" },
        { "not known", { .if_none_match = "\"ee\", \"a\"" }, "200 0+1000" },
        { "its name inside another", { .if_none_match = "\"a\"e\"" }, "200 0+1000" },
        { "a name that does not end", { .if_none_match = "\"e" }, "200 0+1000" },
        { "since then", { .if_modified_since = DATE }, "304 0+0" },
        { "since later", { .if_modified_since = "Tue, 08 Oct 2024 00:00:00 GMT" }, "304 0+0" },
        { "since earlier", { .if_modified_since = "Mon, 07 Oct 2024 11:19:59 GMT" }, "200 0+1000" },
        { "since a date that is none", { .if_modified_since = "Mon, 32 Oct 2024 11:20:00 GMT" }, "200 0+1000" },
        { "a name counts more than a date", { .if_none_match = "\"f\"", .if_modified_since = DATE }, "200 0+1000" },
        { "known, whatever the range", { .range = "bytes=0-1", .if_none_match = "\"e\"" }, "304 0+0" },
};

static void test_conditions(void)
{
        char got[100];
        struct entity entity = { 1000, "\"e\"", 1728300000 };
        for (size_t i = 0; i < COUNT(portions); i++) {
                struct portion p = conditions_judge(&portions[i].fields, &entity);
                snprintf(got, sizeof(got), "%d %" PRIu64 "+%" PRIu64, p.status, p.offset, p.length);
                unit_same("portion", portions[i].why, got, portions[i].portion);
        }
        struct entity empty = { 0, "\"e\"", 0 };
        struct portion p = conditions_judge(&(struct conditions){ .range = "bytes=0-" }, &empty);
        unit_case("portion", "an empty file is whole", p.status == 200 && !p.length, "it is not");
        p = conditions_judge(&(struct conditions){ .if_modified_since = DATE }, &empty);
        unit_case("portion", "without a date there is no since", p.status == 200, "there is");
}

static void test_dates(void)
{
        static const struct {
                int64_t seconds;
                const char *text;
        } dates[] = {
                { 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
                { 784111777, "Sun, 06 Nov 1994 08:49:37 GMT" },
                { 951782400, "Tue, 29 Feb 2000 00:00:00 GMT" },
                { 1728300000, DATE },
                { 4107542400, "Mon, 01 Mar 2100 00:00:00 GMT" },
                { 253402300799, "Fri, 31 Dec 9999 23:59:59 GMT" },
        };
        static const char *const wrong[] = { "", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
                "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 29 Feb 2023 00:00:00 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
                "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT " };
        char text[HTTP_DATE_SIZE];
        int64_t seconds;
        for (size_t i = 0; i < COUNT(dates); i++) {
                http_date_print(dates[i].seconds, text);
                unit_same("date", dates[i].text, text, dates[i].text);
                unit_case("date read", dates[i].text, http_date_parse(text, &seconds) && seconds == dates[i].seconds,
                        "another one");
        }
        http_date_print(-1, text);
        unit_same("date", "before there were any", text, dates[0].text);
        for (size_t i = 0; i < COUNT(wrong); i++)
                unit_case("no date", *wrong[i] ? wrong[i] : "empty", !http_date_parse(wrong[i], &seconds), "it is one");
}

/* --- questions and answers --- */

static void repeat(void *arg, const struct ask *a, struct reply *r)
{
        (void)arg;
        r->status = 200;
        snprintf(r->type, sizeof(r->type), "text/x");
        char cookie[8] = "-";
        (void)!ask_field(a, "cookie", cookie, sizeof(cookie));
        str_addf(&r->body, "%s %s %s %s %zu ", a->method, a->path, a->peer, cookie, a->body.len);
        str_add(&r->fields, "Location: /y\n");
        str_addn(&r->body, a->body.ptr, a->body.len);
        if (!strcmp(a->path, "/too-much"))
                while (!r->body.failed)
                        str_add(&r->body, "0123456789abcdef0123456789abcdef");
}

static const struct {
        const char *why;
        struct ask ask;
        int status;
        const char *body;
} asks[] = {
        { "a question", { "GET", "/h/x", "192.168.0.11", { "", 0 }, NULL }, 200, "GET /h/x 192.168.0.11 - 0 " },
        { "with a body", { "POST", "/h/x", "::1", { "a\0b", 3 }, NULL }, 200, "POST /h/x ::1 - 3 a" },
        { "no peer", { "GET", "/x y", "", { NULL, 0 }, NULL }, 200, "GET /x y  - 0 " },
        { "a field among others", { "GET", "/x", "", { NULL, 0 }, "Accept: cookie: no\nCookie: a=b\nCookie: c=d\n" }, 200, "GET /x  a=b 0 " },
        { "a field too long for who asks", { "GET", "/x", "", { NULL, 0 }, "cookie: 12345678\n" }, 200, "GET /x  - 0 " },
        { "an answer that is too large", { "GET", "/too-much", "", { NULL, 0 }, NULL }, 503, "" },
};

static void test_questions(void)
{
        int pair[2];
        struct err e = ERR_INIT;
        struct reply r = REPLY_INIT;
        if (!backend_pair(pair, &e))
                return;
        pid_t other = fork();
        if (!other) {
                bool over = false;
                close(pair[0]);
                while (backend_answer(pair[1], repeat, NULL, &over, &e)) {
                }
                _exit(over && !e.kind ? 0 : 1);
        }
        close(pair[1]);
        for (size_t i = 0; i < COUNT(asks); i++) {
                bool fine = backend_ask(pair[0], &asks[i].ask, &r, &e);
                unit_case("question", asks[i].why, fine && r.status == asks[i].status, e.text);
                unit_same("answer", asks[i].why, str_text(&r.body), asks[i].body);
                unit_same("answer's fields", asks[i].why, str_text(&r.fields), asks[i].status == 200 ? "Location: /y\n" : "");
        }
        reply_clear(&r);
        close(pair[0]);
        int status = -1;
        waitpid(other, &status, 0);
        unit_case("question", "none come any more", status == 0, "it ended with an error");
}

#define NUMBERS(...) (const char *)(const uint32_t[]){ __VA_ARGS__ }, 6 * sizeof(uint32_t)
static const struct {
        const char *why, *frame;
        size_t n;
        const char *more;
        bool over;
} frames[] = {
        { "a head cut short", "XNRQ", 4, "", true },
        { "no head at all", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27, "", false },
        { "an answer where a question belongs", NUMBERS(0x41524e58, 0, 2, 0, 0, 0), "/x", false },
        { "a third method", NUMBERS(0x51524e58, 2, 2, 0, 0, 0), "/x", false },
        { "no path", NUMBERS(0x51524e58, 0, 0, 0, 0, 0), "", false },
        { "a path too long", NUMBERS(0x51524e58, 0, 513, 0, 0, 0), "/x", false },
        { "a path of 4 GB", NUMBERS(0x51524e58, 0, 0xffffffff, 0, 0, 0), "/x", false },
        { "a peer too long", NUMBERS(0x51524e58, 0, 2, 64, 0, 0), "/x", false },
        { "a body too large", NUMBERS(0x51524e58, 1, 2, 0, 0, (2 << 20) + 1), "/x", false },
        { "fields too long", NUMBERS(0x51524e58, 0, 2, 0, (8 << 10) + 1, 0), "/x", false },
        { "fields without their end", NUMBERS(0x51524e58, 0, 2, 0, 4, 0), "/xa: b", false },
        { "a carriage return in the fields", NUMBERS(0x51524e58, 0, 2, 0, 6, 0), "/xa: b\r\n", false },
        { "a path cut short", NUMBERS(0x51524e58, 0, 20, 0, 0, 0), "/x", true },
        { "a body cut short", NUMBERS(0x51524e58, 1, 2, 0, 0, 9), "/xabc", true },
        { "a path without its slash", NUMBERS(0x51524e58, 0, 2, 0, 0, 0), "xx", false },
        { "a line's end in the path", NUMBERS(0x51524e58, 0, 3, 0, 0, 0), "/\nx", false },
        { "a NUL in the path", NUMBERS(0x51524e58, 0, 4, 0, 0, 0), "/x\0y", false },
};

static void never(void *arg, const struct ask *a, struct reply *r)
{
        (void)a;
        (void)r;
        *(bool *)arg = true;
}

static void test_frames(void)
{
        for (size_t i = 0; i < COUNT(frames); i++) {
                int pair[2];
                bool over = false, answered = false;
                struct err e = ERR_INIT;
                if (!backend_pair(pair, &e))
                        return;
                size_t more = i + 1 == COUNT(frames) ? 4 : strlen(frames[i].more);
                bool sent = write(pair[0], frames[i].frame, frames[i].n) == (ssize_t)frames[i].n &&
                            write(pair[0], frames[i].more, more) == (ssize_t)more;
                shutdown(pair[0], SHUT_WR);
                bool fine = backend_answer(pair[1], never, &answered, &over, &e);
                unit_case(
                        "frame", frames[i].why, sent && !fine && !answered && over == frames[i].over && e.kind, e.text);
                close(pair[0]);
                close(pair[1]);
        }
}

static const struct {
        const char *why, *frame;
        size_t n;
        const char *more;
} replies[] = {
        { "nothing", "", 0, "" },
        { "a question", NUMBERS(0x51524e58, 200, 0, 0, 0, 0), "" },
        { "status 100", NUMBERS(0x41524e58, 100, 0, 0, 0, 0), "" },
        { "status 600", NUMBERS(0x41524e58, 600, 0, 0, 0, 0), "" },
        { "a type too long", NUMBERS(0x41524e58, 200, 64, 0, 0, 0),
                "0123456789012345678901234567890123456789012345678901234567890123" },
        { "a header in the type", NUMBERS(0x41524e58, 200, 6, 0, 0, 0), "a\r\nb:c" },
        { "fields too long", NUMBERS(0x41524e58, 200, 0, 0, (8 << 10) + 1, 0), "" },
        { "a carriage return in the fields", NUMBERS(0x41524e58, 200, 0, 0, 6, 0), "a: b\r\n" },
        { "a body too large", NUMBERS(0x41524e58, 200, 0, 0, 0, (8 << 20) + 1), "" },
        { "a body cut short", NUMBERS(0x41524e58, 200, 0, 0, 0, 10), "abc" },
};

static void test_replies(void)
{
        for (size_t i = 0; i < COUNT(replies); i++) {
                int pair[2];
                struct err e = ERR_INIT;
                struct reply r = REPLY_INIT;
                if (!backend_pair(pair, &e))
                        return;
                size_t more = strlen(replies[i].more);
                bool sent = write(pair[1], replies[i].frame, replies[i].n) == (ssize_t)replies[i].n &&
                            write(pair[1], replies[i].more, more) == (ssize_t)more;
                shutdown(pair[1], SHUT_WR);
                bool fine = backend_ask(pair[0], &(struct ask){ "GET", "/x", "", { NULL, 0 }, NULL }, &r, &e);
                unit_case("no answer", replies[i].why, sent && !fine && e.kind && !r.body.ptr, e.text);
                close(pair[0]);
                close(pair[1]);
        }
}

/* --- the files of an image, where there is one --- */

static void test_image(void)
{
        const char *folder = getenv("B");
        AUTO_STR name = STR_MAX(1000);
        struct err e = ERR_INIT;
        struct stat st;
        str_addf(&name, "%s/base.iso", folder ? folder : "build");
        AUTO_FD int fd = open(str_text(&name), O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0) {
                printf("skip - files of an image: %s is not built\n", str_text(&name));
                return;
        }
        struct iso_files *f = iso_files_open(fd, (uint64_t)st.st_size, "base.iso", &e);
        unit_case("files of an image", "read", f && iso_files_count(f) > 20, e.text);
        if (!f)
                return;
        const struct iso_file *found = iso_files_find(f, ".treeinfo");
        char text[8] = "";
        bool read = found && found->size > 7 && pread(fd, text, 7, (off_t)found->offset) == 7;
        unit_case("files of an image", "a file's bytes", read && (text[0] == '[' || text[0] == '#'), text);
        unit_same("files of an image", "its path", found ? found->path : NULL, ".treeinfo");
        unit_case("files of an image", "no folder, no other case, no slash",
                !iso_files_find(f, "Packages") && !iso_files_find(f, ".TREEINFO") && !iso_files_find(f, "/.treeinfo") &&
                        !iso_files_find(f, ""),
                "found");
        iso_files_free(f);
        f = iso_files_open(fd, 40000, "base.iso", &e);
        unit_case("files of an image", "cut short", !f && e.kind == ERR_INPUT, e.text);
        iso_files_free(f);
}

static void test_nginx(void)
{
        AUTO_STR out = STR_MAX(10000);
        nginx_print(&(struct nginx_wish){ "192.168.0.5", "/iso/a\n;b.iso", "/srv/a \"b\"", "127.0.0.1:8069", NULL, NULL, NULL }, &out);
        unit_case("nginx", "a line's end begins no directive",
                !strstr(str_text(&out), "\n;b") && strstr(str_text(&out), "a?;b.iso"), str_text(&out));
        unit_case("nginx", "quotes", strstr(str_text(&out), "alias \"/srv/a \\\"b\\\"/\";") != NULL, str_text(&out));
}

int main(void)
{
        test_paths();
        test_routes();
        test_conditions();
        test_dates();
        test_questions();
        test_frames();
        test_replies();
        test_image();
        test_nginx();
        return 0;
}
