/* The courier over a real store, in virtual time: courier_run FOLDER CONFIG.json COMMAND…
 *
 *     expect SCHOOL NAME N     hosts h1 … hN of pool p are expected
 *     put SCHOOL N             N events, each of a host of its own, in transactions of 100; long: with long details
 *     event SCHOOL HOST STAGE OUTCOME CODE DETAIL
 *     work SECONDS             of virtual time: waits are skipped, transfers are not; real SECONDS: nothing is skipped
 *     later SECONDS            lets time pass in which nobody works
 *     mode NAME HOW            writes FOLDER/../NAME.mode
 *     flow N                   works until N events are taken or a minute is over; says how many a second
 *     keys                     every event's key, school and host
 *     cursors                  how many rows there are by the first part of their names
 *
 * The clock goes on from run to run: it is kept in FOLDER/clock. DATABASE in the environment: the store is there. */
#include "rollcall/courier.h"

#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <string.h>
#include <time.h>

static int64_t ahead;             /* ms by which the virtual clock is before the real one */
static unsigned long long serial; /* of this run: its hosts are others than the last one's */
static unsigned long numbered;
static int folder;
static struct store *store;
static struct courier *courier;

static int64_t real(void)
{
        struct timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t now(void) { return real() + ahead; }
static void say(const char *line) { printf("say %lld %s\n", (long long)(now() / 1000), line), fflush(stdout); }

static _Noreturn void give_up(const struct err *e)
{
        printf("gives up: XR-%03d %s\n", e->code, e->text);
        exit(3);
}

/* --- configuration --- */

static const char *text(json_t *j, const char *name) { return json_string_value(json_object_get(j, name)); }
static const char *text_or_nothing(json_t *j, const char *name) { return text(j, name) ? text(j, name) : ""; }

static enum notice_form form(const char *name)
{
        static const char *const names[] = { "json", "wecom", "dingtalk", "mail" };
        for (size_t i = 0; i < COUNT(names); i++)
                if (name && !strcmp(name, names[i]))
                        return (enum notice_form)i;
        exit(2);
}

static void configure(json_t *j, struct expected *x)
{
        static struct notice notices[20];
        json_t *up = json_object_get(j, "upstream"), *list = json_object_get(j, "notices");
        x->timezone = "Asia/Shanghai";
        x->with_agent = json_is_true(json_object_get(j, "with_agent"));
        if (up)
                x->upstream = (struct upstream){ text(up, "url"), text_or_nothing(up, "pin"),
                        text_or_nothing(up, "token"), text(up, "school") };
        for (size_t i = 0; i < json_array_size(list) && i < COUNT(notices); i++) {
                json_t *n = json_array_get(list, i);
                notices[i] = (struct notice){ form(text(n, "form")), text(n, "url"), text_or_nothing(n, "from"),
                        text_or_nothing(n, "to"), text_or_nothing(n, "user"), text_or_nothing(n, "password"), true,
                        true };
                x->n_notices = i + 1;
        }
        x->notices = notices;
}

/* --- commands --- */

static void put(const struct event *events, size_t n)
{
        struct err e = ERR_INIT;
        size_t fresh = 0;
        if (!store_put(store, events, n, &fresh, &e))
                give_up(&e);
}

static void put_many(const char *school, unsigned long many, bool longest)
{
        static struct event events[100];
        for (unsigned long done = 0; done < many;) {
                size_t n = 0;
                for (; n < COUNT(events) && done < many; n++, done++) {
                        struct event *ev = &events[n];
                        *ev = (struct event){ .stage = STAGE_AGENT, .percent = -1, .received = now() };
                        snprintf(ev->school, sizeof(ev->school), "%s", school);
                        snprintf(ev->host, sizeof(ev->host), "%llx-%lu", serial, ++numbered);
                        snprintf(ev->outcome, sizeof(ev->outcome), "begun");
                        memset(ev->detail, longest ? '"' : 'd', longest ? DETAIL_MOST : 40);
                        event_key(ev);
                }
                put(events, n);
        }
}

static void put_one(char **a)
{
        struct event ev = { .percent = -1, .received = now(), .code = atoi(a[4]) };
        for (int i = 0; i < STAGE_KINDS; i++)
                if (!strcmp(a[2], stage_kind_names[i]))
                        ev.stage = (enum stage_kind)i;
        snprintf(ev.school, sizeof(ev.school), "%s", a[0]);
        snprintf(ev.pool, sizeof(ev.pool), "p");
        snprintf(ev.host, sizeof(ev.host), "%s", a[1]);
        snprintf(ev.outcome, sizeof(ev.outcome), "%s", a[3]);
        snprintf(ev.detail, sizeof(ev.detail), "%s", a[5]);
        ev.clock = now() / 1000;
        event_key(&ev);
        put(&ev, 1);
}

static void expect(const char *school, const char *name, int n)
{
        static char names[1000][16];
        static struct expected_host hosts[1000];
        struct err e = ERR_INIT;
        for (int i = 0; i < n && i < (int)COUNT(hosts); i++) {
                snprintf(names[i], sizeof(names[i]), "h%d", i + 1);
                hosts[i] = (struct expected_host){ school, name, "p", "Pool", names[i], "", "", "" };
        }
        if (!store_expect(store, hosts, (size_t)n, &e))
                give_up(&e);
}

static int work_once(void)
{
        struct err e = ERR_INIT;
        int wait = 0;
        if (!courier_work(courier, &wait, &e))
                give_up(&e);
        return wait;
}

static void work(int64_t ms, bool skip)
{
        for (int64_t until = now() + ms; now() < until;) {
                int wait = work_once();
                if (skip)
                        ahead += wait;
                else
                        usleep((unsigned)wait * 1000);
        }
}

static bool print_key(void *arg, const struct event_row *row)
{
        (void)arg;
        printf("%s %s %s\n", row->event.key, row->event.school, row->event.host);
        return true;
}

static void keys(void)
{
        struct err e = ERR_INIT;
        const struct event_filter all = { .after = 0 };
        if (!store_events(store, &all, print_key, NULL, &e))
                give_up(&e);
}

static void query(const char *statement)
{
        struct err e = ERR_INIT;
        AUTO_ROWS rows = database_query(store_database(store), &e, statement, "");
        if (!rows)
                give_up(&e);
        while (rows_next(rows, &e))
                printf("%s %lld\n", rows_text(rows, 0), (long long)rows_int(rows, 1));
}

static void flow(unsigned long n)
{
        struct err e = ERR_INIT;
        int64_t began = real(), position = 0;
        while (position < (int64_t)n && real() - began < 60000) {
                work_once();
                AUTO_ROWS rows = database_query(store_database(store), &e,
                        "SELECT COALESCE(MAX(position), 0) FROM cursor WHERE name LIKE 'upstream/%'", "");
                if (!rows || !rows_next(rows, &e))
                        give_up(&e);
                position = rows_int(rows, 0);
        }
        printf("%lld events in %lld ms: %lld a second\n", (long long)position, (long long)(real() - began),
                (long long)(position * 1000 / (real() - began + 1)));
}

static void do_expect(char **a) { expect(a[0], a[1], atoi(a[2])); }
static void do_put(char **a) { put_many(a[0], strtoul(a[1], NULL, 10), false); }
static void do_long(char **a) { put_many(a[0], strtoul(a[1], NULL, 10), true); }
static void do_work(char **a) { work((int64_t)(atof(a[0]) * 1000), true); }
static void do_real(char **a) { work((int64_t)(atof(a[0]) * 1000), false); }
static void do_later(char **a) { ahead += atoll(a[0]) * 1000; }
static void do_flow(char **a) { flow(strtoul(a[0], NULL, 10)); }

static void do_mode(char **a)
{
        char name[300];
        snprintf(name, sizeof(name), "../%s.mode", a[0]);
        AUTO_FD int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        dprintf(fd, "%s\n", a[1]);
}

static void do_keys(char **a)
{
        (void)a;
        keys();
}

static void do_cursors(char **a)
{
        (void)a;
        query("SELECT CASE WHEN name LIKE '%/%' THEN substr(name, 1, 6) ELSE name END, COUNT(*) FROM cursor GROUP BY 1 "
              "ORDER BY 1");
}

static const struct {
        const char *name;
        int args;
        void (*run)(char **);
} commands[] = {
        { "expect", 3, do_expect },
        { "put", 2, do_put },
        { "long", 2, do_long },
        { "event", 6, put_one },
        { "work", 1, do_work },
        { "real", 1, do_real },
        { "later", 1, do_later },
        { "mode", 2, do_mode },
        { "flow", 1, do_flow },
        { "keys", 0, do_keys },
        { "cursors", 0, do_cursors },
};

static void keep_clock(int dir, bool write_it)
{
        char line[32] = "";
        AUTO_FD int fd = openat(dir, "clock", write_it ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY, 0600);
        if (write_it)
                dprintf(fd, "%lld", (long long)ahead);
        else if (fd >= 0 && read(fd, line, sizeof(line) - 1) > 0)
                ahead = atoll(line);
}

int main(int argc, char **argv)
{
        struct err e = ERR_INIT;
        struct expected x = { 0 };
        if (argc < 3)
                return 2;
        AUTO_FD int dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        json_t *config = json_load_file(argv[2], 0, NULL);
        if (dir < 0 || !config)
                return 2;
        serial = (unsigned long long)real() ^ (unsigned long long)getpid() << 44;
        folder = dir;
        configure(config, &x);
        keep_clock(dir, false);
        store = store_open(dir, getenv("DATABASE"), true, &e);
        const struct courier_config cc = { store, &x, "https://status.example/", now, say };
        if (!store || !(courier = courier_new(&cc, &e)))
                give_up(&e);
        for (int i = 3; i < argc;) {
                size_t which = 0;
                while (which < COUNT(commands) && strcmp(argv[i], commands[which].name) != 0)
                        which++;
                if (which == COUNT(commands) || i + commands[which].args >= argc)
                        return 2;
                commands[which].run(argv + i + 1);
                i += 1 + commands[which].args;
                keep_clock(dir, true);
        }
        courier_free(courier);
        store_close(store);
        json_decref(config);
        return 0;
}
