#include "pxe/installing.h"
#include "base/file.h"

#include <string.h>

enum { MOST_MACHINES = 4096, MOST_PERCENT = 99, LONGEST_LINE = 80 };

struct machine {
        char peer[64], school[64], host[64];
        uint64_t bytes;
        int percent;
};

struct installing {
        uint64_t total;
        struct machine *items; /* owned */
        size_t n, cap;
};

struct installing *installing_new(uint64_t total)
{
        struct installing *all = calloc(1, sizeof(*all));
        if (!all)
                file_out_of_memory();
        all->total = total;
        return all;
}

void installing_free(struct installing *all)
{
        if (!all)
                return;
        free(all->items);
        free(all);
}

static struct machine *find(struct installing *all, const char *peer)
{
        for (size_t i = 0; i < all->n; i++)
                if (!strcmp(all->items[i].peer, peer))
                        return &all->items[i];
        return NULL;
}

/* A machine that comes back from another address leaves the old one. */
static void forget(struct installing *all, const char *school, const char *host)
{
        for (size_t i = 0; i < all->n; i++)
                if (!strcmp(all->items[i].school, school) && !strcmp(all->items[i].host, host)) {
                        all->items[i] = all->items[--all->n];
                        return;
                }
}

static struct machine *add(struct installing *all)
{
        if (all->n == MOST_MACHINES)
                return NULL;
        if (all->n == all->cap) {
                all->cap = all->cap ? 2 * all->cap : 16;
                all->items = realloc(all->items, all->cap * sizeof(*all->items));
                if (!all->items)
                        file_out_of_memory();
        }
        return &all->items[all->n++];
}

void installing_begin(struct installing *all, const char *peer, const char *school, const char *host)
{
        forget(all, school, host);
        struct machine *m = find(all, peer);
        if (!m)
                m = add(all);
        if (!m)
                return;
        *m = (struct machine){ .bytes = 0 };
        snprintf(m->peer, sizeof(m->peer), "%s", peer);
        snprintf(m->school, sizeof(m->school), "%s", school);
        snprintf(m->host, sizeof(m->host), "%s", host);
}

static bool count(struct installing *all, struct machine *m, uint64_t bytes)
{
        m->bytes = bytes > all->total - m->bytes ? all->total : m->bytes + bytes;
        int percent = all->total ? (int)((double)m->bytes * 100 / (double)all->total) : 0;
        percent = percent > MOST_PERCENT ? MOST_PERCENT : percent;
        bool more = percent > m->percent;
        m->percent = percent;
        return more;
}

void installing_served(struct installing *all, struct bytes lines,
        void (*each)(void *arg, const char *school, const char *host, int percent), void *arg)
{
        for (const char *at = lines.ptr, *end = at + lines.len; at < end;) {
                const char *stop = memchr(at, '\n', (size_t)(end - at));
                size_t n = (size_t)((stop ? stop : end) - at);
                char line[LONGEST_LINE];
                if (n < sizeof(line)) {
                        memcpy(line, at, n);
                        line[n] = '\0';
                        char *blank = strchr(line, ' ');
                        if (blank)
                                *blank++ = '\0';
                        struct machine *m = blank ? find(all, line) : NULL;
                        if (m && count(all, m, strtoull(blank, NULL, 10)))
                                each(arg, m->school, m->host, m->percent);
                }
                at = stop ? stop + 1 : end;
        }
}
