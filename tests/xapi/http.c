#include "tests/xapi/server.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LONGEST_HEAD = 16384, LONGEST_BODY = 16 << 20 };

/* A header's value, up to its line's end; NULL when it is not there. */
static const char *header(const char *head, const char *name)
{
        size_t n = strlen(name);
        for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
                line += 2;
                if (!strncasecmp(line, name, n) && line[n] == ':')
                        return line + n + 1 + strspn(line + n + 1, " \t");
        }
        return NULL;
}

static const char *oddity(const char *head, const char *method)
{
        if (header(head, "Transfer-Encoding"))
                return "a chunked request: xapi wants a Content-Length";
        if (header(head, "Expect"))
                return "Expect: xapi does not answer it";
        if (strcmp(method, "POST"))
                return "a method that is not POST";
        return header(head, "Content-Length") ? NULL : "no Content-Length";
}

int http_read(const struct str *in, struct http_request *r)
{
        const char *end = in->len ? strstr(str_text(in), "\r\n\r\n") : NULL;
        if (!end)
                return in->len > LONGEST_HEAD ? -1 : 0;
        size_t n = (size_t)(end - in->ptr) + 4;
        AUTO_FREE char *head = strndup(in->ptr, n);
        if (!head || sscanf(head, "%7[A-Z] %127[^ ] HTTP/1", r->method, r->path) != 2)
                return -1;
        const char *length = header(head, "Content-Length"), *connection = header(head, "Connection");
        long body = length ? strtol(length, NULL, 10) : 0;
        if (body < 0 || body > LONGEST_BODY)
                return -1;
        if (in->len < n + (size_t)body)
                return 0;
        r->odd = oddity(head, r->method);
        r->body = bytes_of(in->ptr + n, (size_t)body);
        r->whole = n + (size_t)body;
        r->closes = r->odd || (connection && !strncasecmp(connection, "close", 5));
        return 1;
}

/* pretended: the length that is announced, when the rest will not come. */
void http_write(struct str *out, int status, struct bytes body, size_t pretended, bool closes)
{
        str_addf(out, "HTTP/1.1 %d %s\r\nContent-Type: text/xml\r\nContent-Length: %zu\r\n%s\r\n", status,
                status == 200 ? "OK" : "Failed", pretended, closes ? "Connection: close\r\n" : "");
        str_addn(out, body.ptr, body.len);
}
