/* A world that does whatever it is told, good or bad: for seeing that the judges see it. Methods "toy.…" are its
 * tricks, every other one counts as a change of that name. */
#include "tests/xapi/world.h"
#include "base/file.h"

#include <fcntl.h>
#include <string.h>

enum { HOSTS = 64, ASKED = 128, METHODS = 32, LATENCY = 20, JOIN_LATENCY = 20000 };

struct asked {
        int64_t id, at; /* id 0: free */
        int host, from;
        bool refused;
};

struct world {
        int n, roots[HOSTS];
        char names[HOSTS][16], addresses[HOSTS][24];
        bool off[HOSTS];
        unsigned calls[HOSTS];
        struct asked asked[ASKED];
        int64_t next_id, joins;
        struct {
                char name[48];
                unsigned n;
        } methods[METHODS];
        char complaint[64], breach[64], litter[64];
        unsigned members;
        bool unplugged, asleep, unscanned;
};

struct world *world_new(const char *scenario, uint64_t seed, struct err *e)
{
        struct world *w = calloc(1, sizeof(*w));
        (void)seed;
        (void)e;
        if (!w)
                file_out_of_memory();
        for (const char *at = scenario; *at; at += strcspn(at, "\n"), at += *at == '\n')
                w->n += sscanf(at, "host %15s %23s", w->names[w->n], w->addresses[w->n]) == 2;
        return w;
}

void world_free(struct world *w) { free(w); }
int world_hosts(const struct world *w) { return w->n; }
const char *world_host_name(const struct world *w, int host) { return w->names[host]; }
const char *world_host_address(const struct world *w, int host) { return w->addresses[host]; }

int world_host_at(const struct world *w, const char *address)
{
        for (int i = 0; i < w->n; i++)
                if (!strcmp(w->addresses[i], address))
                        return i;
        return -1;
}

bool world_host_root(struct world *w, int host, int dir, struct err *e)
{
        (void)e;
        w->roots[host] = dir;
        return true;
}

static void change(struct world *w, const char *method)
{
        int i = 0;
        while (i < METHODS - 1 && *w->methods[i].name && strcmp(w->methods[i].name, method))
                i++;
        snprintf(w->methods[i].name, sizeof(w->methods[i].name), "%s", method);
        w->methods[i].n++;
}

static void join(struct world *w, int host)
{
        char line[64];
        struct err ignored = ERR_INIT;
        snprintf(line, sizeof(line), "slave:%s", w->addresses[0]);
        AUTO_FD int dir = openat(w->roots[host], "etc/xensource", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (!file_publish(dir, "pool.conf", bytes_of(line, strlen(line)), 0644, &ignored))
                abort();
        w->joins += JOIN_LATENCY;
        w->members++;
        change(w, "pool.join");
}

static void perform(struct world *w, int host, struct bytes body)
{
        char method[48] = "?";
        const char *at = memmem(body.ptr, body.len, "<methodName>", 12);
        if (at)
                sscanf(at + 12, "%47[^<]", method);
        if (!strcmp(method, "toy.breach"))
                snprintf(w->breach, sizeof(w->breach), "two coordinators");
        else if (!strcmp(method, "toy.complain"))
                snprintf(w->complaint, sizeof(w->complaint), "no such call");
        else if (!strcmp(method, "toy.litter"))
                snprintf(w->litter, sizeof(w->litter), "xenroll-lease-1");
        else if (!strcmp(method, "toy.forget-secret"))
                snprintf(w->litter, sizeof(w->litter), "secret, left over");
        else if (!strcmp(method, "toy.double"))
                snprintf(w->litter, sizeof(w->litter), "SR 'iso' once more");
        else if (!strcmp(method, "toy.unplug"))
                w->unplugged = true;
        else if (!strcmp(method, "toy.leave-unscanned"))
                w->unscanned = true;
        else if (!strcmp(method, "toy.disable"))
                w->asleep = true;
        else if (!strcmp(method, "pool.join"))
                join(w, host);
        else
                change(w, method);
}

int64_t world_request(
        struct world *w, int host, enum via via, int from, const char *path, struct bytes body, int64_t now)
{
        struct asked *a = w->asked;
        (void)via;
        (void)path;
        while (a->id)
                a++;
        if (from >= 0)
                w->calls[from]++;
        *a = (struct asked){ ++w->next_id, now + LATENCY, host, from, w->off[host] };
        if (memmem(body.ptr, body.len, "pool.join", 9))
                a->at = now + JOIN_LATENCY;
        if (!a->refused)
                perform(w, host, body);
        return a->id;
}

void world_abandon(struct world *w, int64_t id)
{
        for (int i = 0; i < ASKED; i++)
                if (w->asked[i].id == id)
                        w->asked[i].id = 0;
}

int64_t world_due(const struct world *w)
{
        int64_t due = INT64_MAX;
        for (int i = 0; i < ASKED; i++)
                if (w->asked[i].id && w->asked[i].at < due)
                        due = w->asked[i].at;
        return due;
}

bool world_next(struct world *w, int64_t now, struct world_reply *r)
{
        for (int i = 0; i < ASKED; i++) {
                struct asked *a = &w->asked[i];
                if (!a->id || a->at > now)
                        continue;
                r->id = a->id;
                r->fate = a->refused ? FATE_REFUSED : FATE_ANSWER;
                r->status = a->refused ? 0 : 200;
                str_addf(&r->body, "%u %u", w->members, world_mutations(w, "SR.create"));
                a->id = 0;
                return true;
        }
        return false;
}

bool world_do(struct world *w, const char *line, int64_t now, struct err *e)
{
        char word[16], name[16];
        (void)now;
        if (sscanf(line, "%15s %15s", word, name) != 2)
                return err_set(e, ERR_INPUT, "%s", line);
        for (int i = 0; i < w->n; i++)
                if (!strcmp(w->names[i], name))
                        w->off[i] = !strcmp(word, "power-off");
        return true;
}

const char *world_complaints(const struct world *w) { return w->complaint; }
const char *world_breaches(const struct world *w) { return w->breach; }
int64_t world_join_time(const struct world *w) { return w->joins; }
static const char *const storage[] = { "nfs", "iscsi", "iso" };

/* A pool that is as it should be, but for the litter. */
void world_show(const struct world *w, struct str *out)
{
        str_addf(out, "%s\npool 'nn36 pool' coordinator xen1 default nfs suspend nfs ha off\n", w->litter);
        for (size_t i = 0; i < COUNT(storage); i++)
                str_addf(out, "SR '%s' shared\n", storage[i]);
        for (int h = 0; h < w->n; h++) {
                str_addf(out, "host '%s' %s %s\n", w->names[h], w->addresses[h],
                        w->asleep && h == 1 ? "disabled" : "enabled");
                for (size_t i = 0; i < COUNT(storage); i++)
                        str_addf(out, "PBD of '%s' on %s %s\n", storage[i], w->names[h],
                                w->unplugged && i == 1 ? "unplugged" : "attached");
        }
        if (!w->unscanned)
                str_add(out, "SR \"iso\" other_config auto-scan=true\n");
        str_add(out, "network 'Management' mtu 1500\n");
}

unsigned world_calls(const struct world *w, int host, int from)
{
        (void)host;
        return from < 0 ? 0 : w->calls[from];
}

unsigned world_mutations(const struct world *w, const char *method)
{
        for (int i = 0; i < METHODS; i++)
                if (!strcmp(w->methods[i].name, method))
                        return w->methods[i].n;
        return 0;
}
