/* Images from anywhere: both directory trees, the slot map, deltas. What is accepted must hang together. */
#include "isobuilder/directory.h"
#include "isobuilder/slot.h"
#include "isobuilder/stamp.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { BEFORE = 16 * 2048 };

/* "a.." is a name like any other; ".." between slashes is not. */
static bool leads_upwards(const char *path)
{
        for (const char *at = path; (at = strstr(at, "..")); at++)
                if ((at == path || at[-1] == '/') && (!at[2] || at[2] == '/'))
                        return true;
        return false;
}

static bool check_entry(void *size, const struct directory_entry *entry, struct err *e)
{
        (void)e;
        if (leads_upwards(entry->path) || entry->path[0] == '/' || !*entry->path)
                abort();
        if (entry->size && entry->offset + entry->size > *(uint64_t *)size)
                abort();
        return true;
}

/* The descriptors begin the input; the 16 sectors before them would only cost time. */
static void try_trees(const uint8_t *data, size_t n)
{
        struct err e = ERR_INIT;
        struct slot_map m;
        bool found;
        uint64_t size = BEFORE + n;
        int fd = memfd_create("fuzz", MFD_CLOEXEC);
        if (fd < 0 || pwrite(fd, data, n, BEFORE) != (ssize_t)n)
                abort();
        for (int tree = TREE_PRIMARY; tree <= TREE_JOLIET; tree++)
                if (!directory_walk(fd, size, (enum tree)tree, check_entry, &size, &e) && e.kind != ERR_INPUT)
                        abort();
        if (slot_read(fd, size, "fuzz", &m, &found, &e) && found && slot_end(&m) > m.image_size)
                abort();
        close(fd);
}

static void try_map(const uint8_t *data, size_t n)
{
        struct slot_map m;
        if (slot_parse(bytes_of((const char *)data, n), &m) && (slot_end(&m) > m.image_size || m.at % SLOT_PAGE || m.before.bytes != m.at))
                abort();
}

static void try_delta(const uint8_t *data, size_t n)
{
        struct delta d;
        if (delta_parse(bytes_of((const char *)data, n), &d) && (d.pack.ptr < (const char *)data || d.pack.ptr + d.pack.len != (const char *)data + n))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        if (n < 2)
                return 0;
        (data[0] % 3 == 0 ? try_trees : data[0] % 3 == 1 ? try_map : try_delta)(data + 1, n - 1);
        return 0;
}
