/* write_files SOURCE TARGET - the bare loop that `build --no-image` is measured against: the same bytes to the same
 * number of files and folders, one sync of the tree at the end. Prints the seconds that writing took; reading the
 * source into memory is not counted. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct item {
        char *folder, *name, *text;
        size_t len;
};

static struct item *items;
static size_t n_items, cap;

static void load_file(int dir, const char *folder, const char *name)
{
        int fd = openat(dir, name, O_RDONLY);
        struct stat st;
        if (fd < 0 || fstat(fd, &st) < 0)
                exit(1);
        if (n_items == cap)
                items = realloc(items, (cap = cap ? cap * 2 : 1024) * sizeof(*items));
        char *text = malloc((size_t)st.st_size + 1);
        if (!items || !text || read(fd, text, (size_t)st.st_size) != st.st_size)
                exit(1);
        close(fd);
        items[n_items++] = (struct item){ strdup(folder), strdup(name), text, (size_t)st.st_size };
}

static void load_folder(int top, const char *folder)
{
        int fd = openat(top, folder, O_RDONLY | O_DIRECTORY);
        DIR *d = fd < 0 ? NULL : fdopendir(fd);
        if (!d)
                exit(1);
        for (struct dirent *e; (e = readdir(d));)
                if (e->d_name[0] != '.')
                        load_file(fd, folder, e->d_name);
        closedir(d);
}

static double now(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
        int top = argc == 3 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1;
        int copy = top < 0 ? -1 : dup(top);
        DIR *d = copy < 0 ? NULL : fdopendir(copy);
        if (!d)
                return 1;
        for (struct dirent *e; (e = readdir(d));)
                if (e->d_name[0] != '.')
                        load_folder(top, e->d_name);
        double start = now();
        if (mkdir(argv[2], 0700) < 0)
                return 1;
        int to = open(argv[2], O_RDONLY | O_DIRECTORY), folder = -1;
        for (size_t i = 0; i < n_items; i++) {
                if (!i || strcmp(items[i].folder, items[i - 1].folder)) {
                        if (folder >= 0)
                                close(folder);
                        if (mkdirat(to, items[i].folder, 0700) < 0)
                                return 1;
                        folder = openat(to, items[i].folder, O_RDONLY | O_DIRECTORY);
                }
                int fd = openat(folder, items[i].name, O_WRONLY | O_CREAT | O_EXCL, 0600);
                if (fd < 0 || write(fd, items[i].text, items[i].len) != (ssize_t)items[i].len)
                        return 1;
                close(fd);
        }
        if (syncfs(to) < 0)
                return 1;
        printf("%.3f\n", now() - start);
        return 0;
}
