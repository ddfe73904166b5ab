#include "rollcall/event.h"
#include "rollcall/event_text.h"
#include "base/text.h"

#include <inttypes.h>
#include <openssl/sha.h>
#include <string.h>

const char *const stage_kind_names[STAGE_KINDS] = { "arming", "select", "install", "agent" };

/* Every text with its NUL, which none has inside: no two events run together to the same bytes. */
static size_t add_text(char *to, const char *text)
{
        size_t n = strlen(text) + 1;
        memcpy(to, text, n);
        return n;
}

void event_key(struct event *ev)
{
        char all[sizeof(struct event) + 128];
        unsigned char hash[SHA256_DIGEST_LENGTH];
        if (*ev->key)
                return;
        size_t n = add_text(all, ev->school);
        n += add_text(all + n, ev->host);
        n += add_text(all + n, stage_kind_names[ev->stage]);
        n += add_text(all + n, ev->step);
        n += add_text(all + n, ev->outcome);
        n += add_text(all + n, ev->detail);
        n += (size_t)snprintf(all + n, sizeof(all) - n, "%d %d %" PRId64, ev->code, ev->percent, ev->clock);
        SHA256((const unsigned char *)all, n, hash);
        text_hex(hash, KEY_TEXT / 2, ev->key);
}

static void write_text(struct str *out, const char *name, const char *value)
{
        if (!*value)
                return;
        str_addf(out, "\"%s\":", name);
        event_text_json(value, out);
        str_addc(out, ',');
}

static void write_number(struct str *out, const char *name, int64_t value, int64_t none)
{
        if (value != none)
                str_addf(out, "\"%s\":%" PRId64 ",", name, value);
}

static void write_event(const struct event *ev, struct str *out)
{
        struct event whole;
        const char *key = ev->key;
        if (!*key) {
                whole = *ev;
                event_key(&whole);
                key = whole.key;
        }
        str_addc(out, '{');
        write_text(out, "school", ev->school);
        write_text(out, "pool", ev->pool);
        write_text(out, "host", ev->host);
        write_text(out, "stage", stage_kind_names[ev->stage]);
        write_text(out, "step", ev->step);
        write_text(out, "outcome", ev->outcome);
        write_number(out, "code", ev->code, 0);
        write_number(out, "percent", ev->percent, -1);
        write_number(out, "clock", ev->clock, 0);
        write_number(out, "received", ev->received, 0);
        write_number(out, "sent", ev->sent, 0);
        write_text(out, "detail", ev->detail);
        str_addf(out, "\"key\":\"%s\"}", key);
}

void events_write(const struct event *events, size_t n, struct str *out)
{
        str_addc(out, '[');
        for (size_t i = 0; i < n; i++) {
                if (i)
                        str_addc(out, ',');
                write_event(&events[i], out);
        }
        str_addc(out, ']');
}
