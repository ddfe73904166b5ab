/* What the journal remembers: "start EPOCH", "done STEP", "host UUID", "pin FINGERPRINT", "roll-call FINGERPRINT", "age
 * SECONDS", "shift SECONDS", "joined", "rotated". */
#include "postinstall/agent_parts.h"
#include "base/file.h"
#include "base/i18n.h"
#include "postinstall/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { TICK = 300 /* seconds */ };

static void recall(void *arg, const char *line)
{
        struct memory *m = arg;
        const char *blank = strchr(line, ' '), *value = blank ? blank + 1 : "";
        size_t n = blank ? (size_t)(blank - line) : strlen(line);
        if (n == 5 && !memcmp(line, "start", 5) && !m->started)
                m->started = strtoll(value, NULL, 10);
        else if (n == 4 && !memcmp(line, "host", 4))
                snprintf(m->host_uuid, sizeof(m->host_uuid), "%.36s", value);
        else if (n == 3 && !memcmp(line, "pin", 3))
                snprintf(m->pin, sizeof(m->pin), "%.64s", value);
        else if (n == 9 && !memcmp(line, "roll-call", 9))
                snprintf(m->report_pin, sizeof(m->report_pin), "%.64s", value);
        else if (n == 3 && !memcmp(line, "age", 3))
                m->waited = strtoll(value, NULL, 10);
        else if (n == 5 && !memcmp(line, "shift", 5))
                m->shift = strtoll(value, NULL, 10);
        else if (n == 4 && !memcmp(line, "done", 4) && m->n_done < COUNT(m->done))
                snprintf(m->done[m->n_done++], sizeof(m->done[0]), "%.23s", value);
        else if (n == 7 && !memcmp(line, "rotated", 7))
                m->rotated = true;
        else if (n == 6 && !memcmp(line, "joined", 6))
                m->joined = true;
}

bool memory_note(struct agent *a, const char *key, const char *value, struct err *e)
{
        char line[300];
        snprintf(line, sizeof(line), "%s%s%s", key, *value ? " " : "", value);
        if (!journal_add(a->journal, line, e))
                return false;
        recall(&a->memory, line);
        return true;
}

bool memory_open(struct agent *a, struct err *e)
{
        char now[24];
        if (mkdirat(a->root, "var/lib/xenroll", 0700) < 0 && errno != EEXIST)
                return err_sys(e, _("creating %s"), "/var/lib/xenroll");
        AUTO_FD int dir = openat(a->root, "var/lib/xenroll", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
                return err_sys(e, _("opening %s"), "/var/lib/xenroll");
        a->life = clock_steady();
        a->journal = journal_open(dir, "journal", recall, &a->memory, e);
        if (!a->journal)
                return false;
        snprintf(now, sizeof(now), "%lld", (long long)clock_wall());
        return a->memory.started || memory_note(a, "start", now, e);
}

bool memory_done(const struct agent *a, const char *step)
{
        for (size_t i = 0; i < a->memory.n_done; i++)
                if (!strcmp(a->memory.done[i], step))
                        return true;
        return false;
}

/* Counted by both clocks: the wall clock knows how long the machine was off, the steady one cannot be put back. */
int64_t memory_age(const struct agent *a)
{
        int64_t lived = a->memory.waited + (clock_steady() - a->life) / 1000 - a->ticked;
        int64_t wall = clock_wall() - a->memory.started - a->memory.shift;
        return wall > lived ? wall : lived;
}

/* A wall clock that was set while we looked on (time zones, NTP) has not made anything older or younger. */
static bool note_shift(struct agent *a, struct err *e)
{
        char shift[24];
        int64_t wall = clock_wall(), steady = clock_steady() / 1000;
        int64_t jumped = a->seen_wall ? (wall - a->seen_wall) - (steady - a->seen_steady) : 0;
        a->seen_wall = wall;
        a->seen_steady = steady;
        if (jumped > -10 && jumped < 10)
                return true;
        snprintf(shift, sizeof(shift), "%lld", (long long)(a->memory.shift + jumped));
        return memory_note(a, "shift", shift, e);
}

bool memory_tick(struct agent *a, struct err *e)
{
        char age[24];
        if (!note_shift(a, e))
                return false;
        int64_t life = (clock_steady() - a->life) / 1000;
        if (life - a->ticked < TICK)
                return true;
        snprintf(age, sizeof(age), "%lld", (long long)memory_age(a));
        a->ticked = life;
        return memory_note(a, "age", age, e);
}
