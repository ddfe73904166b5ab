/* http_server - the web server with a backend that plays a part, for the ring `http` and for bench.
 *
 *     http_server serve IMAGE ADDRESS:PORT [user=NAME] [idle=S] [most=N] [asked=FILE] [no-cell] [quiet]
 *         prints "ready WEB-PID BACKEND-PID"; what the backend is asked goes to FILE, a line each
 *     http_server cell USER|- WHAT        enters the cell, then does what it forbids
 *     http_server nginx ADDRESS IMAGE MOUNT BACKEND
 *
 * The backend's part: /h/good/NAME and /boot/grub/NAME answer with the name, POST /h/echo/NAME with what came,
 * /h/slow/NAME after a second, /h/large/NAME with 8 MiB, /h/nothing/NAME with 204, /h/die/NAME not at all,
 * /h/nonsense/NAME with what is no answer; all else is 404. */
#include "tests/tools/web_pair.h"
#include "base/i18n.h"
#include "base/log.h"
#include "pxe/cell.h"
#include "pxe/nginx.h"
#include "pxe/server.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* --- the backend --- */

static struct {
        int socket, asked;
        pid_t web;
} backend = { .asked = -1 };

static void play(void *arg, const struct ask *a, struct reply *r)
{
        (void)arg;
        if (backend.asked >= 0 && *a->peer) /* what no client has asked is not in the list */
                dprintf(backend.asked, "%s %s %s %zu\n", a->method, a->path, a->peer, a->body.len);
        r->status = 200;
        snprintf(r->type, sizeof(r->type), "text/plain");
        if (below(a->path, "/h/die/"))
                _exit(0);
        if (below(a->path, "/h/nonsense/"))
                (void)!write(backend.socket, "nonsense nonsense nonsense nonsense", 35);
        if (below(a->path, "/h/slow/"))
                sleep(1);
        if (below(a->path, "/h/large/"))
                while (r->body.len < LARGEST_REPLY)
                        str_add(&r->body, "01234567");
        else if (below(a->path, "/h/echo/") && !strcmp(a->method, "POST"))
                str_addn(&r->body, a->body.ptr, a->body.len);
        else if (below(a->path, "/h/nothing/"))
                r->status = 204;
        else if (below(a->path, "/h/good/") || below(a->path, "/boot/grub/") || below(a->path, "/h/slow/") ||
                 below(a->path, "/enrol/"))
                str_addf(&r->body, "%s\n", a->path);
        else
                r->status = 404;
}

static int run_backend(void)
{
        struct err e = ERR_INIT;
        end_with(backend.web);
        for (bool over = false; !over && (backend_answer(backend.socket, play, NULL, &over, &e) || over);) {
        }
        if (e.kind)
                fprintf(stderr, "http_server: backend: %s\n", e.text);
        return web_code();
}

/* --- the web server --- */

