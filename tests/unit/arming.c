/* Which machines may install, as sequences of events on a state kept in a real file. */
#include "tests/unit/unit.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/rule.h"
#include "pxe/agent_reports.h"
#include "pxe/arming.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>
#include <sys/stat.h>

enum { HOUR = 3600, NOW = 1700000000 };

/* One letter an event; time passes only by "h" (an hour).
 *   a arm for a day   A arm again   d disarm   b boot: + when it installs, - when not   s selector fetched: + or -
 *   c completed   r refused with XR-501   f failed   o the token of the first arming is kept for s, c, r, f   k
 * reopened, as after a kill Every event that has an answer adds its sign to what is compared; a refused arm adds "!".
 */
static const struct {
        const char *why, *events, *answers;
        enum arm_state state;
} cases[] = {
        { "nobody armed it", "b", "-", ARM_IDLE },
        { "the whole way", "abscb", "++++-", ARM_INSTALLED },
        { "asked many times, started once", "abbbs", "+++++", ARM_STARTED },
        { "a power cut: started twice", "absbscb", "++++++-", ARM_INSTALLED },
        { "never a third time", "absbsb", "+++++-", ARM_FAILED },
        { "nor by a third fetch", "abssS", "++++-", ARM_STARTED },
        { "armed again after it failed", "absbsbab", "+++++-++", ARM_ARMED },
        { "installed: not armed by mistake", "abscab", "++++!-", ARM_INSTALLED },
        { "installed: armed on purpose", "abscAb", "++++++", ARM_ARMED },
        { "started: not armed by mistake", "absa", "+++!", ARM_STARTED },
        { "started: armed on purpose", "absAsc", "++++++", ARM_INSTALLED },
        { "disarmed in time", "adbs", "++--", ARM_IDLE },
        { "disarmed while it installs: its completion comes too late", "absdc", "++++-", ARM_IDLE },
        { "completion without a start", "ac", "+-", ARM_ARMED },
        { "completed twice", "abscC", "+++++", ARM_INSTALLED },
        { "a token of an earlier arming", "aoabs", "+++-", ARM_ARMED },
        { "a token of an installed host", "abscoAs", "+++++-", ARM_ARMED },
        { "time is over before it starts", "ahhhhhhhhhhhhhhhhhhhhhhhhhb", "+-", ARM_IDLE },
        { "time is over: the token too", "ahhhhhhhhhhhhhhhhhhhhhhhhhs", "+-", ARM_ARMED },
        { "time is over while it installs", "abshhhhhhhhhhhhhhhhhhhhhhhhhb", "+++-", ARM_FAILED },
        { "it refused, and may try once more", "absrbsr", "+++++++", ARM_FAILED },
        { "it failed, and tried once more", "absfbsc", "+++++++", ARM_INSTALLED },
        { "late completion of the second start", "absbsbc", "+++++-+", ARM_INSTALLED },
        { "killed at every step", "akbkskck", "++++", ARM_INSTALLED },
};

struct player {
        int dir;
        struct arming *arming;
        char token[TOKEN_TEXT];
        bool keep_token;
        int64_t now;
        struct str answers;
};

static void must(bool fine, const struct err *e)
{
        if (!fine) {
                fprintf(stderr, "arming: %s\n", e->text);
                abort();
        }
}

static void play(struct player *p, char event)
{
        struct err e = ERR_INIT;
        struct arm_row row;
        bool yes = false;
        must(arming_get(p->arming, "nn36", "xen1", &row, &e), &e);
        if (!p->keep_token && *row.token)
                memcpy(p->token, row.token, sizeof(p->token));
        switch (event) {
        case 'h':
                p->now += HOUR;
                return;
        case 'o':
                p->keep_token = true;
                return;
        case 'k':
                arming_close(p->arming);
                p->arming = arming_open(p->dir, false, &e);
                must(p->arming, &e);
                return;
        case 'a':
        case 'A':
                yes = arming_arm(p->arming, "nn36", "xen1", p->now, p->now + 24 * HOUR, event == 'A', &e);
                if (!yes)
                        must(e.kind == ERR_REFUSED, &e);
                str_addc(&p->answers, yes ? '+' : '!');
                return;
        case 'd':
                must(arming_disarm(p->arming, "nn36", "xen1", &yes, &e), &e);
                break;
        case 'b':
                must(arming_boots(p->arming, "nn36", "xen1", p->now, &row, &yes, &e), &e);
                break;
        case 's':
        case 'S':
                must(arming_start(p->arming, p->token, p->now, &row, &yes, &e), &e);
                break;
        case 'c':
        case 'C':
                must(arming_end(p->arming, p->token, ARM_COMPLETED, 0, "", p->now, &yes, &e), &e);
                break;
        case 'r':
                must(arming_end(p->arming, p->token, ARM_REFUSED, 501, "who?", p->now, &yes, &e), &e);
                break;
        case 'f':
                must(arming_end(p->arming, p->token, ARM_BROKE, 0, "rpm", p->now, &yes, &e), &e);
                break;
        }
        str_addc(&p->answers, yes ? '+' : '-');
}

