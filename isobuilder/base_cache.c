#include "isobuilder/base_cache.h"
#include "isobuilder/digest.h"
#include "base/file.h"
#include "base/str.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define FOLDER "xenroll-cache"

enum { PREFIX = 16, NAME = 2 * PREFIX + 5 }; /* of a prepared base: 16 digits, a dash, 16 digits, ".iso" */

/* What xenroll cannot use it does without: a cache is never a reason to fail. */
static struct err ignored;

/* Whether no other build uses the store; nobody begins to before share(). */
static bool is_alone(const struct base_cache *s) { return s->lock >= 0 && flock(s->lock, LOCK_EX | LOCK_NB) == 0; }

static void share(struct base_cache *s)
{
        if (s->lock >= 0 && flock(s->lock, LOCK_SH) == 0)
                return;
        cleanup_fd(&s->dir);
        s->dir = -1;
}

void base_cache_open(struct base_cache *s, const struct medium *base)
{
        struct stat st;
        *s = (struct base_cache)BASE_CACHE_INIT;
        if (fstat(base->fd, &st) < 0 || !S_ISREG(st.st_mode))
                return;
        AUTO_FREE char *copy = strdup(base->path);
        if (!copy)
                file_out_of_memory();
        AUTO_FD int beside = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (beside < 0)
                return;
        if (mkdirat(beside, FOLDER, 0700) == 0 || faccessat(beside, FOLDER, W_OK, AT_SYMLINK_NOFOLLOW) == 0)
                s->dir = openat(beside, FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (s->dir < 0)
                return;
        s->lock = openat(s->dir, ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (is_alone(s) && !draft_sweep(s->dir, &ignored)) {
                /* what a killed build left stays a while longer */
        }
        share(s);
}

void base_cache_close(struct base_cache *s)
{
        cleanup_fd(&s->lock);
        cleanup_fd(&s->dir);
        *s = (struct base_cache)BASE_CACHE_INIT;
}

/* "<name>.known" and what a file is known by. Links change ctime, so a prepared base is known without it. */
struct identity {
        char name[256], text[160];
};

static bool identify(struct identity *id, const char *name, int fd, bool linked)
{
        struct stat st;
        if (fstat(fd, &st) < 0 || (size_t)snprintf(id->name, sizeof(id->name), "%s.known", name) >= sizeof(id->name))
                return false;
        struct timespec changed = linked ? st.st_mtim : st.st_ctim;
        snprintf(id->text, sizeof(id->text), "%" PRIu64 " %" PRIu64 " %lld.%09ld %lld.%09ld", (uint64_t)st.st_ino,
                (uint64_t)st.st_size, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (long long)changed.tv_sec,
                changed.tv_nsec);
        return true;
}

static bool recall(const struct base_cache *s, const struct identity *id, char hex[65])
{
        unsigned char sum[32];
        AUTO_STR known = STR_MAX(256);
        size_t n = strlen(id->text);
        if (s->dir < 0 || faccessat(s->dir, id->name, R_OK, AT_SYMLINK_NOFOLLOW) < 0 ||
                !file_read(s->dir, id->name, 256, &known, &ignored))
                return false;
        if (known.len != n + 1 + 64 + 1 || strncmp(str_text(&known), id->text, n) ||
                !digest_unhex(str_text(&known) + n + 1, sum))
                return false;
        digest_hex(sum, hex);
        return true;
}

static void keep(const struct base_cache *s, const struct identity *id, const char hex[65])
{
        char line[256];
        int n = snprintf(line, sizeof(line), "%s %s\n", id->text, hex);
        if (s->dir >= 0 && !file_publish(s->dir, id->name, bytes_of(line, (size_t)n), 0600, &ignored)) {
                /* found out again next time */
        }
}

static const char *file_of(const struct medium *base)
{
        const char *slash = strrchr(base->path, '/');
        return slash ? slash + 1 : base->path;
}

bool base_cache_known(const struct base_cache *s, const struct medium *base, char hex[65])
{
        struct identity id;
        return identify(&id, file_of(base), base->fd, false) && recall(s, &id, hex);
}

void base_cache_remember(const struct base_cache *s, const struct medium *base, const char hex[65])
{
        struct identity id;
        if (identify(&id, file_of(base), base->fd, false))
                keep(s, &id, hex);
}

/* Which sum is kept does not matter: the map in the file says what it must be. */
static const char checked[65] = "0000000000000000000000000000000000000000000000000000000000000000";

bool base_cache_is_checked(const struct base_cache *s, const char *name, int fd)
{
        struct identity id;
        char hex[65];
        return identify(&id, name, fd, true) && recall(s, &id, hex) && !strcmp(hex, checked);
}

void base_cache_set_checked(const struct base_cache *s, const char *name, int fd)
{
        struct identity id;
        if (identify(&id, name, fd, true))
                keep(s, &id, checked);
}

void base_cache_name(const char base_sha256[65], const char key[65], char name[64])
{
        snprintf(name, 64, "%.*s-%.*s.iso", PREFIX, base_sha256, PREFIX, key);
}

/* A prepared base, or what is known of one, that begins like the one to keep. */
static bool is_twin(const char *name, const char *kept)
{
        return strlen(name) >= NAME && !strncmp(name, kept, PREFIX + 1) && strncmp(name, kept, strlen(kept));
}

static bool is_in_use(int dir, const char *name)
{
        struct stat st;
        char iso[64];
        snprintf(iso, sizeof(iso), "%.*s", NAME, name);
        return fstatat(dir, iso, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_nlink > 1;
}

void base_cache_tidy(const struct base_cache *s, const char *kept)
{
        int copy = s->dir < 0 || !is_alone(s) ? -1 : openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *d = copy < 0 ? NULL : fdopendir(copy);
        if (!d)
                return;
        for (struct dirent *entry; (entry = readdir(d));)
                if (is_twin(entry->d_name, kept) && !is_in_use(s->dir, entry->d_name))
                        unlinkat(s->dir, entry->d_name, 0);
        closedir(d);
}
