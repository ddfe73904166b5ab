#include "pxe/responses.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

enum { SMALL = 32 << 10 };

typedef struct MHD_Response response;

static response *empty(void)
{
        static char nothing[1];
        return MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
}

static response *failed(const char *what)
{
        log_event("web", "failed", "doing", what, "cause", strerror(errno), NULL);
        return NULL;
}

/* The library wants a source of the bytes even where only their number is told. */
static ssize_t read_nothing(void *arg, uint64_t at, char *to, size_t n)
{
        (void)arg;
        (void)at;
        (void)to;
        (void)n;
        return MHD_CONTENT_READER_END_WITH_ERROR;
}

static response *copy_out(const struct content *c, const struct portion *p)
{
        char *bytes = malloc((size_t)p->length);
        ssize_t got = bytes ? pread(c->image, bytes, (size_t)p->length, (off_t)(c->offset + p->offset)) : -1;
        if (got == (ssize_t)p->length)
                return MHD_create_response_from_buffer((size_t)p->length, bytes, MHD_RESPMEM_MUST_FREE);
        free(bytes);
        if (got >= 0)
                errno = EIO;
        return failed("reading the image");
}

/* The library closes the descriptor that it sends from. It would wait for bytes of a file that has been cut short, so
 * that is found out first; nobody uses the position that is moved here. */
static response *send_out(const struct content *c, const struct portion *p)
{
        off_t end = lseek(c->image, 0, SEEK_END);
        if (end < 0 || (uint64_t)end < c->offset + p->offset + p->length) {
                errno = EIO;
                return failed("reading the image");
        }
        int fd = fcntl(c->image, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
                return failed("one more descriptor");
        response *r = MHD_create_response_from_fd_at_offset64(p->length, fd, c->offset + p->offset);
        if (!r)
                close(fd);
        return r;
}

static response *body_of(const struct exchange *x, const struct content *c, const struct portion *p)
{
        /* With 304 the library tells a length too: it has to be that of the file. */
        if (x->head || p->status == 304)
                return MHD_create_response_from_callback(
                        p->status == 304 ? c->entity.size : p->length, 1, read_nothing, NULL, NULL);
        if (!p->length)
                return empty();
        if (c->memory.ptr)
                return MHD_create_response_from_buffer(
                        (size_t)p->length, (char *)c->memory.ptr + p->offset, MHD_RESPMEM_PERSISTENT);
        return p->length <= SMALL ? copy_out(c, p) : send_out(c, p);
}

static void add(response *r, const char *field, const char *value) { (void)MHD_add_response_header(r, field, value); }

static void add_fields(response *r, const struct content *c, const struct portion *p)
{
        char text[HTTP_DATE_SIZE];
        add(r, "ETag", c->entity.etag);
        if (c->entity.date) {
                http_date_print(c->entity.date, text);
                add(r, "Last-Modified", text);
        }
        if (p->status == 304)
                return;
        add(r, "Accept-Ranges", "bytes");
        if (p->status == 206)
                snprintf(text, sizeof(text), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, p->offset,
                        p->offset + p->length - 1, c->entity.size);
        else
                snprintf(text, sizeof(text), "bytes */%" PRIu64, c->entity.size);
        if (p->status != 200)
                add(r, "Content-Range", text);
        if (p->length)
                add(r, "Content-Type", "application/octet-stream");
}

static enum MHD_Result queue(const struct exchange *x, int status, response *r)
{
        if (!r)
                return MHD_NO;
        if (x->last)
                add(r, "Connection", "close");
        enum MHD_Result fine = MHD_queue_response(x->connection, (unsigned)status, r);
        MHD_destroy_response(r);
        return fine;
}

enum MHD_Result response_content(const struct exchange *x, const struct content *c, uint64_t *length)
{
        struct MHD_Connection *from = x->connection;
        struct conditions conditions = {
                .range = x->head ? NULL : MHD_lookup_connection_value(from, MHD_HEADER_KIND, "Range"),
                .if_range = MHD_lookup_connection_value(from, MHD_HEADER_KIND, "If-Range"),
                .if_none_match = MHD_lookup_connection_value(from, MHD_HEADER_KIND, "If-None-Match"),
                .if_modified_since = MHD_lookup_connection_value(from, MHD_HEADER_KIND, "If-Modified-Since"),
        };
        struct portion p = conditions_judge(&conditions, &c->entity);
        response *r = body_of(x, c, &p);
        if (!r)
                return response_status(x, 503);
        add_fields(r, c, &p);
        *length = x->head || p.status == 304 ? 0 : p.length;
        return queue(x, p.status, r);
}

enum MHD_Result response_status(const struct exchange *x, int status) { return queue(x, status, empty()); }

enum MHD_Result response_elsewhere(const struct exchange *x, const char *url)
{
        response *r = empty();
        if (r)
                add(r, "Location", url);
        return queue(x, 307, r);
}

static void wipe(void *arg)
{
        struct str *s = arg;
        explicit_bzero(s->ptr, s->cap);
        str_clear(s);
        free(s);
}

static response *of_secret(struct str *body)
{
        struct str *kept = malloc(sizeof(*kept));
        if (!kept)
                file_out_of_memory();
        *kept = *body;
        *body = (struct str)STR_MAX(body->max);
        response *r = MHD_create_response_from_buffer_with_free_callback_cls(kept->len, kept->ptr, wipe, kept);
        if (!r)
                wipe(kept);
        return r;
}

enum MHD_Result response_reply(const struct exchange *x, struct reply *reply)
{
        response *r = reply->body.len && reply->status != 204 ? of_secret(&reply->body) : empty();
        if (!r)
                return MHD_NO;
        if (*reply->type)
                add(r, "Content-Type", reply->type);
        add(r, "Cache-Control", "no-store");
        return queue(x, reply->status, r);
}