static int make_dir(char path[40])
{
        snprintf(path, 40, "/tmp/xenroll-unit-XXXXXX");
        int dir = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        if (dir < 0)
                abort();
        return dir;
}

static void remove_dir(const char *path)
{
        struct err e = ERR_INIT;
        must(file_remove_tree(AT_FDCWD, path, &e), &e);
}

static void test_sequences(void)
{
        for (size_t i = 0; i < COUNT(cases); i++) {
                char path[40];
                AUTO_FD int dir = make_dir(path);
                struct err e = ERR_INIT;
                struct arm_row row;
                struct player p = {
                        .dir = dir, .now = NOW, .answers = STR_MAX(100), .arming = arming_open(dir, true, &e)
                };
                must(p.arming, &e);
                for (const char *event = cases[i].events; *event; event++)
                        play(&p, *event);
                must(arming_get(p.arming, "nn36", "xen1", &row, &e), &e);
                str_addf(&p.answers, " %s", arm_state_names[row.state]);
                AUTO_STR want = STR_MAX(100);
                str_addf(&want, "%s %s", cases[i].answers, arm_state_names[cases[i].state]);
                unit_same("arming", cases[i].why, str_text(&p.answers), str_text(&want));
                arming_close(p.arming);
                str_clear(&p.answers);
                remove_dir(path);
        }
}

static void test_file(void)
{
        char path[40];
        AUTO_FD int dir = make_dir(path);
        struct err e = ERR_INIT;
        struct arm_row row, other;
        struct stat st;
        struct arming *a = arming_open(dir, false, &e);
        unit_case("arming", "without a file everybody is idle",
                a && arming_get(a, "s", "h", &row, &e) && row.state == ARM_IDLE, e.text);
        arming_close(a);
        unit_case("arming", "looking makes no file", fstatat(dir, "state.db", &st, 0) < 0, "there is one");
        a = arming_open(dir, true, &e);
        must(a, &e);
        unit_case("arming", "nobody else may read it",
                fstatat(dir, "state.db", &st, 0) == 0 && (st.st_mode & 0777) == 0600, "mode");
        must(arming_begin(a, &e) && arming_arm(a, "s", "h1", NOW, NOW + 1, false, &e), &e);
        arming_rollback(a);
        must(arming_get(a, "s", "h1", &row, &e), &e);
        unit_case("arming", "what is rolled back never was", row.state == ARM_IDLE, arm_state_names[row.state]);
        must(arming_arm(a, "s", "h1", NOW, NOW + 1, false, &e) && arming_arm(a, "s", "h2", NOW, NOW + 1, false, &e),
                &e);
        must(arming_get(a, "s", "h1", &row, &e) && arming_get(a, "s", "h2", &other, &e), &e);
        unit_case("arming", "each host has its own token",
                strlen(row.token) == 32 && strcmp(row.token, other.token) != 0, row.token);
        arming_close(a);
        AUTO_FD int fd = openat(dir, "state.db", O_WRONLY | O_CLOEXEC);
        if (pwrite(fd, "no database is this short text.", 31, 0) != 31)
                abort();
        a = arming_open(dir, true, &e);
        unit_case("arming", "a damaged file is refused", !a && e.code == XR_ARM_STORE_DAMAGED, e.text);
        arming_close(a);
        remove_dir(path);
}