static void read_options(struct server_config *c, char **options)
{
        for (; *options; options++) {
                char *o = *options;
                if (below(o, "user="))
                        c->user = o + 5;
                else if (below(o, "idle="))
                        c->idle_seconds = (unsigned)atoi(o + 5);
                else if (below(o, "most="))
                        c->most_connections = (unsigned)atoi(o + 5);
                else if (below(o, "asked="))
                        backend.asked = open(o + 6, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
                else if (!strcmp(o, "no-cell"))
                        c->no_cell = true;
                else if (!strcmp(o, "quiet"))
                        log_enable(false);
                else
                        die(o, "no such option");
        }
}

static int serve(const char *image, char *address, char **options)
{
        static char loader[100000];
        struct loader_file loaders[] = { { "lpxelinux.0", { loader, sizeof(loader) } },
                { "xenroll.efi", { "efi", 3 } } };
        struct err e = ERR_INIT;
        struct stat st;
        struct server_config c = { .image = open(image, O_RDONLY | O_CLOEXEC),
                .etag = "0123456789abcdef",
                .image_date = 1728300000,
                .loaders = loaders,
                .n_loaders = COUNT(loaders) };
        log_enable(true);
        for (size_t i = 0; i < sizeof(loader); i++)
                loader[i] = (char)("0123456789"[i % 10]);
        if (c.image < 0 || fstat(c.image, &st) < 0)
                die(image, strerror(errno));
        struct iso_files *files = iso_files_open(c.image, (uint64_t)st.st_size, image, &e);
        if (!files)
                die("serve", e.text);
        c.files = files;
        c.listen = listen_at(address);
        read_options(&c, options);
        int pair[2];
        pid_t parent = getpid();
        if (!backend_pair(pair, &e) || (backend.web = fork()) < 0)
                die("serve", e.text);
        if (backend.web) {
                close(pair[0]);
                iso_files_free(files);
                backend.socket = pair[1];
                return run_backend();
        }
        close(pair[1]);
        c.backend = pair[0];
        bool fine = server_run(&c, tell_ready, &parent, &e);
        if (!fine)
                fprintf(stderr, "http_server: %s\n", e.text);
        iso_files_free(files);
        return fine ? 0 : (int)e.kind;
}

/* --- what the cell forbids --- */

static int try_opening(void)
{
        static const char *const paths[] = { "/", ".", "..", "/etc/passwd", "/proc/self/status", "/dev/null", "/tmp",
                "tests", "/proc" };
        for (size_t i = 0; i < COUNT(paths); i++)
                if (open(paths[i], O_RDONLY) >= 0 || open(paths[i], O_RDONLY | O_PATH) >= 0 ||
                        access(paths[i], F_OK) == 0)
                        die(paths[i], "is there");
        if (open("/new", O_WRONLY | O_CREAT, 0600) >= 0)
                die("/new", "can be made");
        puts("nothing can be opened");
        return 0;
}

static void *thread(void *arg)
{
        (void)arg;
        return (void *)(intptr_t)socket(AF_INET, SOCK_DGRAM, 0);
}

static int try_calling(const char *what)
{
        if (!strcmp(what, "socket"))
                return socket(AF_INET, SOCK_STREAM, 0);
        if (!strcmp(what, "connect"))
                return connect(0, &(struct sockaddr){ .sa_family = AF_UNIX }, sizeof(struct sockaddr));
        if (!strcmp(what, "fork"))
                return (int)syscall(SYS_fork);
        if (!strcmp(what, "clone"))
                return (int)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
        if (!strcmp(what, "exec"))
                return execve("/bin/true", (char *[]){ NULL }, NULL);
        if (!strcmp(what, "setuid"))
                return setuid(0);
        if (!strcmp(what, "ptrace"))
                return (int)syscall(SYS_ptrace, 0, 0, 0, 0);
        if (!strcmp(what, "kill"))
                return kill(getppid(), 0);
        if (!strcmp(what, "mount"))
                return (int)syscall(SYS_mount, "none", "/", "tmpfs", 0, NULL);
        if (!strcmp(what, "unlink"))
                return unlink("/x");
        if (!strcmp(what, "openat2"))
                return (int)syscall(SYS_openat2, -100, "/", NULL, 0);
        if (!strcmp(what, "executable"))
                return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
        if (!strcmp(what, "prctl"))
                return prctl(PR_SET_DUMPABLE, 1);
        if (!strcmp(what, "in-a-thread")) {
                pthread_t t;
                return pthread_create(&t, NULL, thread, NULL) || pthread_join(t, NULL);
        }
        die(what, "no such call");
}

static int cell(const char *user, const char *what)
{
        struct err e = ERR_INIT;
        bool walls;
        if (!cell_enter(!strcmp(user, "-") ? NULL : user, &walls, &e))
                die("cell", e.text);
        if (!strcmp(what, "open"))
                return try_opening();
        if (!strcmp(what, "nothing")) {
                printf("walls %d\n", walls);
                return 0;
        }
        try_calling(what);
        dprintf(1, "%s was allowed\n", what);
        return 1;
}

int main(int argc, char **argv)
{
        i18n_init(NULL);
        if (argc >= 4 && !strcmp(argv[1], "serve"))
                return serve(argv[2], argv[3], argv + 4);
        if (argc == 4 && !strcmp(argv[1], "cell"))
                return cell(argv[2], argv[3]);
        if (argc == 6 && !strcmp(argv[1], "nginx")) {
                AUTO_STR out = STR_MAX(1 << 20);
                nginx_print(&(struct nginx_wish){ argv[2], argv[3], argv[4], argv[5], NULL, NULL, NULL }, &out);
                fputs(str_text(&out), stdout);
                return 0;
        }
        die("usage", "see the first lines of tests/tools/http_server.c");
}
