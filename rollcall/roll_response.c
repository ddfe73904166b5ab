#include "rollcall/roll_response.h"
#include "base/file.h"

#include <string.h>

enum { STREAM_BLOCK = 4096 };

static const char *const always[][2] = {
        { "Content-Security-Policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
                "form-action 'self'; frame-ancestors 'none'; base-uri 'none'" },
        { "X-Content-Type-Options", "nosniff" },
        { "Referrer-Policy", "no-referrer" },
        { "Cache-Control", "no-store" },
};

static void add(struct MHD_Response *r, const char *field, const char *value)
{
        (void)MHD_add_response_header(r, field, value);
}

static enum MHD_Result queue(const struct roll_exchange *x, int status, struct MHD_Response *r)
{
        if (!r)
                return MHD_NO;
        for (size_t i = 0; i < COUNT(always); i++)
                if (!MHD_get_response_header(r, always[i][0])) /* unless the answer itself says it */
                        add(r, always[i][0], always[i][1]);
        if (status == 405)
                add(r, "Allow", "GET, HEAD, POST");
        if (x->last)
                add(r, "Connection", "close");
        enum MHD_Result fine = MHD_queue_response(x->connection, (unsigned)status, r);
        MHD_destroy_response(r);
        return fine;
}

static struct MHD_Response *empty(void)
{
        static char nothing[1];
        return MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
}

enum MHD_Result roll_response_status(const struct roll_exchange *x, int status) { return queue(x, status, empty()); }

static void wipe(void *arg)
{
        struct str *s = arg;
        explicit_bzero(s->ptr, s->cap);
        str_clear(s);
        free(s);
}

static struct MHD_Response *of_body(struct str *body)
{
        struct str *kept = malloc(sizeof(*kept));
        if (!kept)
                file_out_of_memory();
        *kept = *body;
        *body = (struct str)STR_MAX(body->max);
        struct MHD_Response *r =
                MHD_create_response_from_buffer_with_free_callback_cls(kept->len, kept->ptr, wipe, kept);
        if (!r)
                wipe(kept);
        return r;
}

/* Lines "Name: value"; the frame's reader has seen to it that they are printable. */
static void add_fields(struct MHD_Response *r, const char *fields)
{
        char name[64];
        for (const char *line = fields; *line;) {
                const char *end = strchr(line, '\n'), *colon = strstr(line, ": ");
                if (!end)
                        break;
                size_t length = colon && colon < end ? (size_t)(colon - line) : 0;
                if (length && length < sizeof(name)) {
                        AUTO_FREE char *value = strndup(colon + 2, (size_t)(end - colon - 2));
                        memcpy(name, line, length);
                        name[length] = '\0';
                        if (value)
                                add(r, name, value);
                }
                line = end + 1;
        }
}

enum MHD_Result roll_response_reply(const struct roll_exchange *x, struct reply *reply)
{
        bool bodiless = !reply->body.len || reply->status == 204 || reply->status == 304;
        struct MHD_Response *r = bodiless ? empty() : of_body(&reply->body);
        if (!r)
                return MHD_NO;
        if (*reply->type)
                add(r, "Content-Type", reply->type);
        add_fields(r, str_text(&reply->fields));
        return queue(x, reply->status, r);
}

enum MHD_Result roll_response_stream(
        const struct roll_exchange *x, MHD_ContentReaderCallback read, void *arg, MHD_ContentReaderFreeCallback done)
{
        struct MHD_Response *r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read, arg, done);
        if (!r) {
                done(arg);
                return MHD_NO;
        }
        add(r, "Content-Type", "text/event-stream");
        add(r, "X-Accel-Buffering", "no"); /* a server before us passes on what there is */
        return queue(x, 200, r);
}
