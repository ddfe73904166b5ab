#include "pxe/backend.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* A frame is a head of six numbers and the bytes it announces. Both ends are the same program on the same machine. */
enum { QUESTION = 0x51524e58, ANSWER = 0x41524e58, LONGEST_PEER = 63, HEAD_SIZE = 6 * sizeof(uint32_t) };

struct head {
        uint32_t kind;
        uint32_t number;     /* question: 0 GET, 1 POST; answer: status */
        uint32_t path, peer; /* question: their lengths; answer: that of the type, 0 */
        uint32_t fields;
        uint32_t body;
};
_Static_assert(sizeof(struct head) == HEAD_SIZE, "no holes on the wire");

void reply_clear(struct reply *r)
{
        if (r->body.ptr)
                explicit_bzero(r->body.ptr, r->body.cap);
        str_clear(&r->body);
        if (r->fields.ptr)
                explicit_bzero(r->fields.ptr, r->fields.cap);
        str_clear(&r->fields);
        *r = (struct reply)REPLY_INIT;
}

bool backend_pair(int sockets[2], struct err *e)
{
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
                return err_sys(e, _("making a pair of sockets"));
        return true;
}

/* --- bytes --- */

static bool of_the_world(struct err *e)
{
        e->kind = ERR_WORLD;
        return false;
}

static bool gone(struct err *e) { return err_rule(e, XR_SERVER_BACKEND_GONE, NULL) || of_the_world(e); }
static bool nonsense(struct err *e, const char *what)
{
        return err_rule(e, XR_SERVER_FRAME, what, NULL) || of_the_world(e);
}

/* What remains of the parts after n bytes of them are gone. */
static void pass(struct msghdr *m, size_t n)
{
        while (m->msg_iovlen && n >= m->msg_iov->iov_len) {
                n -= m->msg_iov->iov_len;
                m->msg_iov++;
                m->msg_iovlen--;
        }
        if (m->msg_iovlen) {
                m->msg_iov->iov_base = (char *)m->msg_iov->iov_base + n;
                m->msg_iov->iov_len -= n;
        }
}

/* All parts of a frame at once: who waits for them is woken once. */
static bool send_parts(int socket, struct iovec *parts, size_t n)
{
        struct msghdr m = { .msg_iov = parts, .msg_iovlen = n };
        for (pass(&m, 0); m.msg_iovlen;) {
                ssize_t sent = sendmsg(socket, &m, MSG_NOSIGNAL);
                if (sent < 0 && errno == EINTR)
                        continue;
                if (sent <= 0)
                        return false;
                pass(&m, (size_t)sent);
        }
        return true;
}

static struct iovec part(const void *p, size_t n) { return (struct iovec){ (void *)(uintptr_t)p, n }; }

/* False when the other end is closed before n bytes have come; *none tells whether that was before the first. */
static bool receive_all(int socket, void *to, size_t n, bool *none)
{
        char *p = to;
        *none = true;
        while (n) {
                ssize_t got = recv(socket, p, n, 0);
                if (got < 0 && errno == EINTR)
                        continue;
                if (got <= 0)
                        return false;
                *none = false;
                p += got;
                n -= (size_t)got;
        }
        return true;
}

/* n bytes and a NUL in memory of its own; an exact size, so that nothing secret is left behind by growing. */
static bool receive_text(int socket, size_t n, struct str *out)
{
        bool none;
        out->ptr = malloc(n + 1);
        if (!out->ptr)
                file_out_of_memory();
        out->cap = n + 1;
        out->len = n;
        out->ptr[n] = '\0';
        return receive_all(socket, out->ptr, n, &none);
}

static void wipe(struct str *s)
{
        if (s->ptr)
                explicit_bzero(s->ptr, s->cap);
        str_clear(s);
}

/* Lines of printable ASCII, the last one ended too. */
static bool are_fields(const struct str *s)
{
        for (size_t i = 0; i < s->len; i++)
                if (s->ptr[i] != '\n' && (s->ptr[i] < 0x20 || s->ptr[i] > 0x7e))
                        return false;
        return !s->len || s->ptr[s->len - 1] == '\n';
}

bool ask_field(const struct ask *a, const char *name, char *out, size_t size)
{
        size_t n = strlen(name);
        for (const char *line = a->fields; line && *line; line = strchr(line, '\n') + 1) {
                if (strncasecmp(line, name, n) != 0 || strncmp(line + n, ": ", 2) != 0)
                        continue;
                const char *value = line + n + 2;
                size_t length = strcspn(value, "\n");
                if (length >= size)
                        return false;
                memcpy(out, value, length);
                out[length] = '\0';
                return true;
        }
        return false;
}

/* --- the web server's side --- */

