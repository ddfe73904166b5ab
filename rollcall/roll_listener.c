#include "rollcall/roll_listener.h"
#include "base/file.h"
#include "base/now.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
        GLANCE_MS = 1000,     /* so often a silent listener is looked at */
        COMMENT_SECONDS = 15, /* what stands between us and the client must not take it for dead */
        SOURCE_MS = 200,
        IDLE_MS = 1000,
};

struct listener {
        struct streams *streams;
        struct roll_lines *lines;
        struct roll_question question; /* owned */
        int socket;
        unsigned again;
        int64_t position, asked, sent; /* seconds */
        struct stream_piece *piece;
        char text[100]; /* what is no piece: the beginning, comments */
        const char *rest;
        size_t left;
};

static int64_t seconds(void) { return now_steady() / 1000; }

static void put(struct listener *l, const char *text, size_t n)
{
        l->rest = text;
        l->left = n;
}

struct listener *listener_new(const struct listener_config *c)
{
        struct listener *l = calloc(1, sizeof(*l));
        if (!l)
                file_out_of_memory();
        *l = (struct listener){ .streams = c->streams,
                .lines = c->lines,
                .question = *c->question,
                .socket = c->socket,
                .again = c->again_seconds,
                .asked = seconds(),
                .sent = seconds() };
        l->question.fields = (struct str)STR_MAX(LONGEST_FIELDS);
        str_add(&l->question.fields, str_text(&c->question->fields));
        l->position = streams_join(l->streams, c->from);
        int n = snprintf(l->text, sizeof(l->text), "retry: 2000\nid: %" PRId64 "\n\n", l->position);
        put(l, l->text, (size_t)n);
        return l;
}

void listener_free(void *arg)
{
        struct listener *l = arg;
        streams_leave(l->streams);
        stream_piece_release(l->piece);
        if (l->question.fields.ptr)
                explicit_bzero(l->question.fields.ptr, l->question.fields.cap);
        str_clear(&l->question.fields);
        free(l);
}

/* --- whether it goes on --- */

static bool is_gone(const struct listener *l)
{
        struct pollfd fd = { .fd = l->socket, .events = POLLRDHUP };
        return l->socket >= 0 && poll(&fd, 1, 0) > 0 && (fd.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

static bool may_listen(struct listener *l)
{
        struct reply r = REPLY_INIT;
        if (seconds() < l->asked + l->again)
                return true;
        struct ask question = roll_question_ask(&l->question, bytes_of(NULL, 0));
        roll_lines_ask(l->lines, false, &question, &r);
        bool may = r.status == 204;
        reply_clear(&r);
        l->asked = seconds();
        return may;
}

static bool find_more(struct listener *l)
{
        stream_piece_release(TAKE(l->piece));
        for (;;) {
                if (!may_listen(l))
                        return false;
                switch (streams_next(l->streams, &l->position, GLANCE_MS, &l->piece)) {
                case STREAM_PIECE:
                        put(l, l->piece->text, l->piece->length);
                        return true;
                case STREAM_OVER:
                        return false;
                case STREAM_NOTHING:
                        break;
                }
                if (is_gone(l))
                        return false;
                if (seconds() >= l->sent + COMMENT_SECONDS) {
                        put(l, ":\n\n", 3);
                        return true;
                }
        }
}

ssize_t listener_read(void *arg, uint64_t at, char *to, size_t n)
{
        struct listener *l = arg;
        (void)at;
        if (!l->left && !find_more(l))
                return MHD_CONTENT_READER_END_OF_STREAM;
        n = n < l->left ? n : l->left;
        memcpy(to, l->rest, n);
        l->rest += n;
        l->left -= n;
        l->sent = seconds();
        return (ssize_t)n;
}

/* --- where the changes come from --- */

/* No client has an empty address: who is asked knows that it is us. */
static void find_out(const struct listener_source *s)
{
        char query[64], number[24];
        struct reply r = REPLY_INIT;
        snprintf(query, sizeof(query), "Query: since=%" PRId64 "\n", streams_position(s->streams));
        roll_lines_ask(s->lines, false, &(struct ask){ "GET", "/api/changes", "", { NULL, 0 }, query }, &r);
        struct ask answer = { .fields = str_text(&r.fields) };
        if (r.status == 200 && ask_field(&answer, "X-Change", number, sizeof(number)))
                streams_add(s->streams, strtoll(number, NULL, 10), str_bytes(&r.body));
        reply_clear(&r);
}

void *listener_source_run(void *arg)
{
        const struct listener_source *s = arg;
        struct timespec pause = { .tv_nsec = SOURCE_MS * 1000000L };
        while (!streams_stopped(s->streams)) {
                if (!streams_wanted(s->streams, IDLE_MS))
                        continue;
                find_out(s);
                nanosleep(&pause, NULL);
        }
        return NULL;
}
