/* What anybody on the network may post to the roll call. What is accepted is bounded, is UTF-8 without control
 * characters, and is the same after it was forwarded. */
#include "rollcall/event.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { MOST = 8 };
static struct event events[MOST], again[MOST];

static void check(const char *text, size_t size, bool lines)
{
        size_t n = strnlen(text, size);
        if (n == size || !text_is_utf8(text, n))
                abort();
        for (; *text; text++)
                if (((unsigned char)*text < ' ' && !(lines && (*text == '\n' || *text == '\t'))) || *text == 0x7f)
                        abort();
}

static void check_event(const struct event *ev)
{
        check(ev->school, sizeof(ev->school), false);
        check(ev->host, sizeof(ev->host), false);
        check(ev->pool, sizeof(ev->pool), false);
        check(ev->step, sizeof(ev->step), false);
        check(ev->outcome, sizeof(ev->outcome), false);
        check(ev->key, sizeof(ev->key), false);
        check(ev->detail, sizeof(ev->detail), true);
        if (ev->code < 0 || ev->percent < -1 || ev->percent > 100 || ev->clock < 0 || ev->received < 0 ||
                strlen(ev->detail) > DETAIL_MOST)
                abort();
}

static void check_forwarding(size_t n)
{
        struct err e = ERR_INIT;
        AUTO_STR text = STR_MAX(1 << 20);
        size_t got;
        events_write(events, n, &text);
        if (!events_read(str_bytes(&text), "application/json", true, again, MOST, &got, &e) || got != n ||
                memcmp(events, again, n * sizeof(*events)) != 0)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        static const char *const types[] = { NULL, "application/json", "application/x-www-form-urlencoded", "" };
        struct bytes body = { (const char *)data, n };
        for (int i = 0; i < 8; i++) {
                struct err e = ERR_INIT;
                size_t got;
                bool named = i & 1;
                if (!events_read(body, types[i / 2], named, events, MOST, &got, &e)) {
                        if (!e.code || got)
                                abort();
                        continue;
                }
                for (size_t j = 0; j < got; j++)
                        check_event(&events[j]);
                if (named && got)
                        check_forwarding(got);
        }
        return 0;
}
