/* file.h - files that appear whole or not at all.
 *
 * Paths are a directory descriptor and a relative name. A draft is a file or directory under a temporary name in the
 * directory it will live in; it becomes visible by rename, and vanishes when dropped, on a fatal signal, or when
 * memory runs out. A draft that a power cut left behind is swept by its name (".draft-…"). */
#pragma once
#include "base/err.h"
#include "base/str.h"
#include <sys/types.h>

/* Whole content of a regular file, at most max bytes. A directory, FIFO or device is refused with a sentence.
 * Appends to out; ERR_INPUT when the name cannot be read, so that a typo in an argument exits 1. */
MUST_USE bool file_read(int dir, const char *name, size_t max, struct str *out, struct err *e);

MUST_USE bool file_write_all(int fd, const void *p, size_t n);          /* errno set on failure */

/* write, fsync, rename, fsync directory. mode is exact, whatever the umask. */
MUST_USE bool file_publish(int dir, const char *name, struct bytes, mode_t mode, struct err *e);

struct draft {
        int dir;                        /* borrowed */
        char name[64];                  /* of the draft, in dir; empty once committed or dropped */
        char *final;                    /* owned */
        int slot;                       /* in the list that fatal signals walk */
};

MUST_USE bool draft_file(struct draft *, int dir, const char *final, mode_t mode, int *fd, struct err *e);
MUST_USE bool draft_dir(struct draft *, int dir, const char *final, mode_t mode, int *fd, struct err *e);
MUST_USE bool draft_commit(struct draft *, struct err *e);      /* rename over final, fsync the directory */
void draft_drop(struct draft *);                                /* removes it, recursively; nothing after a commit */

/* Lets a fatal signal remove a folder that this process has just made, until it is worth keeping. -1 when it cannot (a
 * name of more than 63 bytes): then it stays. */
int draft_watch(int dir, const char *name);
void draft_unwatch(int slot);

/* Removes a tree; a missing one is fine. Never follows symbolic links. */
MUST_USE bool file_remove_tree(int dir, const char *name, struct err *e);

/* Removes what an earlier, killed run left in dir. Call only while holding the directory's lock. */
MUST_USE bool draft_sweep(int dir, struct err *e);

/* Gives a file that root made in somebody's folder to him: what `sudo` once did there must not lock him out. Not one that has another name
 * elsewhere, which may be somebody else's. Nothing when it is his already. */
MUST_USE bool file_give(int dir, int fd, const char *name, struct err *e);

/* An exclusive lock that dies with the process; its file is the folder's owner's. -1 and ERR_WORLD when another process holds it. */
MUST_USE int file_lock(int dir, const char *name, struct err *e);

/* Between the two, a fatal signal waits: for the few renames that make one change together. */
void draft_hold_signals(void);
void draft_release_signals(void);

/* SIGINT, SIGTERM, SIGHUP: remove live drafts, then die of the signal. Call once in main. */
void draft_guard_signals(void);

/* From now on fatal signals are the caller's, who has them blocked: for a program that waits for them itself. */
void draft_leave_signals(void);

/* What a fatal signal says before the process dies: at most one, made in advance; it is written while other threads go on. NULL
 * takes it back. */
void draft_last_words(void (*say)(void));

/* One sentence, drafts removed, exit 3. */
_Noreturn void file_out_of_memory(void);
