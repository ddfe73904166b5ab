#include "tests/xapi/server.h"
#include "base/file.h"
#include "tests/xapi/inside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

enum { MOST_CONNECTIONS = 512, BUFFER = 64 << 20, LISTENERS = 3 };

struct connection {
        int fd, host, from; /* host -1: the control socket */
        enum via via;
        SSL *ssl;
        struct str in, out;
        size_t sent;
        int64_t request; /* -1: none is under way */
        bool closes, wants_write;
};

struct server {
        struct world *w;
        const struct server_options *o;
        int roots;
        struct place {
                int root, fd[LISTENERS]; /* socket, HTTP, HTTPS; -1 */
                SSL_CTX *tls;
        } * places;
        int control;
        struct connection *all[MOST_CONNECTIONS];
        size_t n;
        int64_t began;
        bool over;
};

static int64_t milliseconds(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t virtual_now(const struct server *s) { return (milliseconds() - s->began) * s->o->speed; }

/* --- listening --- */

static int listen_unix(int dir, const char *name, struct err *e)
{
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        AUTO_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (dir == AT_FDCWD)
                snprintf(a.sun_path, sizeof(a.sun_path), "%s", name);
        else
                snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/%s", dir, name);
        unlinkat(dir, name, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 64) < 0) {
                err_sys(e, "listening on %s", name);
                return -1;
        }
        return take_fd(&fd);
}

static int listen_tcp(const char *address, int port, struct err *e)
{
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
        int yes = 1;
        AUTO_FD int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0 || inet_pton(AF_INET, address, &a.sin_addr) != 1 ||
                setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
                bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 64) < 0) {
                err_sys(e, "listening on %s:%d", address, port);
                return -1;
        }
        return take_fd(&fd);
}

static bool open_place(struct server *s, int host, struct err *e)
{
        struct place *p = &s->places[host];
        const char *address = s->o->local ? "127.0.0.1" : world_host_address(s->w, host);
        int ports[] = { 0, s->o->http, s->o->https };
        p->fd[0] = listen_unix(p->root, "var/lib/xcp/xapi", e);
        for (int i = 1; i < LISTENERS; i++)
                p->fd[i] = ports[i] ? listen_tcp(address, ports[i] + (s->o->local ? host : 0), e) : -1;
        return p->fd[0] >= 0 && (!ports[1] || p->fd[1] >= 0) && (!ports[2] || p->fd[2] >= 0);
}

static void close_place(struct server *s, int host)
{
        for (int i = 0; i < LISTENERS; i++) {
                if (s->places[host].fd[i] >= 0)
                        close(s->places[host].fd[i]);
                s->places[host].fd[i] = -1;
        }
}

static bool follow_xapi(struct server *s, struct err *e)
{
        for (int i = 0; i < s->w->n; i++) {
                const struct host *h = &s->w->hosts[i];
                bool runs = h->powered && h->state != XAPI_OFF, listens = s->places[i].fd[0] >= 0;
                if (listens && !runs)
                        close_place(s, i);
                else if (runs && !listens && !open_place(s, i, e))
                        return false;
        }
        return true;
}

/* --- connections --- */

static void drop(struct server *s, size_t i)
{
        struct connection *c = s->all[i];
        if (c->request >= 0)
                world_abandon(s->w, c->request);
        SSL_free(c->ssl);
        close(c->fd);
        str_clear(&c->in);
        str_clear(&c->out);
        free(c);
        s->all[i] = s->all[--s->n];
}

static int from_address(const struct server *s, const struct sockaddr_storage *a)
{
        char text[INET_ADDRSTRLEN] = "";
        if (a->ss_family == AF_INET)
                inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr, text, sizeof(text));
        return world_host_at(s->w, text);
}

