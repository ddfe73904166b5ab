#include "rollcall/arming_watch.h"
#include "base/file.h"
#include "base/text.h"

#include <openssl/evp.h>
#include <string.h>

enum { AT_ONCE = 500, MOST_OF_A_ROW = 3, SECOND = 1000 };

struct arming_watch {
        struct arming *arming;
        struct store *store;
        int64_t keep_ms, version;
        bool looked;
        uint64_t *seen, *found; /* owned; a hash for each row as it was; seen is sorted */
        size_t n_seen, n_found, cap;
};

/* One pass over the rows. */
struct pass {
        struct arming_watch *w;
        int64_t now;
        struct event events[AT_ONCE];
        size_t n;
        struct err *e;
        bool fine;
};

struct arming_watch *arming_watch_new(struct arming *arming, struct store *store, int64_t keep_ms)
{
        struct arming_watch *w = calloc(1, sizeof(*w));
        if (!w)
                file_out_of_memory();
        w->arming = arming;
        w->store = store;
        w->keep_ms = keep_ms;
        return w;
}

void arming_watch_free(struct arming_watch *w)
{
        if (!w)
                return;
        free(w->seen);
        free(w->found);
        free(w);
}

/* --- events --- */

/* which: the arming's token, or when it was; it is not to be found out from the key. */
static void make_key(struct event *ev, const char *which, int number)
{
        unsigned char digest[EVP_MAX_MD_SIZE];
        AUTO_STR text = STR_MAX(1000);
        str_addf(&text, "arming\n%s\n%s\n%s\n%s\n%d", ev->school, ev->host, ev->outcome, which, number);
        EVP_Digest(str_text(&text), text.len, digest, NULL, EVP_sha256(), NULL);
        text_hex(digest, (KEY_TEXT - 1) / 2, ev->key);
        explicit_bzero(text.ptr, text.len);
}

static struct event make(const char *school, const char *host, enum stage_kind stage, const char *outcome, int64_t at)
{
        struct event ev = { .stage = stage, .percent = -1, .received = at };
        snprintf(ev.school, sizeof(ev.school), "%s", school);
        snprintf(ev.host, sizeof(ev.host), "%s", host);
        snprintf(ev.outcome, sizeof(ev.outcome), "%s", outcome);
        return ev;
}

void arming_watch_started(
        const char *school, const char *host, const char *token, int starts, int64_t now, struct event events[2])
{
        events[0] = make(school, host, STAGE_ARMING, "armed", now);
        make_key(&events[0], token, 0);
        events[1] = make(school, host, STAGE_INSTALL, "started", now);
        make_key(&events[1], token, starts);
}

static int64_t moment(int64_t seconds, int64_t now)
{
        int64_t ms = seconds * SECOND;
        return ms > 0 && ms < now ? ms : now;
}

static size_t of_idle(const struct arm_row *r, int64_t now, struct event *out)
{
        char when[24];
        if (*r->token) { /* its time was over before it started */
                out[0] = make(r->school, r->host, STAGE_ARMING, "spent", moment(r->ended, now));
                make_key(&out[0], r->token, 0);
                return 1;
        }
        snprintf(when, sizeof(when), "%lld", (long long)r->armed);
        out[0] = make(r->school, r->host, STAGE_ARMING, "disarmed", now);
        make_key(&out[0], when, r->starts);
        return r->armed > 0;
}

/* What a row tells of its arming, in the order in which it was. */
static size_t of_row(const struct arm_row *r, int64_t now, struct event out[MOST_OF_A_ROW])
{
        size_t n = 0;
        struct event start[2];
        if (r->state == ARM_IDLE)
                return of_idle(r, now, out);
        arming_watch_started(r->school, r->host, r->token, r->starts, now, start);
        start[0].received = moment(r->armed, now);
        start[1].received = moment(r->started, now);
        out[n++] = start[0];
        if (r->starts)
                out[n++] = start[1];
        if (r->state == ARM_FAILED) {
                out[n] = make(r->school, r->host, STAGE_ARMING, "spent", moment(r->ended, now));
                out[n].code = r->code;
                snprintf(out[n].detail, sizeof(out[n].detail), "%s", r->detail);
                make_key(&out[n++], r->token, r->starts);
        }
        return n;
}

