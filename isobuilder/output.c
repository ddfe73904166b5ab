#include "isobuilder/output.h"
#include "base/i18n.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

static const char *const entries[] = { "agent", "answerfiles", "build.json", "media", "pxe" };

static int open_dir_at(int dir, const char *name) { return openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW); }

/* An empty folder, or one of ours: anything else may be somebody's documents, named by mistake. */
static bool looks_ours(int dir, const char *path, struct err *e)
{
        struct stat st;
        if (fstatat(dir, ".builds", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
                return true;
        int copy = open_dir_at(dir, ".");
        DIR *d = copy < 0 ? NULL : fdopendir(copy);
        if (!d)
                return err_sys(e, _("listing %s"), path);
        bool empty = true;
        for (struct dirent *entry; (entry = readdir(d));)
                if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
                        empty = false;
        closedir(d);
        if (empty)
                return true;
        return err_set(e, ERR_REFUSED, _("%s is not empty and was not made by xenroll; name a new folder with -o"), path);
}

static bool make_dir(int dir, const char *name, mode_t mode, int *fd, struct err *e)
{
        if (mkdirat(dir, name, mode) < 0 && errno != EEXIST)
                return err_sys(e, _("creating %s"), name);
        *fd = open_dir_at(dir, name);
        return *fd >= 0 ? true : err_sys(e, _("opening %s"), name);
}

/* Everything in .builds that .current does not name was left by a killed build. */
static bool sweep(struct output *o, struct err *e)
{
        char current[512] = "";
        ssize_t n = readlinkat(o->dir, ".current", current, sizeof(current) - 1);
        const char *keep = n > 8 && !strncmp(current, ".builds/", 8) ? current + 8 : "";
        int copy = open_dir_at(o->builds, ".");
        DIR *d = copy < 0 ? NULL : fdopendir(copy);
        if (!d)
                return err_sys(e, _("listing %s"), ".builds");
        bool fine = true;
        for (struct dirent *entry; fine && (entry = readdir(d));)
                if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") && strcmp(entry->d_name, keep))
                        fine = file_remove_tree(o->builds, entry->d_name, e);
        closedir(d);
        return fine && draft_sweep(o->dir, e);
}

static bool read_seed(int secrets, unsigned char seed[32], struct err *e)
{
        AUTO_STR text = STR_MAX(64);
        if (!file_read(secrets, "seed", 64, &text, e))
                return err_ctx(e, "secrets");
        if (text.len != 32)
                return err_set(e, ERR_WORLD, _("secrets/seed is damaged: it has %zu bytes, not 32; restore it from a copy, or delete it to draw new secrets"), text.len);
        memcpy(seed, text.ptr, 32);
        explicit_bzero(text.ptr, text.cap);
        return true;
}

bool output_seed(const char *path, unsigned char seed[32], struct err *e)
{
        AUTO_FD int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        AUTO_FD int secrets = dir < 0 ? -1 : open_dir_at(dir, "secrets");
        if (secrets >= 0 && faccessat(secrets, "seed", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                return read_seed(secrets, seed, e);
        return getrandom(seed, 32, 0) == 32 ? true : err_sys(e, _("asking the kernel for random bytes"));
}

/* The first build keeps the seed it drew; a later one has read it from here. */
static bool keep_seed(struct output *o, const unsigned char seed[32], struct err *e)
{
        AUTO_FD int secrets = -1;
        if (!make_dir(o->dir, "secrets", 0700, &secrets, e))
                return false;
        if (fchmod(secrets, 0700) < 0)
                return err_sys(e, _("creating %s"), "secrets");
        if (faccessat(secrets, "seed", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                return true;
        return file_publish(secrets, "seed", bytes_of((const char *)seed, 32), 0600, e);
}

static bool open_parts(struct output *o, const char *path, const unsigned char seed[32], struct err *e)
{
        if (!looks_ours(o->dir, path, e) || !make_dir(o->dir, ".builds", 0700, &o->builds, e))
                return false;
        o->lock = file_lock(o->dir, ".lock", e);
        return o->lock >= 0 && sweep(o, e) && keep_seed(o, seed, e) && draft_dir(&o->d, o->builds, "new", 0755, &o->draft, e);
}

/* out/ may be given with a slash behind it, or as ".". */
static bool split_path(struct output *o, const char *path, struct err *e)
{
        AUTO_FREE char *a = strdup(path), *b = strdup(path);
        if (!a || !b)
                file_out_of_memory();
        o->parent = open(dirname(a), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (o->parent < 0)
                return err_sys(e, _("creating %s"), path);
        o->name = strdup(basename(b));
        if (!o->name)
                file_out_of_memory();
        return true;
}

static bool open_folder(struct output *o, const char *path, struct err *e)
{
        if (!split_path(o, path, e))
                return false;
        o->created = mkdirat(o->parent, o->name, 0755) == 0;
        if (!o->created && errno != EEXIST)
                return err_sys(e, _("creating %s"), path);
        if (o->created)
                o->watched = draft_watch(o->parent, o->name);
        o->dir = openat(o->parent, o->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return o->dir >= 0 ? true : err_sys(e, _("opening %s"), path);
}

bool output_open(struct output *o, const char *path, const unsigned char seed[32], struct err *e)
{
        *o = (struct output)OUTPUT_INIT;
        if (!open_folder(o, path, e)) {
                output_close(o);
                return false;
        }
        if (open_parts(o, path, seed, e))
                return true;
        err_ctx(e, "%s", path);
        output_close(o);
        return false;
}

/* A symbolic link that appears or changes in one rename. */
static bool put_link(int dir, const char *target, const char *name, struct err *e)
{
        char have[512], draft[] = ".draft-link";
        ssize_t n = readlinkat(dir, name, have, sizeof(have) - 1);
        if (n > 0 && (size_t)n == strlen(target) && !memcmp(have, target, (size_t)n))
                return true;
        if (unlinkat(dir, draft, 0) < 0 && errno != ENOENT)
                return err_sys(e, _("removing %s"), draft);
        bool made = symlinkat(target, dir, draft) == 0;
        if (!made && (errno == EPERM || errno == EOPNOTSUPP))
                return err_set(e, ERR_WORLD, _("this file system has no symbolic links, as on most USB sticks; choose a folder on a disk"));
        if (!made)
                return err_sys(e, _("creating the link %s"), name);
        if (renameat(dir, draft, dir, name) < 0)
                return err_sys(e, _("putting %s in place"), name);
        return true;
}

static bool in_draft(const struct output *o, const char *entry) { return faccessat(o->draft, entry, F_OK, AT_SYMLINK_NOFOLLOW) == 0; }

/* Links to what the new build has, before the switch; what it lacks is unlinked after it. */
static bool put_entries(struct output *o, struct err *e)
{
        for (size_t i = 0; i < COUNT(entries); i++) {
                char target[64];
                snprintf(target, sizeof(target), ".current/%s", entries[i]);
                if (in_draft(o, entries[i]) && !put_link(o->dir, target, entries[i], e))
                        return false;
        }
        return true;
}

static bool drop_entries(struct output *o, struct err *e)
{
        for (size_t i = 0; i < COUNT(entries); i++)
                if (!in_draft(o, entries[i]) && unlinkat(o->dir, entries[i], 0) < 0 && errno != ENOENT)
                        return err_sys(e, _("removing %s"), entries[i]);
        return true;
}

static bool switch_build(struct output *o, const char *name, struct err *e)
{
        char target[96];
        snprintf(target, sizeof(target), ".builds/%s", name);
        if (!draft_commit(&o->d, e) || !put_entries(o, e) || !put_link(o->dir, target, ".current", e) || !drop_entries(o, e))
                return false;
        return fsync(o->dir) == 0 ? true : err_sys(e, _("writing the directory to disk"));
}

bool output_commit(struct output *o, struct err *e)
{
        char name[80];
        struct err ignored = ERR_INIT;
        snprintf(name, sizeof(name), "%s", o->d.name + strlen(".draft-"));
        if (syncfs(o->draft) < 0)
                return err_sys(e, _("writing the build to disk"));
        free(o->d.final);
        o->d.final = strdup(name);
        if (!o->d.final)
                file_out_of_memory();
        draft_hold_signals();
        bool fine = switch_build(o, name, e);
        if (fine) {
                draft_unwatch(o->watched);
                o->created = false;
        }
        /* What lost is removed: the old build, or the new one when it could not be switched to. */
        bool swept = sweep(o, fine ? e : &ignored);
        draft_release_signals();
        return fine && swept;
}

static void remove_created(struct output *o)
{
        struct err ignored = ERR_INIT;
        if (o->created && !file_remove_tree(o->parent, o->name, &ignored)) {
                /* an empty folder at worst, which the next build takes over */
        }
        draft_unwatch(o->watched);
}

void output_close(struct output *o)
{
        draft_drop(&o->d);
        remove_created(o);
        free(o->name);
        cleanup_fd(&o->parent);
        cleanup_fd(&o->draft);
        cleanup_fd(&o->lock);
        cleanup_fd(&o->builds);
        cleanup_fd(&o->dir);
        *o = (struct output)OUTPUT_INIT;
}
