/* base/: strings with limits, arena, text, rules, child processes, files that appear whole. */
#include "tests/unit/unit.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/proc.h"
#include "base/rule.h"
#include "base/secret.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <stdlib.h>
#include <unistd.h>

static void test_str(void)
{
        struct err e = ERR_INIT;
        AUTO_STR s = STR_MAX(8);
        str_add(&s, "1234");
        str_addf(&s, "%d", 5678);
        unit_same("str", "up to its limit", str_text(&s), "12345678");
        unit_case("str", "at its limit it is fine", str_ok(&s, "s", &e), e.text);
        str_addc(&s, '9');
        unit_case("str", "past its limit it has failed", !str_ok(&s, "s", &e) && e.kind == ERR_WORLD, str_text(&s));
        unit_same("str", "and keeps what it had", str_text(&s), "12345678");
}

static void test_arena(void)
{
        struct arena *a = arena_new();
        unit_case("arena", "equal texts are one", arena_intern(a, "abc", 3) == arena_intern(a, "abcd", 3), NULL);
        unit_case("arena", "others are not", arena_intern(a, "abc", 3) != arena_intern(a, "abd", 3), NULL);
        char *big = arena_alloc(a, 1 << 20);
        unit_case("arena", "zeroed, also when large", !big[0] && !big[(1 << 20) - 1], NULL);
        arena_free(a);
}

static const struct {
        const char *why, *text;
        size_t columns;
} widths[] = {
        { "ASCII", "nn36", 4 }, { "wide characters", "南宁", 4 }, { "mixed", "第3中学", 7 }, { "empty", "", 0 }, { "a broken byte counts one", "a\xff", 2 },
};

static const struct {
        const char *why, *word, *want;
} typos[] = {
        { "a letter missing", "keybord", "keyboard" }, { "two swapped", "timezoen", "timezone" }, { "far away", "colour", NULL }, { "exact", "disk", "disk" },
};

static const struct {
        const char *why, *text;
        size_t bytes;
} steering[] = {
        { "a letter", "a", 0 }, { "a Chinese one", "南", 0 }, { "the end", "", 0 }, { "a line feed", "\n", 1 }, { "ESC", "\033[2J", 1 }, { "DEL", "\177", 1 },
        { "a control of UTF-8", "\xc2\x9b", 2 }, { "a letter beside it", "\xc2\xa0", 0 }, { "the other way round", "\xe2\x80\xae", 3 }, { "isolates", "\xe2\x81\xa6", 3 },
        { "cut off", "\xe2\x80", 0 },
};

static const struct {
        const char *why, *text;
        int byte;
} percents[] = {
        { "a letter", "%41", 'A' }, { "large digits", "%4F", 'O' }, { "small ones", "%4f", 'O' }, { "the last", "%ff", 255 }, { "nothing", "%00", 0 },
        { "more behind it", "%20a", ' ' }, { "one digit", "%4", -1 }, { "none", "%", -1 }, { "the end", "", -1 }, { "another sign", "a41", -1 },
        { "a letter for a digit", "%4g", -1 }, { "a control for a digit", "%\x14\x11", -1 },
};

static void test_text(void)
{
        static const char *const keys[] = { "keyboard", "timezone", "disk" };
        char got[32], want[32];
        for (size_t i = 0; i < COUNT(widths); i++) {
                snprintf(got, sizeof(got), "%zu", text_columns(widths[i].text));
                snprintf(want, sizeof(want), "%zu", widths[i].columns);
                unit_same("columns", widths[i].why, got, want);
        }
        for (size_t i = 0; i < COUNT(steering); i++)
                unit_case("steering", steering[i].why, text_steers(steering[i].text) == steering[i].bytes, "not so");
        for (size_t i = 0; i < COUNT(percents); i++)
                unit_case("percent", percents[i].why, text_percent(percents[i].text, strlen(percents[i].text)) == percents[i].byte, "not so");
        unit_case("percent", "not what lies behind the end", text_percent("%41", 2) < 0, "it was read");
        struct err e = ERR_INIT;
        err_rule(&e, XR_IMPORT_UNKNOWN_HOST, "a\n\xe2\x80\xae-", NULL);
        unit_case("steering", "not in what a rule says", strstr(e.text, "a\\x0a\\xe2\\x80\\xae-") != NULL, e.text);
        for (size_t i = 0; i < COUNT(typos); i++)
                unit_same("nearest", typos[i].why, text_nearest(typos[i].word, keys, COUNT(keys)), typos[i].want);
}

