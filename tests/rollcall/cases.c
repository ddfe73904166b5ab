/* The store's cases, each on fresh tables. */
#include "tests/rollcall/store_test.h"
#include "rollcall/cursor.h"

#include <stdlib.h>
#include <sys/wait.h>

/* What is asked for, a line each. */
static bool show_host(void *arg, const struct host_row *h, const struct host_more *m)
{
        str_addf(arg, "%s%s/%s/%s %s%s%s%s", ((struct str *)arg)->len ? "; " : "", h->school, h->pool, h->host,
                standing_names[h->standing], h->expected ? "" : "?", *m->pool_name ? " " : "", m->pool_name);
        return true;
}

static bool show_event(void *arg, const struct event_row *r)
{
        str_addf(arg, "%s%s %s %d", ((struct str *)arg)->len ? "; " : "", r->event.host, r->event.outcome, r->attempt);
        return true;
}

static bool show_school(void *arg, const struct school_row *r)
{
        str_addf(arg, "%s%s %s %d: armed %d, installing %d, late %d, heard %d", ((struct str *)arg)->len ? "; " : "",
                r->school, r->name, (int)r->hosts, (int)r->by_standing[STANDING_ARMED],
                (int)r->by_standing[STANDING_INSTALLING], (int)r->overdue, (int)r->heard);
        return true;
}

static void expect_hosts(struct store *s, const char *why, const struct host_filter *f, const char *want)
{
        struct err e = ERR_INIT;
        AUTO_STR got = STR_MAX(1 << 20);
        must(store_hosts(s, f, show_host, &got, &e), &e);
        unit_same(group, why, str_text(&got), want);
}

static void expect_events(struct store *s, const char *why, const struct event_filter *f, const char *want)
{
        struct err e = ERR_INIT;
        AUTO_STR got = STR_MAX(1 << 20);
        must(store_events(s, f, show_event, &got, &e), &e);
        unit_same(group, why, str_text(&got), want);
}

#define ANY { .limit = 0 }

/* --- cases --- */

static void events_come(struct store *s)
{
        struct event all[] = { event_of("xen1", STAGE_ARMING, "armed", 1),
                event_of("xen1", STAGE_INSTALL, "started", 2), event_of("xen2", STAGE_INSTALL, "completed", 3),
                event_of("xen1", STAGE_INSTALL, "completed", 4), event_of("xen1", STAGE_INSTALL, "completed", 4) };
        snprintf(all[2].pool, NAME_MOST, "pool2");
        unit_case(group, "events are kept, one that comes twice in a batch once", put(s, all, 5) == 4, "not four");
        unit_case(group, "and those that come again not at all", put(s, all, 5) == 0, "they were");
        expect_hosts(s, "hosts that nobody expected", &(struct host_filter)ANY,
                "nn36//xen1 installed?; nn36/pool2/xen2 installed?");
        expect_events(s, "events in their order", &(struct event_filter){ .school = NULL },
                "xen1 armed 1; xen1 started 1; xen2 completed 1; xen1 completed 1");
        expect_events(s, "one host's, newest first, not all",
                &(struct event_filter){ .school = "nn36", .host = "xen1", .limit = 2, .newest_first = true },
                "xen1 completed 1; xen1 started 1");
        expect_events(s, "a school's after a number", &(struct event_filter){ .school = "nn36", .after = 2 },
                "xen2 completed 1; xen1 completed 1");
        expect_events(s, "nobody's", &(struct event_filter){ .school = "nn37" }, "");
}

