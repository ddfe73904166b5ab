/* The store's file, and what is written out of it. What it keeps and how: tests/rollcall. */
#include "tests/unit/unit.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/rule.h"
#include "rollcall/export.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

static int dir;

static struct event event_of(
        const char *host, enum stage_kind stage, const char *outcome, int64_t clock, const char *detail)
{
        struct event ev = { .school = "nn36",
                .pool = "p1",
                .stage = stage,
                .percent = -1,
                .clock = clock,
                .received = 1700000000000 + clock };
        snprintf(ev.host, sizeof(ev.host), "%s", host);
        snprintf(ev.outcome, sizeof(ev.outcome), "%s", outcome);
        snprintf(ev.detail, sizeof(ev.detail), "%s", detail);
        return ev;
}

static bool fill(struct store *s, struct err *e)
{
        const struct expected_host hosts[] = { { "nn36", "=三十六中", "p1", "池", "xen1", "10.36.1.11",
                                                       "00:16:3e:00:00:01", "S1" },
                { "nn36", "=三十六中", "p1", "池", "＝2", "", "", "" } };
        struct event events[] = { event_of("xen1", STAGE_INSTALL, "started", 1, ""),
                event_of("xen1", STAGE_SELECT, "refused", 2, "=cmd|' /C calc'!A0, \"quoted\"\nnext"),
                event_of("", STAGE_SELECT, "refused", 3, "") };
        events[1].code = 501;
        size_t new;
        return store_expect(s, hosts, 2, e) && store_put(s, events, 3, &new, e) && new == 2;
}

static void check_file(void)
{
        struct err e = ERR_INIT;
        struct stat st;
        struct store *s = store_open(dir, NULL, false, &e);
        unit_case("store", "who may not make it does not",
                !s && e.kind == ERR_WORLD && faccessat(dir, "rollcall.db", F_OK, 0) < 0, e.text);
        e = (struct err)ERR_INIT;
        s = store_open(dir, NULL, true, &e);
        unit_case("store", "who may does, for its owner's eyes only",
                s && !fstatat(dir, "rollcall.db", &st, 0) && (st.st_mode & 0777) == 0600, e.text);
        unit_case("store", "it takes events, but not those of nobody", fill(s, &e), e.text);
        store_close(s);
        if (geteuid() == 0) {
                mkdirat(dir, "theirs", 0700);
                AUTO_FD int theirs = openat(dir, "theirs", O_RDONLY | O_DIRECTORY);
                if (fchown(theirs, 65534, 65534) == 0) {
                        s = store_open(theirs, NULL, true, &e);
                        unit_case("store", "it is the folder's owner's",
                                s && !fstatat(theirs, "rollcall.db", &st, 0) && st.st_uid == 65534, e.text);
                        store_close(s);
                }
        }
}