static void test_rules(void)
{
        const struct rule_row *row;
        enum rule last = XR_NONE;
        for (size_t i = 0; (row = rule_at(i)); i++) {
                if (row->rule <= last)
                        unit_case("rules", row->symbol, false, "numbers are not ascending");
                last = row->rule;
        }
        const char *args[RULE_ARGS] = { "one", "%s%n" };
        AUTO_STR out = STR_MAX(100);
        rule_expand(&out, "{2} {1} {3}{x} 100 %", args);
        unit_same("rules", "places are filled, formats are not read", str_text(&out), "%s%n one {x} 100 %");
        struct err e = ERR_INIT;
        err_rule(&e, XR_DISK_RULES, "disk", "2", NULL);
        unit_case("rules", "an error carries its number", e.code == XR_DISK_RULES && e.kind == ERR_INPUT, e.text);
}

static const struct {
        const char *why, *argv[4];
        int deadline_ms;
        const char *error;
} children[] = {
        { "success", { "sh", "-c", "cat; echo $FOO" }, 0, NULL },
        { "exit code with the last line of stderr", { "sh", "-c", "echo first >&2; echo the cause >&2; exit 7" }, 0, "exit code 7: the cause" },
        { "deadline", { "sleep", "20" }, 200, "did not finish" },
        { "signal", { "sh", "-c", "kill -9 $$" }, 0, "signal 9" },
        { "missing program", { "no-such-program" }, 0, "is not installed" },
};

static void test_proc(void)
{
        for (size_t i = 0; i < COUNT(children); i++) {
                struct err e = ERR_INIT;
                AUTO_STR out = STR_MAX(1000);
                struct proc p = { .argv = children[i].argv, .input = bytes_of("in", 2), .out = &out, .deadline_ms = children[i].deadline_ms };
                bool fine = proc_run(&p, &e);
                unit_case("proc", children[i].why, children[i].error ? !fine && strstr(e.text, children[i].error) : fine && !strcmp(str_text(&out), "in\n"), fine ? str_text(&out) : e.text);
        }
}

static void test_files(void)
{
        struct err e = ERR_INIT;
        char path[] = "/tmp/xenroll-unit-XXXXXX";
        AUTO_FD int dir = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY) : -1;
        AUTO_STR text = STR_MAX(100);
        struct stat st;
        umask(077);
        unit_case("file", "publish", file_publish(dir, "a", bytes_of("hello", 5), 0644, &e), e.text);
        unit_case("file", "mode whatever the umask", fstatat(dir, "a", &st, 0) == 0 && (st.st_mode & 0777) == 0644, NULL);
        unit_case("file", "read back", file_read(dir, "a", 100, &text, &e) && !strcmp(str_text(&text), "hello"), e.text);
        unit_case("file", "too large is refused", !file_read(dir, "a", 4, &text, &e) && strstr(e.text, "larger than 4"), e.text);
        unit_case("file", "a directory is refused", !file_read(dir, ".", 4, &text, &e) && strstr(e.text, "is a directory") && e.kind == ERR_INPUT, e.text);
        unit_case("file", "a FIFO does not hang", mkfifoat(dir, "fifo", 0600) == 0 && !file_read(dir, "fifo", 4, &text, &e), e.text);
        int fd = -1;
        struct draft d;
        unit_case("file", "a draft", draft_dir(&d, dir, "tree", 0700, &fd, &e) && mkdirat(fd, "sub", 0700) == 0 && symlinkat("/etc", fd, "link") == 0, e.text);
        draft_drop(&d);
        close(fd);
        unit_case("file", "dropped with all inside", faccessat(dir, "tree", F_OK, 0) < 0 && access("/etc/passwd", F_OK) == 0, NULL);
        unit_case("file", "a lock", file_lock(dir, "lock", &e) >= 0, e.text);
        unit_case("file", "held once", file_lock(dir, "lock", &e) < 0 && e.kind == ERR_WORLD, e.text);
        e = (struct err)ERR_INIT;
        if (geteuid() == 0 && fchown(dir, 65534, 65534) == 0) {
                unit_case("file", "root's lock in somebody's folder is his", file_lock(dir, "his", &e) >= 0 && !fstatat(dir, "his", &st, 0) && st.st_uid == 65534, e.text);
                unit_case("file", "a name that he gave to root's own file gets him nothing",
                        !linkat(dir, "a", dir, "mine", 0) && file_lock(dir, "mine", &e) < 0 && e.kind == ERR_WORLD && !fstatat(dir, "a", &st, 0) && st.st_uid == 0, e.text);
                e = (struct err)ERR_INIT;
        }
        unit_case("file", "clean up", file_remove_tree(AT_FDCWD, path, &e), e.text);
}

static void test_secret(void)
{
        struct secret s = secret_of("hunter2", 7);
        unit_same("secret", "shown as", secret_show(&s), "••••");
        secret_clear(&s);
        unit_case("secret", "cleared", !s.ptr, NULL);
        secret_clear(&s);
}

int main(void)
{
        i18n_init("en");
        test_str();
        test_arena();
        test_text();
        test_rules();
        test_proc();
        test_files();
        test_secret();
        return 0;
}
