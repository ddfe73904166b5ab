/* What senders post, as events; and events as what is forwarded. */
#include "tests/unit/unit.h"
#include "base/cleanup.h"
#include "base/rule.h"
#include "base/text.h"
#include "rollcall/event.h"

#include <stdlib.h>

#define KEY "00112233445566778899aabbccddeeff"

/* shown: "stage step outcome code percent clock detail", of the events one after the other; or the code of the refusal.
 */
static const struct {
        const char *why, *type, *body, *shown;
} cases[] = {
        { "a selector", NULL, "stage=select&outcome=refused&code=501&clock=1700000000&detail=%6e%6F+%64isk.%20100%25",
                "select - refused 501 -1 1700000000 no disk. 100%" },
        { "a hook", "application/x-www-form-urlencoded",
                "stage=install&outcome=completed&code=-&clock=1700000001&detail=",
                "install - completed 0 -1 1700000001 " },
        { "a hook that failed", NULL, "stage=install&outcome=failed&code=-&clock=1700000001&detail=a%0ab%09c",
                "install - failed 0 -1 1700000001 a\nb\tc" },
        { "a hook without an agent", NULL, "stage=agent&outcome=failed&code=867&clock=1&detail=x",
                "agent - failed 867 -1 1 x" },
        { "an agent", NULL, "stage=agent&step=join&outcome=begun&code=000&detail=&time=1700000002",
                "agent join begun 0 -1 1700000002 " },
        { "an agent that waits", NULL, "stage=agent&step=join&outcome=waiting&code=881&detail=w&time=1",
                "agent join waiting 881 -1 1 w" },
        { "an agent that stopped", NULL, "stage=agent&step=agent&outcome=stopped&code=882&detail=w&time=1",
                "agent agent stopped 882 -1 1 w" },
        { "an agent that is through", NULL, "stage=agent&step=agent&outcome=converged&code=000&detail=&time=1",
                "agent agent converged 0 -1 1 " },
        { "an agent's step is done", NULL, "stage=agent&step=join&outcome=done", "agent join done 0 -1 0 " },
        { "the arming, which no host tells of itself", NULL, "stage=arming&outcome=armed", "XR-973" },
        { "an object", "application/json; charset=utf-8",
                "{\"stage\":\"install\",\"outcome\":\"started\",\"percent\":40,\"code\":501,\"time\":1700000003}",
                "install - started 501 40 1700000003 " },
        { "an object that is called a form, as curl does", "application/x-www-form-urlencoded",
                " {\"stage\":\"install\",\"outcome\":\"started\"}", "install - started 0 -1 0 " },
        { "numbers as text", NULL,
                "{\"stage\":\"install\",\"outcome\":\"started\",\"percent\":\"40\",\"code\":\"XR-501\"}",
                "install - started 501 40 0 " },
        { "an array", NULL,
                "[{\"stage\":\"install\",\"outcome\":\"started\"},{\"stage\":\"select\",\"outcome\":\"refused\"}]",
                "install - started 0 -1 0 ;select - refused 0 -1 0 " },
        { "an empty array", NULL, "[]", "" },
        { "fields that nobody knows", NULL, "a=1&stage=install&b=%&outcome=started&stage=agent",
                "install - started 0 -1 0 " },
        { "numbers that are none", NULL,
                "stage=install&outcome=started&code=5x&percent=101&clock=-3&time=99999999999999999999999",
                "install - started 0 -1 0 " },
        { "a percentage of nothing", NULL,
                "{\"stage\":\"install\",\"outcome\":\"started\",\"percent\":1e300,\"clock\":-1e300}",
                "install - started 0 -1 0 " },
        { "what is no UTF-8", NULL, "stage=install&outcome=failed&detail=%ff%c3%28%e4%b8%ad%ed%a0%80",
                "install - failed 0 -1 0 \xef\xbf\xbd\xef\xbf\xbd(\xe4\xb8\xad\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        { "what is no UTF-8, in JSON", NULL,
                "{\"stage\":\"install\",\"outcome\":\"failed\",\"detail\":\"\xff\xe4\xb8\xad\"}",
                "install - failed 0 -1 0 \xef\xbf\xbd\xe4\xb8\xad" },
        { "NUL and control characters", NULL, "stage=install&outcome=failed&detail=%00%1b%5b2J%7f%c2%9b%e2%80%ae%0d",
                "install - failed 0 -1 0 \xef\xbf\xbd\xef\xbf\xbd[2J\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        { "NUL in JSON", NULL, "{\"stage\":\"install\",\"outcome\":\"failed\",\"detail\":\"a\\u0000b\"}",
                "install - failed 0 -1 0 a\xef\xbf\xbd"
                "b" },
        { "a step of several lines", NULL, "stage=agent&outcome=begun&step=a%0ab",
                "agent a\xef\xbf\xbd"
                "b begun 0 -1 0 " },
        { "half a character in JSON", NULL, "{\"stage\":\"install\",\"outcome\":\"failed\",\"detail\":\"\\ud800\"}",
                "XR-972" },
        { "HTML and SQL", NULL, "stage=install&outcome=failed&detail=%3Cscript%3E';DROP+TABLE+event;--",
                "install - failed 0 -1 0 <script>';DROP TABLE event;--" },
        { "no stage", NULL, "outcome=failed", "XR-973" },
        { "an unknown stage", NULL, "stage=party&outcome=failed", "XR-973" },
        { "a stage with NUL", NULL, "stage=install%00&outcome=failed", "XR-973" },
        { "no outcome", NULL, "stage=install", "XR-973" },
        { "an outcome of another stage", NULL, "stage=install&outcome=converged", "XR-973" },
        { "a key", NULL, "stage=install&outcome=started&key=" KEY, "install - started 0 -1 0 " },
        { "a key that is none", NULL, "stage=install&outcome=started&key=1", "XR-973" },
        { "nothing", NULL, "", "XR-973" },
        { "a number", "application/json", "5", "XR-972" },
        { "an array of numbers", NULL, "[5]", "XR-972" },
        { "an array in an array", NULL, "[[]]", "XR-972" },
        { "one of them is wrong", NULL, "[{\"stage\":\"install\",\"outcome\":\"started\"},{}]", "XR-973" },
        { "JSON that does not end", NULL, "{\"stage\":\"install\"", "XR-972" },
        { "JSON and something else", NULL, "{\"stage\":\"install\",\"outcome\":\"started\"} x", "XR-972" },
        { "too many", NULL, "[{\"stage\":\"install\",\"outcome\":\"started\"},{},{},{},{}]", "XR-974" },
};

static void show(struct str *out, const struct event *ev)
{
        str_addf(out, "%s%s %s %s %d %d %lld %s", out->len ? ";" : "", stage_kind_names[ev->stage],
                *ev->step ? ev->step : "-", ev->outcome, ev->code, ev->percent, (long long)ev->clock, ev->detail);
}

static void check_cases(void)
{
        enum { MOST = 4 };
        struct event events[MOST];
        for (size_t i = 0; i < COUNT(cases); i++) {
                struct err e = ERR_INIT;
                AUTO_STR got = STR_MAX(8192);
                size_t n;
                memset(events, 0x55, sizeof(events));
                if (events_read(
                            bytes_of(cases[i].body, strlen(cases[i].body)), cases[i].type, false, events, MOST, &n, &e))
                        for (size_t j = 0; j < n; j++)
                                show(&got, &events[j]);
                else
                        str_addf(&got, "XR-%d", e.code);
                unit_same("events", cases[i].why, str_text(&got), cases[i].shown);
        }
}

/* A megabyte of three-byte characters, behind one letter so that the limit falls inside one. */
static void check_long(void)
{
        AUTO_STR body = STR_MAX(3 << 20);
        struct event ev;
        struct err e = ERR_INIT;
        size_t n;
        str_add(&body, "stage=install&outcome=failed&detail=x");
        while (body.len < 1 << 20)
                str_add(&body, "\xe4\xb8\xad");
        bool fine = events_read(str_bytes(&body), NULL, false, &ev, 1, &n, &e);
        size_t length = fine ? strlen(ev.detail) : 0;
        unit_case("events", "a megabyte is cut at a character's end",
                length > DETAIL_MOST - 3 && length <= DETAIL_MOST && text_is_utf8(ev.detail, length), e.text);
        while (body.len <= LARGEST_EVENTS)
                str_add(&body, "xxxxxxxxxxxxxxxx");
        unit_case("events", "more than the most is refused",
                !events_read(str_bytes(&body), NULL, false, &ev, 1, &n, &e) && e.code == XR_EVENT_UNREADABLE, "");
}

static const struct {
        const char *why, *names;
        int code;
} names[] = {
        { "both", "\"school\":\"nn36\",\"host\":\"<script>\"", 0 },
        { "no school", "\"host\":\"xen1\"", 973 },
        { "no host", "\"school\":\"nn36\"", 973 },
        { "an empty host", "\"school\":\"nn36\",\"host\":\"\"", 973 },
        { "a host of 64 letters",
                "\"school\":\"nn36\",\"host\":\"0123456789012345678901234567890123456789012345678901234567890123\"",
                973 },
        { "a host that is a number", "\"school\":\"nn36\",\"host\":{}", 973 },
};

static void check_names(void)
{
        for (size_t i = 0; i < COUNT(names); i++) {
                struct err e = ERR_INIT;
                struct event ev;
                size_t n;
                char body[400], got[40], want[40];
                snprintf(body, sizeof(body), "[{\"stage\":\"agent\",\"outcome\":\"begun\",%s}]", names[i].names);
                bool fine = events_read(bytes_of(body, strlen(body)), NULL, true, &ev, 1, &n, &e);
                snprintf(got, sizeof(got), "%d %d", fine ? 0 : e.code, fine ? (int)strlen(ev.key) : 0);
                snprintf(want, sizeof(want), "%d %d", names[i].code, names[i].code ? 0 : KEY_TEXT - 1);
                unit_same("events named", names[i].why, got, want);
        }
}

/* What was written is read as the same, with every field full of what is hard to write. */
static void check_forwarding(void)
{
        static const char hard[] = "<&>\"'\\/ \xef\xbf\xbd\xe4\xb8\xad';--%41+&=";
        struct event
                sent[2] = { { .stage = STAGE_AGENT, .code = 881, .percent = 7, .clock = 1, .received = 1700000000123 },
                        { .stage = STAGE_ARMING, .percent = -1 } },
                got[2];
        struct err e = ERR_INIT;
        size_t n = 0;
        for (size_t i = 0; i < 2; i++) {
                snprintf(sent[i].school, NAME_MOST, "%s", hard);
                snprintf(sent[i].host, NAME_MOST, "%s", hard);
                snprintf(sent[i].outcome, OUTCOME_MOST, "%s", i ? "armed" : "waiting");
        }
        snprintf(sent[0].pool, NAME_MOST, "%s", hard);
        snprintf(sent[0].step, NAME_MOST, "%s", hard);
        snprintf(sent[0].detail, DETAIL_MOST, "%s\n\t%s", hard, hard);
        event_key(&sent[0]);
        event_key(&sent[1]);
        AUTO_STR text = STR_MAX(1 << 16);
        events_write(sent, 2, &text);
        bool fine = events_read(str_bytes(&text), "application/json", true, got, 2, &n, &e);
        unit_case("events", "what is forwarded arrives as it was", fine && n == 2 && !memcmp(sent, got, sizeof(got)),
                str_text(&text));
}

static const struct {
        const char *why;
        size_t offset;
        bool same;
} parts[] = {
        { "the school", offsetof(struct event, school), false },
        { "the host", offsetof(struct event, host), false },
        { "the step", offsetof(struct event, step), false },
        { "the detail", offsetof(struct event, detail), false },
        { "the code", offsetof(struct event, code), false },
        { "the percentage", offsetof(struct event, percent), false },
        { "the host's clock", offsetof(struct event, clock), false },
        { "not the pool", offsetof(struct event, pool), true },
        { "not when it came", offsetof(struct event, received), true },
};

static void check_keys(void)
{
        for (size_t i = 0; i < COUNT(parts); i++) {
                struct event a = { .stage = STAGE_AGENT, .outcome = "begun" }, b = a;
                *((char *)&b + parts[i].offset) = 'x';
                event_key(&a);
                event_key(&b);
                unit_case("events: the key follows from", parts[i].why,
                        !strcmp(a.key, b.key) == parts[i].same && strlen(a.key) == KEY_TEXT - 1, a.key);
        }
        struct event given = { .stage = STAGE_AGENT, .outcome = "begun", .key = KEY };
        event_key(&given);
        unit_same("events", "a key that is there stays", given.key, KEY);
}

int main(void)
{
        check_cases();
        check_long();
        check_names();
        check_forwarding();
        check_keys();
        return 0;
}