static void any_order(struct store *s)
{
        static const char *const orders[] = { "012", "021", "102", "120", "201", "210" };
        const struct event all[] = { event_of("xen1", STAGE_INSTALL, "started", 2),
                event_of("xen1", STAGE_INSTALL, "completed", 3), event_of("xen1", STAGE_AGENT, "begun", 4) };
        AUTO_STR want = STR_MAX(4096);
        for (size_t i = 0; i < COUNT(orders); i++) {
                char host[20];
                snprintf(host, sizeof(host), "xen%zu", i);
                put_one(s, host, STAGE_ARMING, "armed", 1);
                for (size_t j = 0; j < 3; j++) {
                        struct event ev = all[orders[i][j] - '0'];
                        snprintf(ev.host, sizeof(ev.host), "%s", host);
                        put(s, &ev, 1);
                        put(s, &ev, 1);
                }
                str_addf(&want, "%snn36//%s finishing?", i ? "; " : "", host);
        }
        expect_hosts(s, "in whatever order they come", &(struct host_filter)ANY, str_text(&want));
}

static void transactions(struct store *s)
{
        struct err e = ERR_INIT;
        put_one(s, "xen1", STAGE_ARMING, "armed", 1);
        int64_t before = last_change(s);
        must(store_begin(s, &e), &e);
        put_one(s, "xen1", STAGE_INSTALL, "started", 2);
        put_one(s, "xen2", STAGE_INSTALL, "started", 2);
        expect_hosts(s, "what is not committed yet is seen by whoever did it", &(struct host_filter)ANY,
                "nn36//xen1 installing?; nn36//xen2 installing?");
        store_rollback(s);
        expect_hosts(s, "rolled back", &(struct host_filter)ANY, "nn36//xen1 armed?");
        unit_case(group, "and no number was used", last_change(s) == before, "one was");
        must(store_begin(s, &e), &e);
        put_one(s, "xen1", STAGE_INSTALL, "started", 2);
        put_one(s, "xen2", STAGE_INSTALL, "started", 2);
        must(store_commit(s, &e), &e);
        expect_hosts(s, "committed", &(struct host_filter)ANY, "nn36//xen1 installing?; nn36//xen2 installing?");
        unit_case(group, "one number for all of it", last_change(s) == before + 1, "more");
        expect_hosts(s, "what came after a number", &(struct host_filter){ .changed_since = before },
                "nn36//xen1 installing?; nn36//xen2 installing?");
        expect_hosts(s, "nothing came after the last",
                &(struct host_filter){ .changed_since = before + 1 }, "");
}

static void other_writer(struct store *s)
{
        struct store *other = open_store();
        put_one(s, "xen1", STAGE_ARMING, "armed", 1);
        put_one(other, "xen1", STAGE_INSTALL, "started", 2);
        put_one(s, "xen2", STAGE_ARMING, "armed", 3);
        put_one(other, "xen1", STAGE_INSTALL, "completed", 4);
        put_one(s, "xen1", STAGE_INSTALL, "started", 2);
        put_one(s, "xen1", STAGE_INSTALL, "failed", 5);
        put_one(other, "xen2", STAGE_INSTALL, "started", 6);
        expect_hosts(s, "two writers see what the other did", &(struct host_filter)ANY,
                "nn36//xen1 installed?; nn36//xen2 installing?");
        unit_case(group, "and so do its duplicates", put_one(other, "xen1", STAGE_INSTALL, "failed", 5) == 0, "no");
        store_close(other);
}

static bool take_percent(void *arg, const struct host_row *h, const struct host_more *m)
{
        (void)m;
        *(int *)arg = h->percent;
        return true;
}

