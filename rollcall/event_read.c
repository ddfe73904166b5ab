/* Bodies of requests become events. Both forms are asked for their fields by name; what is done with a field is the
 * same. */
#include "rollcall/event.h"
#include "rollcall/event_text.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>

enum { LONGEST_NUMBER = 24, MOST_CODE = 999, MOST_PERCENT = 100 };
static const int64_t latest = (int64_t)1 << 52; /* of any time: what JSON programs keep exactly */

/* Where fields come from: a form, or an object. */
struct source {
        struct bytes form;
        const json_t *object;        /* NULL: the form */
        struct str decoded;          /* of the form's field that was asked for last */
        char number[LONGEST_NUMBER]; /* of the object's field that was asked for last */
};

static void source_clear(struct source *s) { str_clear(&s->decoded); }

/* A percent sign that no two digits follow stands for itself: a sentence with one is worth more than none. */
static void decode(struct bytes in, struct str *out)
{
        for (size_t i = 0; i < in.len; i++) {
                int c = text_percent(in.ptr + i, in.len - i);
                if (c >= 0)
                        i += 2;
                else
                        c = in.ptr[i] == '+' ? ' ' : in.ptr[i];
                str_addc(out, (char)c);
        }
}

static bool form_value(struct source *s, const char *name, struct bytes *value)
{
        size_t length = strlen(name);
        for (const char *at = s->form.ptr, *end = at + s->form.len; at < end;) {
                const char *stop = memchr(at, '&', (size_t)(end - at));
                stop = stop ? stop : end;
                if ((size_t)(stop - at) > length && !memcmp(at, name, length) && at[length] == '=') {
                        str_reset(&s->decoded);
                        decode(bytes_of(at + length + 1, (size_t)(stop - at) - length - 1), &s->decoded);
                        *value = str_bytes(&s->decoded);
                        return !s->decoded.failed;
                }
                at = stop + 1;
        }
        return false;
}

static bool object_value(struct source *s, const char *name, struct bytes *value)
{
        const json_t *v = json_object_get(s->object, name);
        if (json_is_string(v)) {
                *value = bytes_of(json_string_value(v), json_string_length(v));
                return true;
        }
        if (!json_is_number(v))
                return false;
        double n = json_number_value(v);
        if (!(n > -(double)latest && n < (double)latest))
                return false;
        snprintf(s->number, sizeof(s->number), "%" PRId64, (int64_t)n);
        *value = bytes_of(s->number, strlen(s->number));
        return true;
}

static struct bytes value_of(struct source *s, const char *name)
{
        struct bytes value = { "", 0 };
        bool there = s->object ? object_value(s, name, &value) : form_value(s, name, &value);
        return there ? value : bytes_of("", 0);
}

/* Decimal digits alone, at most `most`; otherwise none: "-" is what a script sends that has no number. */
static int64_t number_of(struct bytes text, int64_t most, int64_t none)
{
        int64_t n = 0;
        if (!text.len)
                return none;
        for (size_t i = 0; i < text.len; i++) {
                if (!isdigit((unsigned char)text.ptr[i]) || n > most)
                        return none;
                n = n * 10 + (text.ptr[i] - '0');
        }
        return n <= most ? n : none;
}

static int code_of(struct bytes text)
{
        if (text.len > 3 && !memcmp(text.ptr, "XR-", 3))
                text = bytes_of(text.ptr + 3, text.len - 3);
        return (int)number_of(text, MOST_CODE, 0);
}

static bool wrong(struct err *e, const char *field, struct bytes value)
{
        char shown[60];
        event_text(value, EVENT_NAME, shown, sizeof(shown));
        return err_rule(e, XR_EVENT_VALUE, field, shown, NULL);
}

static bool is_text(struct bytes value, const char *word)
{
        return value.len == strlen(word) && !memcmp(value.ptr, word, value.len);
}

/* That it may install a host cannot say of itself. */
static bool read_stage(struct source *s, bool named, struct event *ev, struct err *e)
{
        struct bytes value = value_of(s, "stage");
        for (int i = named ? 0 : STAGE_ARMING + 1; i < STAGE_KINDS; i++)
                if (is_text(value, stage_kind_names[i])) {
                        ev->stage = (enum stage_kind)i;
                        return true;
                }
        return wrong(e, "stage", value);
}

static bool read_outcome(struct source *s, struct event *ev, struct err *e)
{
        static const char *const outcomes[STAGE_KINDS][7] = {
                [STAGE_ARMING] = { "armed", "disarmed", "spent" },
                [STAGE_SELECT] = { "refused" },
                [STAGE_INSTALL] = { "started", "completed", "failed" },
                [STAGE_AGENT] = { "begun", "waiting", "done", "stopped", "converged", "failed" },
        };
        struct bytes value = value_of(s, "outcome");
        for (size_t i = 0; outcomes[ev->stage][i]; i++)
                if (is_text(value, outcomes[ev->stage][i])) {
                        snprintf(ev->outcome, sizeof(ev->outcome), "%s", outcomes[ev->stage][i]);
                        return true;
                }
        return wrong(e, "outcome", value);
}

