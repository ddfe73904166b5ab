/* Whatever stands in the journal's file: the sound beginning is heard, is exactly what writing it would give, and the
 * next line follows it. */
#include "base/file.h"
#include "postinstall/journal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct heard {
        struct str all; /* each with its line feed */
        size_t lines;
};

static void hear(void *arg, const char *line)
{
        struct heard *h = arg;
        if (strlen(line) > JOURNAL_LONGEST || strchr(line, '\n'))
                abort();
        str_addf(&h->all, "%s\n", line);
        h->lines++;
}

static int folder(void)
{
        static char path[] = "/dev/shm/xenroll-fuzz-XXXXXX";
        static int dir = -1;
        if (dir < 0)
                dir = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        if (dir < 0)
                abort();
        return dir;
}

static void write_again(int dir, char *lines, struct str *bytes)
{
        struct err e = ERR_INIT;
        unlinkat(dir, "again", 0);
        struct journal *j = journal_open(dir, "again", NULL, NULL, &e);
        for (char *at = lines, *end; (end = strchr(at, '\n')); at = end + 1) {
                *end = '\0';
                if (!j || !journal_add(j, at, &e))
                        abort();
        }
        journal_close(j);
        if (!file_read(dir, "again", 4 << 20, bytes, &e))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        struct err e = ERR_INIT;
        struct heard first = { .all = STR_MAX(4 << 20) }, second = { .all = STR_MAX(4 << 20) };
        AUTO_STR bytes = STR_MAX(4 << 20);
        int dir = folder();
        unlinkat(dir, "journal", 0);
        int fd = openat(dir, "journal", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0 || !file_write_all(fd, data, n))
                abort();
        close(fd);
        struct journal *j = journal_open(dir, "journal", hear, &first, &e);
        if (j && !journal_add(j, "next", &e))
                abort();
        journal_close(j);
        if (!j || !journal_read(dir, "journal", hear, &second, &e) || second.lines != first.lines + 1)
                abort();
        write_again(dir, first.all.ptr ? first.all.ptr : (char[]){ "" }, &bytes);
        if (bytes.len > n || memcmp(str_text(&bytes), data, bytes.len) != 0)
                abort();
        str_clear(&first.all);
        str_clear(&second.all);
        return 0;
}
