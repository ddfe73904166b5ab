/* The desk's recorder while somebody else holds the store: nobody waits for long, and what was kept is kept once. */
#include "tests/unit/unit.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "rollcall/recorder.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 300 };

static int64_t now(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct event event_of(const char *outcome, int64_t clock)
{
        struct event ev = { .school = "nn36",
                .host = "xen1",
                .stage = STAGE_INSTALL,
                .percent = -1,
                .clock = clock,
                .received = 1700000000000 + clock };
        snprintf(ev.outcome, sizeof(ev.outcome), "%s", outcome);
        return ev;
}

static bool count(void *arg, const struct event_row *row)
{
        (void)row;
        ++*(int *)arg;
        return true;
}

static bool percent_of(void *arg, const struct host_row *row, const struct host_more *more)
{
        (void)more;
        *(int *)arg = row->percent;
        return true;
}

static int events_in(struct store *s)
{
        struct err e = ERR_INIT;
        int n = 0;
        return store_events(s, &(struct event_filter){ .limit = 0 }, count, &n, &e) ? n : -1;
}

static int percent_in(struct store *s)
{
        struct err e = ERR_INIT;
        int percent = -2;
        return store_hosts(s, &(struct host_filter){ .school = NULL }, percent_of, &percent, &e) ? percent : -2;
}

static void await(struct store *s, int events, int percent)
{
        for (int i = 0; i < 150 && (events_in(s) < events || percent_in(s) < percent); i++)
                usleep(100000);
}

static void check(struct recorder *r, struct store *other)
{
        struct err e = ERR_INIT;
        struct event started = event_of("started", 1), failed = event_of("failed", 2), again = event_of("started", 3);
        enum recorded end = recorder_put(r, &started, 1, 5000, &e);
        unit_case("recorder", "what it says is kept is there", end == RECORDED && events_in(other) == 1, e.text);

        unit_case("recorder", "somebody holds the store", store_begin(other, &e), e.text);
        int64_t began = now();
        end = recorder_put(r, &failed, 1, WAIT_MS, &e);
        int64_t first = now() - began;
        unit_case("recorder", "then a report is not kept, and e says so", end == RECORDED_NOT && e.kind == ERR_WORLD,
                e.text);
        unit_case("recorder", "which is found out in time", first >= WAIT_MS - 10 && first < 4 * WAIT_MS, "late");
        began = now();
        bool fine = true;
        for (int i = 0; i < 50; i++)
                fine = recorder_put(r, &failed, 1, WAIT_MS, &e) == RECORDED_NOT && fine;
        unit_case("recorder", "the others do not wait as well", fine && now() - began < WAIT_MS, "they do");
        began = now();
        fine = recorder_put(r, &again, 1, 0, &e) == RECORDED;
        for (int i = 0; i < 60; i++)
                recorder_percent(r, "nn36", "xen1", i);
        unit_case("recorder", "nor does who does not want to know", fine && now() - began < WAIT_MS, "he does");

        store_rollback(other);
        await(other, 3, 59);
        char got[64];
        snprintf(got, sizeof(got), "%d events, %d %%", events_in(other), percent_in(other));
        unit_same("recorder", "afterwards all is there, once, and the last percentage", got, "3 events, 59 %");
        end = recorder_put(r, &failed, 1, 5000, &e);
        unit_case("recorder", "told once more it is one event", end == RECORDED && events_in(other) == 3, e.text);
}

int main(void)
{
        char path[] = "/tmp/recorder.XXXXXX";
        struct err e = ERR_INIT;
        if (!mkdtemp(path))
                return 2;
        int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct recorder *r = recorder_new(dir, NULL);
        struct event early = event_of("early", 0);
        bool kept = recorder_put(r, &early, 1, 5000, &e) == RECORDED;
        unit_case("recorder", "there is no store yet: it is not kept, and e says so", !kept && e.kind == ERR_WORLD, e.text);
        e = (struct err)ERR_INIT;
        struct store *other = store_open(dir, NULL, true, &e);
        if (!unit_case("recorder", "a store", other, e.text))
                return 1;
        check(r, other);
        recorder_free(r);
        recorder_free(NULL);
        store_close(other);
        close(dir);
        (void)!file_remove_tree(AT_FDCWD, path, &e);
        return 0;
}
