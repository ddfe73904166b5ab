/* The store in trouble: its process is killed, its disk is full, its server stands still. */
#include "tests/rollcall/store_test.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

/* --- killed --- */

enum { BATCH = 7 };

/* Batch number n is n events whose clock is n; a number is written to out when the store says that it is kept. */
static void put_for_ever(int out, int64_t from)
{
        struct store *s = open_store();
        for (int64_t n = from;; n++) {
                struct event batch[BATCH];
                for (int i = 0; i < BATCH; i++) {
                        char host[20];
                        snprintf(host, sizeof(host), "xen%d", i);
                        batch[i] = event_of(host, STAGE_AGENT, "begun", n);
                        snprintf(batch[i].detail, sizeof(batch[i].detail), "%*d", (int)(n % 900), 1);
                }
                put(s, batch, BATCH);
                if (write(out, &n, sizeof(n)) != sizeof(n))
                        _exit(1);
        }
}

enum { MOST_BATCHES = 1 << 20 };
static bool acknowledged[MOST_BATCHES];
static int counts[MOST_BATCHES];

static bool see(void *arg, const struct event_row *r)
{
        (void)arg;
        if (r->event.clock < MOST_BATCHES)
                counts[r->event.clock]++;
        return true;
}

/* Every batch that was acknowledged is whole, and of the others none is half there. */
static int wrong_batches(struct store *s)
{
        struct err e = ERR_INIT;
        int wrong = 0;
        memset(counts, 0, sizeof(counts));
        must(store_events(s, &(struct event_filter){ .school = NULL }, see, NULL, &e), &e);
        for (size_t n = 0; n < MOST_BATCHES; n++)
                wrong += counts[n] != BATCH && (acknowledged[n] || counts[n]);
        return wrong;
}

static int64_t kill_once(int64_t from)
{
        int pipes[2];
        int64_t n, last = from;
        struct err e = ERR_INIT;
        must(pipe(pipes) == 0, &e);
        fflush(stdout);
        pid_t child = fork();
        if (!child)
                put_for_ever(pipes[1], from);
        close(pipes[1]);
        if (read(pipes[0], &n, sizeof(n)) == sizeof(n)) {
                acknowledged[n] = true;
                last = n + 1;
        }
        nanosleep(&(struct timespec){ .tv_nsec = rand() % 50000000 }, NULL);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        while (read(pipes[0], &n, sizeof(n)) == sizeof(n)) {
                acknowledged[n] = true;
                last = n + 1;
        }
        close(pipes[0]);
        return last;
}

int run_kill(int times)
{
        int64_t next = 1;
        int wrong = 0, busy = 0;
        char detail[100];
        store_close(fresh());
        for (int i = 0; i < times; i++) {
                int64_t before = next;
                /* What was in flight may be there or not; the next child begins behind it, so that it is told apart. */
                next = kill_once(before) + 1;
                busy += next > before + 1;
                struct store *s = open_store();
                wrong += wrong_batches(s);
                store_close(s);
        }
        snprintf(detail, sizeof(detail), "%d wrong of %" PRId64 " batches, %d of %d were busy", wrong, next, busy,
                times);
        unit_case(group, "killed under load, every acknowledged event is there", !wrong && busy == times, detail);
        printf("# killed %d times, %s\n", times, detail);
        return 0;
}

/* --- no room --- */

static int64_t fill(struct store *s, int64_t n, int64_t most, struct err *e)
{
        for (; n < most; n++) {
                struct event batch[BATCH];
                size_t new;
                for (int i = 0; i < BATCH; i++) {
                        char host[20];
                        snprintf(host, sizeof(host), "xen%d", i);
                        batch[i] = event_of(host, STAGE_AGENT, "begun", n);
                        snprintf(batch[i].detail, sizeof(batch[i].detail), "%*d", 1900, 1);
                }
                if (!store_put(s, batch, BATCH, &new, e))
                        break;
                acknowledged[n] = true;
        }
        return n;
}

int run_full(const char *ballast)
{
        struct err e = ERR_INIT;
        struct store *s = fresh();
        int64_t n = fill(s, 1, 100000, &e), again;
        char detail[1400];
        snprintf(detail, sizeof(detail), "after %" PRId64 " batches: kind %d, code %d, %s", n, e.kind, e.code, e.text);
        unit_case(group, "no room: refused, and it is said why",
                n > 10 && n < 100000 && store_is_full(s) && e.kind == ERR_WORLD && e.code == 976, detail);
        for (int i = 0; i < 20; i++) {
                e = (struct err)ERR_INIT;
                again = fill(s, n, n + 1, &e);
                if (again > n)
                        n = again;
        }
        unit_case(group, "what was kept before is there", wrong_batches(s) == 0, "it is not");
        unlink(ballast);
        e = (struct err)ERR_INIT;
        again = fill(s, n, n + 50, &e);
        unit_case(group, "when there is room it goes on", again == n + 50 && !store_is_full(s), e.text);
        unit_case(group, "and all of it is there", wrong_batches(s) == 0, "it is not");
        store_close(s);
        s = open_store();
        unit_case(group, "opened again", wrong_batches(s) == 0, "it is not");
        store_close(s);
        return 0;
}

/* --- a server that says nothing any more --- */

static double seconds(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void wait_for_a_line(void)
{
        char line[16];
        fflush(stdout);
        if (!fgets(line, sizeof(line), stdin))
                _exit(2);
}

/* Its backend stands still, then all of it: whoever calls hears so in time, and not each for himself. */
int run_away(void)
{
        struct err e = ERR_INIT;
        struct store *s = fresh();
        char detail[1400];
        int64_t change, pid = 0;
        {
                AUTO_ROWS r = database_query(store_database(s), &e, "SELECT pg_backend_pid()", "");
                must(rows_next(r, &e), &e);
                pid = rows_int(r, 0);
        }
        printf("stop %" PRId64 "\n", pid);
        wait_for_a_line();
        double began = seconds();
        struct event ev = event_of("xen1", STAGE_INSTALL, "started", 1);
        size_t new;
        bool kept = store_put(s, &ev, 1, &new, &e);
        snprintf(detail, sizeof(detail), "after %.1f s: %s", seconds() - began, e.text);
        unit_case(group, "one that has stopped is given up", !kept && seconds() - began < 30, detail);
        unit_case(group, "and another connection is made", put(s, &ev, 1) == 1, "no");
        puts("away");
        wait_for_a_line();
        began = seconds();
        bool any = false;
        for (int i = 0; i < 20; i++) {
                e = (struct err)ERR_INIT;
                any = store_last_change(s, &change, &e) || any;
        }
        snprintf(detail, sizeof(detail), "after %.1f s: %s", seconds() - began, e.text);
        unit_case(group, "one that takes connections and keeps silent costs one wait", !any && seconds() - began < 12,
                detail);
        store_close(s);
        return 0;
}
