/* store_test - the store's promises, on whatever keeps it: SQLite or PostgreSQL. tests/rollcall/run calls it.
 *
 *     store_test all WHERE            every case on fresh tables
 *     store_test kill WHERE TIMES     a child that puts events is killed; what it was told is kept must be there
 *     store_test full WHERE BALLAST   puts events until there is no room, removes the file BALLAST, goes on
 *     store_test away URL             says "stop PID", a backend that is to stand still, then "away", when all of it is
 *                                     to keep silent, and waits for a line after each
 *
 * WHERE is a file's name in the current folder, or a URL. */
#include "tests/rollcall/store_test.h"

#include <fcntl.h>
#include <stdlib.h>

const char *where, *group;
int dir;

void must(bool fine, const struct err *e)
{
        if (fine)
                return;
        printf("not ok - %s: %s\n", group, e->text);
        fflush(stdout);
        _exit(1);
}

struct store *open_store(void)
{
        struct err e = ERR_INIT;
        struct store *s = store_open(dir, where, true, &e);
        must(s != NULL, &e);
        return s;
}

struct store *fresh(void)
{
        struct err e = ERR_INIT;
        char name[100];
        if (strstr(where, "://")) {
                struct database *db = database_open(dir, where, true, true, &e);
                must(db && database_script(db, "DROP SCHEMA public CASCADE; CREATE SCHEMA public", &e), &e);
                database_close(db);
                return open_store();
        }
        static const char *const ends[] = { "", "-wal", "-shm" };
        for (size_t i = 0; i < COUNT(ends); i++) {
                snprintf(name, sizeof(name), "%s%s", where, ends[i]);
                unlinkat(dir, name, 0);
        }
        return open_store();
}

struct event event_of(const char *host, enum stage_kind stage, const char *outcome, int64_t number)
{
        struct event ev = { .stage = stage, .percent = -1, .clock = number, .received = 1000 * number };
        snprintf(ev.school, sizeof(ev.school), "nn36");
        snprintf(ev.host, sizeof(ev.host), "%s", host);
        snprintf(ev.outcome, sizeof(ev.outcome), "%s", outcome);
        event_key(&ev);
        return ev;
}

size_t put(struct store *s, const struct event *events, size_t n)
{
        struct err e = ERR_INIT;
        size_t new;
        must(store_put(s, events, n, &new, &e), &e);
        return new;
}

size_t put_one(struct store *s, const char *host, enum stage_kind stage, const char *outcome, int64_t number)
{
        struct event ev = event_of(host, stage, outcome, number);
        return put(s, &ev, 1);
}

int64_t last_change(struct store *s)
{
        struct err e = ERR_INIT;
        int64_t n = 0;
        must(store_last_change(s, &n, &e), &e);
        return n;
}

int main(int argc, char **argv)
{
        static char name[100];
        if (argc < 3)
                return 2;
        where = argv[2];
        dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        snprintf(name, sizeof(name), "store %s, %s", strstr(where, "://") ? "PostgreSQL" : "SQLite", argv[1]);
        group = name;
        if (!strcmp(argv[1], "all"))
                return run_all();
        if (!strcmp(argv[1], "kill") && argc == 4)
                return run_kill(atoi(argv[3]));
        if (!strcmp(argv[1], "away"))
                return run_away();
        if (!strcmp(argv[1], "full") && argc == 4)
                return run_full(argv[3]);
        return 2;
}