/* A key that somebody else computed is good when it looks like one. */
static bool read_key(struct source *s, struct event *ev, struct err *e)
{
        struct bytes value = value_of(s, "key");
        if (!value.len)
                return true;
        for (size_t i = 0; i < value.len; i++)
                if (value.len != KEY_TEXT - 1 || text_hex_digit(value.ptr[i]) < 0)
                        return wrong(e, "key", value);
        for (size_t i = 0; i < value.len; i++)
                ev->key[i] = (char)tolower((unsigned char)value.ptr[i]);
        return true;
}

/* Names that are too long are refused: cut, they could be another host's. */
static bool read_names(struct source *s, struct event *ev, struct err *e)
{
        struct bytes school = value_of(s, "school");
        if (!event_text(school, EVENT_NAME, ev->school, sizeof(ev->school)) || !*ev->school)
                return wrong(e, "school", school);
        struct bytes host = value_of(s, "host");
        if (!event_text(host, EVENT_NAME, ev->host, sizeof(ev->host)) || !*ev->host)
                return wrong(e, "host", host);
        event_text(value_of(s, "pool"), EVENT_NAME, ev->pool, sizeof(ev->pool));
        ev->received = number_of(value_of(s, "received"), latest, 0);
        ev->sent = number_of(value_of(s, "sent"), latest, 0);
        return true;
}

static bool read_one(struct source *s, bool named, struct event *ev, struct err *e)
{
        memset(ev, 0, sizeof(*ev));
        if (!read_stage(s, named, ev, e) || !read_outcome(s, ev, e) || !read_key(s, ev, e) || (named && !read_names(s, ev, e)))
                return false;
        event_text(value_of(s, "step"), EVENT_NAME, ev->step, sizeof(ev->step));
        event_text(value_of(s, "detail"), EVENT_LINES, ev->detail, DETAIL_MOST + 1);
        ev->code = code_of(value_of(s, "code"));
        ev->percent = (int)number_of(value_of(s, "percent"), MOST_PERCENT, -1);
        ev->clock = number_of(value_of(s, "clock"), latest, 0);
        if (!ev->clock)
                ev->clock = number_of(value_of(s, "time"), latest, 0);
        if (named)
                event_key(ev);
        return true;
}

static bool read_json(const json_t *root, bool named, struct event *events, size_t most, size_t *n, struct err *e)
{
        size_t count = json_is_array(root) ? json_array_size(root) : 1;
        if (count > most) {
                char number[24];
                snprintf(number, sizeof(number), "%zu", most);
                return err_rule(e, XR_EVENT_MANY, number, NULL);
        }
        for (size_t i = 0; i < count; i++) {
                OWN(source_clear) struct source s = { .object = json_is_array(root) ? json_array_get(root, i) : root };
                if (!json_is_object(s.object))
                        return err_rule(e, XR_EVENT_UNREADABLE, _("there is something else than an object"), NULL);
                if (!read_one(&s, named, &events[i], e))
                        return false;
        }
        *n = count;
        return true;
}

static void drop(json_t **root) { json_decref(*root); }

static bool read_text(struct bytes body, bool named, struct event *events, size_t most, size_t *n, struct err *e)
{
        json_error_t why;
        AUTO_STR repaired = STR_MAX(3 * LARGEST_EVENTS);
        event_text_repair(body, &repaired);
        if (repaired.failed)
                file_out_of_memory();
        OWN(drop) json_t *root = json_loadb(str_text(&repaired), repaired.len, JSON_ALLOW_NUL, &why);
        if (!root) {
                char said[JSON_ERROR_TEXT_LENGTH];
                event_text(bytes_of(why.text, strlen(why.text)), EVENT_NAME, said, sizeof(said));
                return err_rule(e, XR_EVENT_UNREADABLE, said, NULL);
        }
        return read_json(root, named, events, most, n, e);
}

static bool is_json(struct bytes body, const char *type)
{
        if (type && !strncasecmp(type, "application/json", 16))
                return true;
        /* curl calls everything a form, and no form begins like this. */
        size_t blank = 0;
        while (blank < body.len && isspace((unsigned char)body.ptr[blank]))
                blank++;
        return blank < body.len && (body.ptr[blank] == '{' || body.ptr[blank] == '[');
}

bool events_read(
        struct bytes body, const char *type, bool named, struct event *events, size_t most, size_t *n, struct err *e)
{
        *n = 0;
        if (body.len > LARGEST_EVENTS)
                return err_rule(e, XR_EVENT_UNREADABLE, _("they are too long"), NULL);
        if (is_json(body, type))
                return read_text(body, named, events, most, n, e);
        if (!most)
                return err_rule(e, XR_EVENT_MANY, "0", NULL);
        OWN(source_clear) struct source s = { .form = body, .decoded = STR_MAX(LARGEST_EVENTS) };
        if (!read_one(&s, named, events, e))
                return false;
        *n = 1;
        return true;
}
