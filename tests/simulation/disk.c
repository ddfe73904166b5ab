#include "tests/simulation/disk.h"
#include "base/file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_FILES = 64, MOST_UNDO = 256 };

struct grown { /* a file with bytes that are not safe */
        char *path;
        int64_t safe;
};

struct undo { /* a change to names that is not safe */
        enum point what;
        char *path, *from; /* from: of a rename */
        char *kept;        /* link to what was there before; NULL = nothing was */
};

struct disk {
        char *root, *stash;
        unsigned links;
        struct grown grown[MOST_FILES];
        size_t n_grown;
        struct undo undo[MOST_UNDO];
        size_t n_undo;
};

static char *copy(const char *text)
{
        char *c = strdup(text);
        if (!c)
                file_out_of_memory();
        return c;
}

struct disk *disk_new(const char *root, const char *stash)
{
        struct disk *d = calloc(1, sizeof(*d));
        if (!d)
                file_out_of_memory();
        d->root = copy(root);
        d->stash = copy(stash);
        return d;
}

static void undo_clear(struct undo *u)
{
        if (u->kept)
                unlink(u->kept);
        free(u->path);
        free(u->from);
        free(u->kept);
        *u = (struct undo){ 0 };
}

static void forget_all(struct disk *d)
{
        for (size_t i = 0; i < d->n_undo; i++)
                undo_clear(&d->undo[i]);
        for (size_t i = 0; i < d->n_grown; i++)
                free(d->grown[i].path);
        d->n_undo = d->n_grown = 0;
}

void disk_free(struct disk *d)
{
        if (!d)
                return;
        forget_all(d);
        free(d->root);
        free(d->stash);
        free(d);
}

static int64_t size_of(const char *path)
{
        struct stat s;
        return stat(path, &s) == 0 ? (int64_t)s.st_size : 0;
}

/* --- bytes --- */

static struct grown *grown_find(const struct disk *d, const char *path)
{
        for (size_t i = 0; i < d->n_grown; i++)
                if (!strcmp(d->grown[i].path, path))
                        return (struct grown *)&d->grown[i];
        return NULL;
}

static void grown_drop(struct disk *d, struct grown *g)
{
        if (!g)
                return;
        free(g->path);
        *g = d->grown[--d->n_grown];
}

static void grows(struct disk *d, const char *path, int64_t safe)
{
        struct grown *g = grown_find(d, path);
        if (g && safe < g->safe)
                g->safe = safe;
        if (g || d->n_grown == MOST_FILES)
                return;
        d->grown[d->n_grown++] = (struct grown){ copy(path), safe };
}

int64_t disk_unsynced(const struct disk *d, const char *path)
{
        const struct grown *g = grown_find(d, path);
        return g ? size_of(path) - g->safe : 0;
}

/* --- names --- */

static char *keep(struct disk *d, const char *path)
{
        char *kept;
        if (asprintf(&kept, "%s/%u", d->stash, d->links++) < 0)
                file_out_of_memory();
        if (linkat(AT_FDCWD, path, AT_FDCWD, kept, 0) == 0)
                return kept;
        free(kept);
        return NULL;
}

static void name_changes(struct disk *d, enum point what, const char *path, const char *from)
{
        if (d->n_undo == MOST_UNDO)
                return;
        char *kept = what == POINT_RENAME || what == POINT_UNLINK ? keep(d, path) : NULL;
        d->undo[d->n_undo++] = (struct undo){ what, copy(path), from ? copy(from) : NULL, kept };
}

static bool is_in(const char *path, const char *folder)
{
        size_t n = strlen(folder);
        return !strncmp(path, folder, n) && path[n] == '/' && !strchr(path + n + 1, '/');
}

static bool is_below(const char *path, const char *folder)
{
        size_t n = strlen(folder);
        return !strncmp(path, folder, n) && (path[n] == '/' || !path[n]);
}

/* A sync makes safe what is in the folder, the file's own name, and the folders above it. */
static void synced(struct disk *d, const char *path)
{
        size_t left = 0;
        grown_drop(d, grown_find(d, path));
        for (size_t i = 0; i < d->n_undo; i++) {
                struct undo *u = &d->undo[i];
                if (is_in(u->path, path) || !strcmp(u->path, path) ||
                        (u->what == POINT_MKDIR && is_below(path, u->path)))
                        undo_clear(u);
                else
                        d->undo[left++] = *u;
        }
        d->n_undo = left;
}

void disk_change(struct disk *d, enum point what, const char *path, const char *to, int64_t made)
{
        struct grown *g = grown_find(d, path);
        if (what == POINT_WRITE && !g) {
                grows(d, path, size_of(path));
        } else if (what == POINT_SYNC) {
                synced(d, path);
        } else if (what == POINT_CREATE && made) {
                grows(d, path, 0);
                if (made == 1)
                        name_changes(d, what, path, NULL);
        } else if (what == POINT_TRUNCATE && g && made < g->safe) {
                g->safe = made;
        } else if (what == POINT_UNLINK || what == POINT_MKDIR) {
                name_changes(d, what, path, NULL);
                if (what == POINT_UNLINK)
                        grown_drop(d, g);
        } else if (what == POINT_RENAME) {
                name_changes(d, what, to, path);
                grown_drop(d, grown_find(d, to));
                g = grown_find(d, path);
                if (g) {
                        free(g->path);
                        g->path = copy(to);
                }
        }
}

/* --- the power is gone --- */

static void remove_tree(const struct disk *d, const char *path)
{
        struct err e = ERR_INIT;
        AUTO_FD int root = open(d->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (!is_below(path, d->root) || !file_remove_tree(root, path + strlen(d->root) + 1, &e))
                fprintf(stderr, "simulation: %s\n", e.text);
}

static void take_back(const struct disk *d, const struct undo *u)
{
        if (u->what == POINT_MKDIR) {
                remove_tree(d, u->path);
        } else if (u->what == POINT_RENAME) {
                if (rename(u->path, u->from) == 0 && u->kept && link(u->kept, u->path) < 0)
                        fprintf(stderr, "simulation: cannot bring back %s\n", u->path);
        } else if (u->what == POINT_UNLINK) {
                if (u->kept && link(u->kept, u->path) < 0)
                        fprintf(stderr, "simulation: cannot bring back %s\n", u->path);
        } else if (u->what == POINT_CREATE) {
                unlink(u->path);
        }
}

void disk_cut(struct disk *d, struct chance *c, int64_t cut)
{
        for (size_t i = 0; i < d->n_grown; i++) {
                struct grown *g = &d->grown[i];
                int64_t size = size_of(g->path);
                if (size <= g->safe)
                        continue;
                int64_t stays = cut < 0 ? chance_in(c, g->safe, size) : g->safe + cut < size ? g->safe + cut : size;
                if (truncate(g->path, stays) < 0)
                        fprintf(stderr, "simulation: cannot cut %s\n", g->path);
        }
        size_t stay = cut < 0 ? (size_t)chance_in(c, 0, (int64_t)d->n_undo) : d->n_undo;
        for (size_t i = d->n_undo; i > stay; i--)
                take_back(d, &d->undo[i - 1]);
        forget_all(d);
}