static bool send_question(int socket, const struct ask *a)
{
        const char *fields = a->fields ? a->fields : "";
        struct head h = { QUESTION, !strcmp(a->method, "POST"), (uint32_t)strlen(a->path), (uint32_t)strlen(a->peer),
                (uint32_t)strlen(fields), (uint32_t)a->body.len };
        struct iovec parts[] = { part(&h, sizeof(h)), part(a->path, h.path), part(a->peer, h.peer),
                part(fields, h.fields), part(a->body.ptr, h.body) };
        return send_parts(socket, parts, COUNT(parts));
}

static bool is_reply_head(const struct head *h)
{
        return h->kind == ANSWER && h->number >= 200 && h->number <= 599 &&
               h->path < sizeof(((struct reply *)0)->type) && !h->peer && h->fields <= LONGEST_FIELDS &&
               h->body <= LARGEST_REPLY;
}

static bool receive_reply(int socket, struct reply *r, struct err *e)
{
        struct head h;
        bool none;
        if (!receive_all(socket, &h, sizeof(h), &none))
                return gone(e);
        if (!is_reply_head(&h))
                return nonsense(e, _("an answer that cannot be"));
        if (!receive_all(socket, r->type, h.path, &none) || !receive_text(socket, h.fields, &r->fields) ||
                !receive_text(socket, h.body, &r->body))
                return gone(e);
        r->type[h.path] = '\0';
        r->status = (int)h.number;
        /* It becomes a header field: a line's end in it would begin another. */
        if (strlen(r->type) != h.path || !text_is_ascii(r->type) || !are_fields(&r->fields))
                return nonsense(e, _("a content type that cannot be"));
        return true;
}

bool backend_ask(int socket, const struct ask *a, struct reply *r, struct err *e)
{
        reply_clear(r);
        if (!send_question(socket, a))
                return gone(e);
        if (receive_reply(socket, r, e))
                return true;
        reply_clear(r);
        return false;
}

/* --- the other side --- */

static bool is_question_head(const struct head *h)
{
        return h->kind == QUESTION && h->number <= 1 && h->path && h->path <= LONGEST_ASK_PATH &&
               h->peer <= LONGEST_PEER && h->fields <= LONGEST_FIELDS && h->body <= LARGEST_FRAME_BODY;
}

/* What is received is text of the stated length, with no NUL and nothing unprintable in it. */
static bool is_line(const struct str *s) { return strlen(str_text(s)) == s->len && text_is_ascii(str_text(s)); }

void received_ask_clear(struct received_ask *q)
{
        wipe(&q->path);
        wipe(&q->peer);
        wipe(&q->fields);
        wipe(&q->body);
        *q = (struct received_ask){ .ask = { NULL } };
}

static bool receive_parts(int socket, const struct head *h, struct received_ask *q)
{
        return receive_text(socket, h->path, &q->path) && receive_text(socket, h->peer, &q->peer) &&
               receive_text(socket, h->fields, &q->fields) && receive_text(socket, h->body, &q->body);
}

bool backend_receive(int socket, struct received_ask *q, bool *over, struct err *e)
{
        struct head h;
        bool none;
        *over = false;
        *q = (struct received_ask){ .ask = { NULL } };
        if (!receive_all(socket, &h, sizeof(h), &none)) {
                *over = true;
                return none ? false : gone(e);
        }
        if (!is_question_head(&h))
                return nonsense(e, _("a question that cannot be"));
        bool fine = receive_parts(socket, &h, q);
        *over = !fine;
        if (!fine)
                (void)gone(e);
        else if (!is_line(&q->path) || !is_line(&q->peer) || !are_fields(&q->fields) || *str_text(&q->path) != '/')
                fine = nonsense(e, _("a path that cannot be"));
        if (!fine)
                received_ask_clear(q);
        else
                q->ask = (struct ask){ h.number ? "POST" : "GET", str_text(&q->path), str_text(&q->peer),
                        str_bytes(&q->body), str_text(&q->fields) };
        return fine;
}

static bool send_reply(int socket, struct reply *r)
{
        if (r->body.failed || r->fields.failed || r->status < 200 || r->status > 599) {
                reply_clear(r);
                r->status = 503;
        }
        struct head h = { ANSWER, (uint32_t)r->status, (uint32_t)strlen(r->type), 0, (uint32_t)r->fields.len,
                (uint32_t)r->body.len };
        struct iovec parts[] = { part(&h, sizeof(h)), part(r->type, h.path), part(str_text(&r->fields), h.fields),
                part(str_text(&r->body), h.body) };
        return send_parts(socket, parts, COUNT(parts));
}

bool backend_reply(int socket, struct reply *r, struct err *e) { return send_reply(socket, r) || gone(e); }

bool backend_answer(
        int socket, void (*answer)(void *arg, const struct ask *, struct reply *), void *arg, bool *over, struct err *e)
{
        struct received_ask q;
        struct reply r = REPLY_INIT;
        if (!backend_receive(socket, &q, over, e))
                return false;
        answer(arg, &q.ask, &r);
        bool fine = backend_reply(socket, &r, e);
        *over = !fine;
        reply_clear(&r);
        received_ask_clear(&q);
        return fine;
}
