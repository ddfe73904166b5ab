/* The bytes between the web server's two processes: one of them may have been broken into, so neither may crash the
 * other, make it believe in a path that is none, or wait for memory that is not bounded. */
#include "base/text.h"
#include "pxe/backend.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void judge(void *arg, const struct ask *a, struct reply *r)
{
        (void)arg;
        if (*a->path != '/' || !text_is_ascii(a->path) || strlen(a->path) > LONGEST_ASK_PATH ||
                !text_is_ascii(a->peer) || a->body.len > LARGEST_FRAME_BODY ||
                (strcmp(a->method, "GET") != 0 && strcmp(a->method, "POST") != 0))
                abort();
        r->status = a->body.len % 700;
        str_addn(&r->body, a->body.ptr, a->body.len);
}

static void as_questions(int pair[2])
{
        struct err e = ERR_INIT;
        bool over = false;
        while (backend_answer(pair[0], judge, NULL, &over, &e)) {
        }
        if (!over && e.kind != ERR_WORLD)
                abort();
}

static void as_answer(int pair[2])
{
        struct err e = ERR_INIT;
        struct reply r = REPLY_INIT;
        if (backend_ask(pair[0], &(struct ask){ "GET", "/x", "", { NULL, 0 }, NULL }, &r, &e)) {
                if (r.status < 200 || r.status > 599 || !text_is_ascii(r.type) || r.body.len > LARGEST_REPLY)
                        abort();
        } else if (e.kind != ERR_WORLD || r.body.ptr)
                abort();
        reply_clear(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        int pair[2];
        struct err e = ERR_INIT;
        if (!n || n > 60000 || !backend_pair(pair, &e))
                return 0;
        bool sent = write(pair[1], data + 1, n - 1) == (ssize_t)n - 1;
        shutdown(pair[1], SHUT_WR);
        if (sent)
                (data[0] & 1 ? as_questions : as_answer)(pair);
        close(pair[0]);
        close(pair[1]);
        return 0;
}
