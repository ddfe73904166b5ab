#include "isobuilder/stamped.h"
#include "isobuilder/descriptors.h"
#include "isobuilder/media.h"
#include "base/file.h"
#include "base/i18n.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* --- an image that is a file --- */

/* What a prepared image must hash to follows from its map and its end. */
static bool settle_digest(struct overlay *o, const char *name, struct err *e)
{
        struct slot_map m;
        bool found;
        if (!slot_read(o->fd, o->size, name, &m, &found, e))
                return false;
        if (!found || m.image_size != o->size)
                return true;
        struct digest *d = digest_new(&m.before);
        bool fine = digest_add_file(d, o->fd, name, m.at, m.image_size - m.at, e);
        digest_finish(d, o->sha256);
        o->sha256_known = fine;
        return fine;
}

static bool open_image(int dir, const char *name, struct overlay *o, struct err *e)
{
        struct descriptors d;
        struct stat st;
        o->fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (o->fd < 0 || fstat(o->fd, &st) < 0)
                return err_rule(e, XR_MEDIUM_UNREADABLE, name, strerror(errno), NULL);
        if (!S_ISREG(st.st_mode))
                return err_rule(e, XR_MEDIUM_NOT_A_FILE, name,
                        S_ISDIR(st.st_mode) ? _("directory") : _("device or pipe"), NULL);
        o->size = (uint64_t)st.st_size;
        if (!descriptors_read(o->fd, o->size, &d))
                return err_rule(e, XR_MEDIUM_NOT_ISO, name, NULL);
        return settle_digest(o, name, e);
}

/* --- a build --- */

static bool has(int media, const char *name, const char *suffix, char *out, size_t size)
{
        return (size_t)snprintf(out, size, "%s%s", name, suffix) < size && faccessat(media, out, R_OK, 0) == 0;
}

static bool open_delta(int media, const char *name, struct overlay *o, struct err *e)
{
        struct prepared *base = prepared_open(media, MEDIA_BASE, e);
        bool fine = base && stamp_read_delta(base, media, name, o, e);
        prepared_free(base);
        return fine;
}

/* True with *found when there is an image of that name in one of the forms. */
static bool open_named(int media, const char *name, struct overlay *o, bool *found, struct err *e)
{
        char file[320];
        if ((*found = has(media, name, ".iso", file, sizeof(file))))
                return open_image(media, file, o, e);
        if ((*found = has(media, name, ".delta", file, sizeof(file))))
                return open_delta(media, file, o, e);
        return true;
}

/* The school that has an image for this host, when it is only one. */
static bool find_school(int media, const char *host, char *name, size_t size, struct err *e)
{
        int copy = openat(media, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *d = copy < 0 ? NULL : fdopendir(copy);
        size_t found = 0;
        if (!d)
                return err_sys(e, _("listing %s"), "media");
        for (struct dirent *entry; (entry = readdir(d));) {
                char path[320], file[400];
                if (entry->d_name[0] == '.' ||
                        (size_t)snprintf(path, sizeof(path), "%s/%s", entry->d_name, host) >= sizeof(path))
                        continue;
                if (has(media, path, ".delta", file, sizeof(file)) || has(media, path, ".iso", file, sizeof(file))) {
                        snprintf(name, size, "%s", path);
                        found++;
                }
        }
        closedir(d);
        return found <= 1 || err_rule(e, XR_HOST_AMBIGUOUS, host, NULL);
}

/* A name that leads out of the folder is no name of a host. */
static bool is_plain(const char *who)
{
        return *who && *who != '.' && *who != '/' && !strstr(who, "/.") && !strstr(who, "//");
}

static bool open_in_build(int media, const char *from, const char *who, struct overlay *o, struct err *e)
{
        char name[320] = "";
        bool found = false;
        if (!who)
                who = MEDIA_ALL;
        if (is_plain(who) && !open_named(media, who, o, &found, e))
                return false;
        if (!found && is_plain(who) && !strchr(who, '/')) {
                if (!find_school(media, who, name, sizeof(name), e) ||
                        (*name && !open_named(media, name, o, &found, e)))
                        return false;
        }
        return found || err_rule(e, XR_NO_SUCH_IMAGE, from, strcmp(who, MEDIA_ALL) ? who : _("all hosts"), NULL);
}

bool stamped_open(const char *from, const char *who, struct overlay *o, struct err *e)
{
        struct stat st;
        *o = (struct overlay)OVERLAY_INIT;
        if (stat(from, &st) < 0)
                return err_rule(e, XR_MEDIUM_UNREADABLE, from, strerror(errno), NULL);
        if (!S_ISDIR(st.st_mode))
                return who ? err_rule(e, XR_NOT_A_BUILD, from, NULL) : open_image(AT_FDCWD, from, o, e);
        AUTO_FD int dir = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        AUTO_FD int media = dir < 0 ? -1 : openat(dir, "media", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (media < 0)
                return err_rule(e, XR_NOT_A_BUILD, from, NULL);
        return open_in_build(media, from, who, o, e);
}
