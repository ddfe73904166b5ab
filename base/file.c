#include "base/file.h"
#include "base/i18n.h"
#include "base/random.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define DRAFT_PREFIX ".draft-"

bool file_write_all(int fd, const void *p, size_t n)
{
        for (const char *at = p; n;) {
                ssize_t done = write(fd, at, n);
                if (done < 0 && errno == EINTR)
                        continue;
                if (done < 0)
                        return false;
                at += done;
                n -= (size_t)done;
        }
        return true;
}

static bool err_input_sys(struct err *e, const char *name)
{
        err_sys(e, _("reading %s"), name);
        e->kind = ERR_INPUT;
        return false;
}

bool file_read(int dir, const char *name, size_t max, struct str *out, struct err *e)
{
        /* O_NONBLOCK: a FIFO must not hang us before fstat has looked at it. */
        AUTO_FD int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        struct stat st;
        if (fd < 0 || fstat(fd, &st) < 0)
                return err_input_sys(e, name);
        if (S_ISDIR(st.st_mode))
                return err_set(e, ERR_INPUT, _("%s is a directory, a file is needed"), name);
        if (!S_ISREG(st.st_mode))
                return err_set(e, ERR_INPUT, _("%s is not a regular file"), name);
        if ((uint64_t)st.st_size > max)
                return err_set(e, ERR_INPUT, _("%s is larger than %zu bytes"), name, max);
        char buffer[65536];
        for (size_t total = 0;;) {
                ssize_t n = read(fd, buffer, sizeof(buffer));
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return err_input_sys(e, name);
                if (n == 0)
                        break;
                total += (size_t)n;
                if (total > max)
                        return err_set(e, ERR_INPUT, _("%s is larger than %zu bytes"), name, max);
                str_addn(out, buffer, (size_t)n);
        }
        explicit_bzero(buffer, sizeof(buffer));
        return str_ok(out, name, e);
}

/* Live drafts, for fatal signals: only async-signal-safe calls may look at this. */
enum { DRAFTS = 16 };
static struct live {
        volatile sig_atomic_t used;
        int dir;
        char name[64];
} live[DRAFTS];
static pthread_mutex_t live_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t hold = PTHREAD_MUTEX_INITIALIZER;

void draft_hold_signals(void) { pthread_mutex_lock(&hold); }
void draft_release_signals(void) { pthread_mutex_unlock(&hold); }

static int live_enter(int dir, const char *name)
{
        int slot = -1;
        pthread_mutex_lock(&live_lock);
        for (int i = 0; i < DRAFTS && slot < 0; i++)
                if (!live[i].used)
                        slot = i;
        if (slot >= 0) {
                live[slot].dir = dir;
                snprintf(live[slot].name, sizeof(live[slot].name), "%s", name);
                live[slot].used = 1;
        }
        pthread_mutex_unlock(&live_lock);
        return slot;
}

static void live_leave(int slot)
{
        if (slot >= 0)
                live[slot].used = 0;
}

int draft_watch(int dir, const char *name) { return strlen(name) < sizeof(live[0].name) ? live_enter(dir, name) : -1; }
void draft_unwatch(int slot) { live_leave(slot); }

static bool draft_name(struct draft *d, int dir, const char *final, struct err *e)
{
        uint64_t random;
        if (!random_bytes(&random, sizeof(random)))
                return err_sys(e, _("asking the kernel for random bytes"));
        *d = (struct draft){ .dir = dir, .slot = -1 };
        d->final = strdup(final);
        if (!d->final)
                file_out_of_memory();
        snprintf(d->name, sizeof(d->name), DRAFT_PREFIX "%016llx", (unsigned long long)random);
        return true;
}

