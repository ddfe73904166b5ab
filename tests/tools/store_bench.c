/* How many events a second the store keeps, beside a bare loop that inserts the same rows into the same tables; and how
 * long it takes to ask it.
 *
 *     store_bench HOSTS EVENTS-A-HOST TOGETHER [URL]    in the current folder
 *
 * TOGETHER: how many events of a host stand one after the other; 1 is the worst, every event is another host's. */
#include "base/cleanup.h"
#include "rollcall/store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH = 1000, SCHOOL = 10 };
static int hosts, each, together, dir;

static void must(bool fine, const struct err *e)
{
        if (fine)
                return;
        fprintf(stderr, "%s\n", e->text);
        exit(1);
}

static double seconds(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct store *open_fresh(const char *where)
{
        struct err e = ERR_INIT;
        char name[100];
        static const char *const ends[] = { "", "-wal", "-shm" };
        for (size_t i = 0; !strstr(where, "://") && i < COUNT(ends); i++) {
                snprintf(name, sizeof(name), "%s%s", where, ends[i]);
                unlink(name);
        }
        struct store *s = store_open(dir, where, true, &e);
        must(s != NULL, &e);
        return s;
}

static void name_host(int host, char school[NAME_MOST], char name[NAME_MOST])
{
        snprintf(school, NAME_MOST, "nn%d", host / SCHOOL);
        snprintf(name, NAME_MOST, "nn%d-xen%d", host / SCHOOL, host % SCHOOL);
}

static void expect(struct store *s)
{
        struct err e = ERR_INIT;
        struct expected_host *list = calloc((size_t)hosts, sizeof(*list));
        char(*names)[2][NAME_MOST] = calloc((size_t)hosts, sizeof(*names));
        for (int i = 0; i < hosts; i++) {
                name_host(i, names[i][0], names[i][1]);
                list[i] = (struct expected_host){ names[i][0], "第三十六中学", "pool1", "教学资源池", names[i][1],
                        "10.36.1.11", "00:16:3e:00:00:01", "CZJ0001" };
        }
        must(store_expect(s, list, (size_t)hosts, &e), &e);
        free(list);
        free(names);
}

/* Event number n of all: each host's are spread over the whole, `together` at a time. */
static void event_at(int64_t n, struct event *ev, int *host)
{
        static const char *const steps[] = { "identity", "network", "storage", "join", "tags" };
        *host = (int)(n / together % hosts);
        int number = (int)(n / together / hosts * together + n % together);
        *ev = (struct event){ .stage = STAGE_AGENT,
                .code = number % 3 ? 0 : 881,
                .percent = -1,
                .clock = 1700000000 + number,
                .received = 1700000000000 + n };
        name_host(*host, ev->school, ev->host);
        snprintf(ev->step, sizeof(ev->step), "%s", steps[number % 5]);
        snprintf(ev->outcome, sizeof(ev->outcome), "%s", number % 3 ? "begun" : "waiting");
        snprintf(ev->detail, sizeof(ev->detail),
                "the storage server 10.36.1.5 does not answer yet; it is tried again in %d seconds", number);
        event_key(ev);
}

static double put_all(struct store *s)
{
        static struct event batch[BATCH];
        struct err e = ERR_INIT;
        double spent = 0;
        int host;
        size_t new;
        for (int64_t n = 0, all = (int64_t)hosts * each; n < all;) {
                size_t in = 0;
                while (in < BATCH && n < all)
                        event_at(n++, &batch[in++], &host);
                double begin = seconds();
                must(store_put(s, batch, in, &new, &e), &e);
                spent += seconds() - begin;
        }
        return spent;
}

/* The tables and their rows of hosts are there already. */
static double insert_all(const char *name)
{
        static struct event batch[BATCH];
        int of[BATCH];
        sqlite3 *db;
        sqlite3_stmt *begin, *commit, *insert;
        sqlite3_open(name, &db);
        sqlite3_exec(db,
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = "
                "-16000; PRAGMA wal_autocheckpoint = 4000",
                NULL, NULL, NULL);
        sqlite3_prepare_v2(db, "BEGIN IMMEDIATE", -1, &begin, NULL);
        sqlite3_prepare_v2(db, "COMMIT", -1, &commit, NULL);
        sqlite3_prepare_v2(db,
                "INSERT INTO event (host, attempt, stage, code, percent, clock, received, step, outcome, key, detail) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                -1, &insert, NULL);
        double spent = 0;
        for (int64_t n = 0, all = (int64_t)hosts * each; n < all;) {
                int in = 0;
                for (; in < BATCH && n < all; in++)
                        event_at(n++, &batch[in], &of[in]);
                double start = seconds();
                sqlite3_step(begin);
                sqlite3_reset(begin);
                for (int i = 0; i < in; i++) {
                        const struct event *ev = &batch[i];
                        const int64_t numbers[] = { of[i] + 1, 1, ev->stage, ev->code, ev->percent, ev->clock,
                                ev->received };
                        const char *const texts[] = { ev->step, ev->outcome, ev->key, ev->detail };
                        for (int j = 0; j < 7; j++)
                                sqlite3_bind_int64(insert, j + 1, numbers[j]);
                        for (int j = 0; j < 4; j++)
                                sqlite3_bind_text(insert, j + 8, texts[j], -1, SQLITE_STATIC);
                        if (sqlite3_step(insert) != SQLITE_DONE)
                                exit(1);
                        sqlite3_reset(insert);
                }
                sqlite3_step(commit);
                sqlite3_reset(commit);
                spent += seconds() - start;
        }
        sqlite3_finalize(begin);
        sqlite3_finalize(commit);
        sqlite3_finalize(insert);
        sqlite3_close(db);
        return spent;
}

static bool count_host(void *arg, const struct host_row *h, const struct host_more *m)
{
        (void)h;
        (void)m;
        ++*(int *)arg;
        return true;
}

static bool count_school(void *arg, const struct school_row *r)
{
        *(int64_t *)arg += r->hosts;
        return true;
}

static void ask(struct store *s)
{
        struct err e = ERR_INIT;
        const struct {
                const char *why;
                struct host_filter f;
        } questions[] = {
                { "status of all hosts", { .school = NULL } },
                { "those that need somebody first", { .worst_first = true, .limit = 200 } },
                { "search", { .search = "xen7", .limit = 100 } },
                { "one school", { .school = "nn36" } },
        };
        for (size_t i = 0; i < COUNT(questions); i++) {
                int n = 0;
                double begin = seconds();
                must(store_hosts(s, &questions[i].f, count_host, &n, &e), &e);
                printf("  %s: %d rows in %.0f ms\n", questions[i].why, n, (seconds() - begin) * 1e3);
        }
        int64_t n = 0;
        double begin = seconds();
        must(store_schools(s, 1700000000000, count_school, &n, &e), &e);
        printf("  counts of all schools: %d hosts in %.0f ms\n", (int)n, (seconds() - begin) * 1e3);
        struct store *again;
        begin = seconds();
        must((again = store_open(dir, "ours.db", false, &e)) != NULL, &e);
        printf("  opening: %.0f ms", (seconds() - begin) * 1e3);
        store_close(again);
        begin = seconds();
        must((again = store_open(dir, "ours.db", true, &e)) != NULL, &e);
        printf(", with all of it checked: %.0f ms\n", (seconds() - begin) * 1e3);
        store_close(again);
}

int main(int argc, char **argv)
{
        if (argc < 4)
                return 2;
        hosts = atoi(argv[1]);
        each = atoi(argv[2]);
        together = atoi(argv[3]);
        dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        double all = (double)hosts * each;
        struct store *s = open_fresh("bare.db");
        expect(s);
        store_close(s);
        double bare = insert_all("bare.db");
        s = open_fresh(argc > 4 ? argv[4] : "ours.db");
        double begin = seconds();
        expect(s);
        double expecting = seconds() - begin;
        double ours = put_all(s);
        printf("store %.0f events/s bare %.0f events/s ratio %.2f\n", all / ours, all / bare, bare / ours);
        printf("  expecting %d hosts: %.0f ms\n", hosts, expecting * 1e3);
        if (argc == 4)
                ask(s);
        store_close(s);
        return 0;
}