static const struct {
        const char *why, *want;
        bool (*write)(struct store *, FILE *, struct err *);
} exports[] = {
        { "CSV",
                "\xef\xbb\xbf"
                "school,school_name,pool,host,standing,seq,attempt,stage,step,outcome,code,percent,received,clock,"
                "detail\r\n"
                "nn36,'=三十六中,p1,xen1,failed,1,1,install,,started,,,2023-11-14T22:13:20Z,1970-01-01T00:00:01Z,\r\n"
                "nn36,'=三十六中,p1,xen1,failed,2,1,select,,refused,XR-501,,2023-11-14T22:13:20Z,1970-01-01T00:00:02Z,"
                "\"'=cmd|' /C calc'!A0, \"\"quoted\"\"\nnext\"\r\n"
                "nn36,'=三十六中,p1,'＝2,unheard,,,,,,,,,,\r\n",
                export_csv },
        { "JSON",
                "[\n  {\"school\": \"nn36\", \"school_name\": \"=三十六中\", \"pool\": \"p1\", \"pool_name\": \"池\", "
                "\"host\": \"xen1\", \"address\": \"10.36.1.11\", "
                "\"mac\": \"00:16:3e:00:00:01\", \"serial\": \"S1\", \"expected\": true, \"standing\": \"failed\", "
                "\"since\": \"2023-11-14T22:13:20Z\", \"heard\": \"2023-11-14T22:13:20Z\", "
                "\"attempt\": 1, \"code\": \"XR-501\", \"detail\": \"=cmd|' /C calc'!A0, \\\"quoted\\\"\\u000anext\", "
                "\"events\": [\n"
                "    {\"seq\": 1, \"attempt\": 1, \"stage\": \"install\", \"step\": \"\", \"outcome\": \"started\", "
                "\"code\": \"\", \"received\": \"2023-11-14T22:13:20Z\", "
                "\"clock\": \"1970-01-01T00:00:01Z\", \"key\": \"K\", \"detail\": \"\"},\n"
                "    {\"seq\": 2, \"attempt\": 1, \"stage\": \"select\", \"step\": \"\", \"outcome\": \"refused\", "
                "\"code\": \"XR-501\", \"received\": \"2023-11-14T22:13:20Z\", "
                "\"clock\": \"1970-01-01T00:00:02Z\", \"key\": \"K\", \"detail\": \"=cmd|' /C calc'!A0, "
                "\\\"quoted\\\"\\u000anext\"}]},\n"
                "  {\"school\": \"nn36\", \"school_name\": \"=三十六中\", \"pool\": \"p1\", \"pool_name\": \"池\", "
                "\"host\": \"＝2\", \"address\": \"\", \"mac\": \"\", \"serial\": \"\", "
                "\"expected\": true, \"standing\": \"unheard\", \"since\": \"\", \"heard\": \"\", \"attempt\": 0, "
                "\"code\": \"\", \"detail\": \"\", \"events\": []}\n]\n",
                export_json },
};

/* Keys are sums; that they are there is enough. */
static void shorten_keys(char *text)
{
        static const char mark[] = "\"key\": \"";
        for (char *at = text; (at = strstr(at, mark));) {
                at += strlen(mark);
                if (strspn(at, "0123456789abcdef") == KEY_TEXT - 1) {
                        memmove(at + 1, at + KEY_TEXT - 1, strlen(at + KEY_TEXT - 1) + 1);
                        *at = 'K';
                }
        }
}

static void check_exports(void)
{
        struct err e = ERR_INIT;
        struct store *s = store_open(dir, NULL, false, &e);
        for (size_t i = 0; i < COUNT(exports); i++) {
                char *text = NULL;
                size_t n = 0;
                FILE *f = open_memstream(&text, &n);
                bool fine = exports[i].write(s, f, &e);
                fclose(f);
                shorten_keys(text);
                unit_case("export", exports[i].why, fine && !strcmp(text, exports[i].want), fine ? text : e.text);
                free(text);
        }
        FILE *full = fopen("/dev/full", "w");
        unit_case(
                "export", "onto a full disk", full && !export_csv(s, full, &e) && e.kind == ERR_WORLD, "it went well");
        if (full)
                fclose(full);
        store_close(s);
}

/* What may befall a file; code: of the refusal. */
static const struct {
        const char *why;
        int64_t at;
        const char *bytes;
        int code;
} damages[] = {
        { "another kind of file", 0, "xxxxxxxxxxxxxxxxxxxxxxxx", XR_ROLL_DAMAGED },
        { "a page of it was overwritten", 4096 * 3, "xxxxxxxxxxxxxxxxxxxxxxxx", XR_ROLL_DAMAGED },
};

