#include "pxe/backend.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

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

static bool send_all(int socket, const void *bytes, size_t n)
{
        for (const char *p = bytes; n;) {
                ssize_t sent = send(socket, p, n, MSG_NOSIGNAL);
                if (sent < 0 && errno == EINTR)
                        continue;
                if (sent <= 0)
                        return false;
                p += sent;
                n -= (size_t)sent;
        }
        return true;
}

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
        return send_all(socket, &h, sizeof(h)) && send_all(socket, a->path, h.path) &&
               send_all(socket, a->peer, h.peer) && send_all(socket, fields, h.fields) &&
               send_all(socket, a->body.ptr, h.body);
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

struct question {
        struct head head;
        struct str path, peer, fields, body; /* owned */
};

static bool receive_question(int socket, struct question *q, bool *over, struct err *e)
{
        bool none;
        if (!receive_all(socket, &q->head, sizeof(q->head), &none)) {
                *over = true;
                return none ? false : gone(e);
        }
        if (!is_question_head(&q->head))
                return nonsense(e, _("a question that cannot be"));
        if (!receive_text(socket, q->head.path, &q->path) || !receive_text(socket, q->head.peer, &q->peer) ||
                !receive_text(socket, q->head.fields, &q->fields) ||
                !receive_text(socket, q->head.body, &q->body)) {
                *over = true;
                return gone(e);
        }
        if (!is_line(&q->path) || !is_line(&q->peer) || !are_fields(&q->fields) || *str_text(&q->path) != '/')
                return nonsense(e, _("a path that cannot be"));
        return true;
}

static bool send_reply(int socket, struct reply *r)
{
        if (r->body.failed || r->fields.failed || r->status < 200 || r->status > 599) {
                reply_clear(r);
                r->status = 503;
        }
        struct head h = { ANSWER, (uint32_t)r->status, (uint32_t)strlen(r->type), 0, (uint32_t)r->fields.len,
                (uint32_t)r->body.len };
        return send_all(socket, &h, sizeof(h)) && send_all(socket, r->type, h.path) &&
               send_all(socket, str_text(&r->fields), h.fields) &&
               send_all(socket, str_text(&r->body), h.body);
}

bool backend_answer(
        int socket, void (*answer)(void *arg, const struct ask *, struct reply *), void *arg, bool *over, struct err *e)
{
        struct question q = { .path = STR_MAX(LONGEST_ASK_PATH),
                .peer = STR_MAX(LONGEST_PEER),
                .fields = STR_MAX(LONGEST_FIELDS),
                .body = STR_MAX(LARGEST_FRAME_BODY) };
        struct reply r = REPLY_INIT;
        *over = false;
        bool fine = receive_question(socket, &q, over, e);
        if (fine) {
                struct ask a = { q.head.number ? "POST" : "GET", str_text(&q.path), str_text(&q.peer),
                        str_bytes(&q.body), str_text(&q.fields) };
                answer(arg, &a, &r);
                if (!send_reply(socket, &r)) {
                        *over = true;
                        fine = gone(e);
                }
        }
        reply_clear(&r);
        wipe(&q.path);
        wipe(&q.peer);
        wipe(&q.fields);
        wipe(&q.body);
        return fine;
}