static void percent(struct store *s)
{
        struct err e = ERR_INIT;
        put_one(s, "xen1", STAGE_INSTALL, "started", 1);
        int64_t before = last_change(s);
        must(store_percent(s, "nn36", "xen1", 40, &e) && store_percent(s, "nn36", "xen1", 30, &e) &&
                        store_percent(s, "nn36", "xen1", 40, &e) && store_percent(s, "nn36", "nobody", 40, &e),
                &e);
        unit_case(group, "a percentage is one change, a smaller one none", last_change(s) == before + 1, "otherwise");
        must(store_begin(s, &e) && store_percent(s, "nn36", "xen1", 50, &e) &&
                        store_percent(s, "nn36", "xen1", 45, &e) && store_commit(s, &e),
                &e);
        int shown = 0;
        must(store_hosts(s, &(struct host_filter)ANY, take_percent, &shown, &e), &e);
        unit_case(group, "nor does it go down inside a transaction", shown == 50, "it does");
        put_one(s, "xen1", STAGE_INSTALL, "completed", 2);
        before = last_change(s);
        must(store_percent(s, "nn36", "xen1", 50, &e), &e);
        unit_case(group, "and after the end it is none", last_change(s) == before, "it is");
}

static void expectations(struct store *s)
{
        struct err e = ERR_INIT;
        const struct expected_host both[] = { { "nn36", "三十六中", "p1", "资源池", "xen2", "10.36.1.12",
                                                      "00:16:3e:00:00:02", "S2" },
                { "nn36", "三十六中", "p1", "资源池", "xen1", "10.36.1.11", "00:16:3e:00:00:01", "S1" },
                { "nn7", "", "p", "", "xen1", "", "", "" } };
        put_one(s, "xen1", STAGE_INSTALL, "started", 1);
        must(store_expect(s, both, 3, &e), &e);
        expect_hosts(s, "expected hosts, one of which was heard of before", &(struct host_filter)ANY,
                "nn36/p1/xen1 installing 资源池; nn36/p1/xen2 unheard 资源池; nn7/p/xen1 unheard");
        int64_t before = last_change(s);
        must(store_expect(s, both, 3, &e), &e);
        expect_hosts(s, "expecting the same again changes no row",
                &(struct host_filter){ .changed_since = before }, "");
        put_one(s, "xen2", STAGE_ARMING, "armed", 2);
        must(store_expect(s, both + 1, 1, &e), &e);
        expect_hosts(s, "one is not expected any more, and other schools stay", &(struct host_filter)ANY,
                "nn36/p1/xen1 installing 资源池; nn36/p1/xen2 armed? 资源池; nn7/p/xen1 unheard");
        put_one(s, "xen2", STAGE_INSTALL, "started", 3);
        put_one(s, "xen9", STAGE_INSTALL, "started", 4);
        AUTO_STR got = STR_MAX(4096);
        must(store_schools(s, 1000 + SILENT_INSTALLATION, show_school, &got, &e), &e);
        unit_same(group, "schools count what is expected", str_text(&got),
                "nn36 三十六中 1: armed 0, installing 1, late 0, heard 1000; nn7  1: armed 0, installing 0, late 0, "
                "heard 0");
        str_reset(&got);
        must(store_schools(s, 1001 + SILENT_INSTALLATION, show_school, &got, &e), &e);
        unit_same(group, "and who is overdue", str_text(&got),
                "nn36 三十六中 1: armed 0, installing 1, late 1, heard 1000; nn7  1: armed 0, installing 0, late 0, "
                "heard 0");
        must(store_expect(s, both, 2, &e), &e);
        expect_hosts(s, "it is expected again, and stands where it was",
                &(struct host_filter){ .school = "nn36", .host = "xen2" },
                "nn36/p1/xen2 installing 资源池");
}

static void unexpected_school(struct store *s)
{
        struct err e = ERR_INIT;
        AUTO_STR got = STR_MAX(4096);
        put_one(s, "xen1", STAGE_INSTALL, "started", 1);
        must(store_schools(s, 0, show_school, &got, &e), &e);
        unit_same(group, "where nobody is expected all count", str_text(&got),
                "nn36  1: armed 0, installing 1, late 0, heard 1000");
}

