/* Heads of requests, as anybody may send them: the query, cookies, wished languages, where a request comes from. What is
 * taken is bounded UTF-8 without control characters. */
#include "base/text.h"
#include "rollcall/query.h"
#include "rollcall/visitors.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        char *text = strndup((const char *)data, n), out[64];
        if (!text)
                return 0;
        if (query_value(text, "q", out, sizeof(out)) == QUERY_FOUND) {
                if (!text_is_utf8(out, strlen(out)))
                        abort();
                for (const char *c = out; *c; c++)
                        if ((unsigned char)*c < ' ' || *c == 0x7f)
                                abort();
        } else if (*out)
                abort();
        if (cookie_value(text, "xenroll", out, sizeof(out)) && strnlen(out, sizeof(out)) == sizeof(out))
                abort();
        (void)accepts_chinese(text);
        size_t length = strlen(text);
        if (length && text[length - 1] == '\n' && !strstr(text, "\n\n")) {
                struct ask ask = { .fields = text };
                (void)visitor_is_ours(&ask);
        }
        free(text);
        return 0;
}