static void check_damages(void)
{
        struct err e = ERR_INIT;
        AUTO_STR whole = STR_MAX(8 << 20);
        if (!file_read(dir, "rollcall.db", 8 << 20, &whole, &e))
                abort();
        for (size_t i = 0; i < COUNT(damages); i++) {
                e = (struct err)ERR_INIT;
                AUTO_FD int fd = openat(dir, "damaged.db", O_RDWR | O_CREAT | O_TRUNC, 0600);
                if (!file_write_all(fd, whole.ptr, whole.len) ||
                        pwrite(fd, damages[i].bytes, strlen(damages[i].bytes), damages[i].at) < 0)
                        abort();
                struct store *s = store_open(dir, "damaged.db", true, &e);
                char got[1300];
                snprintf(got, sizeof(got), "kind %d, code %d: %s", e.kind, e.code, e.text);
                unit_case("store", damages[i].why, !s && e.code == damages[i].code && e.kind == ERR_INPUT, got);
                store_close(s);
        }
        unlinkat(dir, "damaged.db", 0);
}

static void check_newer(void)
{
        struct err e = ERR_INIT;
        struct database *db = database_open(dir, "rollcall.db", false, false, &e);
        bool fine = db && database_do(db, &e, NULL, "UPDATE version SET number = 99", "");
        database_close(db);
        struct store *s = fine ? store_open(dir, NULL, true, &e) : NULL;
        unit_case("store", "a newer program's", fine && !s && e.code == XR_ROLL_NEWER && strstr(e.text, "99"), e.text);
        store_close(s);
}

/* No address is reached: sockets are sought in a folder where none is. libpq takes some characters that should have been encoded. */
static const struct {
        const char *why, *url;
        enum err_kind kind;
} addresses[] = {
        { "nobody is there", "postgresql://teacher:geheim@/rollcall?host=/nonexistent", ERR_WORLD },
        { "a password with a slash", "postgresql://teacher:gehe/im@/rollcall?host=/nonexistent", ERR_INPUT },
        { "a password with an at sign", "postgresql://teacher:gehe@im@/rollcall?host=/nonexistent", ERR_WORLD },
        { "a password with a percent sign", "postgresql://teacher:geheim%zz@/rollcall?host=/nonexistent", ERR_INPUT },
        { "a password with a question mark", "postgresql://teacher:geheim?x@/rollcall?host=/nonexistent", ERR_WORLD },
};

static void check_addresses(void)
{
        for (size_t i = 0; i < COUNT(addresses); i++) {
                struct err e = ERR_INIT;
                struct store *s = store_open(dir, addresses[i].url, true, &e);
                bool hidden = !strstr(e.text, "geh") && !strstr(e.text, "im") && !strstr(e.remedy, "geheim");
                unit_case("store: no password is said", addresses[i].why,
                        !s && e.code == XR_DATABASE_LOST && e.kind == addresses[i].kind && hidden, e.text);
                store_close(s);
        }
}

/* Text is cut where a character begins. */
static void check_cut(void)
{
        struct err e = ERR_INIT;
        char got[6];
        struct database *db = database_open(dir, "cut.db", true, true, &e);
        AUTO_ROWS r = database_query(db, &e, "SELECT 'a中文', ?, ?, ?", "nis", (int64_t)INT64_MIN, "x");
        bool fine = rows_next(r, &e);
        if (fine)
                rows_copy(r, 0, got, sizeof(got));
        unit_case("database", "text is cut at a character's beginning", fine && !strcmp(got, "a中"), got);
        unit_case("database", "NULL is nothing",
                fine && !rows_int(r, 1) && !*rows_text(r, 1) && rows_int(r, 2) == INT64_MIN && !rows_next(r, &e) &&
                        e.kind == ERR_NONE,
                e.text);
        rows_done(&r);
        unit_case("database", "a wrong statement is an error",
                !database_do(db, &e, NULL, "SELECT FROM WHERE", "") && e.kind == ERR_WORLD, "");
        database_close(db);
}

int main(void)
{
        char folder[] = "/tmp/xenroll-store-XXXXXX";
        struct err e = ERR_INIT;
        if (!mkdtemp(folder) || (dir = open(folder, O_RDONLY | O_DIRECTORY)) < 0)
                return 2;
        check_file();
        check_exports();
        check_damages();
        check_newer();
        check_addresses();
        check_cut();
        close(dir);
        return !file_remove_tree(AT_FDCWD, folder, &e);
}