static void searching(struct store *s)
{
        static const char *const names[] = { "a%b", "a_b", "axb", "a'b", "a\"b", "a\\b", "a!b", "<script>",
                "x'; DROP TABLE event; --", "中文" };
        struct err e = ERR_INIT;
        for (size_t i = 0; i < COUNT(names); i++) {
                struct event ev = { .stage = STAGE_AGENT, .outcome = "begun", .percent = -1, .clock = 1 };
                snprintf(ev.school, NAME_MOST, "%s", names[i]);
                snprintf(ev.host, NAME_MOST, "%s", names[i]);
                snprintf(ev.pool, NAME_MOST, "%s", names[i]);
                snprintf(ev.step, NAME_MOST, "%s", names[i]);
                snprintf(ev.detail, NAME_MOST, "%s", names[i]);
                put(s, &ev, 1);
        }
        for (size_t i = 0; i < COUNT(names); i++) {
                char want[300], why[100];
                struct host_filter search = { .search = names[i] },
                                   exact = { .school = names[i], .pool = names[i], .host = names[i] };
                snprintf(want, sizeof(want), "%s/%s/%s finishing?", names[i], names[i], names[i]);
                snprintf(why, sizeof(why), "sought for: %s", names[i]);
                expect_hosts(s, why, &search, want);
                snprintf(why, sizeof(why), "filtered by: %s", names[i]);
                expect_hosts(s, why, &exact, want);
                snprintf(why, sizeof(why), "events of: %s", names[i]);
                snprintf(want, sizeof(want), "%s begun 1", names[i]);
                expect_events(s, why, &(struct event_filter){ .school = names[i], .host = names[i] }, want);
        }
        const struct expected_host host = { "nn36", "三十六中", "p1", "", "xen1", "10.36.1.11", "00:16:3e:00:00:0a",
                "CZJ1" };
        must(store_expect(s, &host, 1, &e), &e);
        static const char *const found[] = { "XEN1", "三十六", "czj1", "0:0A", "36.1.11", "nN36" }, *const lost[] = {
                "nn36xen1", "%", "\xff", "xen1\n10"
        };
        for (size_t i = 0; i < COUNT(found); i++)
                expect_hosts(s, found[i], &(struct host_filter){ .search = found[i] },
                        "nn36/p1/xen1 unheard");
        for (size_t i = 0; i < COUNT(lost); i++)
                expect_hosts(s, "what is not there", &(struct host_filter){ .search = lost[i] },
                        i == 1 ? "a%b/a%b/a%b finishing?" : "");
}

static void worst_first(struct store *s)
{
        put_one(s, "a", STAGE_INSTALL, "completed", 1);
        put_one(s, "b", STAGE_INSTALL, "started", 1);
        put_one(s, "c", STAGE_INSTALL, "failed", 1);
        expect_hosts(s, "the worst first", &(struct host_filter){ .worst_first = true },
                "nn36//c failed?; nn36//b installing?; nn36//a installed?");
        expect_hosts(s, "the first of them", &(struct host_filter){ .worst_first = true, .limit = 1 },
                "nn36//c failed?");
        expect_hosts(s, "those that failed", &(struct host_filter){ .standings = 1u << STANDING_FAILED },
                "nn36//c failed?");
        expect_hosts(s, "those of two standings",
                &(struct host_filter){ .standings = 1u << STANDING_INSTALLED | 1u << STANDING_INSTALLING },
                "nn36//a installed?; nn36//b installing?");
        expect_hosts(s, "of a standing that there is not", &(struct host_filter){ .standings = 1u << STANDINGS }, "");
}

static void pruning(struct store *s)
{
        struct err e = ERR_INIT;
        int64_t removed;
        for (int i = 1; i <= 5; i++)
                put_one(s, "xen1", STAGE_INSTALL, i == 5 ? "completed" : "failed", i);
        must(store_prune(s, 4000, 2, NULL, &removed, &e), &e);
        unit_case(group, "old events are removed, not more than was said", removed == 2, "otherwise");
        must(store_prune(s, 6000, 1000, NULL, &removed, &e), &e);
        unit_case(group, "the rest of them", removed == 3, "otherwise");
        expect_hosts(s, "the host stays", &(struct host_filter)ANY, "nn36//xen1 installed?");
        put_one(s, "xen1", STAGE_AGENT, "begun", 9);
        expect_events(s, "numbers are not used again", &(struct event_filter){ .after = 5 }, "xen1 begun 1");
}

