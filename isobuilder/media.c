#include "isobuilder/media.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum { MOST_THREADS = 16 };

void media_close(struct media *m)
{
        prepared_free(m->base);
        if (m->dir > 0)
                close(m->dir);
        *m = (struct media){ 0 };
}

/* --- the base --- */

/* A prepared base of the right key; one that does not fit its map is none. */
static struct prepared *usable(
        int dir, const char *name, const struct base_cache *cache, const char *stored, const char *key)
{
        struct err ignored = ERR_INIT;
        struct prepared *p = dir < 0 || faccessat(dir, name, R_OK, AT_SYMLINK_NOFOLLOW) < 0
                                     ? NULL
                                     : prepared_open(dir, name, &ignored);
        if (!p)
                return NULL;
        bool fits = !strcmp(prepared_map(p)->key, key);
        if (fits && !base_cache_is_checked(cache, stored, prepared_fd(p))) {
                fits = slot_check(prepared_fd(p), name, prepared_map(p), &ignored);
                if (fits)
                        base_cache_set_checked(cache, stored, prepared_fd(p));
        }
        if (fits)
                return p;
        log_event("prepare", "not used", "file", name, NULL);
        prepared_free(p);
        return NULL;
}

/* The same file under another name; where that cannot be, its blocks, or a copy. */
static bool bring(int from_dir, const char *from, int dir, struct err *e)
{
        if (linkat(from_dir, from, dir, MEDIA_BASE, 0) == 0)
                return true;
        AUTO_FD int in = openat(from_dir, from, O_RDONLY | O_CLOEXEC),
                    out = openat(dir, MEDIA_BASE, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        struct stat st;
        if (in < 0 || out < 0 || fstat(in, &st) < 0)
                return err_sys(e, _("creating %s"), MEDIA_BASE);
        if (ioctl(out, FICLONE, in) == 0)
                return true;
        struct overlay whole = { .fd = in, .size = (uint64_t)st.st_size };
        return overlay_send(&whole, out, 0, whole.size, NULL, NULL, e);
}

/* Into the cache where there is one, else right into the build. */
static bool make(const struct prepare_spec *s, const struct base_cache *cache, int dir, char base_sha256[65], struct err *e)
{
        OWN(draft_drop) struct draft draft = { .slot = -1 };
        AUTO_FD int fd = -1;
        char key[65], name[64];
        int home = cache->dir >= 0 ? cache->dir : dir;
        if (!draft_file(&draft, home, "prepared.iso", 0600, &fd, e) || !prepare(s, fd, home, base_sha256, e))
                return false;
        if (fsync(fd) < 0)
                return err_sys(e, _("writing %s"), MEDIA_BASE);
        prepare_key(s, base_sha256, key);
        base_cache_name(base_sha256, key, name);
        free(draft.final);
        draft.final = strdup(home == dir ? MEDIA_BASE : name);
        if (!draft.final)
                file_out_of_memory();
        if (!draft_commit(&draft, e))
                return false;
        return home == dir || bring(home, name, dir, e);
}

static bool find(const struct media *m, const struct prepare_spec *s, const struct base_cache *cache, int previous,
        const char *base_sha256, bool *found, struct err *e)
{
        char key[65], name[64];
        prepare_key(s, base_sha256, key);
        base_cache_name(base_sha256, key, name);
        const struct {
                int dir;
                const char *name;
        } places[] = { { previous, MEDIA_BASE }, { cache->dir, name } };
        for (size_t i = 0; i < COUNT(places) && !*found; i++) {
                struct prepared *p = usable(places[i].dir, places[i].name, cache, name, key);
                *found = p;
                prepared_free(p);
                if (p && !bring(places[i].dir, places[i].name, m->dir, e))
                        return false;
        }
        return true;
}

bool media_open(struct media *m, const struct prepare_spec *s, const struct base_cache *cache, int dir, int previous,
        char base_sha256[65], struct err *e)
{
        m->dir = fcntl(dir, F_DUPFD_CLOEXEC, 3);
        if (m->dir < 0)
                return err_sys(e, _("opening %s"), "media");
        bool known = *base_sha256;
        /* A base that is there already costs less to look at than to make. */
        if (!known && previous >= 0 && faccessat(previous, MEDIA_BASE, R_OK, 0) == 0 &&
                !medium_sha256(s->base, base_sha256, e))
                return false;
        bool found = false;
        if (*base_sha256 && !find(m, s, cache, previous, base_sha256, &found, e))
                return false;
        if (!found && !make(s, cache, m->dir, base_sha256, e))
                return false;
        if (!known)
                base_cache_remember(cache, s->base, base_sha256);
        m->base = prepared_open(m->dir, MEDIA_BASE, e);
        if (!m->base)
                return false;
        char name[64];
        base_cache_name(base_sha256, prepared_map(m->base)->key, name);
        base_cache_set_checked(cache, name, prepared_fd(m->base));
        return true;
}

bool media_shares_blocks(const struct media *m)
{
        AUTO_FD int fd = openat(m->dir, ".try", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return false;
        unlinkat(m->dir, ".try", 0);
        return ioctl(fd, FICLONE, prepared_fd(m->base)) == 0;
}

/* --- stamping, by as many threads as there are processors --- */

struct stamping {
        const struct media *media;
        struct media_job *job;
        atomic_size_t next, done;
        atomic_size_t largest;
        atomic_bool failed, copied;
        pthread_mutex_t lock; /* of what follows */
        struct err *e;
        struct progress progress;
};

static void fail(struct stamping *s, const struct err *e)
{
        pthread_mutex_lock(&s->lock);
        if (!s->failed)
                *s->e = *e;
        s->failed = true;
        pthread_mutex_unlock(&s->lock);
}

/* Folder of a unit, made when missing; the caller closes it. */
static int open_folder(const struct media *m, const struct media_unit *u, const char **file, struct err *e)
{
        const char *slash = strchr(u->name, '/');
        *file = slash ? slash + 1 : u->name;
        if (!slash)
                return fcntl(m->dir, F_DUPFD_CLOEXEC, 3);
        char folder[160];
        snprintf(folder, sizeof(folder), "%.*s", (int)(slash - u->name), u->name);
        if (mkdirat(m->dir, folder, 0700) < 0 && errno != EEXIST) {
                err_sys(e, _("creating %s"), folder);
                return -1;
        }
        int fd = openat(m->dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                err_sys(e, _("opening %s"), folder);
        return fd;
}

static bool write_unit(struct stamping *s, struct media_unit *u, struct bytes pack, struct err *e)
{
        OWN(overlay_clear) struct overlay o = OVERLAY_INIT;
        const char *file;
        char name[192];
        bool shared = true;
        if (!stamp(s->media->base, pack, &o, e))
                return false;
        memcpy(u->sha256, o.sha256, sizeof(u->sha256));
        AUTO_FD int dir = open_folder(s->media, u, &file, e);
        if (dir < 0)
                return false;
        snprintf(name, sizeof(name), "%s.%s", file, s->job->images ? "iso" : "delta");
        bool fine = s->job->images ? stamp_write_image(&o, dir, name, &shared, e)
                                   : stamp_write_delta(s->media->base, &o, dir, name, e);
        if (!shared)
                s->copied = true;
        return fine;
}

static bool do_unit(struct stamping *s, struct media_unit *u, struct err *e)
{
        AUTO_STR pack = STR_MAX(SLOT_LARGEST);
        if (!s->job->pack(s->job->arg, u, &pack, e) || !str_ok(&pack, u->name, e))
                return false;
        for (size_t seen = s->largest; pack.len > seen && !atomic_compare_exchange_weak(&s->largest, &seen, pack.len);)
                ;
        return !stamp_fits(s->media->base, pack.len) || write_unit(s, u, str_bytes(&pack), e);
}

static void *work(void *arg)
{
        struct stamping *s = arg;
        for (size_t i; !s->failed && (i = atomic_fetch_add(&s->next, 1)) < s->job->n;) {
                struct err e = ERR_INIT;
                if (!do_unit(s, &s->job->units[i], &e))
                        fail(s, &e);
                size_t done = atomic_fetch_add(&s->done, 1) + 1;
                if (!pthread_mutex_trylock(&s->lock)) {
                        progress_to(&s->progress, done);
                        pthread_mutex_unlock(&s->lock);
                }
        }
        return NULL;
}

static void run_threads(struct stamping *s)
{
        pthread_t threads[MOST_THREADS];
        long wanted = sysconf(_SC_NPROCESSORS_ONLN) - 1;
        int n = 0;
        while (n < wanted && n < MOST_THREADS && (size_t)n + 1 < s->job->n &&
                pthread_create(&threads[n], NULL, work, s) == 0)
                n++;
        work(s);
        while (n--)
                pthread_join(threads[n], NULL);
}

/* Images that share no blocks are written in full: better said before than by a full disk. */
static bool have_room(const struct media *m, const struct media_job *j, struct err *e)
{
        struct statvfs fs;
        if (!j->images || media_shares_blocks(m) || fstatvfs(m->dir, &fs) < 0)
                return true;
        unsigned long long need = prepared_map(m->base)->image_size * j->n,
                           left = (unsigned long long)fs.f_bavail * fs.f_frsize;
        char numbers[3][24];
        snprintf(numbers[0], sizeof(numbers[0]), "%zu", j->n);
        snprintf(numbers[1], sizeof(numbers[1]), "%llu", need / 1000000);
        snprintf(numbers[2], sizeof(numbers[2]), "%llu", left / 1000000);
        return need <= left || err_rule(e, XR_IMAGES_TOO_LARGE, numbers[0], numbers[1], numbers[2], NULL);
}

bool media_stamp(const struct media *m, struct media_job *j, bool *too_small, struct err *e)
{
        struct stamping s = { .media = m, .job = j, .lock = PTHREAD_MUTEX_INITIALIZER, .e = e };
        *too_small = false;
        if (!have_room(m, j, e))
                return false;
        progress_start(&s.progress, _("stamping"), j->n);
        run_threads(&s);
        progress_end(&s.progress);
        j->largest = s.largest;
        j->shared = j->images && !s.copied;
        *too_small = !s.failed && !stamp_fits(m->base, j->largest);
        return !s.failed && !*too_small;
}