static void test_enrolled(void)
{
        char path[40], serial[100];
        AUTO_FD int dir = make_dir(path);
        struct err e = ERR_INIT;
        struct arming *a = arming_open(dir, true, &e);
        struct enrolled m = { .macs = "52:54:00:00:00:01 52:54:00:00:00:02", .serial = "S1", .seen = NOW };
        bool kept;
        must(a && enrolled_put(a, &m, &kept, &e) && kept, &e);
        must(enrolled_serial(a, "52:54:00:00:00:02", serial, &e), &e);
        unit_same("enrolled", "found by its second card", serial, "S1");
        snprintf(m.serial, sizeof(m.serial), "S2");
        snprintf(m.macs, sizeof(m.macs), "52:54:00:00:00:01");
        must(enrolled_put(a, &m, &kept, &e), &e);
        must(enrolled_serial(a, "52:54:00:00:00:01", serial, &e), &e);
        unit_same("enrolled", "a later report replaces the earlier", serial, "S2");
        must(enrolled_serial(a, "52:54:00:00:00:02", serial, &e), &e);
        unit_same("enrolled", "and its cards", serial, "");
        must(enrolled_forget(a, &e) && enrolled_serial(a, "52:54:00:00:00:01", serial, &e), &e);
        unit_same("enrolled", "forgotten", serial, "");
        arming_close(a);
        remove_dir(path);
}

static void test_agent_reports(void)
{
        char path[40];
        AUTO_FD int dir = make_dir(path);
        struct err e = ERR_INIT;
        struct agent_report r = { .school = "nn36", .host = "xen1", .step = "join", .outcome = "waiting", .code = 884,
                .detail = "the coordinator is away", .at = NOW }, got;
        bool found = true;
        struct arming *a = arming_open(dir, false, &e);
        unit_case("agent", "without a file nobody told anything", a && agent_report_get(a, "nn36", "xen1", &got, &found, &e) && !found, e.text);
        arming_close(a);
        a = arming_open(dir, true, &e);
        must(a && agent_report_put(a, &r, &e) && agent_report_get(a, "nn36", "xen1", &got, &found, &e), &e);
        unit_case("agent", "what it told is kept", found && got.code == 884 && got.at == NOW, "it is not");
        unit_same("agent", "the step", got.step, "join");
        unit_same("agent", "the outcome", got.outcome, "waiting");
        unit_same("agent", "the words", got.detail, "the coordinator is away");
        snprintf(r.outcome, sizeof(r.outcome), "done");
        must(agent_report_put(a, &r, &e) && agent_report_get(a, "nn36", "xen1", &got, &found, &e), &e);
        unit_same("agent", "only the last counts", got.outcome, "done");
        must(agent_report_get(a, "nn36", "xen2", &got, &found, &e), &e);
        unit_case("agent", "another host told nothing", !found, "it did");
        arming_close(a);
        remove_dir(path);
}

/* The tables as they were before hosts had agents. */
static void test_older_file(void)
{
        char path[40], name[64];
        AUTO_FD int dir = make_dir(path);
        struct err e = ERR_INIT;
        struct arm_row row;
        struct agent_report r = { .school = "s", .host = "h" };
        sqlite3 *db;
        struct arming *a = arming_open(dir, true, &e);
        must(a && arming_arm(a, "s", "h", NOW, NOW + 1, false, &e), &e);
        arming_close(a);
        snprintf(name, sizeof(name), "%s/state.db", path);
        if (sqlite3_open(name, &db) || sqlite3_exec(db, "DROP TABLE agent; PRAGMA user_version = 1", NULL, NULL, NULL))
                abort();
        sqlite3_close(db);
        a = arming_open(dir, true, &e);
        unit_case("arming", "a file of an earlier version is brought up to date",
                a && agent_report_put(a, &r, &e) && arming_get(a, "s", "h", &row, &e) && row.state == ARM_ARMED, e.text);
        arming_close(a);
        if (sqlite3_open(name, &db) || sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL))
                abort();
        sqlite3_close(db);
        a = arming_open(dir, true, &e);
        unit_case("arming", "one of a later version is refused", !a && e.code == XR_ARM_NEWER, e.text);
        arming_close(a);
        remove_dir(path);
}

int main(void)
{
        test_sequences();
        test_file();
        test_enrolled();
        test_agent_reports();
        test_older_file();
        return 0;
}