static bool count_event(void *arg, const struct event_row *r)
{
        (void)r;
        ++*(int *)arg;
        return true;
}

static int events_of(struct store *s, const char *school)
{
        struct err e = ERR_INIT;
        int n = 0;
        must(store_events(s, &(struct event_filter){ .school = school }, count_event, &n, &e), &e);
        return n;
}

/* Six events each of two schools, in turn, the sixth too young. */
static void held(struct store *s)
{
        static const struct {
                const char *why;
                struct store_hold hold;
                const char *left;
        } cases[] = {
                { "nobody has got any yet: all stay", { "nobody", NULL }, "6 of nn36, 6 of nn37" },
                { "what one has got is removed", { "some", NULL }, "4 of nn36, 4 of nn37" },
                { "another school's are not waited for", { "nobody", "nn36" }, "4 of nn36, 1 of nn37" },
                { "one that has got all holds nothing but what is young", { "all", NULL }, "1 of nn36, 1 of nn37" },
        };
        for (int i = 1; i <= 6; i++)
                for (int school = 36; school <= 37; school++) {
                        struct event ev = event_of("xen1", STAGE_AGENT, "waiting", i);
                        snprintf(ev.school, sizeof(ev.school), "nn%d", school);
                        put(s, &ev, 1);
                }
        struct err e = ERR_INIT;
        struct database *db = store_database(s);
        must(cursor_write(db, "some", 4, "", &e) && cursor_write(db, "all", INT32_MAX, "", &e), &e);
        for (size_t i = 0; i < COUNT(cases); i++) {
                char left[64];
                int64_t removed;
                must(store_prune(s, 6000, 1000, &cases[i].hold, &removed, &e), &e);
                snprintf(left, sizeof(left), "%d of nn36, %d of nn37", events_of(s, "nn36"), events_of(s, "nn37"));
                unit_same(group, cases[i].why, left, cases[i].left);
        }
}

static void long_and_odd(struct store *s)
{
        struct err e = ERR_INIT;
        struct event ev = event_of("xen1", STAGE_AGENT, "stopped", 1);
        *ev.key = '\0';
        for (size_t n = 0; n + 3 <= DETAIL_MOST; n += 3)
                memcpy(ev.detail + n, "中", 4);
        put(s, &ev, 1);
        AUTO_STR got = STR_MAX(1 << 16);
        must(store_events(s, &(struct event_filter){ .school = NULL }, show_event, &got, &e), &e);
        unit_same(group, "a long detail without a key", str_text(&got), "xen1 stopped 1");
        expect_hosts(s, "found by its detail", &(struct host_filter){ .search = "中中中" },
                "nn36//xen1 failed?");
}

/* --- several processes at once --- */

static void write_much(int writer, int batches)
{
        struct store *s = open_store();
        for (int b = 0; b < batches; b++) {
                struct event batch[5];
                for (int i = 0; i < 5; i++) {
                        char host[20];
                        snprintf(host, sizeof(host), "xen%d", (b * 3 + i) % 17);
                        batch[i] = event_of(host, STAGE_AGENT, "waiting", 1 + b);
                        batch[i].code = writer;
                        *batch[i].key = '\0';
                }
                put(s, batch, 5);
        }
        store_close(s);
        fflush(stdout);
        _exit(0);
}

struct followed {
        int64_t seen[17], last;
        int missed;
};

static bool follow(void *arg, const struct host_row *h, const struct host_more *m)
{
        struct followed *f = arg;
        (void)m;
        f->seen[atoi(h->host + 3)] = h->change;
        return true;
}