/* --- what is new --- */

static uint64_t mix(uint64_t h, const void *p, size_t n)
{
        for (const unsigned char *at = p; n--; at++)
                h = (h ^ *at) * 0x100000001b3u;
        return h;
}

static uint64_t hash(const struct arm_row *r)
{
        int64_t numbers[] = { r->state, r->armed, r->starts, r->ended };
        uint64_t h = mix(0xcbf29ce484222325u, r->school, strlen(r->school) + 1);
        h = mix(h, r->host, strlen(r->host) + 1);
        return mix(mix(h, r->token, strlen(r->token) + 1), numbers, sizeof(numbers));
}

static int compare(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
        return (x > y) - (x < y);
}

static void note(struct arming_watch *w, uint64_t h)
{
        if (w->n_found == w->cap) {
                w->cap = w->cap ? 2 * w->cap : 256;
                w->found = realloc(w->found, w->cap * sizeof(*w->found));
                w->seen = realloc(w->seen, w->cap * sizeof(*w->seen));
                if (!w->found || !w->seen)
                        file_out_of_memory();
        }
        w->found[w->n_found++] = h;
}

static bool keep(struct pass *p)
{
        size_t fresh, n = p->n;
        p->n = 0;
        return !n || store_put(p->w->store, p->events, n, &fresh, p->e);
}

static bool take(void *arg, const struct arm_row *r)
{
        struct pass *p = arg;
        uint64_t h = hash(r);
        int64_t last = r->ended > r->started ? r->ended : r->started;
        last = last > r->armed ? last : r->armed;
        note(p->w, h);
        if (last * SECOND < p->now - p->w->keep_ms ||
                (p->w->n_seen && bsearch(&h, p->w->seen, p->w->n_seen, sizeof(h), compare)))
                return true;
        p->n += of_row(r, p->now, p->events + p->n);
        if (p->n + MOST_OF_A_ROW > AT_ONCE)
                p->fine = keep(p);
        return p->fine;
}

bool arming_watch_look(struct arming_watch *w, int64_t now, struct err *e)
{
        int64_t version;
        if (!arming_version(w->arming, &version, e))
                return false;
        if (w->looked && version == w->version)
                return true;
        struct pass *p = calloc(1, sizeof(*p));
        if (!p)
                file_out_of_memory();
        *p = (struct pass){ .w = w, .now = now, .e = e, .fine = true };
        w->n_found = 0;
        bool fine = arming_each(w->arming, take, p, e) && p->fine && keep(p);
        free(p);
        if (!fine)
                return false;
        uint64_t *was = w->seen;
        w->seen = w->found;
        w->found = was;
        w->n_seen = w->n_found;
        if (w->n_seen)
                qsort(w->seen, w->n_seen, sizeof(*w->seen), compare);
        w->version = version;
        w->looked = true;
        return true;
}

/* --- asking both --- */

static bool take_standing(void *arg, const struct host_row *row, const struct host_more *more)
{
        struct arm_row *to = arg;
        (void)more;
        if (standing_is_installed(row)) {
                to->state = ARM_INSTALLED;
                to->ended = row->since / 1000;
        }
        return false;
}

bool arming_or_standing(struct arming *a, struct store *store, const char *school, const char *host, struct arm_row *row,
        struct err *e)
{
        const struct host_filter f = { .school = school, .host = host, .limit = 1 };
        if (!arming_get(a, school, host, row, e))
                return false;
        bool knows = row->state != ARM_IDLE && row->state != ARM_FAILED;
        return knows || !store || store_hosts(store, &f, take_standing, row, e);
}