bool draft_file(struct draft *d, int dir, const char *final, mode_t mode, int *fd, struct err *e)
{
        if (!draft_name(d, dir, final, e))
                return false;
        d->slot = live_enter(dir, d->name);
        *fd = openat(dir, d->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (*fd >= 0 && fchmod(*fd, mode) == 0)
                return true;
        err_sys(e, _("creating %s"), final);
        draft_drop(d);
        return false;
}

bool draft_dir(struct draft *d, int dir, const char *final, mode_t mode, int *fd, struct err *e)
{
        if (!draft_name(d, dir, final, e))
                return false;
        d->slot = live_enter(dir, d->name);
        *fd = mkdirat(dir, d->name, 0700) < 0 ? -1 : openat(dir, d->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (*fd >= 0 && fchmod(*fd, mode) == 0)
                return true;
        err_sys(e, _("creating %s"), final);
        draft_drop(d);
        return false;
}

static void draft_forget(struct draft *d)
{
        live_leave(d->slot);
        free(d->final);
        *d = (struct draft){ .slot = -1 };
}

bool draft_commit(struct draft *d, struct err *e)
{
        if (renameat(d->dir, d->name, d->dir, d->final) < 0)
                return err_sys(e, _("putting %s in place"), d->final);
        int dir = d->dir;
        draft_forget(d);
        if (dir == AT_FDCWD) {
                AUTO_FD int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                return here >= 0 && fsync(here) == 0 ? true : err_sys(e, _("writing the directory to disk"));
        }
        return fsync(dir) == 0 ? true : err_sys(e, _("writing the directory to disk"));
}

void draft_drop(struct draft *d)
{
        if (!d->final)
                return;
        struct err ignored = ERR_INIT;
        if (d->name[0] && !file_remove_tree(d->dir, d->name, &ignored)) {
                /* Nothing better to do: the next build in this directory sweeps it. */
        }
        draft_forget(d);
}

bool file_publish(int dir, const char *name, struct bytes b, mode_t mode, struct err *e)
{
        OWN(draft_drop) struct draft d = { .slot = -1 };
        AUTO_FD int fd = -1;
        if (!draft_file(&d, dir, name, mode, &fd, e))
                return false;
        if (!file_write_all(fd, b.ptr, b.len) || fsync(fd) < 0)
                return err_sys(e, _("writing %s"), name);
        return draft_commit(&d, e);
}

static bool remove_children(int fd, struct err *e)
{
        DIR *d = fdopendir(fd);
        if (!d) {
                close(fd);
                return err_sys(e, _("listing a directory"));
        }
        bool fine = true;
        for (struct dirent *entry; fine && (entry = readdir(d));)
                if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
                        fine = file_remove_tree(dirfd(d), entry->d_name, e);
        closedir(d);
        return fine;
}

bool file_remove_tree(int dir, const char *name, struct err *e)
{
        if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
                return true;
        if (errno != EISDIR && errno != EPERM)
                return err_sys(e, _("removing %s"), name);
        int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return err_sys(e, _("removing %s"), name);
        if (!remove_children(fd, e))
                return false;
        if (unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
                return err_sys(e, _("removing %s"), name);
        return true;
}

bool draft_sweep(int dir, struct err *e)
{
        int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *d = copy < 0 ? NULL : fdopendir(copy);
        if (!d)
                return err_sys(e, _("listing a directory"));
        bool fine = true;
        for (struct dirent *entry; fine && (entry = readdir(d));)
                if (!strncmp(entry->d_name, DRAFT_PREFIX, strlen(DRAFT_PREFIX)))
                        fine = file_remove_tree(dir, entry->d_name, e);
        closedir(d);
        return fine;
}

bool file_give(int dir, int fd, const char *name, struct err *e)
{
        struct stat folder, file;
        if (fstat(dir, &folder) < 0 || fstat(fd, &file) < 0)
                return err_sys(e, _("opening %s"), name);
        if (file.st_uid == folder.st_uid)
                return true;
        if (!S_ISREG(file.st_mode) || file.st_nlink != 1) {
                errno = EPERM;
                return err_sys(e, _("opening %s"), name);
        }
        return fchown(fd, folder.st_uid, folder.st_gid) == 0 || err_sys(e, _("creating %s"), name);
}

int file_lock(int dir, const char *name, struct err *e)
{
        AUTO_FD int fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0) {
                err_sys(e, _("creating %s"), name);
                return -1;
        }
        if (geteuid() == 0 && !file_give(dir, fd, name, e))
                return -1;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                err_set(e, ERR_WORLD, _("another xenroll is working in this directory; wait until it has finished"));
                return -1;
        }
        return take_fd(&fd);
}

static void drop_live(void)
{
        for (int i = 0; i < DRAFTS; i++) {
                struct err ignored = ERR_INIT;
                if (live[i].used && !file_remove_tree(live[i].dir, live[i].name, &ignored)) {
                        /* swept by the next build */
                }
        }
}

static void (*_Atomic last_words)(void);

void draft_last_words(void (*say)(void)) { last_words = say; }

/* Fatal signals are taken by a thread of their own that waits for them: removing a tree allocates memory, which a
 * handler must not do. The workers are still running meanwhile; a second pass catches what they created. */
static void *await_fatal_signal(void *set)
{
        int signal_number;
        if (sigwait(set, &signal_number) != 0)
                return NULL;
        draft_hold_signals();
        drop_live();
        drop_live();
        void (*say)(void) = last_words;
        if (say)
                say();
        signal(signal_number, SIG_DFL);
        sigset_t one;
        sigemptyset(&one);
        sigaddset(&one, signal_number);
        pthread_sigmask(SIG_UNBLOCK, &one, NULL);
        kill(getpid(), signal_number);
        pause();
        return NULL;
}

static pthread_t waiter;
static bool guarded;

void draft_guard_signals(void)
{
        static sigset_t fatal;
        sigemptyset(&fatal);
        sigaddset(&fatal, SIGINT);
        sigaddset(&fatal, SIGTERM);
        sigaddset(&fatal, SIGHUP);
        pthread_sigmask(SIG_BLOCK, &fatal, NULL);
        signal(SIGPIPE, SIG_IGN);
        guarded = pthread_create(&waiter, NULL, await_fatal_signal, &fatal) == 0;
        if (!guarded)
                pthread_sigmask(SIG_UNBLOCK, &fatal, NULL);
}

void draft_leave_signals(void)
{
        if (!guarded)
                return;
        pthread_cancel(waiter);
        pthread_join(waiter, NULL);
        guarded = false;
}

void file_out_of_memory(void)
{
        static const char sentence[] = "xenroll: memory ran out / \u5185\u5b58\u4e0d\u8db3\n";
        drop_live();
        if (write(STDERR_FILENO, sentence, sizeof(sentence) - 1) < 0) {
                /* nobody left to tell */
        }
        _exit(ERR_WORLD);
}