static bool look_for_missed(void *arg, const struct host_row *h, const struct host_more *m)
{
        struct followed *f = arg;
        (void)m;
        f->missed += h->change <= f->last && f->seen[atoi(h->host + 3)] != h->change;
        return true;
}

/* What has come since the last number, and whether anything has a number that was passed already. */
static void follow_once(struct store *s, struct followed *f)
{
        struct err e = ERR_INIT;
        int64_t now = last_change(s);
        must(store_hosts(s, &(struct host_filter){ .changed_since = f->last }, follow, f, &e), &e);
        f->last = now;
        must(store_hosts(s, &(struct host_filter)ANY, look_for_missed, f, &e), &e);
}

/* Whoever follows the numbers misses nothing, whichever of three writers comes first. */
static void many_writers(struct store *s)
{
        enum { WRITERS = 3, BATCHES = 60 };
        struct err e = ERR_INIT;
        struct followed f = { .last = last_change(s) }, all = { .last = -1 };
        int running = WRITERS, count = 0, backwards = 0, status;
        fflush(stdout);
        for (int i = 0; i < WRITERS; i++)
                if (!fork())
                        write_much(i + 1, BATCHES);
        while (running) {
                int64_t before = f.last;
                follow_once(s, &f);
                backwards += f.last < before;
                while (waitpid(-1, &status, WNOHANG) > 0)
                        running--;
        }
        follow_once(s, &f);
        must(store_hosts(s, &(struct host_filter)ANY, follow, &all, &e), &e);
        must(store_events(s, &(struct event_filter){ .school = NULL }, count_event, &count, &e), &e);
        unit_case(group, "three writers at once: every event is there", count == WRITERS * BATCHES * 5, "no");
        unit_case(group, "whoever follows the changes misses none of them",
                !f.missed && !memcmp(f.seen, all.seen, sizeof(f.seen)), "some");
        unit_case(group, "numbers do not go backwards", !backwards, "they do");
}

static void lost_connection(struct store *s)
{
        struct err e = ERR_INIT;
        if (!database_is_shared(store_database(s)))
                return;
        put_one(s, "xen1", STAGE_ARMING, "armed", 1);
        struct database *other = database_open(dir, where, false, false, &e);
        const char *end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "
                          "datname = current_database()";
        must(other && store_begin(s, &e) && database_do(other, &e, NULL, end, ""), &e);
        struct event ev = event_of("xen1", STAGE_INSTALL, "started", 2);
        size_t new;
        unit_case(group, "a lost connection is an error", !store_put(s, &ev, 1, &new, &e) && !store_is_full(s),
                "it was not seen");
        e = (struct err)ERR_INIT;
        unit_case(group, "and so is the transaction's end", !store_commit(s, &e) && e.kind == ERR_WORLD, "it was not");
        unit_case(group, "the next call connects again", put(s, &ev, 1) == 1, "no");
        e = (struct err)ERR_INIT;
        must(database_do(other, &e, NULL, end, ""), &e);
        int64_t change;
        bool first = store_last_change(s, &change, &e);
        unit_case(group, "lost between transactions: an error at most once",
                (first || e.kind == ERR_WORLD) && put_one(s, "xen1", STAGE_INSTALL, "completed", 3) == 1, "more");
        expect_hosts(s, "and nothing is missing", &(struct host_filter)ANY, "nn36//xen1 installed?");
        database_close(other);
}

int run_all(void)
{
        static void (*const cases[])(struct store *) = { events_come, any_order, transactions, other_writer, percent,
                expectations, unexpected_school, searching, worst_first, pruning, held, long_and_odd, many_writers,
                lost_connection };
        for (size_t i = 0; i < COUNT(cases); i++) {
                struct store *s = fresh();
                cases[i](s);
                store_close(s);
                s = open_store();
                unit_case(group, "closed and opened again", true, "");
                store_close(s);
        }
        return 0;
}