static void welcome(struct server *s, int listener, int host, int kind)
{
        struct sockaddr_storage peer = { 0 };
        socklen_t n = sizeof(peer);
        int fd = accept4(listener, (struct sockaddr *)&peer, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
        struct connection *c = fd < 0 || s->n == MOST_CONNECTIONS ? NULL : calloc(1, sizeof(*c));
        if (!c) {
                if (fd >= 0)
                        close(fd);
                return;
        }
        *c = (struct connection){ .fd = fd,
                .host = host,
                .request = -1,
                .via = kind ? VIA_TCP : VIA_SOCKET,
                .in = STR_MAX(BUFFER),
                .out = STR_MAX(BUFFER) };
        c->from = kind ? from_address(s, &peer) : host;
        if (kind == 2) {
                c->ssl = SSL_new(s->places[host].tls);
                SSL_set_fd(c->ssl, fd);
                SSL_set_accept_state(c->ssl);
        }
        s->all[s->n++] = c;
}

/* Bytes, 0 at the end, -1 when there is nothing now. */
static ssize_t take(struct connection *c, char *buffer, size_t most)
{
        if (!c->ssl) {
                ssize_t n = read(c->fd, buffer, most);
                return n < 0 && errno != EAGAIN && errno != EINTR ? 0 : n;
        }
        ERR_clear_error();
        int n = SSL_read(c->ssl, buffer, (int)most);
        int why = n > 0 ? SSL_ERROR_NONE : SSL_get_error(c->ssl, n);
        c->wants_write = why == SSL_ERROR_WANT_WRITE;
        return n > 0 ? n : why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? -1 : 0;
}

/* False when the connection is over. */
static bool send_some(struct connection *c)
{
        while (c->sent < c->out.len) {
                ssize_t n;
                if (c->ssl) {
                        ERR_clear_error();
                        n = SSL_write(c->ssl, c->out.ptr + c->sent, (int)(c->out.len - c->sent));
                        int why = n > 0 ? SSL_ERROR_NONE : SSL_get_error(c->ssl, (int)n);
                        if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
                                return true;
                } else {
                        n = send(c->fd, c->out.ptr + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);
                        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                                return true;
                }
                if (n <= 0)
                        return false;
                c->sent += (size_t)n;
        }
        str_reset(&c->out);
        c->sent = 0;
        if (c->closes && c->ssl)
                SSL_shutdown(c->ssl);
        return !c->closes;
}

static void used(struct str *s, size_t n)
{
        memmove(s->ptr, s->ptr + n, s->len - n);
        s->len -= n;
        s->ptr[s->len] = '\0';
}

static void tell(struct server *s, struct connection *c, const char *line)
{
        struct err e = ERR_INIT;
        if (!strcmp(line, "show"))
                world_show(s->w, &c->out);
        else if (!strcmp(line, "complaints"))
                str_add(&c->out, world_complaints(s->w));
        else if (!strcmp(line, "breaches"))
                str_add(&c->out, world_breaches(s->w));
        else if (!strncmp(line, "mutations ", 10))
                str_addf(&c->out, "%u\n", world_mutations(s->w, line + 10));
        else if (!strcmp(line, "calls"))
                str_addf(&c->out, "%u\n", world_calls(s->w, -1, -1));
        else if (!strcmp(line, "now"))
                str_addf(&c->out, "%lld\n", (long long)s->w->now);
        else if (!strcmp(line, "quit"))
                s->over = true;
        else if (!world_do(s->w, line, virtual_now(s), &e))
                str_addf(&c->out, "error: %s\n", e.text);
        str_add(&c->out, ".\n");
}

static void hear_control(struct server *s, struct connection *c)
{
        for (char *end; c->in.len && (end = strchr(c->in.ptr, '\n'));) {
                *end = '\0';
                tell(s, c, c->in.ptr);
                used(&c->in, (size_t)(end - c->in.ptr) + 1);
        }
}

static bool hear(struct server *s, struct connection *c)
{
        struct http_request r = { 0 };
        if (c->host < 0) {
                hear_control(s, c);
                return true;
        }
        int whole = c->request < 0 && !c->closes ? http_read(&c->in, &r) : 0;
        if (whole <= 0)
                return whole == 0;
        c->closes = r.closes;
        if (r.odd) {
                complain(s->w, "%s: HTTP: %s", world_host_name(s->w, c->host), r.odd);
                http_write(&c->out, 400, bytes_of("", 0), 0, true);
        } else {
                c->request = world_request(s->w, c->host, c->via, c->from, r.path, r.body, virtual_now(s));
        }
        used(&c->in, r.whole);
        return true;
}

static bool serve_connection(struct server *s, struct connection *c, short events)
{
        char buffer[65536];
        ssize_t n;
        if (events & (POLLIN | POLLOUT | POLLHUP | POLLERR)) {
                while ((n = take(c, buffer, sizeof(buffer))) > 0)
                        str_addn(&c->in, buffer, (size_t)n);
                if (n == 0 && !(c->closes && c->out.len))
                        return false;
        }
        return hear(s, c) && (!c->out.len || send_some(c));
}

/* --- the loop --- */

static void deliver(struct server *s, struct world_reply *r)
{
        for (size_t i = 0; i < s->n; i++) {
                struct connection *c = s->all[i];
                if (c->request != r->id || c->host < 0)
                        continue;
                c->request = -1;
                c->closes |= r->fate != FATE_ANSWER;
                if (r->fate == FATE_ANSWER)
                        http_write(&c->out, r->status, str_bytes(&r->body), r->body.len, c->closes);
                else if (r->fate == FATE_DROPPED && r->body.len)
                        http_write(&c->out, 200, str_bytes(&r->body), 2 * r->body.len, true);
                if (!c->out.len || !send_some(c))
                        drop(s, i);
                break;
        }
        str_clear(&r->body);
}

static int wait_time(const struct server *s)
{
        int64_t due = world_due(s->w), now = virtual_now(s);
        if (due == INT64_MAX)
                return 1000;
        int64_t ms = due <= now ? 0 : (due - now) / s->o->speed + 1;
        return ms > 1000 ? 1000 : (int)ms;
}

static size_t watch(const struct server *s, struct pollfd *fds)
{
        size_t n = 0;
        for (size_t i = 0; i < s->n; i++) {
                const struct connection *c = s->all[i];
                fds[n++] = (struct pollfd){ .fd = c->fd,
                        .events = (short)(POLLIN | (c->out.len || c->wants_write ? POLLOUT : 0)) };
        }
        fds[n++] = (struct pollfd){ .fd = s->control, .events = POLLIN };
        for (int h = 0; h < s->w->n; h++)
                for (int k = 0; k < LISTENERS; k++)
                        fds[n++] = (struct pollfd){ .fd = s->places[h].fd[k], .events = POLLIN };
        return n;
}

static void turn(struct server *s, struct pollfd *fds)
{
        size_t had = s->n, n = watch(s, fds);
        struct world_reply r = { .body = STR_MAX(BUFFER) };
        if (poll(fds, n, wait_time(s)) < 0)
                return;
        for (size_t i = had; i-- > 0;)
                if (!serve_connection(s, s->all[i], fds[i].revents))
                        drop(s, i);
        if (fds[had].revents & POLLIN)
                welcome(s, s->control, -1, 0);
        for (int h = 0; h < s->w->n; h++)
                for (int k = 0; k < LISTENERS; k++)
                        if (fds[had + 1 + (size_t)(h * LISTENERS + k)].revents & POLLIN)
                                welcome(s, s->places[h].fd[k], h, k);
        while (world_next(s->w, virtual_now(s), &r))
                deliver(s, &r);
}

static bool prepare_host(struct server *s, int host, struct err *e)
{
        struct place *p = &s->places[host];
        const char *name = world_host_name(s->w, host);
        static const char *const folders[] = { "var", "var/lib", "var/lib/xcp", "etc" };
        mkdirat(s->roots, name, 0755);
        p->root = openat(s->roots, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        for (size_t i = 0; p->root >= 0 && i < COUNT(folders); i++)
                mkdirat(p->root, folders[i], 0755);
        if (p->root < 0)
                return err_sys(e, "opening the root of %s", name);
        if (s->o->https && !(p->tls = tls_context(p->root, world_host_address(s->w, host), e)))
                return false;
        return world_host_root(s->w, host, p->root, e);
}

static bool start(struct server *s, struct err *e)
{
        s->roots = open(s->o->roots, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (s->roots < 0)
                return err_sys(e, "opening %s", s->o->roots);
        for (int i = 0; i < s->w->n; i++)
                if (!prepare_host(s, i, e))
                        return false;
        if (s->o->control && (s->control = listen_unix(AT_FDCWD, s->o->control, e)) < 0)
                return false;
        s->began = milliseconds();
        return follow_xapi(s, e) &&
               (!s->o->ready || file_publish(AT_FDCWD, s->o->ready, bytes_of("ready\n", 6), 0644, e));
}

static void stop(struct server *s)
{
        while (s->n)
                drop(s, s->n - 1);
        for (int i = 0; s->places && i < s->w->n; i++) {
                close_place(s, i);
                tls_context_free(s->places[i].tls);
                if (s->places[i].root >= 0)
                        close(s->places[i].root);
        }
        if (s->control >= 0)
                close(s->control);
        if (s->roots >= 0)
                close(s->roots);
        free(s->places);
}

bool server_run(struct world *w, const struct server_options *o, struct err *e)
{
        struct server s = {
                .w = w, .o = o, .control = -1, .roots = -1, .places = calloc((size_t)w->n, sizeof(*s.places))
        };
        struct pollfd *fds = calloc(MOST_CONNECTIONS + 1 + LISTENERS * (size_t)w->n, sizeof(*fds));
        for (int i = 0; s.places && i < w->n; i++)
                s.places[i] = (struct place){ .root = -1, .fd = { -1, -1, -1 } };
        signal(SIGPIPE, SIG_IGN);
        bool fine = s.places && fds && start(&s, e);
        while (fine && !s.over) {
                turn(&s, fds);
                fine = follow_xapi(&s, e);
        }
        stop(&s);
        free(fds);
        return fine;
}
