/* The journal: what was written comes back, and of what is damaged the sound beginning. */
#include "postinstall/journal.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/rule.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int dir = -1;

static void hear(void *arg, const char *line) { str_addf(arg, "%s|", line); }

static bool write_file(const char *bytes, size_t n)
{
        AUTO_FD int fd = openat(dir, "journal", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        return fd >= 0 && file_write_all(fd, bytes, n);
}

static bool read_file(struct str *out)
{
        struct err e = ERR_INIT;
        return file_read(dir, "journal", 4 << 20, out, &e);
}

/* Everything is opened and heard; add (may be NULL) is written behind it. */
static bool reopen(struct str *heard, const char *add, struct err *e)
{
        struct journal *j = journal_open(dir, "journal", hear, heard, e);
        bool fine = j && (!add || journal_add(j, add, e));
        journal_close(j);
        return fine;
}

static const char *const lines[] = { "begin 1", "", "step host.name: done", "\xe4\xb8\xad\xe6\x96\x87", "x" };

static bool write_lines(struct str *bytes)
{
        struct err e = ERR_INIT;
        AUTO_STR heard = STR_MAX(4096);
        unlinkat(dir, "journal", 0);
        for (size_t i = 0; i < COUNT(lines); i++)
                if (!reopen(&heard, lines[i], &e))
                        return unit_case("journal", "write", false, e.text);
        return read_file(bytes);
}

/* What the first n lines sound like. */
static void expect(struct str *out, size_t n)
{
        for (size_t i = 0; i < n; i++)
                hear(out, lines[i]);
}

static size_t whole_lines(const char *bytes, size_t n)
{
        size_t count = 0;
        for (size_t i = 0; i < n; i++)
                count += bytes[i] == '\n';
        return count;
}

static void test_there_and_back(void)
{
        AUTO_STR bytes = STR_MAX(4096), heard = STR_MAX(4096), want = STR_MAX(4096), looked = STR_MAX(4096);
        struct err e = ERR_INIT;
        struct stat st;
        if (!write_lines(&bytes))
                return;
        expect(&want, COUNT(lines));
        unit_case("journal", "opens", reopen(&heard, NULL, &e), e.text);
        unit_same("journal", "what was written", str_text(&heard), str_text(&want));
        unit_case("journal", "is looked at", journal_read(dir, "journal", hear, &looked, &e), e.text);
        unit_same("journal", "looks the same", str_text(&looked), str_text(&want));
        unit_case(
                "journal", "is root's alone", fstatat(dir, "journal", &st, 0) == 0 && (st.st_mode & 0777) == 0600, "");
        unit_case("journal", "nothing to look at",
                !journal_read(dir, "other", hear, &looked, &e) && e.kind == ERR_WORLD, e.text);
}

/* After damage: the sound beginning is heard and kept, and goes on as if nothing had been behind it. */
static bool judge(const char *damaged, size_t n, size_t sound)
{
        AUTO_STR heard = STR_MAX(65536), again = STR_MAX(65536), want = STR_MAX(65536), looked = STR_MAX(65536),
                 same = STR_MAX(65536);
        struct err e = ERR_INIT;
        expect(&want, sound);
        bool fine = write_file(damaged, n) && journal_read(dir, "journal", hear, &looked, &e) && read_file(&same) &&
                    same.len == n && !strcmp(str_text(&looked), str_text(&want)) && reopen(&heard, "after", &e) &&
                    !strcmp(str_text(&heard), str_text(&want)) && reopen(&again, NULL, &e);
        str_add(&want, "after|");
        return fine && !strcmp(str_text(&again), str_text(&want));
}

static void test_truncated(void)
{
        AUTO_STR bytes = STR_MAX(4096);
        char detail[64] = "";
        bool fine = write_lines(&bytes);
        for (size_t n = 0; n <= bytes.len && fine; n++) {
                fine = judge(bytes.ptr, n, whole_lines(bytes.ptr, n));
                snprintf(detail, sizeof(detail), "at byte %zu", n);
        }
        unit_case("journal", "cut off at every byte", fine && bytes.len > 100, detail);
}

static void test_flipped(void)
{
        AUTO_STR bytes = STR_MAX(4096);
        char detail[64] = "";
        bool fine = write_lines(&bytes);
        for (size_t bit = 0; bit < bytes.len * 8 && fine; bit++) {
                bytes.ptr[bit / 8] ^= (char)(1 << bit % 8);
                /* The line that holds the bit is lost, whatever the bit is in. */
                AUTO_STR before = STR_MAX(4096);
                str_addn(&before, bytes.ptr, bit / 8);
                bytes.ptr[bit / 8] ^= (char)(1 << bit % 8);
                size_t sound = whole_lines(bytes.ptr, bit / 8);
                bytes.ptr[bit / 8] ^= (char)(1 << bit % 8);
                fine = judge(bytes.ptr, bytes.len, sound);
                bytes.ptr[bit / 8] ^= (char)(1 << bit % 8);
                snprintf(detail, sizeof(detail), "bit %zu", bit);
        }
        unit_case("journal", "every bit flipped", fine && bytes.len > 100, detail);
}

/* Lines that are sound by themselves, but not where they stand. */
static void test_misplaced(void)
{
        AUTO_STR bytes = STR_MAX(4096), without = STR_MAX(4096), twice = STR_MAX(4096), zeros = STR_MAX(65536);
        if (!write_lines(&bytes))
                return;
        char *second = strchr(bytes.ptr, '\n') + 1, *third = strchr(second, '\n') + 1;
        str_addn(&without, bytes.ptr, (size_t)(second - bytes.ptr));
        str_add(&without, third);
        unit_case("journal", "a line is missing", judge(without.ptr, without.len, 1), "");
        str_addn(&twice, bytes.ptr, (size_t)(second - bytes.ptr));
        str_add(&twice, bytes.ptr);
        unit_case("journal", "a line stands twice", judge(twice.ptr, twice.len, 1), "");
        str_addn(&zeros, bytes.ptr, bytes.len);
        for (int i = 0; i < 4096; i++)
                str_addc(&zeros, '\0');
        unit_case("journal", "zeros behind it", judge(zeros.ptr, zeros.len, COUNT(lines)), "");
        static const char earlier[] = "586d131f19c2ec78 begin 1763902435\nd98bdb5a0ce7bd27 step host.name done\n";
        AUTO_STR heard = STR_MAX(4096);
        struct err e = ERR_INIT;
        bool fine = write_file(earlier, strlen(earlier)) && reopen(&heard, NULL, &e);
        unit_same("journal", "of an earlier agent", fine ? str_text(&heard) : e.text,
                "begin 1763902435|step host.name done|");
        unit_case("journal", "another file altogether", judge("hello\nworld\n", 12, 0), "");
}

/* --- bounds --- */

static void test_lengths(void)
{
        static char text[JOURNAL_LONGEST + 2];
        struct err e = ERR_INIT;
        AUTO_STR heard = STR_MAX(4096);
        unlinkat(dir, "journal", 0);
        memset(text, 'a', JOURNAL_LONGEST);
        bool fine = reopen(&heard, text, &e) && reopen(&heard, "b", &e);
        str_reset(&heard);
        unit_case("journal", "the longest line", fine && reopen(&heard, NULL, &e) && heard.len == JOURNAL_LONGEST + 3,
                e.text);
        text[JOURNAL_LONGEST] = 'a';
        unit_case("journal", "one longer", !reopen(&heard, text, &e) && e.code == XR_JOURNAL_LINE && *e.remedy, e.text);
        unit_case("journal", "a line feed", !reopen(&heard, "a\nb", &e) && e.code == XR_JOURNAL_LINE, e.text);
        struct journal *j = journal_open(dir, "journal", NULL, NULL, &e);
        bool first = journal_add(j, "a\nb", &e), second = journal_add(j, "fine", &e);
        journal_close(j);
        unit_case("journal", "no more after a failure", j && !first && !second && *e.text, e.text);
        str_reset(&heard);
        unit_case("journal", "nothing of it was written", reopen(&heard, NULL, &e) && heard.len == JOURNAL_LONGEST + 3,
                "");
}

static void test_size(void)
{
        AUTO_FREE char *zeros = calloc(1, (1 << 20) + 1);
        AUTO_STR heard = STR_MAX(64);
        struct err e = ERR_INIT;
        struct stat st;
        bool fine = zeros && write_file(zeros, (1 << 20) + 1) && !reopen(&heard, NULL, &e) &&
                    e.code == XR_JOURNAL_TOO_LARGE && e.kind == ERR_WORLD && *e.remedy;
        unit_case("journal", "too large", fine && fstatat(dir, "journal", &st, 0) == 0 && st.st_size == (1 << 20) + 1,
                e.text);
}

static void test_odd_files(void)
{
        AUTO_STR heard = STR_MAX(64);
        struct err e = ERR_INIT;
        unlinkat(dir, "journal", 0);
        bool made = mkfifoat(dir, "journal", 0600) == 0;
        unit_case("journal", "a FIFO", made && !reopen(&heard, NULL, &e) && e.kind == ERR_WORLD, e.text);
        unlinkat(dir, "journal", 0);
        made = symlinkat("elsewhere", dir, "journal") == 0;
        unit_case("journal", "a link is not followed",
                made && !reopen(&heard, NULL, &e) && faccessat(dir, "elsewhere", F_OK, 0) < 0, e.text);
        unlinkat(dir, "journal", 0);
        made = mkdirat(dir, "journal", 0700) == 0;
        unit_case("journal", "a folder", made && !reopen(&heard, NULL, &e), e.text);
        unlinkat(dir, "journal", AT_REMOVEDIR);
}

/* A disk that is full at every byte of a line, played by a limit on the size of files. */
static bool fill_at(size_t before, size_t limit)
{
        struct rlimit full = { limit, limit };
        struct err e = ERR_INIT;
        struct journal *j = journal_open(dir, "journal", NULL, NULL, &e);
        signal(SIGXFSZ, SIG_IGN);
        if (!j || setrlimit(RLIMIT_FSIZE, &full) < 0)
                return false;
        bool first = journal_add(j, "does not fit", &e), second = journal_add(j, "", &e);
        journal_close(j);
        struct stat st;
        return !first && !second && *e.text && fstatat(dir, "journal", &st, 0) == 0 && (size_t)st.st_size == before;
}

static void test_full(void)
{
        AUTO_STR bytes = STR_MAX(4096);
        bool fine = write_lines(&bytes);
        char detail[64] = "";
        fflush(NULL);
        for (size_t more = 0; more < 29 && fine; more++) {
                pid_t child = fork();
                if (!child)
                        _exit(fill_at(bytes.len, bytes.len + more) ? 0 : 1);
                int status;
                AUTO_STR heard = STR_MAX(4096), want = STR_MAX(4096);
                struct err e = ERR_INIT;
                expect(&want, COUNT(lines));
                fine = child > 0 && waitpid(child, &status, 0) == child && status == 0 && reopen(&heard, NULL, &e) &&
                       !strcmp(str_text(&heard), str_text(&want));
                snprintf(detail, sizeof(detail), "with %zu bytes left", more);
        }
        unit_case("journal", "a full disk leaves no half line", fine, detail);
}

int main(void)
{
        char path[] = "/tmp/xenroll-journal-XXXXXX";
        dir = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        if (!unit_case("journal", "a folder to work in", dir >= 0, strerror(errno)))
                return 1;
        test_there_and_back();
        test_truncated();
        test_flipped();
        test_misplaced();
        test_lengths();
        test_size();
        test_odd_files();
        test_full();
        unlinkat(dir, "journal", 0);
        close(dir);
        rmdir(path);
        return 0;
}
