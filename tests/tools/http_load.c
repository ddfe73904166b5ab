/* http_load ADDRESS PORT CLIENTS SECONDS PATH… - how fast a web server sends: CLIENTS connections at once, each
 * fetching one path after the other for SECONDS, one thread, bytes thrown away as they come. Prints MB/s; fails when an
 * answer is not 200 or falls short. */
#include "base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

enum { CHUNK = 1 << 20, HEAD = 4096 };

struct client {
        int fd;
        size_t path; /* the next one */
        char head[HEAD];
        size_t n_head;
        unsigned long long left; /* of the body */
        bool in_body;
};

static struct {
        const char *host;
        char **paths;
        size_t n_paths;
        struct sockaddr_in to;
        int epoll;
        unsigned long long bytes, answers;
} load;

static _Noreturn void die(const char *why)
{
        fprintf(stderr, "http_load: %s\n", why);
        exit(1);
}

static double now(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void ask(struct client *c)
{
        char request[2048];
        int n = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n",
                load.paths[c->path++ % load.n_paths], load.host);
        if (send(c->fd, request, (size_t)n, MSG_NOSIGNAL) != n)
                die("a request was not taken");
        c->n_head = 0;
        c->in_body = false;
}

static void begin(struct client *c, size_t number)
{
        *c = (struct client){ .fd = socket(AF_INET, SOCK_STREAM, 0), .path = number };
        if (connect(c->fd, (struct sockaddr *)&load.to, sizeof(load.to)) < 0)
                die(strerror(errno));
        struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
        epoll_ctl(load.epoll, EPOLL_CTL_ADD, c->fd, &ev);
        ask(c);
}

/* Looks before it takes, so that the body can be thrown away without being copied. */
static void take_head(struct client *c)
{
        ssize_t got = recv(c->fd, c->head, HEAD - 1, MSG_DONTWAIT | MSG_PEEK);
        if (got < 0 && errno == EAGAIN)
                return;
        if (got <= 0)
                die("a connection ended");
        c->head[got] = '\0';
        char *end = strstr(c->head, "\r\n\r\n"), *length = strcasestr(c->head, "\r\nContent-Length:");
        if (!end)
                return;
        if (strncmp(c->head, "HTTP/1.1 200", 12) != 0 || !length)
                die("an answer is not 200 with a length");
        c->left = strtoull(length + 17, NULL, 10);
        c->in_body = true;
        if (recv(c->fd, c->head, (size_t)(end + 4 - c->head), 0) < 0)
                die("a head got lost");
}

static void take_body(struct client *c)
{
        size_t n = c->left < CHUNK ? (size_t)c->left : CHUNK;
        ssize_t got = recv(c->fd, NULL, n, MSG_DONTWAIT | MSG_TRUNC);
        if (got < 0 && errno == EAGAIN)
                return;
        if (got <= 0)
                die("an answer fell short");
        c->left -= (unsigned long long)got;
        load.bytes += (unsigned long long)got;
}

static void move(struct client *c)
{
        if (!c->in_body)
                take_head(c);
        if (c->in_body && c->left)
                take_body(c);
        if (c->in_body && !c->left) {
                load.answers++;
                ask(c);
        }
}

int main(int argc, char **argv)
{
        if (argc < 6)
                die("ADDRESS PORT CLIENTS SECONDS PATH…");
        size_t n = strtoul(argv[3], NULL, 10);
        double seconds = atof(argv[4]);
        load.host = argv[1];
        load.paths = argv + 5;
        load.n_paths = (size_t)argc - 5;
        load.to = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2])) };
        load.epoll = epoll_create1(EPOLL_CLOEXEC);
        struct client *clients = calloc(n ? n : 1, sizeof(*clients));
        if (!clients || inet_pton(AF_INET, argv[1], &load.to.sin_addr) != 1)
                die("no such address");
        double start = now();
        for (size_t i = 0; i < n; i++)
                begin(&clients[i], i);
        double end = start;
        while ((end = now()) - start < seconds) {
                struct epoll_event events[64];
                int k = epoll_wait(load.epoll, events, 64, 1000);
                for (int i = 0; i < k; i++)
                        move(events[i].data.ptr);
        }
        printf("%.1f\n", (double)load.bytes / (end - start) / 1e6);
        fprintf(stderr, "%llu answers\n", load.answers);
        return 0;
}
